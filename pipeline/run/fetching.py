"""One account's history, from its exchange into the ledger: rights, balances, then list by list.

It runs in a thread of its own: what touches the ledger goes through `do`, page by page, each in one commit
with its cursor. What could not be fetched is kept beside the cursors until it could, for `coverage` to tell.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Protocol, TypeVar

from msgspec import Struct, field

from importers.base import Answer, Exchange, Known, Params, Rights, Stream, Wallet
from importers.client import Absent, Client, Gone
from importers.permissions import ended
from importers.sync import BALANCE, DAY, FINEST, List, Position, balance, first_day, gathered, pages, position
from pipeline.gains.checks import balances as in_rows
from pipeline.issues import Stop
from pipeline.ledger import Kept, Ledger
from pipeline.model import Page
from pipeline.money import ZERO, exact
from pipeline.run import keys
from pipeline.run.again import Look, begin_again, look_again
from pipeline.run.course import Course, expected
from pipeline.run.coverage import KEY_LIMITS
from pipeline.run.importing import COMMAND, Outcome
from pipeline.run.reach import ALL, LastRun, at, last_run, note_run

T = TypeVar("T")
YEARLY = timedelta(days=120)  # who imports more seldom needs the key only then
ALL_PARTS = 7  # days after which every part of a list is asked for again, and not only where something can be new
GIVE_UP = 3  # parts of a list that fail one after the other: the others would, too


class Do(Protocol):
    """Does something where the ledger is."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


class Work(Struct, frozen=True):
    """One account to bring up to date. `floor`: Unix seconds of `--since`; `allowed`: what the user allowed when the
    key was stored; `looks`: what its lists are asked again for, since its balances differ."""

    ledger: Ledger
    do: Do
    name: str
    client: Client
    now: datetime
    floor: Decimal | None
    course: Course
    allowed: Sequence[str] = ()
    outcome: Outcome = field(default_factory=Outcome)
    looks: list[Look] = field(default_factory=list)

    @property
    def exchange(self) -> Exchange:
        return self.client.exchange


def fetch(work: Work) -> None:
    """Everything new of one account; what can't be had is told in `work.outcome`."""
    try:
        _account(work)
    except Stop as refused:
        work.outcome.failures.append(f"{work.name}: {refused}")


def _account(work: Work) -> None:
    name, exchange, outcome = work.name, work.exchange, work.outcome
    try:
        # whose answer was of no known form and was taken all the same would else fail at every import
        rights = keys.rights_of(work.client, at_once="unverified" in work.allowed)
    except Stop as refused:
        work.do(partial(_all_failed, work, str(refused)))
        raise
    work.do(lambda: _check_rights(work, rights))
    if not exchange.streams:
        why = f" ({exchange.gap_help})" if exchange.gap_help else ""
        outcome.lines.append(f"{name}: {exchange.name}'s history is not read by API, only from files{why}")
        return
    seldom = work.do(lambda: _seldom(work))
    batch = work.do(lambda: work.ledger.begin_batch("api", name))
    failures = _balances(work, batch)
    work.looks.extend(work.do(lambda: look_again(work.ledger, name, exchange, work.now)))
    work.course.plan(work.do(lambda: _expected(work)))
    kept = Kept(0, 0, 0)
    doubtful = True  # whether the key is to be asked about, should a list fail
    for number, stream in enumerate(exchange.streams, start=1):
        one, failed = _stream(work, batch, stream)
        kept = kept.plus(one)
        if failed and doubtful and (why := _unusable(work)):
            failures.append(f"{why}; nothing more was asked for")
            for other in exchange.streams[number:]:
                work.do(partial(_note, work, other, {other.name: why}, (), ()))
            break
        doubtful = doubtful and not failed
        failures += failed
    revised = f", {kept.revised} revised" if kept.revised else ""
    outcome.lines.append(f"{name}: {kept.new} new records{revised}{', not complete' if failures else ''}")
    outcome.lines += work.do(lambda: _left_out(work))
    outcome.failures += [f"{name}: {failure}" for failure in failures]
    if seldom and not work.do(lambda: _incomplete(work)):
        outcome.offers.append(
            f"{name}: if the key is not needed until next year, revoke it now. {exchange.revoke_help}; "
            f"`taxsync keys remove {name}` forgets it here"
        )


