"""Calculation sheet for crypto-assets (Japan): miscellaneous income, a row for each asset as the agency's sheets are.

Revenue is rounded down and expenses up to the yen, once, at the end of each sheet (the National Tax Agency's sheet for
the total average of December 2025, as a public study of its formulas tells); the income comes from the rounded cells.
What was there at the beginning and what was bought in the year stand together: the sheet has them apart. By the moving
average there is no one unit cost.
"""

from decimal import Decimal

from pipeline.model import Disposal
from pipeline.money import ZERO, split
from reports.forms import Form
from reports.forms.lines import down, exactly, up
from reports.forms.taxed import Held, grouped, held_of, left_out, sums, taxed_of
from reports.table import Column, Report, Table, Type, Value
from reports.tables import disposals_of

COLUMNS = (
    Column("asset", Type.TEXT, "1 name of the crypto-asset"),
    Column("available_quantity", Type.QUANTITY, "4 opening balance and all that came in the year"),
    Column("available_amount", Type.MONEY, "4 what it cost"),
    Column("unit_cost", Type.MONEY, "4 total average; empty for the moving average"),
    Column("sold_quantity", Type.QUANTITY, "4 units sold, swapped, spent, given away"),
    Column("cost_of_sales", Type.MONEY, "4 what they cost"),
    Column("fees", Type.MONEY, "5 fees of the sales"),
    Column("closing_quantity", Type.QUANTITY, "4 balance at the end of the year"),
    Column("closing_amount", Type.MONEY, "4 what it cost"),
    Column("revenue", Type.CENTS, "5 revenue from sales, rounded down"),
    Column("expenses", Type.CENTS, "5 cost of sales and fees, rounded up"),
    Column("income", Type.CENTS, "5 revenue - expenses"),
    Column("exact_income", Type.MONEY, "the income before rounding"),
)


def _groups(report: Report) -> list[tuple[str, list[Disposal]]]:
    return grouped(taxed_of(report), lambda d: d.asset)


def sales(report: Report) -> list[list[Disposal]]:
    """The disposals of each row, in order of time."""
    return [of for _, of in _groups(report)]


CENT = Decimal("0.01")


@exactly
def table(report: Report) -> Table:
    """One row for each asset that was sold in the year."""
    held = {h.asset: h for h in held_of(report)}
    gone = dict(grouped(disposals_of(report), lambda d: d.asset))
    rows = [
        _row(asset, of, gone[asset], held.get(asset, Held(asset, ZERO, ZERO, None)), report)
        for asset, of in _groups(report)
    ]
    return Table("misc_income", COLUMNS, rows)


def _row(asset: str, of: list[Disposal], gone: list[Disposal], held: Held, report: Report) -> tuple[Value, ...]:
    s, all_gone = sums(of), sums(gone)
    quantity = held.quantity + sum((d.quantity for d in gone), ZERO)
    amount = held.cost + all_gone.cost - all_gone.outlays
    unit = split(amount, Decimal(1), quantity) if report.method == "average" else None
    if unit is not None and any(abs(unit * d.quantity - d.cost_basis + d.costs) > CENT for d in gone):
        unit = None  # this asset has a method of its own
    revenue, expenses = down(s.proceeds), up(s.cost)
    return (
        asset, quantity, amount, unit, sum((d.quantity for d in of), ZERO), s.cost - s.outlays, s.outlays,
        held.quantity, held.cost, revenue, expenses, revenue - expenses, s.gain,
    )  # fmt: skip


FORM = Form(
    "misc_income.csv",
    "Crypto-asset sheet",
    table,
    totals_by=("asset",),
    notes=left_out,
    sales=sales,
    source="Calculation sheet of December 2025; rounding told by a study of it, sections by guides",
)
