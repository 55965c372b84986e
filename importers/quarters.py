"""A history that an exchange gives as one file for each quarter of a year, ordered first and ready some hours later.

    files = Files("bills of the trading account", date(2021, 2, 1), reach=89, a_day=12, order=..., look=..., read=...)
    Stream(..., onward=True, fetch=by_quarter(files))

For what lies further back than another list of the same records reaches (`reach` days): so a file is ordered only for
quarters that this list did not cover in time. What is ordered and what is read already is kept as the place in the
list: a run orders all that it may, reads what is ready and ends with one line about the rest; the next goes on there.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from msgspec import Struct
from msgspec.structs import asdict, replace

from importers.base import FILE, Answer, Call, Item, Listed, Refused, Span

DAY = 86_400  # seconds
VALID = 30 * DAY  # for which an order is remembered
FOR_EVER = 10**11


class Quarter(Struct, frozen=True):
    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def begin(self) -> int:
        """Its first second, UTC."""
        return int(datetime(self.year, 3 * self.number - 2, 1, tzinfo=UTC).timestamp())

    @property
    def next(self) -> "Quarter":
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def ended(self, now: int) -> bool:
        """Also in the zone in which the exchange counts its days."""
        return self.next.begin + DAY <= now


def quarter(day: date) -> Quarter:
    return Quarter(day.year, (day.month + 2) // 3)


def named(text: str) -> Quarter:
    """2025-Q3."""
    year, _, number = text.partition("-Q")
    return Quarter(int(year), int(number))


def between(begin: int, end: int) -> Iterator[Quarter]:
    """The quarters that have a part of this time (Unix seconds), the newest first."""
    found, one = [], quarter(datetime.fromtimestamp(begin, UTC).date())
    while begin < end and one.begin < end:
        found.append(one)
        one = one.next
    yield from reversed(found)


class Files(Struct, frozen=True):
    """Files of `what`: `begins` is the first day that they have, `reach` the days that need none, `a_day` how many
    orders are taken. How one is had: `order` it, `look` for its address (None: not ready, "": it is made, and holds
    nothing; raises Failed), `read` it.
    `older`: whether an account may be older than its own records."""

    what: str
    begins: date
    reach: int
    a_day: int
    order: Callable[[Call, Quarter], None]
    look: Callable[[Call, Quarter], str | None]
    read: Callable[[Answer], list[Item]]
    older: Callable[[Call], bool]


class Failed(Exception):
    """The exchange could not make a file, which has to be ordered again."""


class _Kept(Struct, frozen=True):
    """`todo`: what is still to be read, and when it was ordered (0: not yet); `read`: what was. `since`: from when on
    all was asked for. `orders`: the times of those of the last day. `seen`: when the last run was that missed nothing.
    Of the run of `run`: `done` with, though not read; `why` an order was refused."""

    todo: dict[str, int]
    seen: int
    orders: tuple[int, ...] = ()
    run: int = 0
    done: tuple[str, ...] = ()
    why: str = ""
    read: tuple[str, ...] = ()
    since: int = FOR_EVER  # of a place that an older version kept: it is asked for once more

    def listed(self, items: Iterable[Item] = (), *, last: bool = False) -> Listed:
        return Listed(list(items), json.dumps(asdict(self)), last=last)


def by_quarter(files: Files) -> Callable[[Call, Span], Listed]:
    """The `fetch` of a stream."""

    def fetch(call: Call, span: Span) -> Listed:
        now = int(span.now)
        kept = _widened(files, call, span, _kept(str(span.place)) if span.place else _Kept({}, now, run=now))
        kept = _resumed(kept, now, files.reach)
        due = [name for name in kept.todo if named(name).ended(now)]
        if not due:
            return replace(kept, seen=now).listed(last=True)
        free = [name for name in due if name not in kept.done]
        unordered = [name for name in free if now - kept.todo[name] > VALID]
        ordered = [name for name in free if name not in unordered]
        left = files.a_day - len(kept.orders)
        if earlier := [name for name in ordered if kept.todo[name] != now]:
            return _looked(files, call, kept, earlier[:1])
        if unordered and left > 0:
            return _ordered(files, call, kept, unordered[:left]).listed()
        if ordered:
            return _looked(files, call, kept, ordered)
        raise Refused(_waiting(files, kept, due))

    return fetch


def _kept(place: str) -> _Kept:
    told = json.loads(place, parse_float=str)
    return _Kept(**told | {name: tuple(told.get(name, ())) for name in ("orders", "done", "read")})


def _widened(files: Files, call: Call, span: Span, kept: _Kept) -> _Kept:
    """With the quarters that an earlier beginning needs besides. From when on the account has records says when to
    begin where all of them were asked for."""
    since, begins = int(span.since or 0), files.begins
    if since >= kept.since:
        return kept
    begin = max(int(datetime(begins.year, begins.month, begins.day, tzinfo=UTC).timestamp()), since)
    if span.first is not None and not since and not files.older(call):
        begin = max(begin, int(span.first))
    needed = map(str, between(begin, int(span.now) - files.reach * DAY))
    more = {name: 0 for name in needed if name not in kept.read and name not in kept.todo}
    return replace(kept, todo={**kept.todo, **more}, since=since)


def _resumed(kept: _Kept, now: int, reach: int) -> _Kept:
    if kept.run == now:
        return kept
    orders = tuple(at for at in kept.orders if now - at < DAY)
    missed = dict.fromkeys(map(str, between(kept.seen, now - reach * DAY)), 0)  # none, unless that was long ago
    return replace(kept, todo={**missed, **kept.todo}, orders=orders, run=now, done=(), why="")


def _ordered(files: Files, call: Call, kept: _Kept, names: Sequence[str]) -> _Kept:
    """Orders these, as far as that is taken; raises Refused where none is."""
    for number, name in enumerate(names):
        try:
            files.order(call, named(name))
        except Refused as refused:
            if not number:
                raise
            return replace(kept, done=(*kept.done, *names[number:]), why=str(refused))
        kept = replace(kept, todo={**kept.todo, name: kept.run}, orders=(*kept.orders, kept.run))
    return kept


def _looked(files: Files, call: Call, kept: _Kept, names: Sequence[str]) -> Listed:
    """Reads the first of these; when that is not ready, none is: they were ordered together."""
    name = names[0]
    try:
        address = files.look(call, named(name))
    except Failed:
        why = kept.why or f"it could not make that of {name}, which the next run orders again"
        return replace(kept, done=(*kept.done, name), todo={**kept.todo, name: 0}, why=why).listed()
    if address is None:
        return replace(kept, done=(*kept.done, *names)).listed()
    items: list[Item] = call(FILE, {"address": address}, files.read) if address else []
    todo = {other: at for other, at in kept.todo.items() if other != name}
    return replace(kept, todo=todo, read=(*kept.read, name)).listed(items)


def _waiting(files: Files, kept: _Kept, due: Sequence[str]) -> str:
    left = sum(not kept.todo[name] for name in due)
    tomorrow = f"; {left} of them can be ordered tomorrow only, since it takes {files.a_day} orders a day" * bool(left)
    return (
        f"{len(due)} file{'s' * (len(due) != 1)} of older {files.what}, one for each quarter, "
        f"{'is' if len(due) == 1 else 'are'} being made by the exchange, which takes it some hours"
        f"{f' ({kept.why})' if kept.why else tomorrow}; run `taxsync import` again later, it goes on where it stopped"
    )