def _seldom(work: Work) -> bool:
    """Whether the account was never, or long ago, whole: who imports so seldom needs the key only then."""
    ends = [last_run(work.ledger, work.name, work.exchange, s.name).asked for s in _needed(work)]
    return any(end is None or work.now - end >= YEARLY for end in ends)


def _incomplete(work: Work) -> bool:
    """Whether a list is still wanting, for which the key is needed again."""
    return any(last_run(work.ledger, work.name, work.exchange, s.name).failed for s in _needed(work))


def _needed(work: Work) -> list[Stream]:
    return [stream for stream in work.exchange.streams if not stream.optional]


def _check_rights(work: Work, rights: Rights) -> None:
    """A key that has gained a right since it was stored is not used."""
    ledger, name = work.ledger, work.name
    refusal = keys.not_used(work.exchange, rights, name, work.allowed, work.now)
    keys.remember(ledger, name, rights, work.now, put_aside=refusal or "")
    if refusal is not None:
        why = "" if ended(rights, keys.day(work.now)) else "the key's rights have changed since it was stored, and "
        raise Stop(
            f"{why}{'it' if why else 'the key'} is not used. {refusal}. Nothing was fetched, "
            f"what is kept stays; `taxsync keys remove {name}` forgets the key here"
        )
    limits = json.dumps(rights.limits)
    with ledger.transaction():  # another key may see what the one before could not
        if ledger.answers(KEY_LIMITS).get(name, "[]") not in ("[]", limits):
            begin_again(ledger, name, work.exchange)
        ledger.keep_answer(KEY_LIMITS, name, limits, COMMAND)


def _unusable(work: Work) -> str:
    """Why the key can't be used any more, or the exchange not be reached; "" where only the list failed."""
    try:
        keys.rights_of(work.client)
    except Stop as refused:
        return str(refused)
    return ""


def _all_failed(work: Work, why: str) -> None:
    for stream in work.exchange.streams:
        _note(work, stream, {stream.name: why}, (), ())


def _left_out(work: Work) -> list[str]:
    """What `--since` narrowed, in a line: it does so in a first fetch only."""
    if work.floor is None:
        return []
    cursors = work.ledger.cursors(work.name, work.exchange.id).values()
    floors = [here.floor for here in map(position, cursors) if here is not None]
    if work.floor not in floors:
        return []
    day = f"{at(work.floor):%Y-%m-%d}"
    return [f"{work.name}: nothing before {day} was fetched, as --since asks; `taxsync import` without it fetches that"]


# ---- balances ---------------------------------------------------------------------------------


def _balances(work: Work, batch: int) -> list[str]:
    """Keeps what the exchange says is held, asked before its history: that then reaches at least as far. All its
    wallets or none: a part of them would look like missing coins. Gives what could not be asked."""
    exchange = work.exchange
    given = {s.stream for s in work.do(work.ledger.sources) if s.account == work.name and s.source == exchange.id}
    records, left_out = [], dict[str, str]()
    for wallet in exchange.wallets:
        try:
            for more, params in wallet.each(work.client.call) if wallet.each else [("", {})]:
                answer = _answer(work, wallet, wallet.params | params)
                records.append(balance(exchange, work.name, answer, work.now, f"{wallet.name}{more}"))
        except Stop as refused:
            if not wallet.optional or f"{BALANCE} {wallet.name}".rstrip() in given:
                work.do(partial(_note_wallets, work, {ALL: str(refused)}))
                return [str(refused)]
            left_out[wallet.name] = str(refused)
            line = f"{work.name}: what is held there is left out, and may be missing from its balances: {refused}"
            work.outcome.lines.append(line)
    work.do(lambda: work.ledger.keep(Page(records), batch))
    work.do(partial(_note_wallets, work, left_out))
    return []


