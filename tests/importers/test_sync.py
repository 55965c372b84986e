"""The page loop, over a list that is served as Kraken serves its own: newest first, by offset, growing meanwhile.

Promised: whatever the size of a page, whatever comes in or fails or is killed between two requests, an
import that is let through ends with every record; a page is never taken for more than it says.
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.base import Answer, Exchange, Item, Listed, Params, Refused, Span, Stream
from importers.sync import BALANCE, DAY, List, anew, balance, pages, position
from pipeline.model import Page, Parsed

HOUR = 3600  # seconds
BEGIN = 1_700_000_000 // HOUR  # the hour of the first records, since 1970
OVERLAP = 7  # days
NOW = Decimal(1_800_000_000)  # Unix seconds, after all records

# ---- the list ---------------------------------------------------------------------------------


def ask_by_offset(span: Span) -> Params:
    return {"ofs": span.place or 0} if span.since is None else {"ofs": span.place or 0, "start": str(span.since)}


def read_by_offset(answer: Answer, span: Span) -> Listed:
    items = [Item(id, time, {"id": id}) for id, time in answer["items"]]
    end = int(span.place or 0) + len(items)
    return Listed(items, end if end < answer["count"] else None, answer["count"])


STREAM = Stream("Entries", "entries", "privatePostEntries", ask_by_offset, read_by_offset, OVERLAP)
EXCHANGE = Exchange("shelf", "Shelf", 1, (), frozenset(), (STREAM,), lambda _: Parsed())


@dataclass
class Shelf:
    """Records by id with their time; `start` leaves out what is not later. Before each request another of
    `arrivals` comes in; the requests whose number is in `fails` fail."""

    records: dict[str, int]
    page: int = 50
    arrivals: list[dict[str, int]] = field(default_factory=list)
    fails: frozenset[int] = frozenset()
    asked: list[Params] = field(default_factory=list)

    def ask(self, method: str, params: Params, read: Callable[[Answer], Listed]) -> Listed:
        assert method == STREAM.method
        self.asked.append(params)
        if self.arrivals:
            self.records |= self.arrivals.pop(0)
        if len(self.asked) in self.fails:
            raise Refused("Shelf (Entries): it can't be reached")
        start = Decimal(params["start"]) if "start" in params else Decimal(-1)
        newest_first = sorted(self.records.items(), key=lambda record: record[1])[::-1]
        inside = [(id, Decimal(time)) for id, time in newest_first if time > start]
        begin = int(params["ofs"])
        return read({"items": inside[begin : begin + self.page], "count": len(inside)})


@dataclass
class Kept:
    """What a ledger would keep: a page's records and its cursor in one commit."""

    ids: list[str] = field(default_factory=list)
    cursor: str | None = None

    def run(self, shelf: Shelf, since: int | None = None, killed_after: int | None = None) -> None:
        """One import, which ends by itself, at a request that fails, or by a kill after some pages."""
        for number, page in enumerate(fetch(shelf, self.cursor, since)):
            if number == killed_after:
                return
            self.ids += [record.source_id for record in page.records]
            self.cursor = page.cursor


def fetch(shelf: Any, cursor: str | None, since: int | None = None, stream: Stream = STREAM) -> Iterator[Page]:
    floor = None if since is None else Decimal(since)
    return pages(List(EXCHANGE, stream, "mine"), shelf.ask, cursor, NOW, lambda *_: None, floor)


def entries(times: Sequence[int]) -> dict[str, int]:
    return {f"L{number}": time for number, time in enumerate(times)}


def hours(*numbers: int) -> dict[str, int]:
    """One record in each of these hours."""
    return {f"L{number}": hour(number) for number in numbers}


def hour(number: int) -> int:
    return (BEGIN + number) * HOUR


# ---- windows, onward, in parts ------------------------------------------------------------------


@dataclass
class Dated:
    """Records by id with their time, of which one request gives those of a span of at most 30 days, two at a time,
    the newest first; nothing older than `reach` days before NOW."""

    records: dict[str, int]
    reach: int = 0
    fails: frozenset[int] = frozenset()
    asked: list[Params] = field(default_factory=list)

    def ask(self, method: str, params: Params, read: Callable[[Answer], Listed]) -> Listed:
        self.asked.append(params)
        if len(self.asked) in self.fails:
            raise Refused("Shelf (Entries): it can't be reached")
        begin, end = int(params["from"]), int(params["to"])
        assert end - begin <= 30 * DAY, "wider than the exchange takes"
        assert not self.reach or begin >= int(NOW) - self.reach * DAY, "further back than the exchange reaches"
        inside = sorted((t, id) for id, t in self.records.items() if begin <= t <= end)[::-1]
        return read([inside[int(params["ofs"]) :][:2], len(inside)])


