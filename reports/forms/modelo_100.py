"""Modelo 100 (Spain): transmissions of virtual currencies, a row for each currency and what was given for it.

Euros and cents, half a cent up; gain and loss come from the rounded cells. Boxes 1802, 1803 (F legal tender, N another
virtual currency, B goods or services), 1804, 1806, 1811 to 1814: told alike by public tools for the form of 2024; the
number of a row's own loss could not be read.
"""

from pipeline.model import Disposal, Kind
from pipeline.money import ZERO
from reports.forms import Form
from reports.forms.lines import cents, exactly
from reports.forms.taxed import grouped, left_out, sums, taxed_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("currency", Type.TEXT, "1802 name of the virtual currency"),
    Column("key", Type.TEXT, "1803 F legal tender, N another virtual currency, B goods or services; empty: a gift"),
    Column("transmission_value", Type.CENTS, "1804 value of transmission, less its costs"),
    Column("acquisition_value", Type.CENTS, "1806 value of acquisition, with its costs"),
    Column("gain", Type.CENTS, "1811 and 1812 gain"),
    Column("loss", Type.CENTS, "loss, without a sign; number not known"),
    Column("exact_result", Type.MONEY, "gain or loss before rounding"),
)
_BOXES_OF = "2024"
_KEYS = {Kind.SALE: "F", Kind.TRADE: "N", Kind.SPEND: "B", Kind.FEE: "B"}


def _groups(report: Report) -> list[tuple[tuple[str, str], list[Disposal]]]:
    """The disposals of each row, with what tells the row."""
    return grouped(taxed_of(report), lambda d: (d.asset, _KEYS.get(d.kind, "")))


def sales(report: Report) -> list[list[Disposal]]:
    """The disposals of each row, in order of time."""
    return [of for _, of in _groups(report)]


@exactly
def table(report: Report) -> Table:
    """The rows by currency and key."""
    return Table("modelo_100", COLUMNS, [_row(asset, key, of) for (asset, key), of in _groups(report)])


def _row(asset: str, key: str, of: list[Disposal]) -> tuple[Value, ...]:
    s = sums(of)
    given, paid = cents(s.proceeds), cents(s.cost)
    result = given - paid
    return (asset, key, given, paid, max(result, cents(ZERO)), max(-result, cents(ZERO)), s.gain)


def notes(report: Report) -> list[str]:
    """What the person has to look at."""
    told, year = [], report.period.name
    if taxed_of(report) and year != _BOXES_OF:
        told.append(f"The numbers of the boxes are those of {_BOXES_OF}: compare them with the form of {year}.")
    if any(d.kind in (Kind.GIFT, Kind.LOST) for d in taxed_of(report)):
        told.append("Rows without a key are gifts or losses: they are no sale, and may belong in other boxes.")
    return told + left_out(report)


FORM = Form(
    "modelo_100.csv",
    "Modelo 100",
    table,
    totals_by=("currency", "key"),
    notes=notes,
    sales=sales,
    source="Modelo 100, 2024; boxes told by other tools",
)
