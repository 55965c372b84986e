"""Exchanges that one day give fewer records at once than their documents say: nothing is left out for it."""

from collections.abc import Callable
from typing import Any

import pytest

from importers.base import Exchange, Params
from importers.exchanges import binance, bitstamp, okx
from tests.importers.exchanges import judged

NOW = 1_767_225_600
COUNT = 230


def at(number: int) -> int:
    """Milliseconds; three records share an instant."""
    return (NOW - 3_000_000 + number // 3 * 600) * 1000


def trades(params: Params, most: int) -> Any:
    rows = [{"symbol": "BTCUSDT", "id": n, "time": at(n)} for n in range(COUNT)]
    return [row for row in rows if row["id"] >= int(params["fromId"])][:most]


def deposits(params: Params, most: int) -> Any:
    rows = [{"id": str(n), "insertTime": at(n)} for n in reversed(range(COUNT))]
    inside = [row for row in rows if params["startTime"] <= row["insertTime"] <= params["endTime"]]
    return inside[int(params["offset"]) :][:most]


def pays(params: Params, most: int) -> Any:
    rows = [{"transactionId": str(n), "transactionTime": at(n)} for n in reversed(range(COUNT))]
    return {"data": [r for r in rows if params["startTime"] <= r["transactionTime"] <= params["endTime"]][:most]}


def user_transactions(params: Params, most: int) -> Any:
    rows = [{"id": n, "datetime": f"2025-12-{1 + n // 10:02d} 10:00:00"} for n in range(2, COUNT + 2)]
    return [row for row in rows if row["id"] > params["since_id"]][:most]


def bills(params: Params, most: int) -> Any:
    rows = [{"billId": str(n), "ts": str(at(n))} for n in reversed(range(1, COUNT + 1))]
    return {"code": "0", "data": [r for r in rows if int(r["billId"]) < int(params.get("after", 10**6))][:most]}


def funding(params: Params, most: int) -> Any:
    rows = [{"billId": str(n), "ts": str(at(n))} for n in reversed(range(COUNT))]
    return {"code": "0", "data": [r for r in rows if int(r["ts"]) < int(params.get("after", 10**15))][:most]}


@pytest.mark.parametrize("most", [50, 100, 1000])
@pytest.mark.parametrize(
    ("exchange", "stream", "answer"),
    [
        (binance.EXCHANGE, "deposits", deposits),
        (binance.EXCHANGE, "pay", pays),
        (bitstamp.EXCHANGE, "user_transactions", user_transactions),
        (okx.EXCHANGE, "account-bills", bills),
        (okx.EXCHANGE, "asset-bills", funding),
    ],
)
def test_a_list_whose_pages_are_smaller_than_documented_is_read_to_its_end(
    exchange: Exchange, stream: str, answer: Callable[[Params, int], Any], most: int
) -> None:
    pages, asked = judged.run(
        exchange, stream, lambda params: answer(params, min(most, documented(exchange))), None, NOW
    )
    assert len(set(judged.ids(pages))) == COUNT
    again, second = judged.run(exchange, stream, lambda params: answer(params, 1000), pages[-1].cursor, NOW + 60)
    assert len(second) <= 3 and set(judged.ids(again)) <= set(judged.ids(pages))
    assert len(asked) >= COUNT // most


def documented(exchange: Exchange) -> int:
    return 100 if exchange.id == "okx" else 1000