def ask_window(span: Span) -> Params:
    assert span.since is not None and span.until is not None
    return {"from": str(int(span.since)), "to": str(int(span.until)), "ofs": span.place or 0}


def read_window(answer: Answer, span: Span) -> Listed:
    end = int(span.place or 0) + len(answer[0])
    return Listed([Item(id, Decimal(t), {"id": id}) for t, id in answer[0]], end if end < answer[1] else None)


WINDOWS = Stream("Entries", "entries", "privateGetEntries", ask_window, read_window, OVERLAP, window=30)
SHORT = Stream("Entries", "entries", "privateGetEntries", ask_window, read_window, OVERLAP, window=30, horizon=90)


@given(
    st.lists(st.integers(0, 400), max_size=30),
    st.sets(st.integers(1, 60), max_size=3),
    st.lists(st.integers(0, 6), max_size=3),
)
def test_windows_leave_nothing_out_whatever_fails_and_comes_late(
    days: list[int], fails: set[int], late: list[int]
) -> None:
    """Records `days` before now, also several at once and on the edge of a window."""
    shelf = Dated({f"L{n}": int(NOW) - 400 * DAY + day * DAY for n, day in enumerate(days)}, fails=frozenset(fails))
    exchange = Exchange("shelf", "Shelf", 1, (), frozenset(), begins=date(2025, 1, 1))
    ids, cursor = [], None
    for _ in range(len(fails) + 2):
        with contextlib.suppress(Refused):
            for page in pages(List(exchange, WINDOWS, "mine"), shelf.ask, cursor, NOW, lambda *_: None):
                ids += [r.source_id for r in page.records]
                cursor = page.cursor
    shelf.fails = frozenset()
    shelf.records |= {f"late{n}": int(NOW) - day * DAY for n, day in enumerate(late)}
    asked = len(shelf.asked)
    for page in pages(List(exchange, WINDOWS, "mine"), shelf.ask, cursor, NOW + DAY, lambda *_: None):
        ids += [r.source_id for r in page.records]
    assert set(ids) == set(shelf.records)
    assert len(shelf.asked) - asked <= 1 + (len(shelf.records) + 1) // 2  # one window


def test_what_goes_beyond_the_reach_of_an_exchange_between_two_runs_is_a_hole() -> None:
    shelf = Dated({"old": int(NOW) - 100 * DAY, "new": int(NOW) - 3 * DAY}, reach=90)
    first = list(pages(List(EXCHANGE, SHORT, "mine"), shelf.ask, None, NOW, lambda *_: None))
    here = position(first[-1].cursor)
    assert here is not None and (here.floor, here.holes) == (NOW - 90 * DAY, ())
    assert [r.source_id for page in first for r in page.records] == ["new"]
    shelf.reach = 0
    again = list(pages(List(EXCHANGE, SHORT, "mine"), shelf.ask, first[-1].cursor, NOW + 365 * DAY, lambda *_: None))
    here = position(again[-1].cursor)
    assert here is not None and here.holes == ((NOW, NOW + 275 * DAY),)


def test_a_later_run_that_is_narrowed_leaves_nothing_out_of_a_list_that_was_fetched() -> None:
    shelf = Dated({"new": int(NOW) - 3 * DAY}, reach=90)
    of = List(EXCHANGE, SHORT, "mine")
    first = list(pages(of, shelf.ask, None, NOW, lambda *_: None))
    shelf.records["next"], later = int(NOW) + 2 * DAY, NOW + 10 * DAY
    again = list(pages(of, shelf.ask, first[-1].cursor, later, lambda *_: None, since=later - DAY))
    here = position(again[-1].cursor)
    assert here is not None and here.holes == ()
    assert "next" in [r.source_id for page in again for r in page.records]


