"""What a country is: a record of values and small functions, each line with its law.

A country is one file `pipeline/rules/xx.py` with `RULES = Rules(...)`. Any field that the law has
changed is `Dated`. Nothing here computes a gain; `assess` and `book` read it.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.model import Kind, Label, Rule, Term
from pipeline.rules.terms import no_term

T = TypeVar("T")


class Scope(StrEnum):
    """Which units one queue of lots holds: those of one account, or all of the taxpayer's."""

    ACCOUNT = "account"
    GLOBAL = "global"


class Dated(Struct, Generic[T], frozen=True):
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


class Period(Struct, frozen=True):
    """A tax year: its name (the calendar year in which it ends), its days, and its instants in UTC.

    `starts` is the first instant inside, `ends` the first one after it.
    """

    name: str
    first: date
    last: date
    starts: datetime
    ends: datetime


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the taxpayer's `day`, in UTC: comparing instants of two zones takes thirty times as long."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


NEVER: Dated[bool] = Dated(((None, False),))
ALWAYS: Dated[bool] = Dated(((None, True),))

_YEAR_NAME = re.compile(r"(\d{4})(?:\s*[-/]\s*(\d{2}|\d{4}))?", re.ASCII)


class TaxYear(Struct, frozen=True):
    """The day on which a tax year begins, in the taxpayer's time zone."""

    month: int = 1
    day: int = 1

    def period(self, year: int, zone: ZoneInfo) -> Period:
        """The tax year that ends in the calendar year `year`."""
        first = date(year if (self.month, self.day) == (1, 1) else year - 1, self.month, self.day)
        after = first.replace(year=first.year + 1)
        starts, ends = (midnight(d, zone) for d in (first, after))
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
            raise ValueError(f"'{name[:40]}' is not a tax year; write it as 2025 or 2024-25")
        first, second = match.groups()
        year = int(first)
        if second is not None:
            if int(second) % 100 != (year + 1) % 100 or (len(second) == 4 and int(second) != year + 1):
                raise ValueError(f"'{name}' is not one tax year; write it as 2025 or 2024-25")
            year += 1
        if not 2009 <= year <= 2200:
            raise ValueError(f"there is no crypto tax year {year}; choose one from 2009 on")
        return year


class Basis(StrEnum):
    """What received units cost: their market value, nothing, a part of the cost of the coin that they came of, or
    somebody else's cost (unknown here)."""

    VALUE = "value"
    ZERO = "zero"
    PART = "part"
    UNKNOWN = "unknown"


class Receipt(Struct, frozen=True):
    """How a country treats one label of receipt. `why` and `cure` explain a basis that is unknown, or that is
    0 although the law would let the taxpayer show more."""

    income: bool
    basis: Basis
    why: str = ""
    cure: str = ""


class Gain(StrEnum):
    """What sending units comes to: a gain at market value or at a price of nothing; none (proceeds = cost);
    a gain but never a loss; or no disposal at all: the units stay the taxpayer's."""

    AT_VALUE = "at value"
    AT_NOTHING = "at nothing"
    NONE = "none"
    NO_LOSS = "no loss"
    STAYS = "stays"


class Outlay(Struct, frozen=True):
    """How a country treats one label of sending: the disposal's kind, and what gain is computed."""

    kind: Kind
    gain: Gain


class Change(StrEnum):
    """When another lot method may follow: never; on any day; with a tax year; for each queue once it holds nothing."""

    NEVER = "never"
    ANY_DAY = "any day"
    NEW_YEAR = "new year"
    SOLD_OUT = "sold out"


class Fee(StrEnum):
    """Where the fee of a sale goes: off the proceeds, into the cost, or nowhere."""

    PROCEEDS = "proceeds"
    COST = "cost"
    NOT_DEDUCTIBLE = "not deductible"


class Match(Struct, frozen=True):
    """Disposals that take certain acquisitions before all others: of the days that lie so many days after (or,
    negative, before) the disposal's, in this order."""

    rule: Rule
    days: tuple[int, ...]


# Fields of the rules that `assess` asks for each row.
_OF_A_ROW = frozenset(
    ("receipts", "outlays", "sale_fee", "purchase_fee_counts", "swap_fee_halved", "transfer_fee_taxed")
)


