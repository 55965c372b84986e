"""Spreadsheet pages written row by row into an archive: what a cell holds is made by `cells`, no temporary files.

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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from decimal import Decimal
from itertools import chain, groupby, repeat
from typing import IO, Any, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.table import Table, TableStyleInfo

from pipeline.fiat import decimals_of as decimals_of_currency
from pipeline.money import plain
from reports.cells import EMPTY, Cell, part
from reports.pieces import Pieces

LAST_ROW = 1_048_576
POINTS = 15  # a line of text is high
USUAL_DECIMALS, MOST_DECIMALS = 8, 12
_TOGETHER = 2000  # links
MOST_LINKS = 65_530  # on one sheet; Excel calls a file with more of them damaged

MONEY = "#,##0.00;[Red]-#,##0.00"
WHOLE = "#,##0;[Red]-#,##0"
_OF_RULES = 300  # the numbers of their formats begin there
INSTANT = "yyyy-mm-dd hh:mm:ss"
DAY = "yyyy-mm-dd"
FORM_DAY = "mm/dd/yyyy"
COUNT = "#,##0"
MONTH = "mmmm yyyy"

GREY = "595959"
RED = "C00000"
BLUE = "1F4E79"
_LINE = Side(style="thin", color="808080")
_SHADE = PatternFill("solid", fgColor="E7ECF2")
OVERLINED = Border(top=_LINE)
LEFT = Alignment(horizontal="left", vertical="top", indent=1)
RIGHT = Alignment(horizontal="right", vertical="top")
WRAPPED = Alignment(horizontal="left", vertical="top", indent=1, wrap_text=True)


def font(*, bold: bool = False, size: int = 11, color: str | None = None) -> Font:
    """The workbook's typeface."""
    return Font(name="Calibri", bold=bold, size=size, color=color)


def money(currency: str) -> str:
    """The number format of an amount: with the decimals that the currency has. The cell holds them all."""
    decimals = decimals_of_currency(currency)
    return quantity(decimals) if decimals else WHOLE


def quantity(decimals: int) -> str:
    """The number format of a quantity: a fixed count of decimals, so that points align."""
    digits = "#,##0." + "0" * decimals
    return f"{digits};[Red]-{digits}"


def decimals_of(quantities: Sequence[Decimal]) -> int:
    """How many decimals to show of a column of quantities: at least 2, and what the longest needs."""
    return max(2, max((decimals_shown(plain(q)) for q in quantities), default=0))


def decimals_shown(text: str) -> int:
    """How many decimals of a number to show, given as `plain` writes it: all up to 8, more only of what would else
    show as nothing. The cell holds them all."""
    whole, _, digits = text.partition(".")
    zeros = len(digits) - len(digits.lstrip("0")) if whole in ("0", "-0") else 0
    return min(len(digits), max(USUAL_DECIMALS, zeros + 3), MOST_DECIMALS)


