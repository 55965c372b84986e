"""Spreadsheet pages written row by row into an archive in memory: no formulas, no temporary files.

    book = Book("Crypto tax 2025", made=datetime(2026, 1, 1))
    with book.sheet("Disposals") as sheet:
        bold = sheet.style(font=BOLD)
        sheet.write(["gain", Decimal("1.5")], [bold, bold])
    data = book.finish()                # the bytes of the XLSX file; same rows, same bytes

openpyxl makes the package, styles and page set-up. Its rows are replaced: it takes a text that begins
with '=' for a formula, makes a float of a Decimal, needs 15 s where this needs 2 (100,000 rows of
13), and keeps each page in a temporary file that a kill leaves behind and a full disk cuts.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.properties import PageSetupProperties

from pipeline.money import plain
from reports.table import Value, printable

LONGEST = 32_767  # UTF-16 units in a cell; Excel calls a file with more of them damaged
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
CUT = " ... [cut: too long for a cell, whole in the CSV file]"
LAST_ROW = 1_048_576

MONEY = "#,##0.00;[Red]-#,##0.00"
INSTANT = "yyyy-mm-dd hh:mm:ss"
DAY = "yyyy-mm-dd"
COUNT = "#,##0"

GREY = "595959"
RED = "C00000"
_LINE = Side(style="thin", color="808080")
_SHADE = PatternFill("solid", fgColor="E7ECF2")
OVERLINED = Border(top=_LINE)
LEFT = Alignment(horizontal="left", vertical="top", indent=1)
RIGHT = Alignment(horizontal="right", vertical="top")
WRAPPED = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=True)


def font(*, bold: bool = False, size: int = 11, color: str | None = None) -> Font:
    """The workbook's typeface."""
    return Font(name="Calibri", bold=bold, size=size, color=color)


def quantity(decimals: int) -> str:
    """The number format of a quantity: a fixed count of decimals, so that points align."""
    digits = "#,##0." + "0" * decimals
    return f"{digits};[Red]-{digits}"


def decimals_of(quantities: Sequence[Decimal]) -> int:
    """How many decimals to show of a column of quantities: what the longest needs, from 2 to 12."""
    longest = max((len(plain(q).partition(".")[2]) for q in quantities), default=0)
    return min(max(longest, 2), 12)


class Sheet(WriteOnlyWorksheet):
    """A page that takes rows of values, each with a style from `style`."""

    # openpyxl gives write-only pages these attributes of its ordinary ones; its stubs leave them out
    sheet_properties: Any
    page_setup: Any
    page_margins: Any
    column_dimensions: Any
    auto_filter: Any
    oddFooter: Any
    _writer: Any

    def __init__(self, workbook: Workbook, title: str, out: Any) -> None:
        super().__init__(workbook, title)
        self._out = out

    def style(
        self,
        form: str = "",
        *,
        font: Font | None = None,
        align: Alignment | None = None,
        border: Border | None = None,
        fill: PatternFill | None = None,
    ) -> int:
        """The number of a cell style: number format, font, alignment, border, fill."""
        cell = WriteOnlyCell(self)
        if form:
            cell.number_format = form
        for name, part in (("font", font), ("alignment", align), ("border", border), ("fill", fill)):
            if part is not None:
                setattr(cell, name, part)
        return cell.style_id

    def heading_style(self, *, right: bool) -> int:
        """The style of a column's heading."""
        align = RIGHT if right else LEFT
        return self.style(font=font(bold=True), align=align, border=Border(bottom=_LINE), fill=_SHADE)

    def write(self, values: Sequence[Value], styles: Sequence[int], lines: int = 1) -> None:
        """The next row, from column A on, `lines` of text high. Instants come without a zone, as they
        are to be read."""
        self.append((values, styles, lines))

    def _get_writer(self) -> None:
        if self._writer is None:
            self._writer = _Streaming(self, self._out)
            self._writer.write_top()

    def _values_to_row(self, row: tuple[Sequence[Value], Sequence[int], int], number: int) -> str:
        values, styles, lines = row
        cells = (
            _cell(f"{letter}{number}", style, value)
            for letter, style, value in zip(_LETTERS, styles, values, strict=False)
        )
        # Only Excel finds the height of wrapped text by itself; 409 points are the most there can be.
        height = f' ht="{min(15 * lines, 405)}" customHeight="1"' if lines > 1 else ""
        return f'<row r="{number}"{height}>{"".join(cells)}</row>'


