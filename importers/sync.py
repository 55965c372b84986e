"""The page loop: one list of one account, from where it stands to its newest record.

Takes a list, a way to ask, and the cursor kept so far; gives pages, each with the cursor that holds
once it is stored. Knows no exchange and no ledger. A failure ends it, and every page before is good:
the next run goes on at the place that failed. What is fetched again changes nothing.

A *pass* goes through the list once: back to a time, through windows of time, or onward from where the
last one ended (see `Stream`). Records that come in meanwhile push the others back, so that they are met
twice rather than missed, and the next pass finds them. A pass that an earlier run began is ended first,
then a new one asks for what has come since.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from importers import exact
from importers.base import Answer, Exchange, Item, Listed, Params, Place, Refused, Span, Stream, Unlike, shown
from pipeline.model import Page, RawRecord

DAY = 86_400  # seconds
FINEST = Decimal(10) ** 7  # the finest time that an exchange writes: tenths of microseconds
BALANCE = "Balance"  # the stream of what the exchange says is held
ANSWERS = 100_000  # pages of one pass: an end, should an exchange's cursor lead in a circle
SPARSE = 2_000  # pages that hold fewer than two records each, one with another: such a list has no end
EARLIEST = Decimal(1_230_940_800)  # 2009-01-03, Bitcoin's first block; in Unix seconds
RECORD_LIMIT, ID_LIMIT, PLACE_LIMIT = 1 << 20, 300, 100_000  # characters
WALLET_LIMIT, WALLET_PAGES = 16 << 20, 1_000  # characters and pages of what an account holds

Ask = Callable[[str, Params, Callable[[Answer], Listed]], Listed]  # Client.call
Progress = Callable[[str, int, int | None], None]


class List(Struct, frozen=True):
    """One list of one account: a stream, or one part of a stream that is asked for in parts. `now`, `first`: see
    `Span`."""

    exchange: Exchange
    stream: Stream
    account: str
    part: str = ""
    now: Decimal = Decimal(0)
    first: Decimal | None = None

    @property
    def name(self) -> str:
        """The stream that its records and its cursor are kept under."""
        return f"{self.stream.name} {self.part}" if self.part else self.stream.name


class Position(Struct, frozen=True):
    """How far a list is kept; times are Unix seconds.

    `floor`: nothing before was ever asked for (None: all was). `newest`: of the records seen; in a list of
    windows, and in one that the exchange gives only so far back, up to when all was asked for. `holes`: times
    between which the exchange no longer gave anything.
    While a pass is under way, `since` is the time it goes back to, or its window begins at, `until` where that
    window ends, and `place` where its next page begins; a list that goes onward keeps its place.
    """

    floor: Decimal | None = None
    newest: Decimal | None = None
    under_way: bool = False
    since: Decimal | None = None
    place: Place | None = None
    until: Decimal | None = None
    holes: tuple[tuple[Decimal, Decimal], ...] = ()

    def text(self) -> str:
        """As the ledger keeps it."""
        kept: dict[str, object] = {"floor": _said(self.floor), "newest": _said(self.newest)}
        if self.holes:
            kept["holes"] = [[str(begin), str(end)] for begin, end in self.holes]
        if self.under_way:
            kept["pass"] = {"since": _said(self.since), "place": self.place}
            if self.until is not None:
                kept["pass"] = {"since": _said(self.since), "place": self.place, "until": str(self.until)}
        elif self.place is not None:
            kept["place"] = self.place
        return json.dumps(kept)


def _said(time: Decimal | None) -> str | None:
    return None if time is None else str(time)


def position(cursor: str | None) -> Position | None:
    """What a kept cursor says; None: nothing was ever fetched."""
    if cursor is None:
        return None
    kept = json.loads(cursor)
    under_way = kept.get("pass")
    where = under_way or {"since": None, "place": kept.get("place")}
    return Position(
        floor=_time(kept["floor"]),
        newest=_time(kept["newest"]),
        under_way=under_way is not None,
        since=_time(where["since"]),
        place=where["place"],
        until=_time(where.get("until")),
        holes=tuple((Decimal(begin), Decimal(end)) for begin, end in kept.get("holes", ())),
    )


def anew(cursor: str) -> str:
    """The cursor of a list that is to be gone through once more, all of it that was asked for."""
    here = position(cursor)
    assert here is not None
    return _from_the_head(here, here.floor).text()


def further_back(of: List, cursor: str, since: Decimal | None, now: Decimal) -> str | None:
    """The cursor of a list that is to be gone through once more from `since` on (Unix seconds, as `now`; None: from
    its beginning); None where its next pass reaches so far by itself, is not ended yet, or goes by ids, which late
    records don't escape."""
    here, stream = position(cursor), of.stream
    assert here is not None
    if stream.onward or here.under_way or here.newest is None:
        return None
    if since is not None and since >= here.newest - stream.overlap * DAY:
        return None
    ends = [since, here.floor, now - stream.horizon * DAY if stream.horizon else None]
    return _from_the_head(here, max((end for end in ends if end is not None), default=None)).text()


