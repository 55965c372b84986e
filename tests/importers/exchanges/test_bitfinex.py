"""Bitfinex: answers as it gives them, page edges, and what is not its page."""

from typing import Any

import pytest

from importers.base import Params, Refused, Span, Unlike
from importers.exchanges.bitfinex import EXCHANGE
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import Recorded

NOW = 1_767_225_600
LEDGERS = EXCHANGE.streams[0]


ADDRESSES = {
    "Ledgers": "https://api.bitfinex.com/v2/auth/r/ledgers/hist",
    "Trades": "https://api.bitfinex.com/v2/auth/r/trades/hist",
    "Movements": "https://api.bitfinex.com/v2/auth/r/movements/hist",
}


@pytest.mark.parametrize("case", judged.cases("bitfinex"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


@pytest.mark.parametrize("case", judged.cases("bitfinex"))
def test_the_real_client_brings_every_digit_of_the_samples(case: str, recorded: Recorded) -> None:
    assert judged.heard(EXCHANGE, recorded, case, ADDRESSES) == judged.kept(EXCHANGE, case) != set()


@pytest.mark.parametrize("case", ["spot", "receipts"])
def test_what_was_read_adds_up_to_the_balances_of_all_wallets(case: str) -> None:
    said = judged.parsed(EXCHANGE, case)
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_what_of_margin_can_not_be_told_is_named_and_counts_for_nothing() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert judged.why(said) == [
        "Bitfinex Ledgers 3300000001: it has another form than this version knows",
        "Bitfinex Ledgers 3300000008: the other side of the trade is missing",
        "Bitfinex Ledgers 3300000003: the other side of the transfer is missing",
        "Bitfinex Ledgers 3300000004: margin and derivatives: 'Settlement @ 3500.0' is not supported yet",
        "Bitfinex Ledgers 3300000005: margin and derivatives: 'Position #144 swap' is not supported yet",
        "Bitfinex Ledgers 3300000006: margin and derivatives: 'Position #144 claimed @ 3500.0' is not supported yet",
        "Bitfinex Ledgers 3300000007: margin and derivatives: 'Claiming fee for Position claimed 1.0 BTC @ 3500.0' is "
        "not supported yet",
        "Bitfinex Ledgers 3300000009: 'Adjustment #77' is not known to this version",
        "its ledger begins on 2025-06-15; 1 trades and movements are older, from 2017-03-20 on",
    ]
    assert said.transactions == []


class Book:
    """Bitfinex's ledger of so many entries, given as it gives them: some number of milliseconds and before."""

    def __init__(self, times: list[int], most: int = 2500) -> None:
        self.entries: list[list[Any]] = [
            [n, "USD", "exchange", t, None, 1, 1, None, "Deposit (WIRE) #1 on wallet exchange"]
            for n, t in enumerate(times)
        ]
        self.most = most

    def answer(self, params: Params) -> list[list[Any]]:
        begin, end = int(params.get("start", 0)), int(params.get("end", 10**15))
        assert int(params["limit"]) <= 2500
        inside = [e for e in self.entries if begin <= e[3] <= end]
        return sorted(inside, key=lambda e: -e[3])[: min(self.most, int(params["limit"]))]


@pytest.mark.parametrize("most", [2500, 500, 125])
@pytest.mark.parametrize("count", [0, 1, 25, 499, 500, 501, 2500, 2501, 6000])
def test_the_whole_ledger_is_fetched_however_long_a_page_is(count: int, most: int) -> None:
    """Also when the largest page is smaller than the documents say, and with several at once over its edge."""
    book = Book([(NOW - 86_400 - n // 3) * 1000 for n in range(count)], most)
    found, _ = judged.run(EXCHANGE, "Ledgers", book.answer, None, NOW)
    assert set(judged.ids(found)) == {str(n) for n in range(count)}


def test_a_second_run_asks_once_for_the_last_week() -> None:
    book = Book([(NOW - n * 3600) * 1000 for n in range(1, 5001)])
    found, asked = judged.run(EXCHANGE, "Ledgers", book.answer, None, NOW)
    assert len(asked) == 3
    _, asked = judged.run(EXCHANGE, "Ledgers", book.answer, found[-1].cursor, NOW + 60)
    assert len(asked) == 1 and int(asked[0]["start"]) in range((NOW - 7 * 86_400 - 3600) * 1000, NOW * 1000)


def test_what_can_not_be_told_apart_by_its_time_is_not_taken_for_the_whole() -> None:
    book = Book([NOW * 1000] * 2501)
    with pytest.raises(Refused, match="same page again and again"):
        judged.run(EXCHANGE, "Ledgers", book.answer, None, NOW)


@pytest.mark.parametrize(
    "answer",
    [{}, {"error": "x"}, ["error", 10100, "apikey: invalid"], [[1, "USD", None]], [["x", "USD", None, 1, None, 1]],
     [[1, "USD", None, None, None, 1]], None, "[]"],
)  # fmt: skip
def test_an_error_is_never_an_empty_page(answer: Any) -> None:
    with pytest.raises(Unlike):
        LEDGERS.read(answer, Span())


@pytest.mark.parametrize("answer", [{}, ["error", 10100, "apikey: invalid"], [["exchange", "BTC"]], None])
def test_what_is_no_list_of_wallets_is_not_taken_for_an_empty_account(answer: Any) -> None:
    with pytest.raises(Unlike):
        EXCHANGE.wallets[0].read(answer)
