"""The one declaration of every table: CSV files, workbook sheets, JSON and docs read the same.

    Table("income", (Column("quantity", Type.QUANTITY), ...), rows)

A row is a tuple with one value per column: str, Decimal, datetime (UTC), date, int or None.
Nothing here opens a file.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar, overload
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from pipeline.glance import Glance
from pipeline.issues import Stop
from pipeline.model import Balance, Price, Result
from pipeline.reported import NOTHING, Compared
from pipeline.rules.base import Period, Rules

M = TypeVar("M")
T = TypeVar("T")
Value = str | Decimal | datetime | date | int | None
Row = tuple[Value, ...]
TOGETHER = 2000  # rows that are looked at together


class ReportError(Stop):
    """A report can't be written; the text is one readable line."""


class Type(StrEnum):
    """What a column holds, so that each writer can show it properly."""

    TEXT = "text"
    ID = "id"
    MONEY = "money"
    FORM_DAY = "form_day"  # a day as a form writes it, MM/DD/YYYY, or a word in its place; a date in the workbook
    CENTS = "cents"  # money rounded as a form asks: its decimals are shown as they are
    QUANTITY = "quantity"
    INSTANT = "instant"
    DAY = "day"
    COUNT = "count"


class Column(Struct, frozen=True):
    """One column: its name in the CSV, its type, and what it means (for headings and docs)."""

    name: str
    type: Type
    meaning: str = ""


class Made(Sequence[M]):
    """Rows, or what rows are made of, made of their subjects each time they are asked for: a big year's are never all
    there at once."""

    def __init__(self, subjects: Sequence[T], row: Callable[[T], M]) -> None:
        self._subjects: Sequence[Any] = subjects
        self._row: Callable[[Any], M] = row

    def __len__(self) -> int:
        return len(self._subjects)

    def __iter__(self) -> Iterator[M]:
        return map(self._row, self._subjects)

    @overload
    def __getitem__(self, at: int) -> M: ...
    @overload
    def __getitem__(self, at: slice) -> list[M]: ...
    def __getitem__(self, at: int | slice) -> M | list[M]:
        if isinstance(at, slice):
            return [self._row(each) for each in self._subjects[at]]
        return self._row(self._subjects[at])


class Table(Struct, frozen=True):
    """A file and a sheet. `rows` may be any sequence of tuples in the columns' order."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]

    @property
    def names(self) -> list[str]:
        """Those of its columns."""
        return [column.name for column in self.columns]

    def index(self, name: str) -> int:
        """The number of a column."""
        return next(i for i, column in enumerate(self.columns) if column.name == name)

    def parts(self, start: int = 0, end: int | None = None) -> Iterator[Sequence[Row]]:
        """The rows from `start` to before `end`, some together."""
        end = len(self.rows) if end is None else end
        return (self.rows[n : min(n + TOGETHER, end)] for n in range(start, end, TOGETHER))


class SourceUsed(Struct, frozen=True):
    """One account and where its records came from: files with their digest, or an exchange's API."""

    account: str
    source: str
    records: int
    first: datetime | None
    last: datetime | None


class FileUsed(Struct, frozen=True):
    """One file that was imported: its name without a folder, the SHA-256 of its bytes ("": taken in part), and when."""

    name: str
    digest: str
    at: datetime


class ListUsed(Struct, frozen=True):
    """One list of an account behind an API: what it holds, its records from `first` to `last`, when it was last gone
    through to its end (None: never), and whether it is whole."""

    account: str
    words: str
    records: int
    first: datetime | None
    last: datetime | None
    asked: datetime | None
    state: str


class Report(Struct, frozen=True, eq=False):
    """One tax year of one taxpayer, ready to be tabulated. Holds everything; opens nothing.

    `result` is derived up to the end of the year: its disposals and incomes are those of all years
    until then, its lots those open at the year's end. `inputs` is the digest of all that the
    figures rest on. `orders`: which lot methods were chosen, and when that was recorded, oldest first.
    `origins`: rows of the table of values (`reports/prices.py`).
    `form_1099_da`: what a broker's form of the year tells of an account: "no", "proceeds" or "basis". `brokers`: the
    forms themselves, where they were imported, beside the year's disposals. `opening`: where an earlier year is closed,
    where this year's lots begin; `filed`: of a closed year, whether these are the figures that were filed.
    `answers`: what the person has said that counts, and when and by what that came, oldest first.
    `files`, `lists`: what was imported. `reported`: what each exchange itself said is held, as of one instant an
    account: the nearest to the year's end. `glance`: what the year's page shows beside the tables.
    `taxpayer`: a name, or "". `settings`: what else was chosen, each with its name, in a person's words.
    """

    result: Result
    period: Period
    rules: Rules
    currency: str
    zone: ZoneInfo
    method: str
    scope: str
    version: str
    inputs: str
    sources: Iterable[SourceUsed] = field(default_factory=tuple)
    prices: Sequence[Price] = ()
    origins: Sequence[tuple[Value, ...]] = ()
    orders: Sequence[tuple[datetime, str]] = ()
    answers: Sequence[tuple[datetime, str]] = ()
    form_1099_da: Mapping[str, str] = field(default_factory=dict)
    brokers: Compared = NOTHING
    opening: str = ""
    filed: str = ""
    files: Sequence[FileUsed] = ()
    lists: Sequence[ListUsed] = ()
    reported: Sequence[Balance] = ()
    glance: Glance = field(default_factory=Glance)
    taxpayer: str = ""
    settings: Sequence[tuple[str, str]] = ()

    def within(
        self, listed: Iterable[T], at: Callable[[T], datetime], order: Callable[[T], Any] | None = None
    ) -> list[T]:
        """Those of `listed` whose instant, for the taxpayer, lies in the tax year, in order of time, or by `order`."""
        starts, ends = self.period.starts, self.period.ends
        return sorted((each for each in listed if starts <= at(each) < ends), key=order or at)


# C0 without tab and line ends, DEL, C1, lone surrogates and the two non-characters: spreadsheet
# programs can't open a file that holds them, terminals obey some of them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """`text` with what no file should hold made visible: '\\x07', '\\ud800'."""
    return text if text.isprintable() else _UNPRINTABLE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
