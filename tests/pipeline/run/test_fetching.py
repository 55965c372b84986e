"""One account, list by list and market by market, from an exchange that is a dictionary.

Promised: what is there is not asked for again; what fails or is gone is told, until it no longer is; one list
hides no other.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from importers.base import NO_LIST
from importers.sandbox.server import NOW
from importers.sync import Position, position
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.run.computed import sources_used
from pipeline.run.course import expected
from pipeline.run.coverage import missing
from pipeline.run.reach import Reach, State, reaches
from tests.pipeline.run.small import EXCHANGE, HELP, SECONDS, Small, opened, reaching, record, run

DAY = timedelta(days=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path) as one:
        yield one


def account() -> Small:
    """Two markets with trades, five without."""
    return Small(
        deposits=[record(f"d{n}", n) for n in range(1, 4)],
        trades={
            "BTC-USD": [record(f"b{n}", n) for n in range(1, 6)],
            "ETH-USD": [record("b1", 3, asset="ETH")],  # ids are unique within a market only
            **{f"M{n}-USD": [] for n in range(5)},
        },
    )


def problems(ledger: Ledger, small: Small) -> dict[str, str]:
    return {issue.code: issue.message for issue in missing(ledger, "mine", small.exchange)}


def of(ledger: Ledger, small: Small, name: str = "trades") -> Reach:
    return next(reach for reach in reaches(ledger, "mine", small.exchange, None) if reach.name == name)


# ---- requests -------------------------------------------------------------------------------------


def test_the_first_run_asks_each_market_and_the_second_only_those_with_trades(ledger: Ledger) -> None:
    small = account()
    first = run(ledger, small)
    assert first.failures == [] and first.lines[0] == "mine: 9 new records"
    assert small.asked == {
        "spot": 1, "earn": 1, "deposits": 2, "markets": 1, "trades BTC-USD": 3, "trades ETH-USD": 1,
        **{f"trades M{n}-USD": 1 for n in range(5)},
    }  # fmt: skip
    again = run(ledger, small, now=NOW + DAY / 2)
    assert small.asked == {"spot": 1, "earn": 1, "deposits": 1, "trades BTC-USD": 1, "trades ETH-USD": 1}
    assert again.lines == ["mine: 0 new records"] and again.failures == []


def test_after_a_week_every_market_is_asked_again(ledger: Ledger) -> None:
    small = account()
    run(ledger, small)
    small.trades["M3-USD"].append(record("new", 0))
    later = run(ledger, small, now=NOW + 8 * DAY)
    assert later.lines == ["mine: 1 new records"] and small.asked["trades M3-USD"] == 1


# ---- what fails -----------------------------------------------------------------------------------


def test_a_market_that_fails_hides_no_other_and_is_told_until_it_no_longer_fails(ledger: Ledger) -> None:
    small = account()
    small.refused = frozenset({"BTC-USD"})
    first = run(ledger, small)
    assert first.failures == ["mine: Small (trades BTC-USD): it is busy or under maintenance"]
    assert first.lines[0] == "mine: 4 new records, not complete"
    assert (of(ledger, small).state, of(ledger, small).records) == (State.IN_PART, 1)
    assert problems(ledger, small).keys() == {"stored_in_part"}
    small.refused = frozenset()
    run(ledger, small)
    assert (of(ledger, small).state, of(ledger, small).records, problems(ledger, small)) == (State.WHOLE, 6, {})


def test_a_list_that_was_whole_and_fails_now_may_lack_what_is_newer(ledger: Ledger) -> None:
    small = account()
    run(ledger, small)
    small.refused = frozenset({"BTC-USD"})
    run(ledger, small, now=NOW + DAY)
    assert problems(ledger, small) == {
        "not_updated": "mine: its list of trades (trades) of BTC-USD could not be fetched in the last run; what is "
        "newer than 2026-01-01 may be missing (Small (trades BTC-USD): it is busy or under maintenance)"
    }
    small.refused = frozenset()
    run(ledger, small, now=NOW + DAY)
    assert problems(ledger, small) == {}


def test_when_several_markets_fail_in_a_row_the_others_are_not_asked_for(ledger: Ledger) -> None:
    small = account()
    small.refused = frozenset({"trades"})
    outcome = run(ledger, small)
    assert sum(name.startswith("trades") for name in small.requests) == 3
    assert outcome.failures[-1] == "mine: Small (trades): 4 others not asked for"
    assert of(ledger, small, "deposits").state is State.WHOLE


def test_a_market_that_is_gone_is_told_unless_it_was_fetched_before(ledger: Ledger) -> None:
    small = account()
    small.gone = frozenset({"LUNA-USD"})
    assert run(ledger, small).failures == []
    small.gone = frozenset({"LUNA-USD", "BTC-USD"})
    assert run(ledger, small, now=NOW + DAY).failures == []
    assert problems(ledger, small) == {
        "market_gone": "mine: its list of trades (trades) can't be asked for what is no longer at the exchange: "
        "LUNA-USD"
    }
    small.gone, small.trades["LUNA-USD"] = frozenset(), []
    run(ledger, small, now=NOW + 9 * DAY)
    assert problems(ledger, small) == {}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ({}, ("failed", "not_fetched"), ("failed", "not_updated")),
        ({"optional": True}, ("quiet", "list_not_given"), ("quiet", "list_not_given")),
        ({"regional": True}, ("quiet", "list_not_given"), ("failed", "not_updated")),
    ],
)
def test_a_list_that_is_not_there_is_told_and_fails_a_run_where_it_should_be(
    ledger: Ledger, kind: dict[str, Any], before: tuple[str, str], after: tuple[str, str]
) -> None:
    """Not every account has every list; one that was there before is missed, unless nothing depends on it."""
    deposits, trades = EXCHANGE.streams
    small = replace(account(), exchange=replace(EXCHANGE, streams=(replace(deposits, **kind), trades)))
    for told in (before, after):
        small.closed = frozenset({"deposits"})
        outcome = run(ledger, small, now=NOW + DAY)
        (code,) = problems(ledger, small)
        assert ("failed" if outcome.failures else "quiet", code) == told
        assert f"{NO_LIST} (404)" in problems(ledger, small)[code]
        assert of(ledger, small).state is State.WHOLE
        small.closed = frozenset()
        run(ledger, small, now=NOW + DAY)
        assert (of(ledger, small, "deposits").state, problems(ledger, small)) == (State.WHOLE, {})


def test_a_list_of_markets_that_is_not_there_is_asked_for_once_and_is_not_whole(ledger: Ledger) -> None:
    deposits, trades = EXCHANGE.streams
    small = replace(account(), exchange=replace(EXCHANGE, streams=(deposits, replace(trades, optional=True))))
    small.closed = frozenset({"trades"})
    assert run(ledger, small).failures == [] and small.asked["trades BTC-USD"] == 1
    assert "trades ETH-USD" not in small.asked and problems(ledger, small).keys() == {"list_not_given"}
    small.closed = frozenset()
    run(ledger, small)
    assert (of(ledger, small).state, of(ledger, small).records, problems(ledger, small)) == (State.WHOLE, 6, {})


def test_what_came_before_a_list_was_cut_off_is_counted(ledger: Ledger) -> None:
    small = account()

    def cut(name: str) -> None:
        small.refused = frozenset({"BTC-USD"} if small.requests.count("trades BTC-USD") == 3 else ())

    small.before = cut
    assert run(ledger, small).lines[0] == "mine: 8 new records, not complete"
    small.before = lambda _: None
    small.refused = frozenset()
    assert run(ledger, small).lines[0] == "mine: 1 new records"


# ---- what the exchange hides ----------------------------------------------------------------------


def test_what_the_api_hides_is_told_with_what_closes_it_and_a_file_that_reaches_there_does(ledger: Ledger) -> None:
    small = replace(account(), exchange=reaching(3))
    run(ledger, small)
    (gap,) = missing(ledger, "mine", small.exchange)
    day = f"{NOW - 3 * DAY:%Y-%m-%d}"
    assert gap.message == (
        f"mine: Small's API reaches back 3 days: nothing before {day} was fetched of its list of trades (trades)"
    )
    assert gap.remedy.startswith(f"{HELP}; `taxsync import FILE --account mine` puts it with the rest. ")
    assert of(ledger, small).hidden and not of(ledger, small, "deposits").hidden
    from_a_file(ledger, days_ago=30)
    assert problems(ledger, small).keys() == {"rests_on_files"}


def from_a_file(ledger: Ledger, days_ago: int) -> None:
    """The account's records are parsed, and those of a file with one old row beside them."""
    parsed = EXCHANGE.parse(ledger.records("mine"))
    old = replace(parsed.transactions[0], id="old", at=NOW - days_ago * DAY, source="universal")
    parsed.transactions.append(old)
    ledger.replace_parsed("mine", [parsed], "1")


