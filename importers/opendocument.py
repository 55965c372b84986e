"""The tables of an OpenDocument spreadsheet (.ods) as text, one row after the other.

Takes the archive, gives each table's title and rows. A number is as the document keeps it, a date ISO 8601 without a
zone, everything else the text that is shown. Rows and cells without any text are left out; row numbers are those that
a spreadsheet program shows. An error in a cell, or a document that declares entities, is refused (`CellError`).

Source: OpenDocument 1.3, part 3: 9.1 (tables; repeated rows and cells), 19.385 ff. (office:value and its kin).
"""

import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice, takewhile

from msgspec import Struct, field

from importers.base import shown
from importers.markup import MARKS, Budget, CellError, feed
from importers.worksheet import CELL_LIMIT, ROWS, is_number
from pipeline.money import plain

CONTENT = "content.xml"
COLUMNS = 257  # of a row that are looked at: more than any table may have
REPEATED = 1000  # rows with text that one row may stand for
TABLES = 100  # with text: those that are large are read by going through the whole document
FEW, FEW_SIZE = 50, 1 << 16  # rows, and their characters, that are kept of each table: a header is among 40

_TABLE, _TEXT = "urn:oasis:names:tc:opendocument:xmlns:table:1.0|", "urn:oasis:names:tc:opendocument:xmlns:text:1.0|"
_OFFICE, _EXTENDED = "urn:oasis:names:tc:opendocument:xmlns:office:1.0|", "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0|"  # fmt: skip  # noqa: E501
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_NUMBERS = frozenset(("float", "currency", "percentage"))

Row = tuple[int, list[str]]


class Table(Struct, frozen=True):
    """One table of a document; `rows` begins with its first each time that it is called."""

    title: str
    rows: Callable[[], Iterator[Row]]


def is_document(archive: zipfile.ZipFile) -> bool:
    return CONTENT in archive.namelist() and "[Content_Types].xml" not in archive.namelist()


def tables(archive: zipfile.ZipFile) -> list[Table]:
    """The tables that have any text. The document is read once to find them, with their first rows, and once more for
    each that has others and is read beyond these."""
    found: dict[int, _Begun] = {}
    budget = Budget(2 * MARKS)
    for index, title, row in _rows(archive, budget):
        found.setdefault(index, _Begun(title)).add(row)
        if len(found) > TABLES:
            raise CellError(f"has more than {TABLES} sheets with text; save the one that is meant as CSV")
    return [
        Table(each.title, lambda wanted=index, begun=each: _of(archive, budget, wanted, begun))  # type: ignore[misc]
        for index, each in found.items()
    ]


class _Begun(Struct):
    """A table's first rows, as far as they are few and small, and whether there are others."""

    title: str
    rows: list[Row] = field(default_factory=list)
    size: int = 0  # characters of these
    more: bool = False

    def add(self, row: Row) -> None:
        self.size += 0 if self.more else sum(map(len, row[1]))
        self.more = self.more or len(self.rows) == FEW or self.size > FEW_SIZE
        if not self.more:
            self.rows.append(row)


def _of(archive: zipfile.ZipFile, budget: Budget, wanted: int, begun: _Begun) -> Iterator[Row]:
    yield from begun.rows
    if begun.more:
        before_its_end = takewhile(lambda each: each[0] <= wanted, _rows(archive, budget))
        yield from islice((row for index, _, row in before_its_end if index == wanted), len(begun.rows), None)


def _rows(archive: zipfile.ZipFile, budget: Budget) -> Iterator[tuple[int, str, Row]]:
    """Every row with text: which table it is of, that table's title, the row."""
    reader = _Reader()
    with archive.open(CONTENT) as source:
        for _ in feed(source, reader, budget):
            yield from reader.taken()