def test_a_first_pass_that_is_ended_after_days_asks_for_no_more_than_the_exchange_gives_by_then() -> None:
    days = (80, 50, 20)
    shelf = Dated({f"{day} days": int(NOW) - day * DAY for day in days}, reach=90, fails=frozenset({2}))
    of, cut_off = List(EXCHANGE, SHORT, "mine"), []
    with pytest.raises(Refused):
        for page in pages(of, shelf.ask, None, NOW, lambda *_: None):
            cut_off.append(page)
    later, shelf.reach = NOW + 45 * DAY, 45  # by then the exchange gives 90 days before `later`
    rest = list(pages(of, shelf.ask, cut_off[-1].cursor, later, lambda *_: None))
    here = position(rest[-1].cursor)
    assert here is not None and not here.under_way
    assert here.holes == ((NOW - 60 * DAY, NOW - 45 * DAY),), "what went beyond its reach meanwhile is told"
    assert [r.source_id for page in rest for r in page.records] == ["20 days"]


def test_a_list_that_goes_onward_begins_where_it_ended_and_asks_once() -> None:
    ids, asked = [f"{n}" for n in range(7)], []

    def ask(method: str, params: Params, read: Callable[[Answer], Listed]) -> Listed:
        asked.append(params["fromId"])
        return read(ids[int(params["fromId"]) :][:3])

    def read(answer: Answer, span: Span) -> Listed:
        end = int(span.place or 0) + len(answer)
        return Listed([Item(id, Decimal(hour(int(id))), id) for id in answer], end, last=len(answer) < 3)

    stream = Stream("Trades", "trades", "privateGetTrades", lambda s: {"fromId": s.place or 0}, read, 0, onward=True)
    of = List(EXCHANGE, stream, "mine", "BTCUSDT")
    first = list(pages(of, ask, None, NOW, lambda *_: None))
    assert [r.source_id for page in first for r in page.records] == ids
    assert {r.stream for page in first for r in page.records} == {"Trades BTCUSDT"}
    ids.append("7")
    asked.clear()
    second = list(pages(of, ask, first[-1].cursor, NOW, lambda *_: None))
    assert ([r.source_id for page in second for r in page.records], asked) == (["7"], [7])


# ---- every record, once -----------------------------------------------------------------------


