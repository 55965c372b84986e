"""The lines of a return: the form's own number, what it asks for, what to write there, and what rounding did to it.

    lines("sa108", [rounded("13.2", "Disposal proceeds", Decimal("1400.50"), down, "SA108")])

Amounts are in the reporting currency. Every way to round that a form asks for is here, so that no form has its own.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import wraps

from msgspec import Struct

from pipeline.money import EXACT, ONE, ZERO, exact, plain
from reports.table import Column, Report, Table, Type, Value

MEMORY = "from memory"  # the source of a fact that could not be read

COLUMNS = (
    Column("line", Type.TEXT, "the form's own number; empty where it has none, or where this year's is not known"),
    Column("name", Type.TEXT, "what the line asks for"),
    Column("entry", Type.TEXT, "what to write where it is no amount"),
    Column("amount", Type.CENTS, "what to write, rounded as the form asks"),
    Column("exact", Type.MONEY, "the same before rounding"),
    Column("difference", Type.MONEY, "amount - exact: what rounding did"),
    Column("source", Type.TEXT, "the official form and its year, or that the line is told from memory"),
)
TOTALS_BY = ("line", "name")


class Line(Struct, frozen=True):
    """One line. `exact` None: nothing was rounded; `amount` None: there is nothing to write but `entry`."""

    number: str
    name: str
    amount: Decimal | None = None
    exact: Decimal | None = None
    entry: str = ""
    source: str = ""


def rounded(number: str, name: str, amount: Decimal, how: Callable[[Decimal], Decimal], source: str) -> Line:
    """An amount as the form rounds it."""
    return Line(number, name, how(amount), amount, source=source)


def counted(number: str, name: str, count: int, source: str) -> Line:
    """A number of things."""
    return Line(number, name, Decimal(count), source=source)


def written(number: str, name: str, entry: str, source: str) -> Line:
    """What is no amount: a name, a date, a mark."""
    return Line(number, name, entry=entry, source=source)


def limit(report: Report, which: int, name: str, source: str, entry: str = "", on: date | None = None) -> Line:
    """A limit of the country's on a day (None: the year's last), shown and not applied. It is in the country's own
    currency: among amounts in another it stands as words."""
    bound, currency = report.rules.limits[which].amount.on(on or report.period.last), report.rules.currency
    if report.currency == currency:
        return Line("", name, bound, entry=entry, source=source)
    told = f"{plain(bound)} {currency}: not compared with amounts in {report.currency}"
    return Line("", name, entry=told, source=source)


def lines(name: str, found: Iterable[Line]) -> Table:
    """The table of these lines, in this order."""
    return Table(name, COLUMNS, [_row(line) for line in found])


def _row(line: Line) -> tuple[Value, ...]:
    with exact():
        difference = None if line.amount is None or line.exact is None else line.amount - line.exact
    return (line.number, line.name, line.entry, line.amount, line.exact, difference, line.source)


def not_yet(report: Report, form: str, first: int, instead: str) -> list[str]:
    """A sentence where the report's year is before the form's first; `instead`: where what it shows belongs then."""
    if int(report.period.name) >= first:
        return []
    return [f"There is no {form} for {report.period.name}: the first is that of {first}. {instead}"]


def column_sum(table: Table, name: str) -> Decimal:
    """A column of a form added up, as far as it is filled in. Call it in the exact context."""
    index = table.index(name)
    return sum((value for row in table.rows if isinstance(value := row[index], Decimal)), ZERO)


def exactly(table: Callable[[Report], Table]) -> Callable[[Report], Table]:
    """A form's table, computed without rounding but its own."""

    @wraps(table)
    def inside(report: Report) -> Table:
        with exact():
            return table(report)

    return inside


# ---- rounding ---------------------------------------------------------------------------------

_CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """To two decimals, half a cent up."""
    return amount.quantize(_CENT, ROUND_HALF_UP, EXACT)


def nearest(amount: Decimal) -> Decimal:
    """To the whole unit, half of one up."""
    return amount.quantize(ONE, ROUND_HALF_UP, EXACT)


def down(amount: Decimal) -> Decimal:
    """To the whole unit below: proceeds, gains and income where the office allows the taxpayer's favour."""
    return amount.quantize(ONE, ROUND_FLOOR, EXACT)


def up(amount: Decimal) -> Decimal:
    """To the whole unit above: costs and losses where the office allows the taxpayer's favour."""
    return amount.quantize(ONE, ROUND_CEILING, EXACT)


def dropped(amount: Decimal) -> Decimal:
    """What is below the whole unit left off, of losses too."""
    return amount.quantize(ONE, ROUND_DOWN, EXACT)
