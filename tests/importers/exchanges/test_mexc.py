"""MEXC: answers as it gives them, lists by time and by page, its pairs, and what is not its page."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from importers.base import Known, Params, Refused, Span, Unlike
from importers.exchanges.mexc import EXCHANGE
from importers.parsers.build import Unread
from importers.parsers.mexc import split_pair
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import Recorded, opened

NOW, DAY = 1_767_225_600, 86_400
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}


@pytest.mark.parametrize("case", judged.cases("mexc"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


def test_what_was_read_adds_up_to_the_balances() -> None:
    """With a fee in MX, dust with its fee, two fills of one number in two pairs, and what moved to futures."""
    said = judged.parsed(EXCHANGE, "spot")
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_what_is_not_understood_is_named() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert said.transactions == []
    assert sorted(why.partition(": ")[2] for why in judged.why(said)) == [
        "a conversion of nothing",
        "a deposit of status 77",
        "a trade without an amount or a side",
        "the pair FOOXYZ: it can't be told where its second asset begins",
    ]


@pytest.mark.parametrize(("pair", "told"), [("BTCUSDT", ("BTC", "USDT")), ("MXUSDC", ("MX", "USDC")),
                                            ("BTCUSD1", ("BTC", "USD1")), ("ETHBTC", ("ETH", "BTC"))])  # fmt: skip
def test_a_pair_is_told_by_its_quote(pair: str, told: tuple[str, str]) -> None:
    assert split_pair(pair) == told


def test_a_quote_alone_is_no_pair() -> None:
    with pytest.raises(Unread):
        split_pair("USDT")


def newest_first(records: dict[str, int], params: Params, most: int) -> list[dict[str, Any]]:
    """Records by id with their milliseconds, as a list by time gives them."""
    begin, end = int(params.get("startTime", 0)), int(params.get("endTime", 10**14))
    assert int(params["limit"]) == most
    inside = sorted((t, id) for id, t in records.items() if begin <= t <= end)[::-1][:most]
    return [
        {"id": id, "txId": id, "coin": "A", "amount": "1", "time": t, "applyTime": t, "insertTime": t}
        for t, id in inside
    ]


def test_fills_of_a_month_come_whole_with_equal_times_over_the_edge_of_a_page() -> None:
    fills = {f"f{n:03}": (NOW - n // 30 * 3600) * 1000 for n in range(450)}

    def answer(params: Params) -> list[dict[str, Any]]:
        assert params["symbol"] == "" and int(params["startTime"]) >= (NOW - 30 * DAY) * 1000
        return newest_first(fills, params, 100)

    found, _ = judged.run(EXCHANGE, "MyTrades", answer, None, NOW)
    assert set(judged.ids(found)) == set(fills)
    _, asked = judged.run(EXCHANGE, "MyTrades", answer, found[-1].cursor, NOW + DAY)
    assert len(asked) <= 6


def test_more_fills_of_one_instant_than_a_page_are_refused_and_not_lost() -> None:
    with pytest.raises(Refused, match="same page"):
        judged.run(
            EXCHANGE, "MyTrades", lambda p: newest_first({f"f{n}": NOW * 1000 for n in range(150)}, p, 100), None, NOW
        )


def test_a_full_page_in_another_order_is_not_taken_for_the_newest() -> None:
    page = [{"id": str(n), "time": NOW * 1000 + n} for n in range(100)]
    with pytest.raises(Unlike, match="newest first"):
        STREAMS["MyTrades"].read(page, Span())


@pytest.mark.parametrize("stream", ["Deposits", "Withdrawals"])
def test_windows_of_a_week_leave_nothing_out(stream: str) -> None:
    moved = {f"m{n}": (NOW - n * DAY) * 1000 for n in range(90)}

    def answer(params: Params) -> list[dict[str, Any]]:
        begin, end = int(params["startTime"]), int(params["endTime"])
        assert end - begin <= 7 * DAY * 1000 and begin >= (NOW - 90 * DAY) * 1000
        return newest_first(moved, params, 1000)

    found, asked = judged.run(EXCHANGE, stream, answer, None, NOW)
    assert len(set(judged.ids(found))) == len(moved) and len(asked) == 13
    assert len(judged.run(EXCHANGE, stream, answer, found[-1].cursor, NOW + DAY)[1]) == 1


def test_dust_is_gone_through_page_by_page() -> None:
    def answer(params: Params) -> dict[str, Any]:
        page = int(params["page"])
        sweep = {"convertDetails": [{"id": f"{page}-{n}", "time": NOW * 1000} for n in range(2)]}
        return {"data": [sweep], "totalRecords": 3, "page": page, "totalPageNum": 3}

    found, asked = judged.run(EXCHANGE, "Dust", answer, None, NOW)
    assert len(judged.ids(found)) == 6 and len(asked) == 3


def test_fills_are_asked_for_where_something_can_be_new() -> None:
    markets = [{"symbol": f"{a}{b}", "baseAsset": a, "quoteAsset": b} for a, b in (("STEPN", "USDT"), ("ETH", "BTC"))]

    def call(method: str, _params: Params, read: Any) -> Any:
        assert method == "spotPublicGetExchangeInfo"
        return read({"symbols": markets})

    parts = STREAMS["MyTrades"].parts
    assert parts is not None
    assert set(parts(call, Known(parts=frozenset({"GONEUSDT"})))) == {"GONEUSDT", "STEPNUSDT", "ETHBTC"}
    later = parts(call, Known(frozenset({"GMT", "USDT", "BTC"}), frozenset({"GONEUSDT"}), complete=True))
    assert set(later) == {"GONEUSDT", "STEPNUSDT"}


@pytest.mark.parametrize(
    "answer",
    [None, {}, "", {"code": 700002, "msg": "x"}, [1], [{"id": "1"}], [{"time": 1, "insertTime": "x", "applyTime": 1}],
     {"data": [{}], "rows": [{}]}, {"data": [{"convertDetails": []}]}],
)  # fmt: skip
@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_what_is_not_its_page_is_refused(stream: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[stream].read(answer, Span(part="SPOT-FUTURES"))


# ---- through the real client --------------------------------------------------------------------

ASKED = {
    "Deposits": ("capital/deposit/hisrec", "startTime endTime limit"),
    "Withdrawals": ("capital/withdraw/history", "startTime endTime limit"),
    "Dust": ("capital/convert", "startTime page limit"),
    "Transfers": ("capital/transfer", "fromAccountType toAccountType startTime page size"),
    "MyTrades": ("myTrades", "symbol startTime endTime limit"),
}
SIGNED = {"timestamp", "recvWindow", "signature"}
EMPTY: dict[str, Any] = {
    "Dust": {"data": [], "totalRecords": 0, "page": 1, "totalPageNum": 0},
    "Transfers": {"rows": []},
}


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_requests_are_those_that_are_documented(recorded: Recorded, stream: str) -> None:
    of, (path, names) = STREAMS[stream], ASKED[stream]
    recorded.say(f"https://api.mexc.com/api/v3/{path}", EMPTY.get(stream, []))
    span = Span(Decimal(NOW - DAY), Decimal(NOW), "SPOT-FUTURES", 7)
    listed = opened(EXCHANGE, recorded).call(of.method, of.ask(span), lambda answer: of.read(answer, span))
    assert (listed.items, listed.next) == ([], None)
    (asked,) = recorded.requests
    assert asked.method == "GET" and set(names.split()) == set(parse_qs(asked.query)) - SIGNED
