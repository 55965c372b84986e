"""Three ways in which an exchange gives a list of a window of time in pages, as `ask` and `read` of a Stream.

    window = within("startTime", "endTime", limit=1000)
    Stream("deposits", ..., *by_offset(window, listed("data"), by("id"), "insertTime", 1000), window=89)

Times are milliseconds, seconds, or UTC as text. Whatever is no page of the list raises `Unlike`: a missing list is
empty only where the answer says so, and what has no id is told apart by what it says and a count of equal ones.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from importers.base import Answer, Item, Listed, Params, Place, Span, Unlike
from importers.entries import cut
from importers.parsers.build import finest, iso, milliseconds, seconds

Rows = Callable[[Answer], list[Answer]]
Name = Callable[[Answer], str]
Window = Callable[[Span], Params]
Ways = tuple[Window, Callable[[Answer, Span], Listed]]


def listed(*path: str) -> Rows:
    """The list at `path` of an answer; a missing one is empty only where the answer says that there is nothing."""

    def rows(answer: Answer) -> list[Answer]:
        here = answer
        for step in path:
            here = here.get(step) if isinstance(here, dict) else None
        if here is None and path and isinstance(answer, dict) and str(answer.get("total")) == "0":
            return []
        if not isinstance(here, list) or not all(isinstance(row, dict) for row in here):
            raise Unlike(f"its answer has no list of {path[-1] if path else 'records'}")
        return here

    return rows


def total(answer: Answer, *path: str) -> int | None:
    """How many records there are in all; None: it isn't told."""
    for step in path[:-1]:
        answer = answer.get(step) if isinstance(answer, dict) else None
    told = answer.get(path[-1]) if isinstance(answer, dict) and path else None
    return int(told) if told is not None and str(told).isdecimal() else None


def by(*fields: str) -> Name:
    """What these fields of a record say, as its id. Raises Unlike where one is missing."""

    def name(row: Answer) -> str:
        said = [row.get(field) for field in fields]
        if any(each is None or each == "" for each in said):
            raise Unlike(f"an entry of its answer has no {fields[-1]}")
        return "/".join(map(str, said))

    return name


def digest(row: Answer) -> str:
    """What a record says, in 16 hex digits."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def instant(told: object) -> datetime:
    """A time as Binance and its likes tell it: milliseconds, seconds, or UTC as text. Raises ValueError."""
    text = str(told)
    if not text.isdecimal():
        return iso(text)
    return milliseconds(text) if len(text) > 11 else seconds(text)


def moment(row: Answer, *fields: str) -> Decimal:
    """The time of a record: milliseconds, seconds, or UTC as text. Raises Unlike."""
    told = next((row[field] for field in fields if row.get(field)), None)
    try:
        return finest(instant(told))
    except (ValueError, OverflowError):
        raise Unlike("an entry of its answer has no time") from None


def _milliseconds(time: Decimal) -> int:
    return int(time * 1000)


def within(start: str = "startTime", end: str = "endTime", **fixed: str | int) -> Window:
    """The parameters of a window, to the end of its last second."""

    def ask(span: Span) -> Params:
        assert span.since is not None and span.until is not None
        return {**fixed, start: _milliseconds(span.since), end: _milliseconds(span.until) + 999}

    return ask


def by_offset(window: Window, rows: Rows, name: Name, time: str, size: int) -> Ways:
    """Pages from an offset on; a page that is not full is the last."""

    def ask(span: Span) -> Params:
        return {**window(span), "offset": span.place or 0}

    def read(answer: Answer, span: Span) -> Listed:
        items = [Item(name(row), moment(row, time), row) for row in rows(answer)]
        return Listed(items, int(span.place or 0) + len(items) if cut(len(items), size) else None)

    return ask, read


def by_page(
    window: Window, rows: Rows, name: Name | None, time: str, size: tuple[str, int],
    page: str = "page", count: tuple[str, ...] = ("total",),
) -> Ways:  # fmt: skip
    """Pages by number, whose answers say how many records there are. `name` None: they have no id.

    Equal records without ids are counted, also over the edge of a page: `place` then holds beside the next page's
    number what was met of the last instant. A list that changed its length meanwhile is begun again.
    """
    field, most = size

    def ask(span: Span) -> Params:
        number, _, _ = _reached(span.place)
        return {**window(span), page: number, **({field: most} if field else {})}

    def read(answer: Answer, span: Span) -> Listed:
        number, before, met = _reached(span.place)
        found, all_of_them = rows(answer), total(answer, *count)
        if before is not None and all_of_them != before:
            return Listed([], json.dumps([1, all_of_them, {}]))
        end = (number - 1) * most + len(found)
        more = cut(len(found), most) if all_of_them is None else end < all_of_them
        if more and all_of_them is not None and len(found) < most:
            raise Unlike(f"it tells of {all_of_them} records and gives {end}")
        times = [moment(row, time) for row in found]
        if name is not None:
            items = [Item(name(row), at, row) for row, at in zip(found, times, strict=True)]
            return Listed(items, number + 1 if more else None, all_of_them)
        items = []
        for row, at in zip(found, times, strict=True):
            said = f"{_milliseconds(at)}-{digest(row)}"
            met[said] = met.get(said, 0) + 1
            items.append(Item(said if met[said] == 1 else f"{said}#{met[said]}", at, row))
        last = f"{_milliseconds(times[-1])}-" if times else "-"
        here = {said: often for said, often in met.items() if said.startswith(last)}
        return Listed(items, json.dumps([number + 1, all_of_them, here]) if more else None, all_of_them)

    return ask, read


def _reached(place: Place | None) -> tuple[int, int | None, dict[str, int]]:
    """(number of the page, records in all as told before, how often each record of the last instant was met)."""
    if isinstance(place, str):
        number, before, met = json.loads(place)
        return int(number), before, dict(met)
    return place or 1, None, {}


def by_time(
    window: Window, start: str, end: str, rows: Rows, name: Name, time: str, most: int, more: str = "total"
) -> Ways:
    """One answer for a window, of at most so many records; what it left out is asked for in what is left of the
    window, from its last record on ("-": the newest come first, "+": the oldest). `more` says whether there is more."""

    def ask(span: Span) -> Params:
        params = {**window(span)}
        if isinstance(span.place, str):
            params[end if span.place[0] == "-" else start] = int(span.place[1:])
        return params

    def read(answer: Answer, span: Span) -> Listed:
        found = rows(answer)
        items = [Item(name(row), moment(row, time), row) for row in found]
        told = answer.get(more) if isinstance(answer, dict) else None
        full = told if isinstance(told, bool) else cut(len(items), most)
        hidden = not full and not isinstance(told, bool) and str(told).isdecimal() and int(told or 0) > len(items)
        if not items or not (full or hidden):
            return Listed(items)
        times = [item.time for item in items]
        backwards = times[0] >= times[-1]
        edge = f"-{_milliseconds(min(times))}" if backwards else f"+{_milliseconds(max(times))}"
        if edge == span.place and (told is True or len(items) >= most):
            raise Unlike("it gives no more of one instant than fits into a page")
        return Listed(items, edge if edge != span.place else None)

    return ask, read
