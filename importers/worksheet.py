"""The rows of one worksheet, from its XML, as text: a million rows in a few megabytes.

Takes the stream of a worksheet's part, gives (row number, cells) one after the other. A number
becomes the shortest decimal of the double it is, a date cell ISO 8601 in UTC (a bare day when it
has no time). What can't be text without a guess (an error, a truth value, a formula without a
saved value, a duration) raises `CellError` with the cell's place.

openpyxl's own reader is not used for this: it holds every row it has passed, takes a cell of any
size, and gives a formula that was never computed as an empty cell.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO

from msgspec import Struct, field

from importers.markup import Budget, CellError, feed
from pipeline.money import plain

EXACT_DIGITS = 15  # of a whole number; what a spreadsheet program keeps
CELL_LIMIT = 131_072  # characters; also what the csv module takes
_AGAIN = "save it anew with a spreadsheet program, or as CSV"
ROWS = 1_048_576  # of a worksheet, as spreadsheet programs have them

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main|"
_ROW, _CELL, _VALUE, _FORMULA = (_MAIN + tag for tag in ("row", "c", "v", "f"))
_STRING, _TEXT, _PHONETIC = (_MAIN + tag for tag in ("si", "t", "rPh"))

_NUMBER = re.compile(r"-?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class Unreadable(str):
    """In place of the text of a cell that can't be read as text: why."""


class Book(Struct, frozen=True):
    """What the cells of a workbook refer to, and how much of it is read. `dates` and `durations` are numbers of cell
    styles."""

    strings: list[str]
    dates: frozenset[int] = frozenset()
    durations: frozenset[int] = frozenset()
    epoch: datetime = datetime(1899, 12, 30)  # noqa: DTZ001  (a calendar's zero; cells have no zone)
    budget: Budget = field(default_factory=Budget)


class _Strings(Struct):
    """Collects the shared strings; the phonetic guides beside Japanese text are no part of it."""

    strings: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    open: bool = False
    phonetic: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002
        if tag == _STRING:
            self.pieces, self.size = [], 0
        elif tag == _PHONETIC:
            self.phonetic = True
        elif tag == _TEXT:
            self.open = not self.phonetic

    def text(self, data: str) -> None:
        if self.open:
            self.size += len(data)
            if self.size > CELL_LIMIT:
                raise CellError(f"a text is longer than {CELL_LIMIT} characters; shorten it")
            self.pieces.append(data)

    def end(self, tag: str) -> None:
        if tag == _PHONETIC:
            self.phonetic = False
        elif tag == _TEXT:
            self.open = False
        elif tag == _STRING:
            self.strings.append("".join(self.pieces))


def shared_strings(source: IO[bytes], budget: Budget) -> list[str]:
    """The texts that cells refer to by number."""
    events = _Strings()
    for _ in feed(source, events, budget):
        pass
    return events.strings