class Choice(Struct, frozen=True):
    """A rule that is doubtful or the taxpayer's to choose: a setting. `values`: what may be chosen, and the fields
    of the rules that it changes; the first is the default, the safer one."""

    name: str
    meaning: str
    values: Mapping[str, Mapping[str, Any]]

    @property
    def of_a_transaction(self) -> bool:
        """Whether it can be otherwise for one transaction alone: it only says how a row is read, not how units are
        matched or what is reported."""
        changed = {name for fields in self.values.values() for name in fields}
        return bool(changed) and changed <= _OF_A_ROW


class Limit(Struct, frozen=True):
    """An amount below which a gain or income is free: shown, never applied."""

    name: str
    amount: Dated[Decimal]


class Rules(Struct, frozen=True):
    """One country. Times and days are the taxpayer's; values are in `currency`.

    What identifies units
        `methods`: allowed lot methods, the default first. `scopes`: the default, dated, and what may be
        asked for instead. `identify`: what is paired before the method is asked; `days_are_one`: all that is
        acquired on one day costs the same. `recent_days`: what was acquired so many days before a disposal goes first,
        the latest before the others. `yearly`: all acquisitions of a tax year come before its disposals.
        `dated_average`: units of an average keep their dates, first in first out. `old_stock`: what was bought up to
        that day is apart from the average; `old_first`: it goes first. `average_from`: until then units go first in,
        first out, and what is left then makes the average. `portfolio`: one cost for all
        assets together. `methods_change`: when another method may follow. `methods_by_asset`: each asset may have its
        own, and not each account. `notice`: month and day of the year in which another method begins, and after that of
        the first purchase for the first method, up to which the tax office has to be asked for one that is not the
        default; None: there is none to ask.
        `standing_orders`: methods that have to be on record when they pick units. `withheld_fee_from_receipt`: units
        withheld as the fee of a swap are those just received.
    What is a gain
        `term`: (day acquired, day disposed) -> Term. `swaps_taxed`: asset for asset is a disposal; else the cost
        goes on. `higher_value`: a swap is worth the dearer of its sides. `sale_fee`: where it goes;
        `purchase_fee_counts`: that of a purchase is a part of the cost.
        `swap_fee_halved`: half of a swap's fee is a cost of what is received. `transfer_fee_taxed`: units paid for
        a transfer bring a gain. `superficial_days`: a loss is denied for what is bought so many days around it.
        `ring_fence_days`: a loss counts only against gains on what is bought so many days after it.
        `negligible_value`: what has become worthless can be claimed as sold and bought back.
        `derivatives_are_gains`: results of margin and derivatives are among the gains; else they stand apart.
        `gains`: whether gains are computed at all. `reference_first`: holdings are those at the year's beginning.
    `choices`: what the taxpayer may set, `chosen`: what that came to. `limits`: amounts that are shown and not
    applied. `forms`: names of modules in reports/forms.
    """

    country: str
    name: str
    currency: str
    timezone: str
    year: TaxYear
    methods: tuple[str, ...]
    scope: Dated[Scope]
    scopes: tuple[Scope, ...]
    receipts: Mapping[Label, Receipt]
    outlays: Mapping[Label, Outlay]
    term: Callable[[date, date], Term] = no_term
    identify: tuple[Match, ...] = ()
    days_are_one: bool = False
    recent_days: int = 0
    yearly: bool = False
    dated_average: bool = False
    old_stock: date | None = None
    old_first: bool = True
    average_from: date | None = None
    portfolio: bool = False
    standing_orders: tuple[str, ...] = ()
    methods_change: Change = Change.NEVER
    methods_by_asset: bool = False
    notice: tuple[int, int] | None = None
    withheld_fee_from_receipt: Dated[bool] = NEVER
    swaps_taxed: Dated[bool] = ALWAYS
    higher_value: bool = False
    sale_fee: Fee = Fee.PROCEEDS
    purchase_fee_counts: bool = True
    swap_fee_halved: bool = False
    transfer_fee_taxed: bool = True
    superficial_days: int = 0
    ring_fence_days: int = 0
    negligible_value: bool = False
    derivatives_are_gains: bool = False
    gains: bool = True
    reference_first: bool = False
    choices: tuple[Choice, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    forms: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Rules({self.country}, {dict(self.chosen)})"

    @property
    def has_terms(self) -> bool:
        """Whether the holding period matters at all."""
        return self.term is not no_term

    @property
    def denies_losses(self) -> bool:
        """Whether there are losses that do not count."""
        return self.superficial_days > 0 or any(o.gain is Gain.NO_LOSS for o in self.outlays.values())

    @property
    def days_ahead(self) -> int:
        """How many days after a disposal can still change its gain."""
        matched = (day for match in self.identify for day in match.days)
        return max((*matched, self.superficial_days, self.ring_fence_days, 0))

    def for_one(self, asked: Mapping[str, str]) -> "Rules":
        """The rules of one transaction: as they are chosen, but for what is `asked` for it alone.

        Raises ValueError with one readable line.
        """
        for choice in self.choices:
            if choice.name in asked and not choice.of_a_transaction:
                raise ValueError(f"{choice.name} holds for all transactions: choose it under [rules] in taxsync.toml")
        return rules_of(self.country).choose({**self.chosen, **asked})

    def choose(self, asked: Mapping[str, str]) -> "Rules":
        """The rules with what the taxpayer has chosen; `chosen` then names every choice.

        Raises ValueError with one readable line.
        """
        known = {choice.name: choice for choice in self.choices}
        for name, value in asked.items():
            if name not in known:
                listed = f"; there are {', '.join(known)}" if known else ""
                raise ValueError(f"'{name}' is no choice of {self.country}{listed}")
            if value not in known[name].values:
                allowed = ", ".join(known[name].values)
                raise ValueError(f"{name} = '{value}' is not allowed in {self.country}; allowed: {allowed}")
        chosen = {name: asked.get(name, next(iter(choice.values))) for name, choice in known.items()}
        changed: dict[str, Any] = {}
        for name, value in chosen.items():
            for part, new in known[name].values[value].items():
                merged = isinstance(new, Mapping)
                changed[part] = {**changed.get(part, getattr(self, part)), **new} if merged else new
        return replace(self, **changed, chosen=chosen)


INCOME_AT_VALUE = Receipt(income=True, basis=Basis.VALUE)
VALUE_WITHOUT_INCOME = Receipt(income=False, basis=Basis.VALUE)
FOR_NOTHING = Receipt(income=False, basis=Basis.ZERO)


def givers_basis(why: str, currency: str) -> Receipt:
    """A gift that keeps the giver's cost and date, which no row can tell."""
    return Receipt(
        income=False,
        basis=Basis.UNKNOWN,
        why=why,
        cure="a file `Date,Account,Asset,Quantity,Cost,Cost Currency,Evidence,Transaction ID` with the donor's "
        f"purchase, its cost in {currency}, and the ID above in brackets",
    )


def part_of_the_old(why: str, basis: Basis) -> Receipt:
    """A fork whose cost may be a part of the old coin's: Basis.PART, by market values; Basis.ZERO, none."""
    divide = 'choose `forks = "by-value"` under [rules] in taxsync.toml'
    if basis is Basis.PART:
        divide = "run `taxsync import` for prices of both coins, or import them in a file"
    return Receipt(False, basis, why, cure=f"nothing, if cost 0 is what you want to declare; else {divide}")


AT_VALUE = {kind: Outlay(kind, Gain.AT_VALUE) for kind in Kind}
WITHOUT_GAIN = {kind: Outlay(kind, Gain.NONE) for kind in Kind}

# A transfer's fee in coins: a disposal, as the fee of a trade is; where the tax office is silent, a choice.
TRANSFER_FEES = Choice(
    "transfer_fees",
    "whether the units that a transfer between own accounts costs bring a gain",
    {"gain": {}, "no-gain": {"transfer_fee_taxed": False}},
)

# Results of margin and derivatives: their own table; among the gains only where the taxpayer says so.
DERIVATIVES = Choice(
    "derivatives",
    "where the results of margin and derivatives go: a table of their own, or among the capital gains too",
    {"apart": {}, "gains": {"derivatives_are_gains": True}},
)

_NO_COUNTRY = ("base", "terms")


def countries() -> tuple[str, ...]:
    """The codes that have a file here."""
    package = importlib.import_module("pipeline.rules")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if m.name not in _NO_COUNTRY))


def rules_of(country: str) -> Rules:
    """The rules of a country code, with its defaults. Raises ValueError with one readable line."""
    if country not in countries():
        raise ValueError(f"country '{country}' is not one of {', '.join(countries())}")
    rules = importlib.import_module(f"pipeline.rules.{country}").RULES
    assert isinstance(rules, Rules)
    return rules.choose({})
