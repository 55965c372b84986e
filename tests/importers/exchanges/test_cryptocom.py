"""Crypto.com Exchange: answers as it gives them, windows and page edges, and what is not its page."""

from typing import Any

import pytest

from importers.base import Params, Refused, Span, Unlike
from importers.exchanges.cryptocom import EXCHANGE
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import Recorded

NOW = 1_767_225_600
DAY = 86_400
BILLION = 10**9
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}


ADDRESSES = {
    "Journal": "https://api.crypto.com/exchange/v1/private/get-transactions",
    "Trades": "https://api.crypto.com/exchange/v1/private/get-trades",
    "Deposits": "https://api.crypto.com/exchange/v1/private/get-deposit-history",
    "Withdrawals": "https://api.crypto.com/exchange/v1/private/get-withdrawal-history",
    "StakingRewards": "https://api.crypto.com/exchange/v1/private/staking/get-reward-history",
    "StakingConversions": "https://api.crypto.com/exchange/v1/private/staking/get-convert-history",
    "FiatDeposits": "https://api.crypto.com/exchange/v1/private/fiat/fiat-deposit-history",
    "FiatWithdrawals": "https://api.crypto.com/exchange/v1/private/fiat/fiat-withdraw-history",
}


@pytest.mark.parametrize("case", judged.cases("cryptocom"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


@pytest.mark.parametrize("case", judged.cases("cryptocom"))
def test_the_real_client_brings_every_digit_of_the_samples(case: str, recorded: Recorded) -> None:
    assert judged.heard(EXCHANGE, recorded, case, ADDRESSES) == judged.kept(EXCHANGE, case) != set()


def test_what_was_read_adds_up_to_the_balances() -> None:
    """With a trade that only the list of trades has, and one that both have, counted once."""
    said = judged.parsed(EXCHANGE, "spot")
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_a_fee_that_the_journal_shows_to_be_inside_the_amount_is_taken_out_of_it() -> None:
    told = {t.source_id: (t.sent, t.fee) for t in judged.parsed(EXCHANGE, "movements").transactions}
    assert [str(side.quantity) for side in told["2220"] if side] == ["99.0", "1"]
    assert [str(side.quantity) for side in told["2221"] if side] == ["0.01", "0.0005"]


def test_what_contracts_say_is_named_and_counts_for_nothing() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert said.transactions == []
    assert sorted(judged.why(said)) == [
        "Crypto.com Exchange Journal 8001: it has another form than this version knows",
        "Crypto.com Exchange Journal 8002: margin and derivatives: type TRADING of a contract is not supported yet",
        "Crypto.com Exchange Journal 8003: margin and derivatives: type SESSION_SETTLE of a contract is not supported "
        "yet",
        "Crypto.com Exchange Journal 8004: margin and derivatives: type SESSION_SETTLE of a contract is not supported "
        "yet",
        "Crypto.com Exchange Journal 8006: the other side of the trade is missing",
        "Crypto.com Exchange Journal 8007: type ADMIN_ADJUSTMENT of -1 CRO",
        "Crypto.com Exchange Trades 71498: it does not say what was traded",
    ]


class Journal:
    """The journal with times in nanoseconds: no more than 100 entries before an end, of seven days, of six months."""

    def __init__(self, times: list[int]) -> None:
        self.entries = {f"j{n}": time for n, time in enumerate(times)}
        self.now = NOW

    def answer(self, params: Params) -> dict[str, Any]:
        begin, end = int(params["start_time"]), int(params["end_time"])
        assert end - begin <= 7 * DAY * BILLION + 1, "wider than the exchange takes"
        assert begin >= (self.now - 180 * DAY) * BILLION, "further back than it keeps"
        assert int(params["limit"]) <= 100
        inside = sorted((t, id) for id, t in self.entries.items() if begin <= t < end)[::-1]
        data = [{"journal_id": id, "event_timestamp_ns": str(t)} for t, id in inside[:100]]
        return {"id": 1, "code": 0, "result": {"data": data}}


@pytest.mark.parametrize("together", [1, 3, 40])
def test_windows_of_a_week_leave_nothing_out(together: int) -> None:
    """Many within a second, many at one nanosecond over the edge of a page, some on the edge of a window."""
    edges = [(NOW - day * DAY) * BILLION for day in range(180)]
    crowd = [(NOW - 20 * DAY) * BILLION - n // together for n in range(450)]
    book = Journal([*edges, *crowd])
    found, asked = judged.run(EXCHANGE, "Journal", book.answer, None, NOW)
    assert set(judged.ids(found)) == set(book.entries)
    assert len(asked) <= 26 + 10
    book.entries["late"] = (NOW - 2 * DAY) * BILLION
    book.now += DAY
    again, asked = judged.run(EXCHANGE, "Journal", book.answer, found[-1].cursor, NOW + DAY)
    assert "late" in judged.ids(again) and len(asked) == 1


def test_a_hundred_and_one_at_one_nanosecond_are_not_taken_for_a_hundred() -> None:
    book = Journal([(NOW - DAY) * BILLION] * 101)
    with pytest.raises(Refused, match="same page again and again"):
        judged.run(EXCHANGE, "Journal", book.answer, None, NOW)


@pytest.mark.parametrize("onward", [True, False])
def test_rewards_come_once_each_in_whichever_order_they_are_given(onward: bool) -> None:
    """Two that say the same are two; 1300 in one window."""
    rewards = [((NOW - 5 * DAY - n // 2 * 60) * 1000, "0.1") for n in range(1300)]

    def answer(params: Params) -> dict[str, Any]:
        begin, end = int(params["start_time"]), int(params["end_time"])
        assert end - begin <= 180 * DAY * 1000 and int(params["limit"]) <= 500
        inside = sorted((each for each in rewards if begin <= each[0] <= end), reverse=not onward)[:500]
        data = [{"staking_inst_name": "SOL.staked", "reward_inst_name": "SOL.staked", "reward_quantity": quantity,
                 "event_timestamp_ms": str(t)} for t, quantity in inside]  # fmt: skip
        return {"code": 0, "result": {"data": data}}

    found, _ = judged.run(EXCHANGE, "StakingRewards", answer, None, NOW)
    assert len(set(judged.ids(found))) == 1300


@pytest.mark.parametrize(
    ("stream", "name", "most"),
    [
        ("Deposits", "deposit_list", 200),
        ("Withdrawals", "withdrawal_list", 200),
        ("FiatDeposits", "transaction_history_list", 20),
    ],
)
def test_pages_are_asked_for_until_one_is_not_full(stream: str, name: str, most: int) -> None:
    """Also when the exchange gives fewer than were asked for, and says so."""
    moved = {f"{n}": (NOW - n * 3600) * 1000 for n in range(450)}

    def answer(params: Params) -> dict[str, Any]:
        begin = int(params.get("start_ts", params.get("start_time", 0)))
        end = int(params.get("end_ts", params.get("end_time", 10**15)))
        inside = sorted((t, id) for id, t in moved.items() if begin <= t <= end)[::-1]
        size, page = min(most, int(params["page_size"])), int(params["page"])
        data = [{"id": id, "create_time": t, "created_at": str(t)} for t, id in inside[page * size : (page + 1) * size]]
        return {"code": 0, "result": {name: data, "page": page, "page_size": size}}

    found, _ = judged.run(EXCHANGE, stream, answer, None, NOW)
    assert set(judged.ids(found)) == set(moved)


@pytest.mark.parametrize(
    "answer", [{}, [], {"code": 40101}, {"result": {}}, {"result": {"data": {}}}, {"result": None}]
)
@pytest.mark.parametrize("stream", STREAMS)
def test_an_error_is_never_an_empty_page(stream: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[stream].read(answer, Span())
    with pytest.raises(Unlike):
        EXCHANGE.wallets[0].read(answer)


@pytest.mark.parametrize("entry", [{}, {"journal_id": "1"}, {"journal_id": "1", "event_timestamp_ns": "x"}])
def test_an_entry_without_a_number_or_a_time_makes_no_page(entry: dict[str, str]) -> None:
    with pytest.raises(Unlike):
        STREAMS["Journal"].read({"result": {"data": [entry]}}, Span())
