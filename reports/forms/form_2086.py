"""Form 2086 (France): each sale of digital assets out of the one portfolio, with the form's lines as columns.

    gain = 218 - 223 x 217 / 212

Whole euros, half of one up, in the cells that a person enters; the others come from these, as the form computes them;
beside the gain what it is before rounding. A sale whose portfolio has no known value is left out, and an issue says so.
Lines: form 2086 for 2021 and its notice, which gives the worked example 1,000 / 1,200 / 450 (gain 75); the same for
2025 by a public transcription. The form is of sales from 1 January 2019 on (law of finances for 2019; the edition for
2021 is its third).
"""

from decimal import Decimal

from pipeline.model import Disposal, Whole
from pipeline.money import ZERO, plain, split
from reports.forms import Form
from reports.forms.lines import exactly, nearest, not_yet
from reports.forms.taxed import day_of, left_out, sums, taxed_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("sale", Type.COUNT, "number of the sale, the form's column"),
    Column("what", Type.TEXT, "units and asset; the form does not ask for it"),
    Column("211", Type.DAY, "211 date de la cession"),
    Column("212", Type.MONEY, "212 valeur globale du portefeuille au moment de la cession"),
    Column("213", Type.MONEY, "213 prix de cession"),
    Column("214", Type.MONEY, "214 frais de cession"),
    Column("215", Type.MONEY, "215 prix de cession net des frais: 213 - 214"),
    Column("216", Type.MONEY, "216 soulte reçue ou versée: none is recorded here"),
    Column("217", Type.MONEY, "217 prix de cession net des soultes"),
    Column("218", Type.MONEY, "218 prix de cession net des frais et soultes"),
    Column("220", Type.MONEY, "220 prix total d'acquisition"),
    Column("221", Type.MONEY, "221 fractions de capital initial, of all earlier sales and gifts"),
    Column("222", Type.MONEY, "222 soultes reçues en cas d'échanges antérieurs: none is recorded here"),
    Column("223", Type.MONEY, "223 prix total d'acquisition net: 220 - 221 - 222"),
    Column("gain", Type.CENTS, "plus-value ou moins-value: 218 - 223 x 217 / 212"),
    Column("exact_gain", Type.MONEY, "the gain before rounding"),
    Column("disposal_id", Type.ID, "the transaction, as in disposals.csv"),
)


FIRST_YEAR = 2019


def sales(report: Report) -> list[list[Disposal]]:
    """The parts of each sale, units without a record apart, in order of time."""
    found: dict[str, list[Disposal]] = {}
    for d in taxed_of(report):
        found.setdefault(d.id, []).append(d)
    return list(found.values())


@exactly
def table(report: Report) -> Table:
    """One row for each sale."""
    return Table("form_2086", COLUMNS, [_row(n, parts, report) for n, parts in enumerate(sales(report), 1)])


def _row(number: int, parts: list[Disposal], report: Report) -> tuple[Value, ...]:
    first, s = parts[0], sums(parts)
    units = sum((d.quantity for d in parts), ZERO)
    cells = _lines(s.proceeds, first.whole) if first.whole else ((None,) * 11)
    gain = _gain(cells) if first.whole else nearest(s.gain)
    what = f"{plain(units)} {first.asset}"
    return (number, what, day_of(first.disposed_at, report), *cells, gain, s.gain, first.id)


def _lines(net: Decimal, whole: Whole) -> tuple[Decimal, ...]:
    """Lines 212 to 223."""
    price, fees = nearest(net + whole.fees), nearest(whole.fees)
    total, used = nearest(whole.price + whole.used), nearest(whole.used)
    return (nearest(whole.worth), price, fees, price - fees, ZERO, price, price - fees, total, used, ZERO, total - used)


def _gain(cells: tuple[Decimal | None, ...]) -> Decimal:
    worth, price, net, paid = (cells[n] or ZERO for n in (0, 5, 6, 10))
    used = split(paid, min(price, worth), worth) if worth > ZERO else ZERO
    return nearest(net - used)


def notes(report: Report) -> list[str]:
    """What could not be filled in, and what has to be added."""
    told = []
    if sales(report):
        before = "CGI art. 150 VH bis holds for sales from then on: the gain of an earlier one is not what this shows."
        told += not_yet(report, "form 2086", FIRST_YEAR, before)
    if any(parts[0].whole is None for parts in sales(report)):
        told.append(
            "Lines 212 to 223 are empty where the computation did not tell the portfolio: only the gain is known."
        )
    if any(len(parts) > 1 for parts in sales(report)):
        told.append("A sale of units without a record: the fraction of line 217 is that of the units on record.")
    return told + left_out(report)


FORM = Form(
    "form_2086.csv",
    "2086",
    table,
    totals_by=(),
    notes=notes,
    sales=sales,
    source="2086, 2021, and its notice; read. 2025 in a transcription",
)
