"""From the number on paper to what it is made of: a line of one of the country's forms.

I.3, II.12      Form 8949: the third line of Part I, the twelfth of Part II, in the order of form_8949.csv
I.H.3           the third line of Part I among those of box H
4               the fourth row of the country's first form that lists sales
k4:4            the fourth row of k4.csv; schedule_d:7: of a form with numbered lines, the line of that number
form_8949_turbotax_2:4      the fourth row of the second file for another program, whose rows are those of Form 8949
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from pipeline.issues import Usage
from pipeline.model import Disposal
from pipeline.money import ZERO, plain
from pipeline.run.reasons import Facts, Step
from pipeline.run.why import MOST, Why
from reports.forms import Form, forms_of
from reports.forms.tax_software import LIMIT
from reports.table import Report, Row, Table, Type, Value
from reports.tables import taxed_of

_FORM_8949 = "form_8949"
_IN_PART = re.compile(r"(I|II)\.(?:([A-Z])\.)?([0-9]{1,9})", re.IGNORECASE)


def line(why: Why, report: Report, asked: str) -> Step:
    """Raises Usage where there is no such form or line, and says which there are."""
    name, colon, row = asked.strip().rpartition(":")
    forms = forms_of(report.rules)
    listing = [form for form in forms if form.sales(report)]
    part = _IN_PART.fullmatch(row)
    name = name.removesuffix(".csv") if colon else _FORM_8949 if part else listing[0].name if listing else ""
    form = next((form for form in forms if form.name == name), None)
    if form is None and colon:
        form, row = _also(forms, name, row)
    if form is None:
        names = ", ".join(form.name for form in forms) or "none"
        raise Usage(f"--form {asked}: {report.rules.name} has no such form in {report.period.name}; its forms: {names}")
    table = form.table(report)
    number = _in_part(table, part, asked) if part and form.name == _FORM_8949 else _numbered(form, table, row, asked)
    sold = form.sales(report)
    cells = _cells(table, table.rows[number], report)
    what = f"{form.title}, {row if part else f'row {number + 1}'}"
    if number < len(sold):
        return Step(what, cells, (), tuple(_disposals(why, sold[number])))
    return Step(f"{what}: a total of the year's rows", cells, (), tuple(_every(why, report)))


def _also(forms: Sequence[Form], name: str, row: str) -> tuple[Form | None, str]:
    """The form whose rows a file for other programs has, in its order; and which of its rows that is."""
    form = next((one for one in forms if re.fullmatch(one.also_named or "(?!)", f"{name}.csv")), None)
    file = re.search(r"[a-z]_([0-9]{1,4})$", name)
    before = (int(file[1]) - 1) * LIMIT if file else 0
    return form, str(int(row) + before) if row.isascii() and row.isdigit() else row


def _in_part(table: Table, part: re.Match[str], asked: str) -> int:
    """The place of Form 8949's nth line in a part, or in a part's box."""
    which, box, n = part[1].upper(), (part[2] or "").upper(), int(part[3])
    of_part, of_box = table.index("part"), table.index("box")
    there = [i for i, row in enumerate(table.rows) if row[of_part] == which and box in ("", row[of_box])]
    if 0 < n <= len(there):
        return there[n - 1]
    where = f"part {which}{f', box {box},' if box else ''}"
    raise Usage(f"--form {asked}: {where} of Form 8949 has {len(there)} line{'s' * (len(there) != 1)} in this year")


def _numbered(form: Form, table: Table, row: str, asked: str) -> int:
    if "line" in {column.name for column in table.columns}:
        of_line = table.index("line")
        for number, cells in enumerate(table.rows):
            if cells[of_line] == row:
                return number
    elif row.isascii() and row.isdigit() and 0 < int(row) <= len(table.rows):
        return int(row) - 1
    count = len(table.rows)
    raise Usage(
        f"--form {asked}: {form.title} has no line '{row}'; it has {count} row{'s' * (count != 1)} in this year"
    )


def _disposals(why: Why, rows: Sequence[Disposal]) -> list[Step]:
    """The parts that a row is made of, by their disposals."""
    return [why.disposal(id, [row for row in rows if row.id == id]) for id in dict.fromkeys(row.id for row in rows)]


def _every(why: Why, report: Report) -> list[Step]:
    taxed = taxed_of(report)
    told = ((d, f"{d.id}: {d.asset}, gain {plain(d.gain or ZERO)}") for d in taxed[:MOST])
    steps = [Step(f"{why.moved.when(d.disposed_at)} {words}", id=d.id) for d, words in told]
    return [*steps, Step(f"and {len(taxed) - MOST} more")] if len(taxed) > MOST else steps


def _cells(table: Table, row: Row, report: Report) -> Facts:
    texts = ((column.name, _text(value, column.type, report)) for column, value in zip(table.columns, row, strict=True))
    return tuple((name, text) for name, text in texts if text)


def _text(value: Value, type: Type, report: Report) -> str:
    if isinstance(value, datetime):
        return value.astimezone(report.zone).isoformat()
    if isinstance(value, Decimal):
        return format(value, "f") if type is Type.CENTS else plain(value)
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