def rows(source: IO[bytes], book: Book, limit: int, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """(row number, texts from column A on) of each row that has a cell; at most `limit` columns. Not `strict`: a cell
    that can't be read as text is `Unreadable`."""
    events = _Rows(book, limit, strict)
    for _ in feed(source, events, book.budget):
        if events.done:
            yield from events.done
            events.done = []


class _Rows:
    """Collects the rows of a worksheet as they end."""

    def __init__(self, book: Book, limit: int, strict: bool) -> None:
        self.done: list[tuple[int, list[str]]] = []
        self._book, self._limit, self._strict = book, limit, strict
        self._columns: dict[str, int] = {}
        self._rows, self._number, self._cells, self._seen = 0, 0, list[str](), 0
        self._attributes: dict[str, str] = {}
        self._pieces, self._size = list[str](), 0  # of the cell's text: adding them up takes a square of their number
        self._open, self._formula, self._phonetic = False, False, False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == _CELL:
            self._attributes = attributes
            self._pieces, self._size, self._formula = [], 0, False
            self._seen += 1
        elif tag == _VALUE or (tag == _TEXT and not self._phonetic):
            self._open = True
        elif tag == _FORMULA:
            self._formula = True
        elif tag == _PHONETIC:
            self._phonetic = True
        elif tag == _ROW:
            number = int(attributes.get("r", self._number + 1))
            if number <= self._number:
                raise CellError(f"row {number} comes after row {self._number}; {_AGAIN}")
            self._rows += 1
            if self._rows > ROWS:
                raise CellError(f"goes beyond row {ROWS}, where spreadsheets end; save the sheet that is meant as CSV")
            self._number, self._cells, self._seen = number, [], 0

    def text(self, data: str) -> None:
        if self._open:
            self._pieces.append(data)
            self._size += len(data)
            if self._size > CELL_LIMIT:
                raise CellError(f"a cell of row {self._number} is longer than {CELL_LIMIT} characters; shorten it")

    def end(self, tag: str) -> None:
        if tag == _CELL:
            if self._pieces or self._formula:
                self._end_cell()
        elif tag in (_VALUE, _TEXT):
            self._open = False
        elif tag == _ROW:
            self.done.append((self._number, self._cells))
        elif tag == _PHONETIC:
            self._phonetic = False

    def _end_cell(self) -> None:
        place = self._attributes.get("r", "")
        column = self._columns.get(place.rstrip("0123456789"))
        if column is None:
            column = self._column(place) if place else self._seen - 1
        try:
            text = self._text()
        except CellError as error:
            if self._strict:
                raise CellError(f"cell {place or f'of row {self._number}'} {error}") from None
            text = Unreadable(error)
        if text.isspace() or not text:
            return
        gap = column - len(self._cells)
        if gap < 0:
            raise CellError(f"the cells of row {self._number} are out of order; {_AGAIN}")
        if column >= self._limit:
            raise CellError(
                f"row {self._number} goes beyond the {self._limit} columns that are read; remove what stands there"
            )
        if gap:
            self._cells.extend([""] * gap)
        self._cells.append(text)

    def _column(self, place: str) -> int:
        """The index of the column that a place such as "AB12" names; kept, since rows repeat."""
        if _PLACE.fullmatch(place) is None:
            raise CellError(f"row {self._number} has a cell at a place that does not exist; {_AGAIN}")
        letters = place.rstrip("0123456789")
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        self._columns[letters] = column - 1
        return column - 1

    def _text(self) -> str:
        value, kind = "".join(self._pieces), self._attributes.get("t", "n")
        if self._formula and not value and kind != "str":
            raise CellError("holds a formula without a saved value; open the file in a spreadsheet program and save it")
        if kind == "n":
            style = int(self._attributes.get("s", 0))
            return date_text(value, style, self._book) if style in self._book.dates else number_text(value)
        if kind == "s":
            return self._book.strings[_index(value)]
        if kind in ("str", "inlineStr"):
            return value
        if kind == "d":
            return value.removesuffix("T00:00:00").removesuffix("T00:00:00Z")
        if kind == "b":
            raise CellError("holds a truth value (TRUE or FALSE); write it as text")
        if kind == "e":
            raise CellError(f"holds the error {value[:20]}; correct its formula or empty it")
        raise CellError(f"is of a kind that is not known ({kind[:20]}); {_AGAIN}")


def _index(value: str) -> int:
    if not (value.isascii() and value.isdigit()):
        raise CellError(f"refers to no text; {_AGAIN}")
    return int(value)


def is_number(value: str) -> bool:
    """Whether a number cell may hold it: no NaN, nothing that a double can't hold."""
    if _NUMBER.fullmatch(value) is None:
        return False
    number = float(value)
    return abs(number) <= 1e300 and (number != 0 or not value.lower().partition("e")[0].strip("-0."))


def _double(value: str) -> float:
    if not is_number(value):
        raise CellError(f"holds '{value[:30]}', which is not a number; correct it")
    return float(value)


def number_text(value: str) -> str:
    """The plain decimal that a number cell means: the shortest one of its double.

    Excel saves 1.1 as 1.1000000000000001. Whole numbers are taken as they are written, and so
    is a number that is no longer than its double's own text.
    """
    if value.isdigit() and value.isascii() and len(value) < 300:
        text = value.lstrip("0") or "0"
    else:
        short = repr(_double(value))
        text = plain(Decimal(value if len(value) <= len(short) else short))
    if len(text.lstrip("-").partition(".")[0]) > EXACT_DIGITS:
        raise CellError("holds a number of more than 15 digits, of which spreadsheets keep 15; store it as text")
    return text


def date_text(value: str, style: int, book: Book) -> str:
    """The date that a date cell shows, to the millisecond, as far as doubles go."""
    days = _double(value)
    if style in book.durations:
        raise CellError("holds a duration, not a date; correct it")
    if days < 1:
        raise CellError("holds a time without a date; correct it")
    try:
        at = book.epoch + timedelta(milliseconds=round(days * 86_400_000))
    except OverflowError:
        raise CellError("holds a date that does not exist; correct it") from None
    if at == at.replace(hour=0, minute=0, second=0, microsecond=0):
        return at.date().isoformat()
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds")
