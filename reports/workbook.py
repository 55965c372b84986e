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

from openpyxl.cell import Cell
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from pipeline.money import plain
from reports import overview
from reports.forms import Form
from reports.sheet import (
    DAY,
    INSTANT,
    LAST_ROW,
    MONEY,
    QUANTITY,
    Book,
    Sheet,
    cell,
    heading,
    print_setup,
    put_text,
    widths,
)
from reports.table import Column, Report, Table, Type, Value

NUMBERS = frozenset((Type.MONEY, Type.CENTS, Type.QUANTITY, Type.COUNT))
_FORMATS = {
    Type.MONEY: MONEY,
    Type.CENTS: MONEY,
    Type.QUANTITY: QUANTITY,
    Type.INSTANT: INSTANT,
    Type.DAY: DAY,
}
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
    type: Type
    width: float
    wrap: bool
    put: Callable[[Cell, Value], None]


def _columns(column: Column, index: int, table: Table, report: Report) -> list[_Shown]:
    """The sheet's columns for one of the table's: a second one where a number has too many digits."""
    name = column.name.replace("_", " ").capitalize()
    if column.type is Type.MONEY:
        name = f"{name} ({report.currency})"
    values = [row[index] for row in table.rows]
    widest = max((_chars(v, column.type) for v in values), default=0)
    # A heading may take two lines; a number that does not fit shows as ###.
    width = max(min(widest, _WIDEST), max(len(word) for word in name.split()), 6) + 2.0
    shown = [_Shown(name, index, column.type, width, widest > _WIDEST, _put(column.type, report))]
    if column.type is Type.QUANTITY and not all(v is None or _fits(v) for v in values):
        exact = max(len(plain(v)) for v in values if isinstance(v, Decimal))
        shown.append(_Shown(f"{name} (exact)", index, Type.TEXT, exact + 2.0, False, _put_exact))
    return shown


def _fits(number: Value) -> bool:
    """Whether a spreadsheet shows every digit of `number`."""
    assert isinstance(number, Decimal)
    return len(number.as_tuple().digits) <= _DIGITS or len(plain(number).strip("-0.").replace(".", "")) <= _DIGITS


def _chars(value: Value, type_: Type) -> int:
    """About how many characters a cell takes on the screen."""
    if value is None:
        return 0
    if isinstance(value, Decimal):
        return len(f"{value:,.2f}" if type_ is not Type.QUANTITY else f"{value:,.8f}")
    if isinstance(value, datetime):
        return len("2025-12-31 23:59:59")
    return max(map(len, str(value).splitlines()), default=0)


def _put(type_: Type, report: Report) -> Callable[[Cell, Value], None]:
    """How values of a column become cells."""
    zone = report.zone

    def instant(cell: Cell, value: Value) -> None:
        # Whole seconds: spreadsheet programs round 23:59:59.6 up into the next day, or year.
        assert isinstance(value, datetime)
        cell.value = value.astimezone(zone).replace(tzinfo=None, microsecond=0)

    def text(cell: Cell, value: Value) -> None:
        put_text(cell, str(value))

    def number(cell: Cell, value: Value) -> None:
        assert isinstance(value, Decimal | int) or type_ is Type.DAY
        cell.value = value

    if type_ is Type.INSTANT:
        return instant
    return text if type_ in (Type.TEXT, Type.ID) else number


def _put_exact(cell: Cell, value: Value) -> None:
    if isinstance(value, Decimal) and not _fits(value):
        put_text(cell, plain(value))


def _fill(sheet: Sheet, columns: Sequence[_Shown], rows: Sequence[tuple[Value, ...]]) -> None:
    """Heading and rows, the heading frozen, filtered and repeated on every printed page."""
    widths(sheet, [c.width for c in columns])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    if rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    sheet.append([heading(sheet, n, c.heading, right=_right(c)) for n, c in enumerate(columns, 1)])
    cells = [_pattern(sheet, n, c) for n, c in enumerate(columns, 1)]
    for row in rows:
        for target, column in zip(cells, columns, strict=True):
            target.value = None
            value = row[column.index]
            if value is not None and value != "":
                column.put(target, value)
        sheet.append(cells)


def _right(column: _Shown) -> bool:
    return column.type in NUMBERS or column.put is _put_exact


def _pattern(sheet: Sheet, number: int, column: _Shown) -> Cell:
    """The cell that every row of a column uses again."""
    align = None
    if column.put is _put_exact:
        align = Alignment(horizontal="right")
    elif column.wrap:
        align = Alignment(wrap_text=True, vertical="top")
    elif column.type is Type.INSTANT or column.type is Type.DAY:
        align = Alignment(horizontal="left")
    return cell(sheet, number, form=_FORMATS.get(column.type, ""), align=align)