class _Reader(Struct):
    """What the parser tells, put together to rows."""

    index: int = -1
    title: str = ""
    number: int = 0  # of the row that begins next
    cells: list[str] | None = None  # of the row that is being read
    row_repeats: int = 1
    cell: dict[str, str] | None = None  # the attributes of the cell that is being read
    pieces: list[str] | None = None  # of its text; None before its first paragraph
    size: int = 0  # of its text
    notes: int = 0  # how deep inside a comment: it is no part of the cell
    done: list[tuple[int, str, int, int, list[str]]] = field(default_factory=list)  # table, first row, how often

    def taken(self) -> Iterator[tuple[int, str, Row]]:
        done, self.done = self.done, []
        for index, title, first, times, cells in done:
            for number in range(first, first + times):
                yield index, title, (number, cells)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_OFFICE}annotation":
            self.notes += 1
        elif tag == f"{_TABLE}table":
            if self.cell is not None:
                raise CellError("has a table inside a cell; save it as CSV")
            self.index, self.number = self.index + 1, 1
            self.title = shown(attributes.get(f"{_TABLE}name", ""))
        elif tag == f"{_TABLE}table-row":
            self.cells, self.row_repeats = [], _count(attributes, "number-rows-repeated")
        elif tag in _CELLS:
            self.cell, self.pieces, self.size = attributes, None, 0
        elif self.cell is not None and not self.notes:
            self._inside(tag, attributes)

    def _inside(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == f"{_TEXT}p":
            if self.pieces is None:
                self.pieces = []
            else:
                self.text("\n")
        elif tag == f"{_TEXT}s":
            self.text(" " * min(int(attributes.get(f"{_TEXT}c", "1")), CELL_LIMIT))
        elif tag == f"{_TEXT}tab":
            self.text("\t")
        elif tag == f"{_TEXT}line-break":
            self.text("\n")

    def text(self, data: str) -> None:
        if self.cell is not None and self.pieces is not None and not self.notes:
            self.pieces.append(data)
            self.size += len(data)
            self._bounded(self.size)

    def _bounded(self, size: int) -> None:
        if size > CELL_LIMIT:
            raise CellError(
                f"sheet '{self.title}' row {self.number}: has a cell of more than {CELL_LIMIT} characters; shorten it"
            )

    def end(self, tag: str) -> None:
        if tag == f"{_OFFICE}annotation":
            self.notes -= 1
        elif tag in _CELLS and self.cells is not None and self.cell is not None:
            shown = self._shown(self.cell)
            self._bounded(len(shown))
            times = min(_count(self.cell, "number-columns-repeated"), COLUMNS - len(self.cells))
            self.cells += [shown] * times
            self.cell = None
        elif tag == f"{_TABLE}table-row" and self.cells is not None:
            self._row(self.cells)
            self.cells = None

    def _row(self, cells: list[str]) -> None:
        if any(cells):
            if self.row_repeats > REPEATED:
                raise CellError(
                    f"sheet '{self.title}' row {self.number}: is repeated {self.row_repeats} times; save it as CSV"
                )
            if self.number + self.row_repeats > ROWS + 1:
                raise CellError(f"sheet '{self.title}': goes beyond row {ROWS}, where spreadsheets end; save it as CSV")
            while not cells[-1]:
                cells.pop()
            self.done.append((self.index, self.title, self.number, self.row_repeats, cells))
        self.number += self.row_repeats

    def _shown(self, cell: dict[str, str]) -> str:
        kind, text = cell.get(f"{_OFFICE}value-type", ""), "".join(self.pieces or ())
        if cell.get(f"{_EXTENDED}value-type") == "error":
            raise CellError(f"sheet '{self.title}' row {self.number}: a cell shows the error {text[:40]}; correct it")
        if kind in _NUMBERS:
            value = cell.get(f"{_OFFICE}value", "")
            if not is_number(value):
                raise CellError(f"sheet '{self.title}' row {self.number}: '{value[:30]}' is not a number; correct it")
            return plain(Decimal(value))
        if kind == "date":
            return cell.get(f"{_OFFICE}date-value", text)
        return cell.get(f"{_OFFICE}string-value", text)


def _count(attributes: dict[str, str], name: str) -> int:
    return max(int(attributes.get(f"{_TABLE}{name}", "1")), 1)
