"""What a plug-in of this package is: a record of data and small functions.

An exchange is one file in `exchanges/` with `EXCHANGE = Exchange(...)`; a file layout is one file in
`formats/` with `FORMAT = Format(...)`. The folder is the registry: a file is found by its name.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Self

from msgspec import Struct, field
from msgspec.structs import replace

from importers.elsewhere import NotRead
from importers.layout import Cells, Export
from pipeline.answers import Answer as Given
from pipeline.issues import Stop
from pipeline.model import Parsed, Price, RawRecord, Said


class Refused(Stop):
    """What can't be taken, in one to three readable lines; nothing was kept. Exit code 1."""


def shown(text: str, limit: int = 60) -> str:
    """`text` as a message may quote it: cut to `limit` characters, nothing that moves a cursor."""
    cut = text if len(text) <= limit else text[: limit - 3] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


class Format(Struct, frozen=True):
    """One layout of a file, recognised by its header.

    `header` are the columns without which it is another layout, `one_of` those of which it has at
    least one, `columns` all it may have (all compared case-insensitively). `row` takes the cells that
    are not empty by the names in `columns` and raises `RowError` for what can't be taken: it gives what a
    transaction says, a price (`prices`) or an answer of the person's (`answers`); `parse` reads the stored rows of one
    account. A layout that is not ours has an `export` in place of `row`. `row_by_row`: each row is a transaction of its
    own, whatever stands in the others, so that rows can be parsed some at a time. `page`: what `row` says of each of
    many rows, given the names of the columns and all cells; None where one is to be looked at by itself. `named`: what
    a row of an account
    says as the ledger names assets; identities and digests are of what is written. `date`: the column of the date.
    `rank`: where several sources tell the same of one account, that of the lowest counts (an API: 0; a universal file:
    9).
    """

    name: str
    version: int
    header: frozenset[str]
    columns: tuple[str, ...]
    row: Callable[[Cells], "Told | Price | Given"] | None = None
    parse: Callable[[Iterable[RawRecord]], Parsed] | None = None
    prices: bool = False
    answers: bool = False
    row_by_row: bool = False
    page: Callable[[Sequence[str], Sequence[Sequence[str]]], Sequence[tuple[str, str, Said]] | None] | None = None
    named: Callable[[str, Said], Said] = lambda _account, said: said
    one_of: frozenset[str] = frozenset()
    date: str = "Date"
    export: Export | None = None
    rank: int = 1


class Told(NamedTuple):
    """What a row says that is a transaction, and its account and ID ("" where it names none)."""

    account: str
    id: str
    said: Said


class RowError(Exception):
    """One cell that can't be taken: (column, what it is, what it should be)."""

    def __init__(self, column: str, found: str, should: str) -> None:
        super().__init__(f"{column} '{shown(found)}' {should}" if found else f"{column} {should}")
        self.column, self.found, self.should = column, found, should


# What an exchange answers: JSON with the numbers' own digits (see `exact`).
Answer = Any

Params = dict[str, str | int]
Place = str | int  # where in a list the next page begins; the exchange's own cursor or offset


class Item(Struct, frozen=True):
    """One record of a page: its identity in the stream, its time (Unix seconds), its object as received."""

    id: str
    time: Decimal
    value: Answer


class Listed(Struct, frozen=True):
    """One page as a stream read it. `next`: where the next page begins; None: there is none. `total`: records
    in all, where that is told. `last`, in a list that goes onward: nothing follows now, and the next run
    begins at `next`."""

    items: list[Item]
    next: Place | None = None
    total: int | None = None
    last: bool = False


class Span(Struct, frozen=True):
    """What one request is for: the records from `since` (None: the beginning) to `until` (None: now), both Unix
    seconds; of `part`, where a list is asked for in parts; from `place` on (None: the list's head). `now`: the time of
    the run; `first`: of the account's first record that is kept (None: there is none); both for `Stream.fetch`."""

    since: Decimal | None = None
    until: Decimal | None = None
    part: str = ""
    place: Place | None = None
    now: Decimal = Decimal(0)
    first: Decimal | None = None