def test_nights_without_trades_leave_no_hole_and_a_long_absence_does(ledger: Ledger) -> None:
    small = replace(account(), exchange=reaching(3))
    for night in range(0, 12, 2):
        run(ledger, small, now=NOW + night * DAY)
    assert of(ledger, small).holes == ()
    run(ledger, small, now=NOW + 40 * DAY)
    ((begin, end),) = of(ledger, small).holes
    assert (begin, end) == (NOW + 10 * DAY, NOW + 37 * DAY)
    told: list[Issue] = [i for i in missing(ledger, "mine", small.exchange) if i.at == begin]
    assert [f"nothing from {begin:%Y-%m-%d} to {end:%Y-%m-%d}" in issue.message for issue in told] == [True]


def test_since_narrows_markets_too_and_later_runs_do_not_widen_the_gap(ledger: Ledger) -> None:
    small, floor = account(), Decimal(SECONDS - 2 * 86_400)
    lines = run(ledger, small, floor=floor).lines
    assert lines[:2] == [
        "mine: 4 new records",
        f"mine: nothing before {NOW - 2 * DAY:%Y-%m-%d} was fetched, as --since asks; `taxsync import` without it "
        "fetches that",
    ]
    assert problems(ledger, small).keys() == {"short_history"}
    run(ledger, small)
    later = Decimal(SECONDS - 86_400)
    assert run(ledger, small, floor=later).lines == ["mine: 0 new records"] and problems(ledger, small) == {}


