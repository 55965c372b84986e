"""Schedule 1 (Form 1040, United States): digital assets received as ordinary income.

Line 8v takes what is "not reported elsewhere": pay belongs on Schedule C or with wages, a mining business on
Schedule C, interest on lent coins stands here by practice. Lines 8v, 8z and 8: the Internal Revenue Service's style
sheets of the schedules of 2025, 2024, 2023 and 2020 (read in copies). Line 21, and the first year of 8z: from memory.
"""

from pipeline.money import ZERO
from reports.forms import Form, form_8949
from reports.forms.lines import MEMORY, TOTALS_BY, Line, exactly, lines, not_yet, rounded
from reports.forms.taxed import income_of, left_out
from reports.table import Report, Table
from reports.tables import incomes_of

_OWN = "Digital assets received as ordinary income not reported elsewhere"
_OTHER = "Other income: digital assets received"
_SINCE = (  # first year, line, what it asks for, source; the newest first
    (2024, "8v", _OWN, "Schedule 1 (Form 1040), 2025"),
    (2021, "8z", _OTHER, "Schedule 1 (Form 1040), 2023"),
    (2019, "8", _OTHER, "Schedule 1 (Form 1040), 2020"),
    (2018, "21", _OTHER, f"Schedule 1 (Form 1040), {MEMORY}"),
    (0, "21", _OTHER, f"Form 1040, {MEMORY}"),
)
_FIRST_YEAR = 2018


def _place(report: Report) -> tuple[str, str, str]:
    """The line of the report's year, what it asks for, and the source."""
    year = int(report.period.name)
    return next((number, name, source) for first, number, name, source in _SINCE if year >= first)


@exactly
def table(report: Report) -> Table:
    """The line as the sum of its rounded kinds, each kind on a line of its own."""
    unit = form_8949.unit(report)
    kinds = sorted({i.kind for i in incomes_of(report)})
    if not kinds:
        return lines("schedule_1", [])
    number, name, source = _place(report)
    of_kinds = [rounded("", f"of which {kind}", income_of(report, kind), unit, source) for kind in kinds]
    total = sum((line.amount for line in of_kinds if line.amount is not None), ZERO)
    return lines("schedule_1", [Line(number, name, total, income_of(report), source=source), *of_kinds])


def notes(report: Report) -> list[str]:
    """What may belong elsewhere."""
    told, received = left_out(report), {i.kind for i in incomes_of(report)}
    kinds, number = received & {"income", "mining"}, _place(report)[0]
    if kinds:
        held = " and ".join(sorted(kinds))
        told.append(f"Line {number} holds {held}: pay belongs with wages, a business on Schedule C.")
    if received:
        told += not_yet(report, "Schedule 1", _FIRST_YEAR, "The line is that of Form 1040 itself, from memory.")
    return told


FORM = Form(
    "schedule_1.csv",
    "Schedule 1",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="Schedule 1 (Form 1040), 2020 to 2025, in the IRS's style sheets; before from memory",
    adds=(("", "income"),),
)