class Known(Struct, frozen=True):
    """What is kept of an account before the parts of a list are named: the `assets` that its records and balances
    speak of, and the `parts` that had records. `complete`: every part was asked for within the last days, so that
    only those need be named where something can be new. `wallets`: what this run was told of each Wallet, by its
    name. `unexplained`: assets of which the records so far add up to something else than the exchange says is held
    (None: not compared)."""

    assets: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    complete: bool = False
    wallets: Mapping[str, Answer] = field(default_factory=dict)
    unexplained: frozenset[str] | None = None


class Stream(Struct, frozen=True):
    """One list that an exchange gives, page by page; `holds` says what it is a list of.

    `method` is ccxt's implicit method. `ask` makes its parameters; `read` takes the raw answer and what it was
    asked for, and raises `Unlike` for what is no page of this list: nothing is taken for empty that does not say
    so. `overlap`: days before the newest known record that are asked for again, since records come late and
    change. `optional`: without the right to it, the rest is whole all the same. `regional`: not every account has it,
    and who has not gets no answer. `details`: its records only add to those of other lists (a price, a pair, a hash),
    so that no unit is missing without them.

    The page loop goes through a list in one of three ways. From its head back to a time (as it is). Through
    windows of `window` days, the oldest first, each with its own head: for lists of which one request spans no
    more. `onward`: by the exchange's own ids, each run where the last one ended.
    `horizon`: days that the exchange reaches back (0: for ever). `begins`: the first day that the list can have a
    record of, where it is younger than the exchange. `parts`: names what the list is asked for one by one (symbols,
    wallets); ids are then unique within a part. `fetch`: makes a page where that takes more than one request, as a
    file does that is ordered first; `read` is then of what it gets in the end.
    """

    name: str
    holds: str
    method: str
    ask: Callable[[Span], Params]
    read: Callable[[Answer, Span], Listed]
    overlap: int
    optional: bool = False
    regional: bool = False
    window: int = 0
    onward: bool = False
    horizon: int = 0
    parts: "Callable[[Call, Known], Iterable[str]] | None" = None
    begins: date | None = None
    details: bool = False
    fetch: "Callable[[Call, Span], Listed] | None" = None


class Wallet(Struct, frozen=True):
    """One answer about what an account holds: `read` takes it whole, or raises `Unlike`; it is kept as received, in
    the stream "Balance" (with `name`, where it is not the main one), and the exchange's `parse` reads it. `each`:
    where it is asked for account by account, what is added to `name` and to `params` for each of them. `more`: of an
    answer that comes in pages, the parameters of the next one (None: it was the last); the list of all is kept."""

    name: str
    method: str
    read: Callable[[Answer], Answer]
    params: Params = field(default_factory=dict)
    optional: bool = False
    each: "Callable[[Call], Iterable[tuple[str, Params]]] | None" = None
    more: Callable[[Answer], Params | None] | None = None


# Asks an exchange (`Client.call`): the implicit method, its parameters, what reads the answer -> what that gives.
Call = Callable[[str, Params, Callable[[Answer], Any]], Any]
FILE = "file"  # in place of a method: the bytes of the file whose "address" an answer told (see `Exchange.files`)


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


def shows(told: str, key: str) -> bool:
    """Whether `told` is this apiKey, or its visible part: c5dcfbf1f3a7*****."""
    begin, end = told.split("*")[0], told.split("*")[-1]
    return key.startswith(begin) and key.endswith(end) if "*" in told else told == key


def same_key(told: Answer, key: str) -> None:
    """Raises Unlike where an answer names another apiKey (`told`) than the one that asked; "" or None: not known."""
    if key and told and not (isinstance(told, str) and shows(told, key)):
        raise Unlike("its answer is about another key")


