"""Between the ledger's rows and the model's types, both ways, without loss: pure functions.

Texts of the cache are JSON in ASCII with sorted keys, so that a rebuild gives the same bytes.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.issues import Issue
from pipeline.ledger_errors import RESCUE, LedgerError
from pipeline.model import (
    Balance,
    Price,
    RawRecord,
    SaidPage,
    digest_of,
    instant_text,
)
from pipeline.money import exact_text


class BatchKept(NamedTuple):
    """One import; `digest` is of the file's bytes, "" for an API."""

    id: int
    kind: str
    name: str
    digest: str
    at: datetime
    program: str


class AnswerKept(NamedTuple):
    """One answer of the user, as it was given; `content` is JSON."""

    kind: str
    key: str
    content: str
    by: str
    at: datetime


class Source(NamedTuple):
    """One stream of an account: how many records (revisions not counted), and the first row it was kept in."""

    account: str
    source: str
    stream: str
    records: int
    first_row: int


class Span(NamedTuple):
    """The transactions of an account: the first and the last instant (None without any), and how many."""

    first: datetime | None
    last: datetime | None
    transactions: int


# What is asked for of a row, as SQL has it.
RECORD_COLUMNS = "source, account, stream, source_id, position, payload, origin"
PRICE_COLUMNS = "asset, currency, price, source, at, day"
BATCH_COLUMNS = "id, kind, name, digest, at, program"
ANSWER_COLUMNS = 'kind, "key", content, "by", at'

# What is given for a new one.
PRICE_ROW = ("asset", "currency", "price", "at", "day", "source", "fetched_at", "batch")
RAW_ROW = (
    "source", "account", "stream", "source_id", "revision", "digest", "seal", "position", "origin", "payload", "batch",
)  # fmt: skip
SAID_ROW = ("account", "number", "last", "seal", "content")
PARSED_ROW = ("account", "stamp", "last_row", "issues", "balances", "prices", "seal")


def record_row(r: RawRecord, digest: str, revision: int, batch: int) -> tuple[Any, ...]:
    """The values of RAW_ROW."""
    seal = digest_of(r.payload) if r.told else digest
    return (
        r.source, r.account, r.stream, r.source_id, revision, digest, seal, r.position, r.origin, r.payload, batch,
    )  # fmt: skip


def said_row(page: SaidPage, number: int) -> tuple[Any, ...]:
    """The values of SAID_ROW. `number`: of its first transaction, among those that the records of its account say."""
    seal = page_seal(page.account, number, page.last, page.content)
    return (page.account, number, page.last, seal, page.content)


def page_seal(account: object, number: object, last: object, content: object) -> str:
    """What tells whether a page of the cache is as it was kept, whatever stands there now."""
    return digest_of(f"{account}\n{number}\n{last}\n{content}")


def cache_seal(pages: Iterable[object], *texts: object) -> str:
    """What tells whether all that was parsed of an account is as it was kept: `pages` are the seals of its pages,
    `texts` what else its records say."""
    return digest_of("\n".join(map(str, (*pages, *texts))))


def price_row(price: Price, fetched_at: datetime, batch: int) -> tuple[Any, ...]:
    """The values of PRICE_ROW. Raises ValueError unless exactly one of `at` and `day` is set."""
    if (price.at is None) == (price.day is None):
        raise ValueError(f"a price of {price.asset} should have an instant or a day")
    at = None if price.at is None else instant_text(price.at)
    day = None if price.day is None else price.day.isoformat()
    number = exact_text(price.price)
    return (price.asset, price.currency, number, at, day, price.source, instant_text(fetched_at), batch)


def price_of(row: Sequence[Any]) -> Price:
    """A row of PRICE_COLUMNS as the Price that was kept."""
    try:
        asset, currency, price, source, at, day = row
        return Price(asset, currency, Decimal(price), source, instant_of(at), date.fromisoformat(day) if day else None)
    except _UNREADABLE:
        raise _damaged("a price") from None


def batch_of(row: Sequence[Any]) -> BatchKept:
    """A row of BATCH_COLUMNS as the import that it was."""
    id, kind, name, digest, at, program = row
    return BatchKept(id, kind, name, digest, instant_kept(at), program)


def answer_of(row: Sequence[Any]) -> AnswerKept:
    """A row of ANSWER_COLUMNS as the answer that was given."""
    kind, key, content, by, at = row
    return AnswerKept(kind, key, content, by, instant_kept(at))


def price_key(price: Price) -> tuple[str, str, str, bool]:
    """What a price is of: the newest of one key counts. Files and look-ups don't replace each other."""
    when = instant_text(price.at) if price.at else str(price.day)
    return price.asset, price.currency, when, price.source.startswith("file ")


# ---- the cache's JSON -------------------------------------------------------------------------


def json_text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def record_text(row: tuple[str, str, str, str, int, str]) -> str:
    """What tells a record (account, source, stream, source_id, position, digest), just as `json_text` writes it."""
    account, source, stream, source_id, position, digest = row
    names = _names_text(account, source, stream)
    return f"[{names},{_quoted(source_id)},{position},{_quoted(digest)}]"


@lru_cache(maxsize=1024)
def _names_text(*names: str) -> str:
    return ",".join(map(_quoted, names))


_quoted = json.encoder.encode_basestring_ascii


def issues_text(issues: Iterable[Issue]) -> str:
    return json_text(
        [
            {
                "code": i.code,
                "account": i.account,
                "asset": i.asset,
                "at": instant_text(i.at) if i.at else None,
                "ref": i.ref,
                "at_stake": i.at_stake,
                "details": i.details,
            }
            for i in issues
        ]
    )


def issues_of(text: str) -> list[Issue]:
    try:
        return [Issue(**{**entry, "at": instant_of(entry["at"])}) for entry in json.loads(text)]
    except _UNREADABLE:
        raise _damaged("a problem") from None


def balances_text(balances: Iterable[Balance]) -> str:
    return json_text([[b.account, b.asset, _as_shown(b.quantity), instant_text(b.at)] for b in balances])


def _as_shown(quantity: Decimal) -> str:
    """With its last zeros: how many digits an exchange shows says how far a difference may be its rounding."""
    exact_text(quantity)  # refuses what is no exact number
    return format(quantity, "f")


def balances_of(text: str) -> list[Balance]:
    try:
        entries = json.loads(text)
        return [Balance(account, asset, Decimal(q), instant_kept(at)) for account, asset, q, at in entries]
    except _UNREADABLE:
        raise _damaged("a balance") from None


def prices_text(prices: Iterable[Price]) -> str:
    return json_text(
        [
            (p.asset, p.currency, exact_text(p.price), p.source, p.at and instant_text(p.at), p.day and str(p.day))
            for p in prices
        ]
    )


def prices_of(text: str) -> list[Price]:
    try:
        return [price_of(row) for row in json.loads(text)]
    except _UNREADABLE:
        raise _damaged("a price") from None


def instant_of(text: str | None) -> datetime | None:
    """An instant as it was kept."""
    return None if text is None else instant_kept(text)


def instant_kept(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except _UNREADABLE:
        raise _damaged("an instant") from None


# ---- what a failing disk makes of them ---------------------------------------------------------

_UNREADABLE = (ValueError, TypeError, KeyError, ArithmeticError)


def _damaged(what: str) -> LedgerError:
    return LedgerError(f"the ledger is damaged ({what} in it can't be read): keep it as it is and {RESCUE}")
