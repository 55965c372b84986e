"""A history that an exchange gives as one file for each quarter of a year, ordered first and ready some hours later.

    files = Files("bills of the trading account", date(2021, 2, 1), reach=89, a_day=12, order=..., look=..., read=...)
    Stream(..., onward=True, fetch=by_quarter(files))

For what lies further back than another list of the same records reaches (`reach` days): so a file is ordered only for
quarters that this list did not cover in time. What is ordered and what is read already is kept as the place in the
list: a run orders all that it may, reads what is ready and ends with one line about the rest; the next goes on there.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime

from importers.base import FILE, Answer, Call, Item, Listed, Refused, Span

DAY = 86_400  # seconds
VALID = 30 * DAY  # for which an order is remembered


@dataclass(frozen=True, slots=True)
class Quarter:
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


@dataclass(frozen=True, slots=True)
class Files:
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


@dataclass(frozen=True, slots=True)
class _Kept:
    """`todo`: what is still to be read, and when it was ordered (0: not yet). `orders`: the times of those of the last
    day. `seen`: when the last run was that missed nothing. Of the run of `run`: `done` with, though not read; `why` an
    order was refused."""

    todo: dict[str, int]
    seen: int
    orders: tuple[int, ...] = ()
    run: int = 0
    done: tuple[str, ...] = ()
    why: str = ""

    def listed(self, items: Iterable[Item] = (), *, last: bool = False) -> Listed:
        return Listed(list(items), json.dumps(asdict(self)), last=last)


def by_quarter(files: Files) -> Callable[[Call, Span], Listed]:
    """The `fetch` of a stream."""

    def fetch(call: Call, span: Span) -> Listed:
        now = int(span.now)
        kept = _resumed(str(span.place), now, files.reach) if span.place else _begun(files, call, span)
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


def _begun(files: Files, call: Call, span: Span) -> _Kept:
    begins, now = files.begins, int(span.now)
    begin = max(int(datetime(begins.year, begins.month, begins.day, tzinfo=UTC).timestamp()), int(span.since or 0))
    if span.first is not None and not files.older(call):
        begin = max(begin, int(span.first))
    return _Kept(dict.fromkeys(map(str, between(begin, now - files.reach * DAY)), 0), now, run=now)


def _resumed(place: str, now: int, reach: int) -> _Kept:
    told = json.loads(place, parse_float=str)
    kept = _Kept(**told | {"orders": tuple(at for at in told["orders"] if now - at < DAY), "done": tuple(told["done"])})
    if kept.run == now:
        return kept
    missed = dict.fromkeys(map(str, between(kept.seen, now - reach * DAY)), 0)  # none, unless that was long ago
    return replace(kept, todo={**missed, **kept.todo}, run=now, done=(), why="")


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
    return replace(kept, todo={other: at for other, at in kept.todo.items() if other != name}).listed(items)


def _waiting(files: Files, kept: _Kept, due: Sequence[str]) -> str:
    left = sum(not kept.todo[name] for name in due)
    tomorrow = f"; {left} of them can be ordered tomorrow only, since it takes {files.a_day} orders a day" * bool(left)
    return (
        f"{len(due)} file{'s' * (len(due) != 1)} of older {files.what}, one for each quarter, "
        f"{'is' if len(due) == 1 else 'are'} being made by the exchange, which takes it some hours"
        f"{f' ({kept.why})' if kept.why else tomorrow}; run `taxsync import` again later, it goes on where it stopped"
    )
