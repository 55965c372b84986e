"""Schedule D (Form 1040, United States): the lines that the totals of Form 8949 go to, by box.

Each line is the sum of the rounded cells of Form 8949, as on the paper; beside it the gain before rounding. Lines 7, 15
and 16 are those of this report's assets alone. Source: Schedule D (Form 1040) 2025, Parts I to III.
"""

from decimal import Decimal
from typing import Self

from msgspec import Struct

from pipeline.money import ZERO
from reports.forms import Form, form_8949
from reports.forms.form_8949 import Entry
from reports.forms.lines import exactly
from reports.forms.taxed import left_out, taxed_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("line", Type.TEXT, "the line of Schedule D"),
    Column("boxes", Type.TEXT, "boxes of Form 8949 whose totals go there"),
    Column("rows", Type.COUNT, "rows of Form 8949 with these boxes"),
    Column("proceeds", Type.CENTS, "(d)"),
    Column("cost_basis", Type.CENTS, "(e)"),
    Column("adjustment", Type.CENTS, "(g)"),
    Column("gain", Type.CENTS, "(h): (d) - (e) + (g)"),
    Column("exact_gain", Type.MONEY, "the gain before rounding"),
    Column("difference", Type.MONEY, "gain - exact_gain: what rounding each row did"),
)

_LINES = {"1b": "AG", "2": "BH", "3": "CI", "8b": "DJ", "9": "EK", "10": "FL"}
_NET = {"7": ("1b", "2", "3"), "15": ("8b", "9", "10"), "16": tuple(_LINES)}
_ORDER = ("1b", "2", "3", "7", "8b", "9", "10", "15", "16")


class _Cells(Struct):
    """Totals of rows of Form 8949: their number, columns (d), (e), (g), (h), and the gain before rounding."""

    rows: int = 0
    proceeds: Decimal = ZERO
    cost: Decimal = ZERO
    adjustment: Decimal = ZERO
    gain: Decimal = ZERO
    exact_gain: Decimal = ZERO

    def add(self, rows: int, e: Entry | Self) -> None:
        self.rows += rows
        self.proceeds += e.proceeds
        self.cost += e.cost
        self.adjustment += e.adjustment
        self.gain += e.gain
        self.exact_gain += e.exact_gain


@exactly
def table(report: Report) -> Table:
    """The lines with a total and the net ones, as they stand on the form."""
    cells = {line: _Cells() for line in _ORDER}
    of_box = {box: cells[line] for line, boxes in _LINES.items() for box in boxes}
    for entry in form_8949.entries(report):
        of_box[entry.box].add(1, entry)
    rows: list[tuple[Value, ...]] = []
    for line, total in cells.items():
        of = _NET.get(line, ())
        for name in of:
            total.add(cells[name].rows, cells[name])
        if of:
            rows.append(_row(line, f"lines {', '.join(of)}", total))
        elif total.rows:
            rows.append(_row(line, " or ".join(_LINES[line]), total))
    return Table("schedule_d", COLUMNS, rows)


def _row(line: str, boxes: str, c: _Cells) -> tuple[Value, ...]:
    difference = c.gain - c.exact_gain
    return (line, boxes, c.rows, c.proceeds, c.cost, c.adjustment, c.gain, c.exact_gain, difference)


def notes(report: Report) -> list[str]:
    """What the person has to add."""
    if not taxed_of(report):
        return left_out(report)
    return [
        "Lines 7, 15 and 16 are those of this report alone: add other sales, distributions and losses carried over "
        "(lines 1a, 4 to 6, 8a, 11 to 14). A loss on line 16 counts up to $3,000 ($1,500 if married filing separately) "
        "on line 21.",
        *left_out(report),
    ]


FORM = Form(
    "schedule_d.csv",
    "Schedule D",
    table,
    totals_by=("line",),
    notes=notes,
    source="Schedule D (Form 1040), 2025; read",
    adds=(("", "form_8949"),),
)