@given(st.lists(st.integers(1, 12).map(hour), max_size=40), st.integers(1, 15))
def test_every_record_comes_once_whatever_the_size_of_a_page(times: list[int], size: int) -> None:
    """Many have the same time, also over the edge of a page."""
    kept, shelf = Kept(), Shelf(entries(times), size)
    kept.run(shelf)
    assert sorted(kept.ids) == sorted(shelf.records)
    assert len(shelf.asked) == max(1, -(-len(times) // size))


@dataclass(frozen=True)
class Step:
    """One import: how it ends before its time, if it does, what comes in before each of its requests (how
    many hours late), and how many hours pass after it."""

    killed_after: int | None
    fails_at: int | None
    since: int | None
    arrivals: list[list[int]]
    pause: int


steps = st.builds(
    Step,
    killed_after=st.none() | st.integers(0, 4),
    fails_at=st.none() | st.integers(1, 5),
    since=st.none() | st.integers(0, 30).map(lambda day: hour(24 * day)),
    arrivals=st.lists(st.lists(st.sampled_from([0, 0, 1, 90, OVERLAP * 24 - 1]), max_size=4), max_size=6),
    pause=st.sampled_from([0, 1, 24, 400]),
)


@given(st.lists(st.integers(0, 30 * 24).map(hour), max_size=25), st.lists(steps), st.integers(1, 7))
def test_an_import_let_through_has_every_record_whatever_was_before(
    times: list[int], history: list[Step], size: int
) -> None:
    """Killed, failed, narrowed, with records that come in meanwhile, some late, to the same hour as others."""
    kept, shelf = Kept(), Shelf(entries(times), size)
    clock, number = 30 * 24, 0  # hours
    for step in history:
        shelf.arrivals = []
        for late in step.arrivals:
            shelf.arrivals.append({f"M{number + n}": hour(clock - hours) for n, hours in enumerate(late)})
            clock, number = clock + 1, number + len(late)
        shelf.asked, shelf.fails = [], frozenset({step.fails_at} - {None})
        try:
            kept.run(shelf, step.since, step.killed_after)
        except Refused as stopped:
            assert "can't be reached" in str(stopped) or "same page" in str(stopped)
        for left in shelf.arrivals:
            shelf.records |= left
        clock += step.pause
    shelf.arrivals, shelf.fails = [], frozenset()
    kept.run(shelf)
    assert set(kept.ids) == set(shelf.records)


@pytest.mark.parametrize("killed_after", range(5))
def test_what_a_killed_import_kept_is_not_asked_for_again(killed_after: int) -> None:
    kept, shelf = Kept(), Shelf(hours(*range(100, 140)), page=10)
    kept.run(shelf, killed_after=killed_after)
    shelf.asked.clear()
    kept.run(shelf)
    begins = [params["ofs"] for params in shelf.asked if "start" not in params]
    assert begins == [0, 10, 20, 30][killed_after:]
    assert set(kept.ids) == set(shelf.records)


def test_records_that_push_others_back_are_met_twice_rather_than_missed() -> None:
    kept, shelf = Kept(), Shelf(hours(*range(100, 120)), page=10, arrivals=[{}, hours(120, 121, 122)])
    kept.run(shelf)
    assert kept.ids.count("L110") == 2
    assert set(shelf.records) - set(kept.ids) == {"L120", "L121", "L122"}
    kept.run(shelf)
    assert set(kept.ids) == set(shelf.records)


def test_a_list_that_is_up_to_date_takes_one_request_from_its_overlap_on() -> None:
    kept, shelf = Kept(), Shelf(hours(*range(0, 1000, 10)))
    kept.run(shelf)
    shelf.asked.clear()
    for newest in (990, 991):
        kept.run(shelf)
        assert shelf.asked == [{"ofs": 0, "start": str(hour(newest) - OVERLAP * DAY)}]
        shelf.records |= hours(991)
        kept.run(shelf)
        shelf.asked.clear()


def test_an_empty_list_is_asked_for_as_a_whole_until_it_has_something() -> None:
    kept, shelf = Kept(), Shelf({})
    kept.run(shelf)
    shelf.records |= hours(1)
    kept.run(shelf)
    assert (kept.ids, shelf.asked) == (["L1"], [{"ofs": 0}, {"ofs": 0}])


def test_pages_before_one_that_fails_are_given_and_the_next_run_begins_there() -> None:
    kept, shelf = Kept(), Shelf(hours(*range(30)), page=10, fails=frozenset({3, 4}))
    for _ in range(2):
        with pytest.raises(Refused, match="can't be reached"):
            kept.run(shelf)
        assert len(kept.ids) == 20
    kept.run(shelf)
    assert [params["ofs"] for params in shelf.asked[:5]] == [0, 10, 20, 20, 20]
    assert set(kept.ids) == set(shelf.records)


# ---- since ------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 60), unique=True, max_size=20), st.integers(1, 60), st.integers(1, 60), st.integers(0, 4)
)
def test_since_narrows_the_first_fetch_and_an_earlier_one_gets_what_it_left_out(
    numbers: list[int], first: int, second: int, killed_after: int
) -> None:
    kept, shelf = Kept(), Shelf(hours(*numbers), page=3)
    kept.run(shelf, since=hour(first))
    assert set(kept.ids) == {f"L{n}" for n in numbers if n > first}
    kept.run(shelf, since=hour(second), killed_after=killed_after)
    kept.run(shelf, since=hour(second))
    assert set(kept.ids) == {f"L{n}" for n in numbers if n > min(first, second)}
    kept.run(shelf, killed_after=killed_after)
    kept.run(shelf)
    assert set(kept.ids) == set(shelf.records)
    assert position(kept.cursor).floor is None  # type: ignore[union-attr]


def test_since_does_not_narrow_a_list_that_was_fetched_as_a_whole() -> None:
    kept, shelf = Kept(), Shelf(hours(*range(20)), page=5)
    kept.run(shelf, killed_after=2)
    kept.run(shelf, since=hour(18))
    assert set(kept.ids) == set(shelf.records)
    assert position(kept.cursor).floor is None  # type: ignore[union-attr]


def test_a_list_to_be_gone_through_anew_is_asked_for_to_its_floor() -> None:
    """What the key of before could not see has any age."""
    kept, shelf = Kept(), Shelf(hours(*range(2000, 2020)))
    kept.run(shelf, since=hour(1))
    assert kept.cursor is not None
    shelf.records |= hours(0, 5, 6)
    kept.cursor = anew(kept.cursor)
    assert position(kept.cursor).under_way  # type: ignore[union-attr]
    kept.run(shelf, since=hour(1))
    assert set(shelf.records) - set(kept.ids) == {"L0"}


# ---- lists that are not as they should be -----------------------------------------------------


class Repeating:
    """Sends the same two records whatever it is asked, and tells of ever more."""

    def __init__(self) -> None:
        self.asked: list[Params] = []

    def ask(self, method: str, params: Params, read: Callable[[Answer], Listed]) -> Listed:
        self.asked.append(params)
        return read({"items": [("L2", Decimal(hour(2))), ("L1", Decimal(hour(1)))], "count": 2 * len(self.asked) + 2})


def test_a_page_that_repeats_itself_for_ever_stops_in_one_line() -> None:
    shelf, kept = Repeating(), Kept()
    for _ in range(3):  # and is never taken for the rest of the list
        with pytest.raises(Refused, match="same page again and again") as stopped:
            kept.run(shelf)  # type: ignore[arg-type]
        assert "\n" not in str(stopped.value)
        assert position(kept.cursor).under_way  # type: ignore[union-attr]
    assert [params["ofs"] for params in shelf.asked] == [0, 2, 0, 2, 0, 2]


BY_CURSOR = (
    lambda span: {"cursor": span.place or "true"},
    lambda answer, _: Listed([Item(id, NOW, {}) for id in answer[0]], answer[1]),
)


class Chained:
    """A list by cursors: each page names the next. `forgotten` cursors are refused."""

    stream = Stream("Chain", "links", "privatePostChain", *BY_CURSOR, 1)

    def __init__(self, chain: dict[str, tuple[str, str | None]]) -> None:
        self.chain, self.asked = chain, list[str]()
        self.forgotten: set[str] = set()

    def ask(self, method: str, params: Params, read: Callable[[Answer], Listed]) -> Listed:
        cursor = str(params["cursor"])
        self.asked.append(cursor)
        if cursor in self.forgotten:
            raise Refused("Shelf (Chain): it refuses the request")
        return read(self.chain[cursor])


def test_cursors_that_lead_in_a_circle_stop_in_one_line() -> None:
    shelf = Chained({"true": ("ab", "one"), "one": ("cd", "two"), "two": ("ef", "one")})
    with pytest.raises(Refused, match=r"Shelf \(Chain\): it sends the same page again and again"):
        list(fetch(shelf, None, stream=Chained.stream))
    assert shelf.asked == ["true", "one", "two"]


def test_a_cursor_that_the_exchange_has_forgotten_does_not_stop_the_list_for_ever() -> None:
    shelf = Chained({"true": ("ab", "one"), "one": ("cd", None)})
    first = next(fetch(shelf, None, stream=Chained.stream))
    shelf.forgotten, shelf.chain["true"] = {"one"}, ("ab", "another")
    shelf.chain["another"] = ("cd", None)
    shelf.asked.clear()
    rest = list(fetch(shelf, first.cursor, stream=Chained.stream))
    assert {record.source_id for page in rest for record in page.records} == set("abcd")
    assert shelf.asked[:3] == ["one", "true", "another"]


def test_a_page_that_fails_is_not_asked_for_twice_by_the_loop() -> None:
    """To try again is the client's part; only a cursor of an earlier run has a second way."""
    shelf = Chained({"true": ("ab", "one")})
    shelf.forgotten = {"one"}
    with pytest.raises(Refused, match="refuses"):
        list(fetch(shelf, None, stream=Chained.stream))
    assert shelf.asked == ["true", "one"]


# ---- what a page holds ------------------------------------------------------------------------


def test_a_record_says_where_it_is_from_and_keeps_the_digits_it_came_with() -> None:
    (page,) = fetch(Shelf({"L1": 1_700_000_000}), None)
    (record,) = page.records
    assert (record.source, record.account, record.stream, record.source_id) == ("shelf", "mine", "Entries", "L1")
    assert (record.position, record.payload) == (1_700_000_000 * 10**7, '{"id":"L1"}')
    assert record.origin == "Shelf Entries L1"


def test_progress_is_told_by_page_with_the_total_that_the_exchange_tells() -> None:
    told: list[tuple[str, int, int | None]] = []
    shelf = Shelf(hours(*range(25)), page=10)
    list(pages(List(EXCHANGE, STREAM, "mine"), shelf.ask, None, NOW, lambda *what: told.append(what)))
    assert told == [("mine: Entries", 10, 25), ("mine: Entries", 20, 25), ("mine: Entries", 25, 25)]


def test_a_balance_is_a_record_of_the_second_it_was_asked() -> None:
    now = datetime(2026, 1, 1, 6, 0, 0, 999, tzinfo=UTC)
    record = balance(EXCHANGE, "mine", {"result": {"XXBT": "1.0"}}, now)
    assert (record.stream, record.source_id) == (BALANCE, "2026-01-01T06:00:00+00:00")
    assert json.loads(record.payload) == {"result": {"XXBT": "1.0"}}
