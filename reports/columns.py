"""How each column of a table looks on a sheet: its heading, format and width, and what its cells get.

    shown(table, report)        # for Type.QUANTITY two of them, where one number has too many digits for a spreadsheet

Numbers and dates are typed cells, text is text. A spreadsheet keeps 15 to 17 digits: where a quantity has more, a
column beside it has it exactly, as text; the CSV files hold everything in full.

This module loads openpyxl: import it only where a workbook is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from pipeline.money import plain
from reports.sheet import (
    COUNT,
    DAY,
    FORM_DAY,
    INSTANT,
    LEFT,
    MONEY,
    RIGHT,
    WRAPPED,
    Sheet,
    decimals_of,
    number_width,
    quantity,
)
from reports.table import Column, Report, Table, Type, Value

_WIDEST = 60  # longer text is wrapped
_DIGITS = 15  # what every spreadsheet program keeps of a number


@dataclass(frozen=True, slots=True)
class Shown:
    """A column of a sheet: its heading, which value of the row it shows, and how."""

    heading: str
    index: int
    width: float
    right: bool
    style: Callable[[Sheet], int]
    value: Callable[[Value], Value] | None = None  # what the cell gets; None: the value itself
    wrapped: bool = False


def shown(table: Table, report: Report) -> list[Shown]:
    """The sheet's columns for a table."""
    return [each for i, column in enumerate(table.columns) for each in _columns(column, i, table, report)]


def lines(text: str) -> int:
    """How many lines a wrapped text takes."""
    return sum(1 + len(line) // (_WIDEST - 5) for line in text.splitlines())


def _columns(column: Column, index: int, table: Table, report: Report) -> list[Shown]:
    """The sheet's columns for one of the table's: a second one where a number has too many digits."""
    name = column.name.replace("_", " ").capitalize()
    values = [v for row in table.rows if (v := row[index]) is not None]
    match column.type:
        case Type.MONEY | Type.CENTS:
            name = f"{name} ({report.currency})" if column.type is Type.MONEY else name
            return [_number(name, index, MONEY, values, 2)]
        case Type.QUANTITY:
            return _quantities(name, index, values)
        case Type.COUNT:
            return [_number(name, index, COUNT, values, 0)]
        case Type.INSTANT:
            return [_moment(name, index, INSTANT, 19, _local(report.zone))]
        case Type.DAY:
            return [_moment(name, index, DAY, 10, None)]
        case Type.FORM_DAY:
            return [_moment(name, index, FORM_DAY, 10, _form_day)]
    return [_text(name, index, values)]


def _width(heading: str, widest: float) -> float:
    """Room for the heading in bold beside the button of its filter, and for the widest value."""
    return max(len(heading) * 1.15 + 2, widest * 1.05) + 3


def _number(name: str, index: int, form: str, values: Sequence[Value], decimals: int) -> Shown:
    numbers = [v for v in values if isinstance(v, Decimal | int)]
    widest = max(number_width(v, decimals) for v in (min(numbers), max(numbers))) if numbers else 0
    return Shown(name, index, max(_width(name, 0), widest), True, lambda sheet: sheet.style(form, align=RIGHT))


def _quantities(name: str, index: int, values: Sequence[Value]) -> list[Shown]:
    """The number, and where a spreadsheet can't hold all digits of one, the exact text beside it."""
    numbers = [v for v in values if isinstance(v, Decimal)]
    decimals = decimals_of(numbers)
    found = [_number(name, index, quantity(decimals), numbers, decimals)]
    inexact = [n for n in numbers if not _fits(n)]
    if inexact:
        name = f"{name} (exact)"
        width = _width(name, max(len(plain(n)) for n in inexact))
        found.append(Shown(name, index, width, True, lambda sheet: sheet.style(align=RIGHT), _exact))
    return found


def _fits(number: Decimal) -> bool:
    """Whether a spreadsheet keeps every digit of `number`."""
    return len(number.as_tuple().digits) <= _DIGITS or len(plain(number).replace(".", "").strip("-0")) <= _DIGITS


def _exact(value: Value) -> Value:
    return plain(value) if isinstance(value, Decimal) and not _fits(value) else None


def _moment(name: str, index: int, form: str, widest: int, value: Callable[[Value], Value] | None) -> Shown:
    return Shown(name, index, _width(name, widest), False, lambda sheet: sheet.style(form, align=LEFT), value)


def _local(zone: ZoneInfo) -> Callable[[Value], Value]:
    def local(value: Value) -> Value:
        # Whole seconds: spreadsheet programs round 23:59:59.6 up into the next day, or year.
        assert isinstance(value, datetime)
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)

    return local


@lru_cache(maxsize=4096)
def _form_day(value: Value) -> Value:
    """The day that a form's text says; a word in its place, such as VARIOUS, stays."""
    try:
        return datetime.strptime(str(value), "%m/%d/%Y").date()  # noqa: DTZ007 - the form's own day
    except ValueError:
        return value


def _text(name: str, index: int, values: Sequence[Value]) -> Shown:
    widest = max((len(str(v)) for v in values), default=0)
    wrapped = widest > _WIDEST
    style = WRAPPED if wrapped else LEFT
    width = _width(name, min(widest, _WIDEST))
    return Shown(name, index, width, False, lambda sheet: sheet.style(align=style), wrapped=wrapped)
