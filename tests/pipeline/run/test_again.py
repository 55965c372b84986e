"""A record that an exchange lists much later than what it tells of: found once the balances say that it is missing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from importers.sandbox.server import NOW
from pipeline.ledger import Ledger
from pipeline.run.again import Look, begin_again, came
from pipeline.run.fetching import fetch
from tests.pipeline.run.small import EXCHANGE, SECONDS, Small, opened, record, work

DAY = timedelta(days=1)
LATE = {"id": "late", "time": str(SECONDS + 43_200), "units": "1", "asset": "BTC"}  # half a day after the first run


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path) as one:
        yield one


def nightly(ledger: Ledger, small: Small, night: int) -> list[Look]:
    """An import so many days after the first, and what it looked for again; it ends with everything parsed."""
    small.requests.clear()
    one = work(ledger, small, now=NOW + night * DAY)
    fetch(one)
    assert one.outcome.failures == []
    ledger.replace_parsed("mine", [EXCHANGE.parse(ledger.records("mine"))], "1")
    return one.looks


def holding(small: Small, units: int) -> None:
    small.held["spot"] = {"BTC": str(units)}


def differing(ledger: Ledger) -> Small:
    """An account that has had a bitcoin more since the first night than its lists say; and a deposit since."""
    small = Small(deposits=[record("first", 1)])
    holding(small, 1)
    assert nightly(ledger, small, 0) == []
    holding(small, 2)
    for night in (1, 2, 3):
        assert nightly(ledger, small, night) == [], "the runs reach back so far by themselves"
    small.deposits.append(record("since", -5))
    holding(small, 3)
    assert nightly(ledger, small, 6) == []
    return small


def test_a_record_that_comes_later_than_runs_go_back_is_found_and_told(ledger: Ledger) -> None:
    small = differing(ledger)
    small.deposits.append(LATE)
    (look,) = nightly(ledger, small, 7)
    assert look.window == (NOW, NOW + DAY)
    assert came(ledger, look) == (
        f"mine: BTC began to differ between {NOW:%Y-%m-%d} and {NOW + DAY:%Y-%m-%d}, so its lists were asked again "
        "from there on: 1 late transaction; it adds up now"
    )
    assert nightly(ledger, small, 8) == [] and small.asked["deposits"] == 1


def test_a_difference_that_stays_is_looked_for_each_time_it_is_twice_as_old(ledger: Ledger) -> None:
    small = differing(ledger)
    looked = {night: looks for night in range(7, 50) if (looks := nightly(ledger, small, night))}
    assert list(looked) == [7, 13, 25, 49]
    assert [looks[0].whole for looks in looked.values()] == [False, True, True, True]
    assert came(ledger, looked[49][0]).endswith("from their beginning: 0 late transactions; BTC still differs")


def test_a_record_of_long_before_its_balance_is_found_when_all_is_asked_again(ledger: Ledger) -> None:
    small = differing(ledger)
    small.deposits.append({**LATE, "time": str(SECONDS - 400 * 86_400)})
    assert came(ledger, nightly(ledger, small, 7)[0]).endswith("0 late transactions; BTC still differs")
    assert came(ledger, nightly(ledger, small, 13)[0]).endswith("1 late transaction; it adds up now")


def test_a_list_that_said_it_was_empty_is_whole_once_all_is_asked_for_again(ledger: Ledger) -> None:
    """Of what was not there from the first report on, nothing says when it began; so a person asks for all of it."""
    there = {"BTC-USD": [record("b", 400)], "ETH-USD": [record("e", 300, asset="ETH")]}
    small = Small(deposits=[record("d", 200)], trades={name: [] for name in there})
    small.held["spot"] = {"BTC": "2", "ETH": "1"}
    for night in range(3):
        assert nightly(ledger, small, night) == []
        small.trades = there  # as it was all the time
    assert [r.source_id for r in ledger.records("mine") if not r.stream.startswith("Balance")] == ["d"]
    begin_again(ledger, "mine", EXCHANGE)
    nightly(ledger, small, 4)
    assert {r.source_id for r in ledger.records("mine")} >= {"b", "d", "e"}
    nightly(ledger, small, 5)
    assert small.asked["deposits"] == 1 and small.asked["trades BTC-USD"] == 1


def test_looking_again_that_is_cut_off_is_ended_by_the_next_run(ledger: Ledger) -> None:
    small = differing(ledger)
    small.deposits.append(LATE)
    small.refused = frozenset({"deposits"})
    one = work(ledger, small, now=NOW + 7 * DAY)
    fetch(one)
    assert len(one.looks) == len(one.outcome.failures) == 1
    small.refused = frozenset()
    nightly(ledger, small, 8)
    assert "late" in [r.source_id for r in ledger.records("mine")]
