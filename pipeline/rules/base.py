"""What a country is: a record of values and small functions, each line with its law.

A country is one file `pipeline/rules/xx.py` with `RULES = Rules(...)`. Any field that the law has
changed is `Dated`. Nothing here computes a gain; `assess` and `book` read it.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from pipeline.model import Kind, Label, Term

T = TypeVar("T")


class Scope(StrEnum):
    """Which units one queue of lots holds: those of one account, or all of the taxpayer's."""

    ACCOUNT = "account"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A value that the law changed: ((None, first), (from day, next), ...), in order of time."""

    values: tuple[tuple[date | None, T], ...]

    def on(self, day: date) -> T:
        current = self.values[0][1]
        for since, value in self.values[1:]:
            if since is not None and day >= since:
                current = value
        return current


def always(value: T) -> Dated[T]:
    return Dated(((None, value),))


@dataclass(frozen=True, slots=True)
class Period:
    """A tax year: its name (the calendar year in which it ends), its days, and its instants in UTC.

    `starts` is the first instant inside, `ends` the first one after it.
    """

    name: str
    first: date
    last: date
    starts: datetime
    ends: datetime


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the taxpayer's `day`."""
    return datetime.combine(day, time(), zone)


NEVER: Dated[bool] = Dated(((None, False),))

_YEAR_NAME = re.compile(r"(\d{4})(?:\s*[-/]\s*(\d{2}|\d{4}))?")


@dataclass(frozen=True, slots=True)
class TaxYear:
    """The day on which a tax year begins, in the taxpayer's time zone."""

    month: int = 1
    day: int = 1

    def period(self, year: int, zone: ZoneInfo) -> Period:
        """The tax year that ends in the calendar year `year`."""
        first = date(year if (self.month, self.day) == (1, 1) else year - 1, self.month, self.day)
        after = first.replace(year=first.year + 1)
        utc = ZoneInfo("UTC")
        starts, ends = (midnight(d, zone).astimezone(utc) for d in (first, after))
        return Period(str(year), first, after - timedelta(days=1), starts, ends)

    def of(self, day: date) -> int:
        """The calendar year in which the tax year of `day` ends."""
        first = (self.month, self.day)
        return day.year if first == (1, 1) or (day.month, day.day) < first else day.year + 1

    def read(self, name: str) -> int:
        """The year that `name` means: "2025", or a form's own "2024-25" or "2024/2025".

        Raises ValueError with one readable line.
        """
        match = _YEAR_NAME.fullmatch(name.strip())
        if match is None:
            raise ValueError(f"'{name}' is not a tax year; write it as 2025 or 2024-25")
        first, second = match.groups()
        year = int(first)
        if second is not None:
            if int(second) % 100 != (year + 1) % 100 or (len(second) == 4 and int(second) != year + 1):
                raise ValueError(f"'{name}' is not one tax year; write it as 2025 or 2024-25")
            year += 1
        if not 2009 <= year <= 2200:
            raise ValueError(f"there is no crypto tax year {year}")
        return year


class Basis(StrEnum):
    """What received units cost: their market value, nothing, or somebody else's cost (unknown here)."""

    VALUE = "value"
    ZERO = "zero"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a country treats one label of receipt. `why` and `cure` explain an unknown basis."""

    income: bool
    basis: Basis
    why: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Outlay:
    """How a country treats one label of sending: the disposal's kind, and whether a gain is computed."""

    kind: Kind
    gain: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """One country. Times and days are the taxpayer's; values are in `currency`.

    `methods`: allowed lot methods, the default first. `scopes`: the default, dated, and what may be
    asked for instead. `term`: (day acquired, day disposed) -> Term. `fee_in_cost`: a sale's fee
    joins the cost instead of lessening the proceeds. `withheld_fee_from_receipt`: units withheld
    as the fee of a swap are those just received. `forms`: names of modules in reports/forms.
    """

    country: str
    name: str
    currency: str
    timezone: str
    year: TaxYear
    methods: tuple[str, ...]
    scope: Dated[Scope]
    scopes: tuple[Scope, ...]
    term: Callable[[date, date], Term]
    receipts: dict[Label, Receipt]
    outlays: dict[Label, Outlay]
    fee_in_cost: bool = False
    withheld_fee_from_receipt: Dated[bool] = NEVER
    forms: tuple[str, ...] = ()

    @property
    def has_terms(self) -> bool:
        """Whether the holding period matters at all."""
        return self.term is not no_term


def more_than_one_year(acquired: date, disposed: date) -> Term:
    """LONG from the day after the first anniversary: counted from the day after the acquisition,
    by whole months (26 USC 1222; Rev. Rul. 66-7), so 365 days can be short."""
    begins = acquired + timedelta(days=1)
    try:
        long_from = begins.replace(year=begins.year + 1)
    except ValueError:  # begins on 29 February
        long_from = date(begins.year + 1, 3, 1)
    return Term.LONG if disposed >= long_from else Term.SHORT


def no_term(_acquired: date, _disposed: date) -> Term:
    return Term.NONE


INCOME_AT_VALUE = Receipt(income=True, basis=Basis.VALUE)
VALUE_WITHOUT_INCOME = Receipt(income=False, basis=Basis.VALUE)


def countries() -> tuple[str, ...]:
    """The codes that have a file here."""
    package = importlib.import_module("pipeline.rules")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name != "base"))


def rules_of(country: str) -> Rules:
    """The rules of a country code. Raises ValueError with one readable line."""
    if country not in countries():
        raise ValueError(f"country '{country}' is not one of {', '.join(countries())}")
    rules = importlib.import_module(f"pipeline.rules.{country}").RULES
    assert isinstance(rules, Rules)
    return rules