class Sheet(WriteOnlyWorksheet):
    """A page that takes rows of values, each with a style from `style`."""

    # openpyxl gives write-only pages these attributes of its ordinary ones; its stubs leave them out
    sheet_properties: Any
    page_setup: Any
    page_margins: Any
    column_dimensions: Any
    auto_filter: Any
    row_breaks: Any
    sheet_format: Any
    data_validations: Any
    conditional_formatting: Any
    oddFooter: Any
    _writer: Any

    def __init__(self, workbook: Workbook, title: str, out: Any) -> None:
        super().__init__(workbook, title)
        self._out = out
        self._links: list[str] = []
        self._count = 0  # rows that are written

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
        for name, look in (("font", font), ("alignment", align), ("border", border), ("fill", fill)):
            if look is not None:
                setattr(cell, name, look)
        return cell.style_id

    def heading_style(self, *, right: bool) -> int:
        """The style of a column's heading, which may take two lines."""
        align = Alignment(horizontal="right" if right else "left", vertical="top", indent=not right, wrap_text=True)
        return self.style(font=font(bold=True), align=align, border=Border(bottom=_LINE), fill=_SHADE)

    def linked_style(self, style: int) -> int:
        """A style of this book, in the colour of cells that lead elsewhere."""
        cell: Any = WriteOnlyCell(self)
        book: Any = self.parent
        cell._style = book._cell_styles[style].__copy__()
        cell.font = font(color=BLUE)
        number: int = cell.style_id
        return number

    @property
    def takes_links(self) -> bool:
        """Whether there is room for one more."""
        return len(self._links) < MOST_LINKS

    def link(self, place: str, target: str) -> None:
        """Makes the cell at `place` lead to another of this book ("'Form 8949'!A2"): no title has markup."""
        assert self.takes_links
        self._links.append(f'<hyperlink ref="{place}" location="{target}"/>')

    def no_red_zeros(self, first: str, last: str, decimals: int) -> None:
        """From the cell `first` to `last` what rounds to 0 with so many decimals shows as 0, not as a red -0.00. By a
        rule: a number format that tells them apart gets a minus sign too many in one program or the other."""
        digits = "0." + "0" * decimals if decimals else "0"
        look = DifferentialStyle(numFmt=NumberFormat(_OF_RULES + decimals, f"{digits};{digits}"))
        rule = Rule("expression", dxf=look, formula=[f"AND({first}<0,ROUND({first},{decimals})=0)"])
        self.conditional_formatting.add(f"{first}:{last}", rule)

    def table(self, headings: Sequence[str], rows: int) -> None:
        """Makes headings in row 1 and `rows` rows under them a table of the spreadsheet program, with its filters."""
        name = re.sub(r"\W", "_", f"table_{self.title}")  # K4 alone would be a cell
        table: Any = Table(displayName=name, ref=f"A1:{_LETTERS[len(headings) - 1]}{rows + 1}")
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
        table._initialise_columns()
        for column, heading in zip(table.tableColumns, headings, strict=True):
            column.name = heading
        self.tables.add(table)  # add_table wants cells of its own to name the columns after

    def write(self, values: Sequence[Cell], styles: Sequence[int], lines: int = 1) -> None:
        """The next row, from column A on, `lines` of text high. Instants come without a zone, as they
        are to be read."""
        number = self.number
        cells = [
            f'<c r="{letter}{number}" s="{style}{part(value) or EMPTY}'
            for letter, style, value in zip(_LETTERS, styles, values, strict=False)
        ]
        self._put(_row(number, "".join(cells), lines), 1)

    def write_columns(
        self, columns: Sequence[Pieces], styles: Sequence[int | Sequence[int]], lines: Sequence[int]
    ) -> None:
        """The next rows, given as their columns (see `reports.pieces`): a style for the column or for each of its
        cells; how many lines of text each row is high. Rows are put together of all their pieces at once: as a text for
        each cell and row they would take four times as long."""
        numbers = [str(n) for n in range(self.number, self.number + len(lines))]
        pieces: list[str | Sequence[str]] = ['<row r="', numbers, '"', [*map(_height, lines)], ">"]
        for letter, style, of in zip(_LETTERS, styles, columns, strict=False):
            look = str(style) if isinstance(style, int) else [*map(str, style)]
            pieces += _column(f'<c r="{letter}', numbers, look, of)
        self._put(_together([*pieces, "</row>"]), len(lines))

    @property
    def number(self) -> int:
        """The row that comes next, as the sheet counts them."""
        return self._count + 1

    def _put(self, text: str, rows: int) -> None:
        self._count += rows
        self.append([text])

    def _get_writer(self) -> None:
        if self._writer is None:
            self._writer = _Streaming(self, self._out)
            self._writer.write_top()

    def _values_to_row(self, texts: list[str], _number: int) -> str:
        return "".join(texts)


_LETTERS = [get_column_letter(n) for n in range(1, 41)]


def _row(number: int, cells: str, lines: int) -> str:
    return f'<row r="{number}"{_height(lines)}>{cells}</row>'


def _height(lines: int) -> str:
    """Only Excel finds the height of wrapped text by itself; 409 points are the most there can be."""
    return f' ht="{min(POINTS * lines, 405)}" customHeight="1"' if lines > 1 else ""


def _column(before: str, rows: Sequence[str], look: str | Sequence[str], cells: Pieces) -> Pieces:
    """A column's cells with their places and styles; whole cells, where some are missing."""
    if len(cells) == 1 and "" in cells[0]:
        looks = repeat(look) if isinstance(look, str) else look
        places = zip(rows, looks, cells[0], strict=False)
        return ([f'{before}{row}" s="{look}{cell}' if cell else "" for row, look, cell in places],)
    return before, rows, '" s="', look, *cells


def _together(pieces: Pieces) -> str:
    """For row after row its pieces one after another."""
    merged: list[Iterable[str]] = []
    for is_same, some in groupby(pieces, lambda piece: isinstance(piece, str)):
        listed: list[Any] = [*some]
        merged += [repeat("".join(listed))] if is_same else listed
    return "".join(chain.from_iterable(zip(*merged, strict=False)))


def _batched(links: Sequence[str]) -> Iterator[str]:
    """Some thousands together, so that 65,530 are never there twice."""
    return ("".join(links[n : n + _TOGETHER]) for n in range(0, len(links), _TOGETHER))


