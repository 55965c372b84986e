"""K4, part D (Sweden): other assets, for each cryptocurrency the sales with a gain and those with a loss.

Whole kronor, öre left off; gain and loss come from the rounded cells. The tax agency's service takes no decimals of
units either: they are rounded, and the exact number belongs in "Övriga upplysningar". The agency's page on
cryptocurrencies has both, and its example (0.345 bitcoin for goods of 2,000, gain 620). Leaving off öre: from memory.
"""

from pipeline.model import Disposal
from pipeline.money import ZERO, plain
from reports.forms import Form
from reports.forms.lines import dropped, exactly, nearest
from reports.forms.taxed import grouped, left_out, sums, taxed_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("units", Type.COUNT, "Antal, rounded"),
    Column("currency", Type.TEXT, "Beteckning"),
    Column("price", Type.CENTS, "Försäljningspris"),
    Column("cost", Type.CENTS, "Omkostnadsbelopp"),
    Column("gain", Type.CENTS, "Vinst"),
    Column("loss", Type.CENTS, "Förlust, without a sign"),
    Column("exact_result", Type.MONEY, "gain or loss before rounding"),
    Column("remark", Type.TEXT, "for Övriga upplysningar: the exact number of units"),
)
_GAIN, _LOSS = "1", "2"  # gains stand before losses


def _groups(report: Report) -> list[tuple[tuple[str, str], list[Disposal]]]:
    """The disposals of each row, with what tells the row."""
    return grouped(taxed_of(report), lambda d: (d.asset, _GAIN if (d.gain or ZERO) >= ZERO else _LOSS))


def sales(report: Report) -> list[list[Disposal]]:
    """The disposals of each row, in order of time."""
    return [of for _, of in _groups(report)]


@exactly
def table(report: Report) -> Table:
    """The rows by currency."""
    return Table("k4", COLUMNS, [_row(asset, of) for (asset, _), of in _groups(report)])


def _row(asset: str, of: list[Disposal]) -> tuple[Value, ...]:
    s = sums(of)
    units = sum((d.quantity for d in of), ZERO)
    price, cost = dropped(s.proceeds), dropped(s.cost)
    result = price - cost
    remark = f"{plain(units)} {asset}"
    return (int(nearest(units)), asset, price, cost, max(result, ZERO), max(-result, ZERO), s.gain, remark)


FORM = Form(
    "k4.csv",
    "K4 D",
    table,
    totals_by=("currency",),
    notes=left_out,
    sales=sales,
    source="K4 part D; the agency's page with examples read, the form not",
)