def day(at: Answer) -> str:
    """The UTC day of a Unix time (seconds or milliseconds, a number or text) or of an ISO time.

    "" for none: null, "", 0, a negative number, any time before 2000. Raises Unlike for anything else.
    """
    text = "" if at is None else str(at)
    if not text:
        return ""
    try:
        if re.fullmatch(r"-?\d{1,20}(\.\d+)?", text, re.ASCII):
            whole = max(int(text.partition(".")[0]), 0)
            seconds = whole // 1000 if whole >= 10**11 else whole
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=min(seconds, 10**11))
        elif re.match(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            moment = datetime.fromisoformat(text)
            moment = moment.astimezone(UTC) if moment.tzinfo and moment.year > 1 else moment
        else:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Unlike("its answer has a time of another form") from None
    return f"{moment:%Y-%m-%d}" if moment.year >= 2000 else ""


def day_after(left: Answer) -> str:
    """The UTC day in so many days (a number or text); "" for none: null, "", a negative number. Raises Unlike."""
    text = "" if left is None else str(left)
    if text and not re.fullmatch(r"-?\d{1,20}", text, re.ASCII):
        raise Unlike("its answer has a number of days of another form")
    if not text or int(text) < 0:
        return ""
    return f"{datetime.now(UTC) + timedelta(days=min(int(text), 99999)):%Y-%m-%d}"


def bound(addresses: Answer) -> bool | None:
    """Whether a key is bound to addresses, a list or text with commas between; None: it isn't told."""
    listed = addresses.split(",") if isinstance(addresses, str) else addresses
    if not isinstance(listed, list):
        return None
    found = {str(each).strip() for each in listed} - {""}
    return bool(found) and not found & {"*", "0.0.0.0/0", "::/0"}


class Rights(Struct, frozen=True):
    """What an exchange says a key may do today. `unknown`: it can't tell (or says what we don't know), `why`: what
    is wrong with its answer, where it gave one. `expires` and `created` are ISO days, "" where there is none or it
    isn't told."""

    read: bool
    trade: bool = False
    withdraw: bool = False
    unknown: bool = False
    missing: tuple[str, ...] = ()  # rights that import needs and the key lacks
    may: tuple[str, ...] = ()  # all it may do, in the exchange's words
    more: tuple[str, ...] = ()  # of these, what is more than reading; what takes funds away alone, where any does
    ip_bound: bool | None = None
    expires: str = ""
    created: str = ""
    limits: tuple[str, ...] = ()  # history that the key can't see, and the like
    why: str = ""

    @property
    def untold(self) -> bool:
        """Whether nothing at all is known of the key."""
        return replace(self, why="") == Rights(read=False, unknown=True)

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
            more=tuple(sorted(away or words - reads)),
        )


_AWAY = re.compile("transfer|withdraw", re.IGNORECASE)


def beyond(rights: Rights, told: Mapping[str, Answer], known: frozenset[str]) -> Rights:
    """`rights`, and what the fields that are not `known` of an object about a key add to them.

    `known` are those that are only about the key (its name, times, addresses) and those whose rights were
    judged. Any other that says something, so not "", 0, false, null, [] or {}, counts as more than reading and
    as unknown; one that speaks of transfers or withdrawals, in its name or its value, takes funds away.
    """
    more = {name: value for name, value in told.items() if name not in known and value}
    if not more:
        return rights
    away = {name for name, value in more.items() if _AWAY.search(f"{name} {value}")}
    before = rights.more if rights.withdraw or not away else ()
    return replace(
        rights,
        trade=True,
        withdraw=rights.withdraw or bool(away),
        more=tuple(sorted({*before, *(away or (() if rights.withdraw else more))})),
        unknown=True,
        may=tuple(sorted({*rights.may, *more})),
    )


def moving(answers: Iterable[Answer]) -> tuple[str, ...]:
    """What answers of a form that is not known plainly say of transfers and withdrawals: names whose value does not
    say no, and texts. A row such as ["withdraw", 0, 0] says no."""
    found, todo = set[str](), list(answers)
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            found |= {name for name, value in one.items() if _AWAY.search(name) and not _says_no(value)}
            todo += one.values()
        elif isinstance(one, list):
            todo += [] if len(one) > 2 and all(type(each) in (int, bool) and not each for each in one[1:]) else one
        elif isinstance(one, str) and _AWAY.search(one):
            found.add(one)
    return tuple(sorted(found))


def _says_no(value: Answer) -> bool:
    return not value or str(value).strip().casefold() in ("", "0", "false", "null")