def test_a_market_in_which_nothing_was_since_that_day_is_asked_in_full_by_a_run_without_since(ledger: Ledger) -> None:
    small = account()
    small.trades["OLD-USD"] = [record("old", 100, asset="OLD")]
    run(ledger, small, floor=Decimal(SECONDS - 2 * 86_400))
    assert run(ledger, small, now=NOW + DAY).lines == ["mine: 6 new records"]
    assert "old" in [r.source_id for r in ledger.records("mine")] and problems(ledger, small) == {}


# ---- balances -------------------------------------------------------------------------------------


def test_a_wallet_that_was_given_once_is_not_left_out_later(ledger: Ledger) -> None:
    small = account()
    small.refused = frozenset({"earn"})
    first = run(ledger, small)
    assert first.failures == [], "it may not be there at all"
    assert any("what is held there is left out" in line and "Small (earn)" in line for line in first.lines)
    assert problems(ledger, small) == {
        "wallet_not_read": "mine: its earn wallet could not be read in the last run (Small (earn): it is busy or under "
        "maintenance); what it holds is missing from its balances"
    }
    small.refused = frozenset()
    run(ledger, small, now=NOW + DAY)
    assert problems(ledger, small) == {}
    small.refused = frozenset({"earn"})
    assert run(ledger, small, now=NOW + 2 * DAY).failures == ["mine: Small (earn): it is busy or under maintenance"]
    assert problems(ledger, small)["wallet_not_read"].startswith("mine: its balances could not be read in the last run")
    kept = {s.stream: s.records for s in ledger.sources() if s.stream.startswith("Balance")}
    assert kept == {"Balance": 2, "Balance earn": 1}, "a part of the wallets would look like missing coins"
    assert [used.records for used in sources_used(ledger, ledger.transactions())] == [9], "none of which anybody sent"


# ---- progress -------------------------------------------------------------------------------------


def test_progress_says_list_market_and_page_and_ends_where_it_said(ledger: Ledger) -> None:
    told: list[tuple[str, int, int | None]] = []
    run(ledger, account(), tell=lambda *each: told.append(each))
    assert told[0] == ("mine: deposits, page 1", 1, 3)
    assert ("mine: trades BTC-USD (1 of 7), page 3", 5, 11) in told
    assert told[-1] == ("mine: trades M4-USD (7 of 7), page 1", 11, 11)


@pytest.mark.parametrize(
    ("horizon", "here", "requests"),
    [
        (0, None, 10),  # 300 days in windows of 30
        (90, None, 3),  # what the exchange still gives
        (0, Position(newest=Decimal(SECONDS)), 1),
        (0, Position(newest=Decimal(SECONDS - 45 * 86_400)), 2),
        (0, Position(under_way=True, since=Decimal(SECONDS - 95 * 86_400)), 4),  # of a pass that was cut off
    ],
)
def test_lists_ahead_that_are_asked_window_by_window_count_with_all_their_windows(
    horizon: int, here: Position | None, requests: int
) -> None:
    stream = replace(EXCHANGE.streams[0], window=30, horizon=horizon)
    assert expected(stream, here, Decimal(SECONDS - 300 * 86_400), Decimal(SECONDS)) == requests
    assert expected(EXCHANGE.streams[0], here, Decimal(0), Decimal(SECONDS)) == 1, "one request, until it tells more"


def test_a_list_knows_where_it_stands(ledger: Ledger) -> None:
    run(ledger, account())
    here = position(ledger.cursor("mine", "small", "trades BTC-USD"))
    reach = of(ledger, account())
    assert here is not None and not here.under_way
    assert (reach.parts, reach.records, reach.run.asked) == (7, 6, NOW)
    assert (reach.first, reach.last) == (NOW - 5 * DAY, NOW - DAY)
