"""The page loop: one stream of one account, from where it stands to its newest record.

Takes a stream, a way to ask, and the cursor kept so far; gives pages, each with the cursor that holds
once it is stored. Knows no exchange and no ledger. A failure ends it, and every page before is good:
the next run goes on at the place that failed. What is fetched again changes nothing.

A *pass* goes through the list once, back to a time. Records that come in meanwhile push the others
back, so that they are met twice rather than missed, and the next pass finds them. A pass that an
earlier run began is ended first, then a new one asks for what has come since.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from importers import exact
from importers.base import Answer, Exchange, Item, Listed, Params, Place, Refused, Stream
from pipeline.model import Page, RawRecord

DAY = 86_400  # seconds
FINEST = Decimal(10) ** 7  # the finest time that an exchange writes: tenths of microseconds
BALANCE = "Balance"  # the stream of what the exchange says is held
ANSWERS = 100_000  # pages of one pass: an end, should an exchange's cursor lead in a circle

Ask = Callable[[str, Params, Callable[[Answer], Listed]], Listed]  # Client.call
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a stream is kept; times are Unix seconds.

    `floor`: nothing before was ever asked for (None: all was). `newest`: of the records seen. While a
    pass is under way, `since` is the time it goes back to and `place` where its next page begins.
    """

    floor: Decimal | None = None
    newest: Decimal | None = None
    under_way: bool = False
    since: Decimal | None = None
    place: Place | None = None

    def text(self) -> str:
        """As the ledger keeps it."""
        times = {k: None if v is None else str(v) for k, v in (("floor", self.floor), ("newest", self.newest))}
        if not self.under_way:
            return json.dumps(times)
        since = None if self.since is None else str(self.since)
        return json.dumps({**times, "pass": {"since": since, "place": self.place}})


def position(cursor: str | None) -> Position | None:
    """What a kept cursor says; None: nothing was ever fetched."""
    if cursor is None:
        return None
    kept = json.loads(cursor)
    floor, newest = _time(kept["floor"]), _time(kept["newest"])
    if "pass" not in kept:
        return Position(floor, newest)
    return Position(floor, newest, True, _time(kept["pass"]["since"]), kept["pass"]["place"])


def anew(cursor: str) -> str:
    """The cursor of a stream whose list is to be gone through once more, all of it that was asked for."""
    here = position(cursor)
    assert here is not None
    return _from_the_head(here, here.floor).text()


def _from_the_head(here: Position, since: Decimal | None) -> Position:
    return replace(here, under_way=True, since=since, place=None)


def _time(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def pages(
    exchange: Exchange,
    stream: Stream,
    account: str,
    ask: Ask,
    cursor: str | None,
    progress: Progress,
    since: Decimal | None = None,
) -> Iterator[Page]:
    """What a stream has beyond `cursor`. Raises Refused when the exchange does not give it.

    `since` (Unix seconds) narrows the very first fetch; once more has been fetched it changes nothing,
    and asking for an earlier time, or without it, fetches what was left out.
    """
    here = position(cursor)
    if here is None:
        here = Position(floor=since, under_way=True, since=since)
    elif here.floor is not None and (since is None or since < here.floor):
        here = _from_the_head(replace(here, floor=since), since)
    elif here.under_way:
        for page, after in _passes(exchange, stream, account, ask, here, progress):
            here = after
            yield page
        here = _begin(here, stream)
    else:
        here = _begin(here, stream)
    for page, _ in _passes(exchange, stream, account, ask, here, progress):
        yield page


def _begin(here: Position, stream: Stream) -> Position:
    """A new pass, back to some days before the newest record, but not beyond the floor."""
    since = here.floor
    if here.newest is not None:
        overlapped = here.newest - stream.overlap * DAY
        since = overlapped if since is None else max(since, overlapped)
    return _from_the_head(here, since)


def _passes(
    exchange: Exchange, stream: Stream, account: str, ask: Ask, here: Position, progress: Progress
) -> Iterator[tuple[Page, Position]]:
    """The rest of one pass, page by page, each with where the stream stands after it."""
    done, places, before = 0, {here.place}, set[str]()
    for number in range(ANSWERS):
        listed, here = _listed(stream, ask, here, first=number == 0)
        ids = {item.id for item in listed.items}
        if (listed.next is not None and listed.next in places) or (ids and ids == before):
            here = _from_the_head(here, here.since)  # for what such a list hides, the next run begins again
            yield Page([], here.text()), here
            raise _unlike(exchange, stream, "it sends the same page again and again")
        places.add(listed.next)
        before = ids
        done += len(listed.items)
        progress(f"{account}: {stream.name}", done, listed.total)
        times = [t for t in (here.newest, *(item.time for item in listed.items)) if t is not None]
        newest = max(times, default=None)
        here = replace(here, newest=newest, place=listed.next, under_way=listed.next is not None)
        records = [_record(exchange, stream.name, account, item) for item in listed.items]
        yield Page(records, here.text()), here
        if not here.under_way:
            return
    raise _unlike(exchange, stream, f"its list has no end after {ANSWERS} pages")


def _listed(stream: Stream, ask: Ask, here: Position, *, first: bool) -> tuple[Listed, Position]:
    """The next page, and where it was asked for: the first of a run at the head, when the exchange no
    longer knows a cursor that an earlier run was given."""
    try:
        return ask(stream.method, stream.ask(here.since, here.place), lambda a: stream.read(a, here.place)), here
    except Refused:
        if not (first and isinstance(here.place, str)):
            raise
    head = _from_the_head(here, here.since)
    return ask(stream.method, stream.ask(head.since, None), lambda answer: stream.read(answer, None)), head


def _unlike(exchange: Exchange, stream: Stream, what: str) -> Refused:
    return Refused(
        f"{exchange.name} ({stream.name}): {what}; run `taxsync import` again later, it goes on where it stopped"
    )


def _record(exchange: Exchange, stream: str, account: str, item: Item) -> RawRecord:
    return RawRecord(
        source=exchange.id,
        account=account,
        stream=stream,
        source_id=item.id,
        position=int(item.time * FINEST),
        payload=exact.dumps(item.value),
        origin=f"{exchange.name} {stream} {item.id}",
    )


def balance(exchange: Exchange, account: str, answer: Answer, now: datetime) -> RawRecord:
    """What the exchange says is held, as a record whose id is the instant it was asked (ISO 8601, UTC)."""
    at = now.astimezone(UTC).replace(microsecond=0)
    return _record(exchange, BALANCE, account, Item(at.isoformat(), Decimal(int(at.timestamp())), answer))