def _note_wallets(work: Work, failed: Mapping[str, str]) -> None:
    """Notes which wallets were not read, and why; nothing where none ever was."""
    before = last_run(work.ledger, work.name, work.exchange, BALANCE)
    if failed or before.failed:
        asked = before.asked if ALL in failed else work.now
        note_run(work.ledger, work.name, work.exchange, BALANCE, LastRun(asked, failed))


def _answer(work: Work, wallet: Wallet, params: Params) -> Answer:
    """What a wallet holds; all pages where it comes in pages."""

    def ask(more: Params) -> Answer:
        return work.client.call(wallet.method, params | more, wallet.read)

    return ask({}) if wallet.more is None else gathered(work.exchange.name, wallet.name or BALANCE, ask, wallet.more)


# ---- lists ------------------------------------------------------------------------------------


def _stream(work: Work, batch: int, stream: Stream) -> tuple[Kept, list[str]]:
    """What is new of one stream, part by part where it is asked for so; and what could not be fetched."""
    kept, failed, closed = Kept(0, 0, 0), dict[str, str](), dict[str, str]()
    answered, absent = list[str](), list[str]()
    whole = stream.parts is None
    work.course.reached(stream.name)
    try:
        parts, complete = ([""], True) if whole else _parts(work, stream)
    except Stop as refused:
        failed[stream.name] = str(refused)
        parts, complete = [], True
    in_a_row = 0
    for number, part in enumerate(parts, start=1):
        of = List(work.exchange, stream, work.name, part, _seconds(work.now), _first(work, stream))
        work.course.begin(of, number, len(parts))
        try:
            for more in _list(work, batch, of):
                kept = kept.plus(more)
            answered.append(part)
            in_a_row = 0
        except Absent as gone:  # from the exchange, and its records with it: what is kept of it stays
            if whole and not stream.optional:
                failed[of.name] = str(gone)
            absent.append(part)
        except Stop as refused:
            if isinstance(refused, Gone) and work.do(partial(_may_lack, work, of)):
                closed[stream.name] = str(refused)
                break
            failed[of.name] = str(refused)
            in_a_row += 1
        if in_a_row == GIVE_UP and number < len(parts):
            failed[stream.name] = f"{work.exchange.name} ({stream.name}): {len(parts) - number} others not asked for"
            break
    if not complete and not failed and not closed:
        work.do(lambda: _mark(work, stream, under_way=False))
    work.do(lambda: _note(work, stream, failed | closed, answered, absent))
    return kept, list(failed.values())


def _may_lack(work: Work, of: List) -> bool:
    """Whether a list may well not be there, so that no run would end well: `coverage` tells of it."""
    never = work.ledger.cursor(of.account, of.exchange.id, of.name) is None
    return of.stream.optional or (of.stream.regional and never)


def _expected(work: Work) -> dict[str, int]:
    """Requests that each stream is likely to take, by its name."""
    exchange, now = work.exchange, _seconds(work.now)
    cursors = work.ledger.cursors(work.name, exchange.id)
    found = {}
    for stream in exchange.streams:
        begins = max(first_day(stream.begins or exchange.begins), work.floor or ZERO)
        found[stream.name] = expected(stream, position(cursors.get(stream.name)), begins, now)
    return found


def _parts(work: Work, stream: Stream) -> tuple[list[str], bool]:
    """The parts to be asked for, and whether they are only those where something can be new."""
    assert stream.parts is not None
    known = work.do(lambda: _known(work, stream))
    parts = list(dict.fromkeys(stream.parts(work.client.call, known)))
    if not known.complete:
        work.do(lambda: _mark(work, stream, under_way=True))
    return parts, known.complete


def _list(work: Work, batch: int, of: List) -> Iterator[Kept]:
    """One list, page by page; what was kept before it is cut off stays and counts."""
    cursor = work.do(lambda: work.ledger.cursor(of.account, of.exchange.id, of.name))
    for page in pages(of, work.client.call, cursor, _seconds(work.now), work.course.heard, work.floor):
        yield work.do(partial(_page, work, batch, of, page))