def _from_the_head(here: Position, since: Decimal | None) -> Position:
    return replace(here, under_way=True, since=since, place=None, until=None)


def _time(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def pages(
    of: List, ask: Ask, cursor: str | None, now: Decimal, progress: Progress, since: Decimal | None = None
) -> Iterator[Page]:
    """What a list has beyond `cursor`. Raises Refused when the exchange does not give it.

    `now` and `since`: Unix seconds. `since` narrows the very first fetch; once more has been fetched it changes
    nothing, and asking for an earlier time, or without it, fetches what was left out.
    """
    reach = now - of.stream.horizon * DAY if of.stream.horizon else None
    if reach is not None:
        since = reach if since is None else max(since, reach)
    here = position(cursor)
    if here is None:
        here = Position(floor=since, under_way=True, since=since)
    elif here.floor is not None and (since is None or since < here.floor):
        kept = here.place if of.stream.fetch is not None else None  # what it has ordered and read
        here = replace(_from_the_head(replace(here, floor=since), since), place=kept)
    else:
        if here.under_way:
            here = _within(of.stream, here, reach)
            for page, after in _pass(of, ask, here, now, progress):
                here = after
                yield page
        here = _begin(of.stream, here, reach)
    for page, _ in _pass(of, ask, here, now, progress):
        yield page


def _within(stream: Stream, here: Position, reach: Decimal | None) -> Position:
    """A pass that was cut off so long ago that the exchange no longer gives the time that it stands at: it goes on
    from its reach, and what lies between was not fetched."""
    if reach is None or here.since is None or here.since >= reach:
        return here
    moved = replace(here, since=reach, until=None, place=None) if stream.window else replace(here, since=reach)
    if here.since == here.floor:
        return replace(moved, floor=reach)
    begin = max(here.since, here.newest) if stream.window and here.newest is not None else here.since
    return replace(moved, holes=(*here.holes, (begin, reach))) if begin < reach else moved


def _begin(stream: Stream, here: Position, reach: Decimal | None) -> Position:
    """A new pass: onward, or back to some days before the newest record, but not beyond the floor. What has
    meanwhile gone beyond the exchange's reach is a hole."""
    if stream.onward:
        return replace(here, under_way=True, since=here.floor)
    since = here.floor
    if here.newest is not None:
        overlapped = here.newest - stream.overlap * DAY
        since = overlapped if since is None else max(since, overlapped)
        if reach is not None and here.newest < reach:
            here = replace(here, holes=(*here.holes, (here.newest, reach)))
    if reach is not None:
        since = reach if since is None else max(since, reach)
    return _from_the_head(here, since)


def _pass(of: List, ask: Ask, here: Position, now: Decimal, progress: Progress) -> Iterator[tuple[Page, Position]]:
    """The rest of one pass, page by page, each with where the list stands after it."""
    done = 0
    while here.under_way:
        if of.stream.window and here.until is None:
            here = _window(of, here, now)
        for page, after in _leg(of, ask, here, now, progress, done):
            here = after
            done += len(page.records)
            yield page, here


def _window(of: List, here: Position, now: Decimal) -> Position:
    since = here.since if here.since is not None else first_day(of.stream.begins or of.exchange.begins)
    return replace(here, since=since, until=min(since + of.stream.window * DAY, max(now, since)))


def first_day(begins: date) -> Decimal:
    """When a day begins, in Unix seconds."""
    return Decimal(int(datetime.combine(begins, datetime.min.time(), UTC).timestamp()))


def _leg(
    of: List, ask: Ask, here: Position, now: Decimal, progress: Progress, done: int
) -> Iterator[tuple[Page, Position]]:
    """The pages from `here` to the end of its window, or of the list."""
    places, before, held = {hash(here.place)}, set[str](), 0
    for number in range(ANSWERS):
        listed, records, here = _listed(of, ask, here, now, first=number == 0)
        ids = {item.id for item in listed.items}
        moves = listed.next is not None and not listed.last
        if (moves and hash(listed.next) in places) or (ids and ids == before):
            here = _from_the_head(here, here.since)  # for what such a list hides, the next run begins again
            yield Page([], here.text()), here
            raise _unlike(of, "it sends the same page again and again")
        places.add(hash(listed.next))
        before = ids
        done, held = done + len(listed.items), held + len(listed.items)
        progress(f"{of.account}: {of.name}", done, listed.total)
        here = _after(of.stream, here, listed, now)
        yield Page(records, here.text()), here
        if not moves:
            return
        if number >= SPARSE and held < 2 * number:
            raise _unlike(of, f"its list has no end after {number + 1} pages")
    raise _unlike(of, f"its list has no end after {ANSWERS} pages")


def _after(stream: Stream, here: Position, listed: Listed, now: Decimal) -> Position:
    """Where the list stands after a page."""
    ended = listed.next is None or listed.last
    if not stream.window:
        asked = [now] if ended and stream.horizon else []  # what a later run finds beyond its reach was seen now
        times = [t for t in (here.newest, *(item.time for item in listed.items), *asked) if t is not None]
        place = here.place if stream.onward and listed.next is None else listed.next
        return replace(here, newest=max(times, default=None), place=place, under_way=not ended)
    if not ended:
        return replace(here, place=listed.next)
    if here.until is None or here.until >= now:
        return replace(here, newest=here.until, place=None, until=None, under_way=False)
    return replace(here, since=here.until, place=None, until=None)


def _listed(
    of: List, ask: Ask, here: Position, now: Decimal, *, first: bool
) -> tuple[Listed, list[RawRecord], Position]:
    """The next page, and where it was asked for: the first of a run at the head, when the exchange no
    longer knows a cursor that an earlier run was given."""
    try:
        return *_page(of, ask, here, now), here
    except Refused:
        if of.stream.onward or not (first and isinstance(here.place, str)):
            raise
    head = replace(here, place=None)
    return *_page(of, ask, head, now), head


def _page(of: List, ask: Ask, here: Position, now: Decimal) -> tuple[Listed, list[RawRecord]]:
    span = Span(here.since, here.until, of.part, here.place, of.now, of.first)
    records: list[RawRecord] = []
    if of.stream.fetch is not None:
        listed = of.stream.fetch(ask, span)
        try:
            return listed, _records(of, listed, now)
        except Unlike as what:
            raise _unlike(of, str(what)) from None

    def read(answer: Answer) -> Listed:
        listed = of.stream.read(answer, span)
        records[:] = _records(of, listed, now)
        return listed

    return ask(of.stream.method, of.stream.ask(span), read), records


def _records(of: List, listed: Listed, now: Decimal) -> list[RawRecord]:
    """A page's records. Raises Unlike for what no honest page holds, whatever the exchange: the cursor would stand
    where nothing comes after, or what is kept depend on what came last."""
    found: dict[str, RawRecord] = {}
    if len(str(listed.next)) > PLACE_LIMIT:
        raise Unlike("its answer says in too many words where the next page begins")
    for item in listed.items:
        if item.time < EARLIEST:
            raise Unlike("an entry of its answer is older than any coin")
        if item.time > now + DAY:
            raise Unlike("an entry of its answer is of a time to come (or the clock of this machine is behind)")
        record = _record(of.exchange, of.name, of.account, item)
        if len(record.payload) > RECORD_LIMIT or len(item.id) > ID_LIMIT:
            raise Unlike("an entry of its answer is larger than any record")
        if found.setdefault(item.id, record).payload != record.payload:
            raise Unlike(f"two entries of its answer have one id, {shown(item.id)}, and different contents")
    return list(found.values())


def gathered(
    exchange: str, name: str, ask: Callable[[Params], Answer], more: Callable[[Answer], Params | None]
) -> list[Answer]:
    """All pages of what an account holds: `ask` gives one, `more` says what to ask for after it (None: nothing). Raises
    Refused for pages without end."""
    pages_, seen, size, params = list[Answer](), set[str](), 0, Params()
    while True:
        pages_.append(ask(params))
        size += len(exact.dumps(pages_[-1]))
        following = more(pages_[-1])
        if following is None:
            return pages_
        params = following
        if size > WALLET_LIMIT or len(pages_) >= WALLET_PAGES or str(params) in seen:
            why = "it sends the same page again and again" if str(params) in seen else "its list has no end"
            raise Refused(f"{exchange} ({name}): {why}; run `taxsync import` again later")
        seen.add(str(params))


def _unlike(of: List, what: str) -> Refused:
    return Refused(
        f"{of.exchange.name} ({of.name}): {what}; run `taxsync import` again later, it goes on where it stopped"
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


def balance(exchange: Exchange, account: str, answer: Answer, now: datetime, wallet: str = "") -> RawRecord:
    """What the exchange says is held, as a record whose id is the instant it was asked (ISO 8601, UTC).

    `wallet`: of which one, where it is not the main one.
    """
    at = now.astimezone(UTC).replace(microsecond=0)
    stream = f"{BALANCE} {wallet}" if wallet else BALANCE
    return _record(exchange, stream, account, Item(at.isoformat(), Decimal(int(at.timestamp())), answer))
