"""What a plug-in of this package is: a record of data and small functions.

An exchange is one file in `exchanges/` with `EXCHANGE = Exchange(...)`; a file layout is one file in
`formats/` with `FORMAT = Format(...)`. The folder is the registry: a file is found by its name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from pipeline.issues import Stop
from pipeline.model import Parsed, Price, RawRecord, Transaction


class Refused(Stop):
    """What can't be taken, in one to three readable lines; nothing was kept. Exit code 1."""


def shown(text: str, limit: int = 60) -> str:
    """`text` as a message may quote it: cut to `limit` characters, nothing that moves a cursor."""
    cut = text if len(text) <= limit else text[: limit - 3] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


@dataclass(frozen=True, slots=True)
class Format:
    """One layout of a file, recognised by its header.

    `header` are the columns without which it is another layout, `one_of` those of which it has at
    least one, `columns` all it may have (all compared case-insensitively). `row` takes the cells that
    are not empty by the names in `columns` and raises `RowError` for what can't be taken; `parse`
    reads the stored rows of one account. `row_by_row`: each row is a transaction of its own, whatever
    stands in the others, so that rows can be parsed some at a time.
    """

    name: str
    version: int
    header: frozenset[str]
    columns: tuple[str, ...]
    row: Callable[[Mapping[str, str]], Transaction | Price]
    parse: Callable[[Iterable[RawRecord]], Parsed] | None = None
    prices: bool = False
    row_by_row: bool = False
    one_of: frozenset[str] = frozenset()


class RowError(Exception):
    """One cell that can't be taken: (column, what it is, what it should be)."""

    def __init__(self, column: str, found: str, should: str) -> None:
        super().__init__(f"{column} '{shown(found)}' {should}" if found else f"{column} {should}")
        self.column, self.found, self.should = column, found, should


# What an exchange answers: JSON with the numbers' own digits (see `exact`).
Answer = Any

Params = dict[str, str | int]
Place = str | int  # where in a list the next page begins; the exchange's own cursor or offset


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a page: its identity in the stream, its time (Unix seconds), its object as received."""

    id: str
    time: Decimal
    value: Answer


@dataclass(frozen=True, slots=True)
class Listed:
    """One page as a stream read it. `next` None: it was the last. `total`: records in all, where that is told."""

    items: list[Item]
    next: Place | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """One list that an exchange gives, page by page, in any order of time; `holds` says what it is a list of.

    `method` is ccxt's implicit method. `ask` makes its parameters from the time (Unix seconds, None:
    the beginning) and the place to begin at (None: the list's head). `read` takes the raw answer and the
    place it was asked for; it raises `Unlike` for what is no page of this list: nothing is taken for
    empty that does not say so. `overlap`: days before the newest known record that are asked for again,
    since records come late and change. `optional`: without the right to it, the rest is whole all the same.
    """

    name: str
    holds: str
    method: str
    ask: Callable[[Decimal | None, Place | None], Params]
    read: Callable[[Answer, Place | None], Listed]
    overlap: int
    optional: bool = False


# Asks an exchange (`Client.call`): the implicit method, its parameters, what reads the answer -> what that gives.
Call = Callable[[str, Params, Callable[[Answer], Any]], Any]


class Unlike(Exception):
    """An answer of another form than the exchange documents: (what is wrong with it)."""


def inside(answer: Answer, *path: str | int) -> Answer:
    """What lies at `path` of an answer about a key. Raises Unlike."""
    for step in path:
        try:
            answer = answer[step]
        except (LookupError, TypeError):
            raise Unlike("its answer does not say what the key may do") from None
    return answer


def day(at: object) -> str:
    """The UTC day of Unix milliseconds; "" for 0 and for anything else than a number."""
    digits = str(at)
    if not digits.isdecimal() or int(digits) == 0:
        return ""
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=min(int(digits), 10**14)):%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Rights:
    """What an exchange says a key may do today. `unknown`: it can't tell (or says what we don't know).
    `expires` and `created` are ISO days, "" where there is none or it isn't told."""

    read: bool
    trade: bool = False
    withdraw: bool = False
    unknown: bool = False
    missing: tuple[str, ...] = ()  # rights that import needs and the key lacks
    may: tuple[str, ...] = ()  # all it may do, in the exchange's words
    ip_bound: bool | None = None
    expires: str = ""
    created: str = ""
    limits: tuple[str, ...] = ()  # history that the key can't see, and the like

    @classmethod
    def of(cls, may: Iterable[str], reads: frozenset[str], trades: frozenset[str], moves: frozenset[str]) -> Self:
        """From the exchange's own words for all that a key may do.

        What only `reads` is harmless; `moves`, and any other word that speaks of transfers or withdrawals,
        takes funds away; a word that is in none of the three counts as more than reading, and as unknown.
        """
        words = set(may)
        away = {word for word in words - reads if word in moves or _AWAY.search(word)}
        unknown = bool(words - reads - trades - away)
        return cls(
            read=bool(words & reads),
            trade=unknown or bool(words & trades - away),
            withdraw=bool(away),
            unknown=unknown,
            may=tuple(sorted(words)),
        )


