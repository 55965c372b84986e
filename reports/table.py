"""The one declaration of every table: CSV files, workbook sheets, JSON and docs read the same.

    Table("income", (Column("quantity", Type.QUANTITY), ...), rows)

A row is a tuple with one value per column: str, Decimal, datetime (UTC), date, int or None.
Nothing here opens a file.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from pipeline.issues import Stop
from pipeline.model import Price, Result
from pipeline.rules.base import Period, Rules

T = TypeVar("T")
Value = str | Decimal | datetime | date | int | None


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


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the CSV, its type, and what it means (for headings and docs)."""

    name: str
    type: Type
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file and a sheet. `rows` may be any sequence of tuples in the columns' order."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class SourceUsed:
    """One account and where its records came from: files with their digest, or an exchange's API."""

    account: str
    source: str
    records: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """One tax year of one taxpayer, ready to be tabulated. Holds everything; opens nothing.

    `result` is derived up to the end of the year: its disposals and incomes are those of all years
    until then, its lots those open at the year's end. `inputs` is the digest of all that the
    figures rest on. `orders`: which lot methods were chosen, and when that was recorded, oldest first.
    `origins`: rows of the table of values (`reports/prices.py`).
    `form_1099_da`: what a broker's form of the year tells of an account: "no", "proceeds" or "basis".
    `answers`: what the person has said that counts, and when and by what that came, oldest first.
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

    def within(self, listed: Iterable[T], at: Callable[[T], datetime]) -> list[T]:
        """Those of `listed` whose instant, for the taxpayer, lies in the tax year, in order of time."""
        starts, ends = self.period.starts, self.period.ends
        return sorted((each for each in listed if starts <= at(each) < ends), key=at)


# C0 without tab and line ends, DEL, C1, lone surrogates and the two non-characters: spreadsheet
# programs can't open a file that holds them, terminals obey some of them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """`text` with what no file should hold made visible: '\\x07', '\\ud800'."""
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
