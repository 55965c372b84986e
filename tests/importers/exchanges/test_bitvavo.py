"""Bitvavo: answers as it gives them, page edges, and what is not its page."""

from datetime import UTC, datetime
from typing import Any

import pytest

from importers.base import Params, Span, Unlike
from importers.exchanges.bitvavo import EXCHANGE
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import Recorded

NOW = 1_767_225_600
HISTORY = EXCHANGE.streams[0]


ADDRESSES = {
    "History": "https://api.bitvavo.com/v2/account/history",
    "Deposits": "https://api.bitvavo.com/v2/depositHistory",
    "Withdrawals": "https://api.bitvavo.com/v2/withdrawalHistory",
}


@pytest.mark.parametrize("case", judged.cases("bitvavo"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


@pytest.mark.parametrize("case", judged.cases("bitvavo"))
def test_the_real_client_brings_every_digit_of_the_samples(case: str, recorded: Recorded) -> None:
    assert judged.heard(EXCHANGE, recorded, case, ADDRESSES) == judged.kept(EXCHANGE, case) != set()


def test_what_was_read_adds_up_to_the_balances_with_what_is_in_orders() -> None:
    said = judged.parsed(EXCHANGE, "history")
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_what_is_not_understood_is_named_with_its_reason() -> None:
    assert judged.why(judged.parsed(EXCHANGE, "unread")) == [
        "Bitvavo History u2: it has another form than this version knows",
        "Bitvavo History u3: type buy is not known to this version",
        "Bitvavo History u4: the withdrawal that it takes back is missing",
        "Bitvavo History u5: type lending is not known to this version",
    ]


class History:
    """Bitvavo's history by pages of a range of milliseconds; without one, that of the last 30 days."""

    def __init__(self, times: list[int]) -> None:
        self.rows = {f"t{n}": time for n, time in enumerate(times)}

    def answer(self, params: Params) -> dict[str, Any]:
        begin, end = int(params.get("fromDate", (NOW - 30 * 86_400) * 1000)), int(params.get("toDate", NOW * 1000))
        inside = sorted((t, id) for id, t in self.rows.items() if begin <= t * 1000 <= end)[::-1]
        page, size = int(params["page"]), int(params["maxItems"])
        assert size <= 100
        items = [
            {"transactionId": id, "executedAt": f"{_iso(t)}.000Z", "type": "staking"}
            for t, id in inside[(page - 1) * size : page * size]
        ]
        return {"items": items, "currentPage": page, "totalPages": -(-len(inside) // size), "maxItems": size}


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_the_history_is_fetched_from_the_beginning_and_then_once_for_the_last_week(count: int) -> None:
    """Rows of seven years, several at one time over the edge of a page."""
    book = History([NOW - (n // 3) * 30 * 86_400 for n in range(count)])
    found, asked = judged.run(EXCHANGE, "History", book.answer, None, NOW)
    assert set(judged.ids(found)) == set(book.rows)
    assert len(asked) == max(1, -(-count // 100))
    book.rows["late"] = NOW - 6 * 86_400
    again, asked = judged.run(EXCHANGE, "History", book.answer, found[-1].cursor, NOW + 3600)
    assert "late" in judged.ids(again)
    assert asked == [{"maxItems": 100, "page": 1, "fromDate": (NOW - 7 * 86_400) * 1000, "toDate": (NOW + 3600) * 1000}]


@pytest.mark.parametrize("count", [1000, 1001, 2400])
def test_movements_without_a_number_come_once_each(count: int) -> None:
    """Two that say the same are two, also over the edge of a page."""
    entries = [{"timestamp": (NOW - n // 4) * 1000, "symbol": "BTC", "amount": "1", "txId": f"{n % 2}"}
               for n in range(count)]  # fmt: skip

    def answer(params: Params) -> list[dict[str, Any]]:
        return [e for e in entries if int(str(e["timestamp"])) <= int(params.get("end", 10**15))][:1000]

    found, _ = judged.run(EXCHANGE, "Deposits", answer, None, NOW)
    assert len(set(judged.ids(found))) == count


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"errorCode": 305, "error": "x"},
        {"items": {}},
        {"items": []},
        {"items": [], "totalPages": 2},
        {"items": [{"transactionId": "1"}], "totalPages": 1},
        {"items": [{"executedAt": "2024-01-01T00:00:00Z"}], "totalPages": 1},
        {"items": [{"transactionId": "1", "executedAt": "yesterday"}], "totalPages": 1},
    ],
)
def test_an_error_is_never_an_empty_page(answer: Any) -> None:
    with pytest.raises(Unlike):
        HISTORY.read(answer, Span())


@pytest.mark.parametrize("answer", [{}, {"errorCode": 305}, [{"symbol": "BTC"}], None])
def test_what_is_no_list_of_balances_is_not_taken_for_an_empty_account(answer: Any) -> None:
    with pytest.raises(Unlike):
        EXCHANGE.wallets[0].read(answer)
