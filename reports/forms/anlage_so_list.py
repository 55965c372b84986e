"""The separate list to Anlage SO (Germany): every sale within the year's period, with its days, price and costs.

Euros and cents, rounded half up; the gain comes from the rounded cells. § 23(3) sentence 1 EStG: price less what was
paid and the costs of the sale. There is no official layout; the columns are the form's own lines.
"""

from decimal import Decimal

from pipeline.model import Disposal
from reports.forms import Form, anlage_so
from reports.forms.lines import cents, exactly
from reports.forms.taxed import day_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("asset", Type.TEXT, "Bezeichnung"),
    Column("quantity", Type.QUANTITY),
    Column("acquired", Type.DAY, "Zeitpunkt der Anschaffung; empty where it is not known"),
    Column("disposed", Type.DAY, "Zeitpunkt der Veräußerung"),
    Column("price", Type.CENTS, "Veräußerungspreis"),
    Column("cost", Type.CENTS, "Anschaffungskosten"),
    Column("costs_of_sale", Type.CENTS, "Werbungskosten"),
    Column("gain", Type.CENTS, "Gewinn / Verlust: price - cost - costs_of_sale"),
    Column("exact_gain", Type.MONEY, "the gain before rounding"),
    Column("disposal_id", Type.ID, "the transaction, as in disposals.csv"),
)


@exactly
def table(report: Report) -> Table:
    """The sales in order of time."""
    return Table("anlage_so_list", COLUMNS, [_row(d, report) for d in anlage_so.filed(report)])


def _row(d: Disposal, report: Report) -> tuple[Value, ...]:
    price, costs = cents(d.proceeds or Decimal()), cents(d.costs)
    cost = cents(d.cost_basis - d.costs)
    acquired = day_of(d.acquired_at, report) if d.acquired_at else None
    disposed = day_of(d.disposed_at, report)
    return (d.asset, d.quantity, acquired, disposed, price, cost, costs, price - cost - costs, d.gain, d.id)


def sales(report: Report) -> list[list[Disposal]]:
    """The one sale of each row."""
    return [[d] for d in anlage_so.filed(report)]


FORM = Form(
    "anlage_so_list.csv",
    "Anlage SO list",
    table,
    totals_by=("asset",),
    sales=sales,
    source="no official layout; lines of Anlage SO",
)