class _Streaming(WorksheetWriter):
    """Writes a page straight into the archive."""

    def write_row(self, xf: Any, row: Any, row_idx: int) -> None:
        """One row or some together, which are compressed faster."""
        if row_idx == 1:
            xf.flush()  # what openpyxl has written before the first row
        self.out.write(row.encode())  # type: ignore[union-attr]

    def write_hyperlinks(self) -> None:
        """As text, since openpyxl's objects take a kilobyte each."""
        sheet: Any = self.ws
        links = sheet._links
        if links:
            xf: Any = self.xf.send(True)
            xf.flush()  # what openpyxl has written before
            for some in ("<hyperlinks>", *_batched(links), "</hyperlinks>"):
                self.out.write(some.encode())  # type: ignore[union-attr]
            links.clear()
            self.xf.send(None)

    def cleanup(self) -> None:
        """There is no temporary file to remove."""


_SOME = 1 << 20  # bytes that are copied at once
_LEVEL = 2  # zlib's usual one makes a sixth less of cells, and takes three times as long


class _Archive(ZipFile):
    """A ZIP whose bytes depend on its contents alone: no time of writing."""

    def __init__(self, out: IO[bytes]) -> None:
        super().__init__(out, "w", ZIP_DEFLATED, compresslevel=_LEVEL)

    def writestr(self, zinfo_or_arcname: str | ZipInfo, data: Any, *_args: Any, **_options: Any) -> None:
        assert isinstance(zinfo_or_arcname, str)
        with self.open(zinfo_or_arcname, "w") as part:  # of 1 January 1980
            part.write(data if isinstance(data, bytes) else data.encode())

    def take(self, out: IO[bytes]) -> None:
        """Adds the files of another archive without packing them anew: a file's bytes tell nothing of where it
        stands."""
        assert self.fp is not None
        with ZipFile(out) as other:
            listed = sorted(other.infolist(), key=lambda info: info.header_offset)
            ends = [*(info.header_offset for info in listed[1:]), other.start_dir]
        self.fp.seek(self.start_dir)
        for info, end in zip(listed, ends, strict=True):
            begin, left = info.header_offset, end - info.header_offset
            out.seek(begin)
            info.header_offset = self.fp.tell()
            while left:
                some = out.read(min(left, _SOME))
                self.fp.write(some)
                left -= len(some)
            self.filelist.append(info)
            self.NameToInfo[info.filename] = info
        self.start_dir = self.fp.tell()

    def write(self, filename: Any, arcname: Any = None, *_args: Any, **_options: Any) -> None:
        """Called for every page when the book is finished: they are there already."""
        assert arcname in self.NameToInfo, f"{filename} is no page of this book"


class Book:
    """A workbook in the making, in a file or in memory. `made` is what its properties say; local time without zone."""

    def __init__(self, title: str, made: datetime, out: IO[bytes] | None = None) -> None:
        self._workbook = Workbook(write_only=True)
        properties = self._workbook.properties
        properties.title, properties.creator = title, "taxsync"
        properties.created = properties.modified = made
        self._out = out or io.BytesIO()
        self._archive = _Archive(self._out)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Ends a book that was not finished: nothing of it is of use."""
        self._archive.close()

    @contextmanager
    def sheet(self, title: str, *, apart: bool = False) -> Iterator[Sheet]:
        """The next page. Widths and panes have to be set before the first row. `apart`: its rows are written by a copy
        of this book, and come by `take`; here it gets all but them."""
        number = len(self._workbook.worksheets) + 1
        name = f"xl/worksheets/sheet{number}.xml"
        with nullcontext(io.BytesIO()) if apart else self._archive.open(name, "w") as out:
            sheet = Sheet(self._workbook, title, out)
            self._workbook._add_sheet(sheet)  # type: ignore[attr-defined]
            yield sheet
            sheet.close()

    def turn_to(self, out: IO[bytes]) -> None:
        """The pages that come next go to `out`: of a copy of this book, in another process."""
        self._archive = _Archive(out)

    def close_pages(self) -> None:
        """Ends the pages since `turn_to`."""
        self._archive.close()

    def take(self, out: IO[bytes]) -> None:
        """Adds the pages that a copy of this book has written to `out`, as they are."""
        self._archive.take(out)

    def finish(self) -> bytes:
        """Writes what is left; gives the whole book if it is kept in memory."""
        from openpyxl.writer.excel import ExcelWriter

        ExcelWriter(self._workbook, self._archive).save()
        return self._out.getvalue() if isinstance(self._out, io.BytesIO) else b""


def print_setup(sheet: Sheet, footer: str, *, landscape: bool, letter: bool) -> None:
    """One page wide, with a footer that says what it is, which sheet, and the page."""
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize = 1 if letter else 9  # Letter, A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top = margins.bottom = 0.75
    margins.header = margins.footer = 0.3
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