def _page(work: Work, batch: int, of: List, page: Page) -> Kept:
    work.course.page(position(page.cursor), _seconds(work.now))
    if page.records:
        return work.ledger.keep(page, batch)
    if page.cursor is not None:
        work.ledger.set_cursor(of.account, of.exchange.id, of.name, page.cursor)
    return Kept(0, 0, 0)


def _known(work: Work, stream: Stream) -> Known:
    """What is kept of an account, for a stream to name its parts."""
    ledger, name, exchange = work.ledger, work.name, work.exchange
    records = list(ledger.records(name, exchange.id))
    parsed = exchange.parse(records)
    sides = [side for t in parsed.transactions for side in (t.sent, t.received, t.fee) if side is not None]
    newest = max((b.at for b in parsed.balances), default=None)
    reported: dict[str, Decimal] = defaultdict(Decimal)
    for b in parsed.balances:
        if b.at == newest:
            reported[b.asset] += b.quantity
    with exact():
        computed = {asset: quantity for (_, asset), quantity in in_rows(parsed.transactions).items()}
    differing = {a for a in computed.keys() | reported.keys() if computed.get(a, ZERO) != reported.get(a, ZERO)}
    held = {asset for asset, quantity in reported.items() if quantity}
    kept = [s.stream.partition(" ")[2] for s in ledger.sources() if s.account == name and s.source == exchange.id
            and s.stream.partition(" ")[0] == stream.name]  # fmt: skip
    whole = position(ledger.cursor(name, exchange.id, stream.name))
    lately = whole is not None and not whole.under_way and whole.newest is not None
    complete = lately and _seconds(work.now) - (whole.newest or ZERO) < ALL_PARTS * DAY if whole else False
    complete = complete and not _narrowed(work, stream)
    asked = work.now.astimezone(UTC).replace(microsecond=0).isoformat()
    told = {r.stream.partition(" ")[2]: json.loads(r.payload, parse_float=str) for r in records
            if r.stream.partition(" ")[0] == BALANCE and r.source_id == asked}  # fmt: skip
    unexplained = frozenset(differing) if newest is not None else None
    return Known(frozenset({side.asset for side in sides} | held), frozenset(kept), complete, told, unexplained)


def _narrowed(work: Work, stream: Stream) -> bool:
    """Whether a part was asked for up to a later time only than this run wants: then it may have had records before."""
    ends = [work.floor, _seconds(work.now) - stream.horizon * DAY if stream.horizon else None]
    wanted = max((end for end in ends if end is not None), default=None)
    cursors = work.ledger.cursors(work.name, work.exchange.id).items()
    floors = [
        here.floor for name, text in cursors if name.partition(" ")[0] == stream.name and (here := position(text))
    ]
    return any(floor is not None and (wanted is None or wanted < floor) for floor in floors)


def _mark(work: Work, stream: Stream, *, under_way: bool) -> None:
    """Notes when every part of a stream was last asked for; how far back is in the cursors of the parts."""
    where = Position(newest=_seconds(work.now), under_way=under_way)
    work.ledger.set_cursor(work.name, work.exchange.id, stream.name, where.text())


def _note(
    work: Work, stream: Stream, failed: Mapping[str, str], answered: Sequence[str], absent: Sequence[str]
) -> None:
    """Notes how the run of a stream ended. What was absent before, and was not asked for now, still is."""
    before = last_run(work.ledger, work.name, work.exchange, stream.name)
    asked = before.asked if failed else work.now
    gone = sorted({*before.absent, *absent} - {"", *answered})
    note_run(work.ledger, work.name, work.exchange, stream.name, LastRun(asked, failed, tuple(gone)))


def _first(work: Work, stream: Stream) -> Decimal | None:
    """The time of the first record that is kept of an account, for a stream that asks for it."""
    if stream.fetch is None:
        return None
    extents = work.do(lambda: work.ledger.extents(work.name, work.exchange.id))
    return min((Decimal(first) / FINEST for _, first, _ in extents.values()), default=None)


def _seconds(at: datetime) -> Decimal:
    return Decimal(int(at.timestamp()))