class Fault(Struct, frozen=True):
    """What an error code of an exchange means, in a sentence that can follow "Kraken (Ledgers): ".

    `passing`: the request may succeed later. `limited`: only fewer requests help. `absent`: what was asked for
    (a market) is no longer there, which is no failure of the list; `gone`: the list itself is not, or not any more.
    `clock`: this machine's clock may be the reason.
    """

    sentence: str
    passing: bool = False
    limited: bool = False
    absent: bool = False
    gone: bool = False
    clock: bool = False


NO_LIST = "it has no such list here"
AGAIN = "run `taxsync import` again later, it goes on where it stopped"

# What most exchanges have a code for.
NEW_KEY = "make a new key there and add it with `taxsync keys add`"
BUSY = Fault("it is busy or under maintenance", passing=True)
LIMITED = Fault("it asks for fewer requests", passing=True, limited=True)
CLOCK = Fault("the clock of this machine is wrong; let it be set automatically, then try again", clock=True)
NONCE = Fault(
    "another program uses this key, too, or the clock of this machine was set back; a key of its own for taxsync cures "
    "both",
    passing=True,
)
KEY = Fault(f"it does not know the key, which is revoked or not copied whole; {NEW_KEY}")
KEY_OR_ADDRESS = Fault(
    "it does not know the key, which is revoked, not copied whole or bound to another address than this machine's; "
    f"{NEW_KEY}"
)
SECRET = Fault("the secret does not belong to the key; copy both again, `taxsync keys add`")
PASSPHRASE = Fault("the passphrase (`password`) is not the one given to this key; copy it again, `taxsync keys add`")
EXPIRED = Fault(f"the key has expired; {NEW_KEY}")
ADDRESS = Fault("the key is bound to another address than this machine's; add this one to the key there")
LACKING = Fault("the key lacks the right to this; add it to the key there")
LOCKED = Fault("the account or the key is locked; sign in there to see why")
COUNTRY = Fault("it refuses requests from the country that this machine seems to be in")


def elsewhere(sites: str) -> Fault:
    """The exchange does not know the key, which may be one of its other `sites`: separate accounts and keys."""
    return Fault(
        f"it does not know the key: revoked, not copied whole, or made at another of its sites ({sites}); "
        "name the right one in `taxsync keys add`"
    )


class Exchange(Struct, frozen=True):
    """One exchange behind ccxt. `allow` is every request that may leave this machine: (api section,
    METHOD, path template) as ccxt declares them; all else is refused. `rights` asks what a key may do (given:
    its apiKey, since answers repeat or list keys); None: the exchange can't tell, and that it answers the first
    of `wallets` is all that shows a key to work. `faults` are its error codes, the longer ones first
    where one is part of another; `key_file`: the names in a key file as downloaded, and ccxt's ("": it has
    none). `key_help` says step by step how to make a key that only reads, `bind_help` where a key is
    bound to an address, `revoke_help` where to revoke one. `begins`: the first day that it can have a record of;
    `wallets`: its answers about what is held; `gap_help`: which of its exports closes the gaps of its API;
    `not_read`: what a person may have there that none of `streams` tells;
    `time`: the method that tells the exchange's own clock, and what reads it (Unix milliseconds).
    `files`: the hosts, as patterns, that the files it gives the address of may be fetched from, without anything of
    the key.
    Without `streams`, only its keys are looked after so far.
    """

    id: str
    name: str
    version: int
    credentials: tuple[str, ...]
    allow: frozenset[tuple[str, str, str]]
    streams: tuple[Stream, ...] = ()
    wallets: tuple[Wallet, ...] = ()
    begins: date = date(2010, 1, 1)
    gap_help: str = ""
    not_read: tuple[NotRead, ...] = ()
    time: "tuple[str, Callable[[Answer], Answer]] | None" = None
    files: tuple[str, ...] = ()
    parse: Callable[[Iterable[RawRecord]], Parsed] = lambda _: Parsed()
    rights: Callable[[Call, str], Rights] | None = None
    faults: Mapping[str, Fault] = field(default_factory=dict)
    key_help: str = ""
    bind_help: str = ""
    revoke_help: str = ""
    key_file: Mapping[str, str] = field(default_factory=dict)