_AWAY = re.compile("transfer|withdraw", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """What an error code of an exchange means, in a sentence that can follow "Kraken (Ledgers): ".

    `passing`: the request may succeed later. `limited`: only fewer requests help.
    """

    sentence: str
    passing: bool = False
    limited: bool = False


# What most exchanges have a code for.
_NEW_KEY = "make a new key there and add it with `taxsync keys add`"
BUSY = Fault("it is busy or under maintenance", passing=True)
LIMITED = Fault("it asks for fewer requests", passing=True, limited=True)
CLOCK = Fault("the clock of this machine is wrong; let it be set automatically, then try again")
NONCE = Fault("another program uses this key, too; make a key of its own for taxsync", passing=True)
KEY = Fault(f"it does not know the key, which is revoked or not copied whole; {_NEW_KEY}")
SECRET = Fault("the secret does not belong to the key; copy both again, `taxsync keys add`")
PASSPHRASE = Fault("the passphrase (`password`) is not the one given to this key; copy it again, `taxsync keys add`")
EXPIRED = Fault(f"the key has expired; {_NEW_KEY}")
ADDRESS = Fault("the key is bound to another address than this machine's; add this one to the key there")
LACKING = Fault("the key lacks the right to this; add it to the key there, or see `taxsync keys check`")
LOCKED = Fault("the account or the key is locked; sign in there to see why")
COUNTRY = Fault("it refuses requests from the country that this machine seems to be in")


def elsewhere(sites: str) -> Fault:
    """The exchange does not know the key, which may be one of its other `sites`: separate accounts and keys."""
    return Fault(
        f"it does not know the key: revoked, not copied whole, or made at another of its sites ({sites}); "
        "name the right one in `taxsync keys add`"
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange behind ccxt. `allow` is every request that may leave this machine: (api section,
    METHOD, path template) as ccxt declares them; all else is refused. `balances` takes the answer of its
    method, or raises `Unlike`: what is held, kept as received. `rights` asks what a key may do (given: its
    apiKey, where an exchange lists all keys); None: the exchange can't tell. `faults` are its error codes,
    the longer ones first where one is part of another; `key_file`: the names in a key file as downloaded,
    and ccxt's. `key_help` says step by step how to make a key that only reads, `bind_help` where a key is
    bound to an address, `revoke_help` where to revoke one. Without `streams`, only its keys are looked
    after so far.
    """

    id: str
    name: str
    version: int
    credentials: tuple[str, ...]
    allow: frozenset[tuple[str, str, str]]
    streams: tuple[Stream, ...] = ()
    parse: Callable[[Iterable[RawRecord]], Parsed] = lambda _: Parsed()
    balances: Callable[[Answer], Answer] | None = None
    balances_method: str = ""
    rights: Callable[[Call, str], Rights] | None = None
    faults: Mapping[str, Fault] = field(default_factory=dict)
    key_help: str = ""
    bind_help: str = ""
    revoke_help: str = ""
    key_file: Mapping[str, str] = field(default_factory=dict)
