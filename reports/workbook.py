"""The year's tables as one workbook, for a person: a Summary, the forms, then every table in full.

Takes a Report and its tables, gives the bytes of an XLSX file; same report, same bytes. Numbers and
dates are typed cells, text is text. A spreadsheet keeps 15 to 17 digits: where a quantity has more, a
column beside it has it exactly, as text; the CSV files hold everything in full.

This module loads openpyxl: import it only where a workbook is written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from openpyxl.utils import get_column_letter

from pipeline.money import plain
from reports import overview
from reports.forms import Form
from reports.sheet import (
    COUNT,
    DAY,
    INSTANT,
    LAST_ROW,
    LEFT,
    MONEY,
    RIGHT,
    WRAPPED,
    Book,
    Sheet,
    decimals_of,
    number_width,
    print_setup,
    quantity,
    widths,
)
from reports.table import Column, Report, Table, Type, Value

_WIDEST = 60  # longer text is wrapped
_DIGITS = 15  # what every spreadsheet program keeps of a number


def workbook(report: Report, tables: Sequence[Table], forms: Sequence[tuple[Form, Table]]) -> bytes:
    """The XLSX file of the year."""
    # Made at a time that the inputs fix, so that the same inputs give the same bytes.
    book = Book(f"Crypto tax {report.period.name}", report.period.ends.astimezone(UTC).replace(tzinfo=None))
    footer = f"taxsync {report.version}, {report.rules.name}, tax year {report.period.name}".replace("&", "&&")
    letter = report.rules.country in ("us", "ca")
    with book.sheet("Summary") as sheet:
        print_setup(sheet, footer, landscape=False, letter=letter)
        overview.fill(sheet, report, forms)
    titled = [(form.title, table) for form, table in forms] + [(t.name.capitalize(), t) for t in tables]
    for title, table in titled:
        columns = [shown for i, c in enumerate(table.columns) for shown in _columns(c, i, table, report)]
        for number, start in enumerate(range(0, max(1, len(table.rows)), LAST_ROW - 1), 1):
            rows = table.rows[start : start + LAST_ROW - 1]
            with book.sheet(title if number == 1 else f"{title} {number}") as sheet:
                print_setup(sheet, footer, landscape=True, letter=letter)
                _fill(sheet, columns, rows)
    return book.finish()


@dataclass(frozen=True, slots=True)
class _Shown:
    """A column of a sheet: its heading, which value of the row it shows, and how."""

    heading: str
    index: int
    width: float
    right: bool
    style: Callable[[Sheet], int]
    value: Callable[[Value], Value] | None = None  # what the cell gets; None: the value itself
    wrapped: bool = False


def _columns(column: Column, index: int, table: Table, report: Report) -> list[_Shown]:
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
    return [_text(name, index, values)]


def _width(heading: str, widest: float) -> float:
    """Room for the heading in bold and for the widest value."""
    return max(len(heading) * 1.15, widest * 1.05) + 3


def _number(name: str, index: int, form: str, values: Sequence[Value], decimals: int) -> _Shown:
    numbers = [v for v in values if isinstance(v, Decimal | int)]
    widest = max(number_width(v, decimals) for v in (min(numbers), max(numbers))) if numbers else 0
    return _Shown(name, index, max(_width(name, 0), widest), True, lambda sheet: sheet.style(form, align=RIGHT))


def _quantities(name: str, index: int, values: Sequence[Value]) -> list[_Shown]:
    """The number, and where a spreadsheet can't hold all digits of one, the exact text beside it."""
    numbers = [v for v in values if isinstance(v, Decimal)]
    decimals = decimals_of(numbers)
    shown = [_number(name, index, quantity(decimals), numbers, decimals)]
    inexact = [n for n in numbers if not _fits(n)]
    if inexact:
        name = f"{name} (exact)"
        width = _width(name, max(len(plain(n)) for n in inexact))
        shown.append(_Shown(name, index, width, True, lambda sheet: sheet.style(align=RIGHT), _exact))
    return shown


def _fits(number: Decimal) -> bool:
    """Whether a spreadsheet keeps every digit of `number`."""
    return len(number.as_tuple().digits) <= _DIGITS or len(plain(number).replace(".", "").strip("-0")) <= _DIGITS


def _exact(value: Value) -> Value:
    return plain(value) if isinstance(value, Decimal) and not _fits(value) else None


def _moment(name: str, index: int, form: str, widest: int, value: Callable[[Value], Value] | None) -> _Shown:
    return _Shown(name, index, _width(name, widest), False, lambda sheet: sheet.style(form, align=LEFT), value)


def _local(zone: ZoneInfo) -> Callable[[Value], Value]:
    def local(value: Value) -> Value:
        # Whole seconds: spreadsheet programs round 23:59:59.6 up into the next day, or year.
        assert isinstance(value, datetime)
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)

    return local


def _text(name: str, index: int, values: Sequence[Value]) -> _Shown:
    widest = max((len(str(v)) for v in values), default=0)
    wrapped = widest > _WIDEST
    style = WRAPPED if wrapped else LEFT
    width = _width(name, min(widest, _WIDEST))
    return _Shown(name, index, width, False, lambda sheet: sheet.style(align=style), wrapped=wrapped)


def _fill(sheet: Sheet, columns: Sequence[_Shown], rows: Sequence[tuple[Value, ...]]) -> None:
    """Heading and rows, the heading frozen, filtered and repeated on every printed page."""
    widths(sheet, [c.width for c in columns])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    if rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    sheet.write([c.heading for c in columns], [sheet.heading_style(right=c.right) for c in columns])
    styles = [c.style(sheet) for c in columns]
    picks = [(c.index, c.value) for c in columns]
    wrapped = [c.index for c in columns if c.wrapped]
    for row in rows:
        values = [_value(row[index], convert) for index, convert in picks]
        sheet.write(values, styles, max((_lines(str(row[i])) for i in wrapped), default=1))


def _lines(text: str) -> int:
    """How many lines a wrapped text takes."""
    return sum(1 + len(line) // (_WIDEST - 5) for line in text.splitlines())


def _value(value: Value, convert: Callable[[Value], Value] | None) -> Value:
    return value if value is None or convert is None else convert(value)