_LETTERS = [get_column_letter(n) for n in range(1, 41)]


def _cell(place: str, style: int, value: Value) -> str:
    """One cell in the words of the format (ECMA-376, 18.3.1.4): text is always an inline string."""
    if value is None or value == "":
        return f'<c r="{place}" s="{style}"/>'
    if isinstance(value, str):
        return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{_text(value)}</t></is></c>'
    if isinstance(value, date):
        serial = to_excel(value)  # type: ignore[no-untyped-call]
        return f'<c r="{place}" s="{style}"><v>{serial}</v></c>'
    return f'<c r="{place}" s="{style}"><v>{_number(value)}</v></c>'


def _number(value: Decimal | int) -> str:
    """As many digits as a double keeps, no trailing zeros: equal numbers are the same bytes."""
    digits = f"{value:.17g}"
    return digits.rstrip("0").rstrip(".") if "." in digits and "e" not in digits else digits


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    return escape(in_cell(text))


def in_cell(text: str) -> str:
    """`text` as a cell can hold it: line ends as LF, unprintable made visible, cut with a mark."""
    text = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _ESCAPE.sub("_x005F\\g<0>", text)  # Excel takes _x000D_ for the character of that number
    if len(text) * 2 <= LONGEST:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return text
    return units[: 2 * (LONGEST - len(CUT))].decode("utf-16-le", "ignore") + CUT


class _Streaming(WorksheetWriter):
    """Writes a page straight into the archive."""

    def write_row(self, xf: Any, row: Any, row_idx: int) -> None:
        if row_idx == 1:
            xf.flush()  # what openpyxl has written before the first row
        self.out.write(row.encode())  # type: ignore[union-attr]

    def cleanup(self) -> None:
        """There is no temporary file to remove."""


class _Archive(ZipFile):
    """A ZIP whose bytes depend on its contents alone: no time of writing."""

    def entry(self, name: str) -> ZipInfo:
        info = ZipInfo(name)  # 1 January 1980
        info.compress_type = ZIP_DEFLATED
        return info

    def writestr(self, zinfo_or_arcname: str | ZipInfo, data: Any, *_args: Any, **_options: Any) -> None:
        assert isinstance(zinfo_or_arcname, str)
        super().writestr(self.entry(zinfo_or_arcname), data)

    def write(self, filename: Any, arcname: Any = None, *_args: Any, **_options: Any) -> None:
        """Called for every page when the book is finished: they are there already."""
        assert arcname in self.NameToInfo, f"{filename} is no page of this book"


class Book:
    """A workbook in the making. `made` is what its properties say; local time without zone."""

    def __init__(self, title: str, made: datetime) -> None:
        self._workbook = Workbook(write_only=True)
        properties = self._workbook.properties
        properties.title, properties.creator = title, "taxsync"
        properties.created = properties.modified = made
        self._bytes = io.BytesIO()
        self._archive = _Archive(self._bytes, "w")

    @contextmanager
    def sheet(self, title: str) -> Iterator[Sheet]:
        """The next page. Widths and panes have to be set before the first row."""
        number = len(self._workbook.worksheets) + 1
        with self._archive.open(self._archive.entry(f"xl/worksheets/sheet{number}.xml"), "w") as out:
            sheet = Sheet(self._workbook, title, out)
            self._workbook._add_sheet(sheet)  # type: ignore[attr-defined]
            try:
                yield sheet
            finally:
                sheet.close()

    def finish(self) -> bytes:
        from openpyxl.writer.excel import ExcelWriter

        ExcelWriter(self._workbook, self._archive).save()
        return self._bytes.getvalue()


def print_setup(sheet: Sheet, footer: str, *, landscape: bool, letter: bool) -> None:
    """One page wide, with a footer that says what it is, which sheet, and the page."""
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = 1 if letter else 9  # Letter, A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.page_margins.left = sheet.page_margins.right = 0.5
    sheet.oddFooter.left.text = footer
    sheet.oddFooter.center.text = "&A"
    sheet.oddFooter.right.text = "Page &P of &N"


def number_width(number: Decimal | int, decimals: int) -> float:
    """Room for a number, also in bold: one that doesn't fit shows as ###."""
    return len(f"{number:,.{decimals}f}") * 1.15 + 2


def widths(sheet: Sheet, chars: Sequence[float]) -> None:
    """Column widths in characters."""
    for letter, width in zip(_LETTERS, chars, strict=False):
        sheet.column_dimensions[letter].width = width
