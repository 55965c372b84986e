"""The computation that HMRC wants enclosed with SA108 (United Kingdom): every disposal with what it was matched with.

A row is a part of a disposal: units matched with an acquisition of the same day or of the thirty days after, or taken
from the Section 104 pool. Pounds and pence, rounded half up; the gain comes from the rounded cells. CRYPTO22250 to
CRYPTO22280 show what a computation holds; there is no official layout.
"""

from decimal import Decimal

from pipeline.model import Disposal
from reports.forms import Form, sa108
from reports.forms.lines import cents, exactly
from reports.forms.taxed import day_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("disposal", Type.COUNT, "number of the disposal: all of one token on one day"),
    Column("day", Type.DAY, "day of disposal"),
    Column("token", Type.TEXT),
    Column("quantity", Type.QUANTITY, "units of this part"),
    Column("matched_with", Type.TEXT, "same-day, thirty-day, pool, or missing (no acquisition on record, cost nil)"),
    Column("acquired", Type.DAY, "day of the acquisition; empty for the pool"),
    Column("proceeds", Type.CENTS, "consideration, or market value"),
    Column("allowable_costs", Type.CENTS, "cost of the units and of disposing of them (TCGA 1992 s38)"),
    Column("gain", Type.CENTS, "proceeds - allowable_costs"),
    Column("exact_gain", Type.MONEY, "the gain before rounding"),
    Column("disposal_id", Type.ID, "the transaction, as in disposals.csv"),
)


@exactly
def table(report: Report) -> Table:
    """The parts of each disposal, in order of day and token."""
    rows = [
        _row(n, d, report) for n, parts in enumerate(sa108.by_disposal(report), 1) for d in parts
    ]  # fmt: skip
    return Table("sa108_computation", COLUMNS, rows)


def _row(number: int, d: Disposal, report: Report) -> tuple[Value, ...]:
    proceeds, cost = cents(d.proceeds or Decimal()), cents(d.cost_basis)
    acquired = day_of(d.acquired_at, report) if d.acquired_at else None
    day = day_of(d.disposed_at, report)
    return (
        number, day, d.asset, d.quantity, d.rule.value, acquired, proceeds, cost, proceeds - cost, d.gain, d.id
    )  # fmt: skip


def sales(report: Report) -> list[list[Disposal]]:
    """The one part of a disposal of each row."""
    return [[d] for parts in sa108.by_disposal(report) for d in parts]


FORM = Form(
    "sa108_computation.csv",
    "SA108 computation",
    table,
    totals_by=("token",),
    sales=sales,
    source="no official layout; CRYPTO22250 to CRYPTO22280",
)
