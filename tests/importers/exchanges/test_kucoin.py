"""KuCoin: answers as it gives them, lists and ledgers told once, windows and page edges, and what is not its page."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from importers.base import Known, Params, Span, Unlike
from importers.exchanges.kucoin import EXCHANGE
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import Recorded, opened

NOW, DAY = 1_767_225_600, 86_400
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}


@pytest.mark.parametrize("case", judged.cases("kucoin"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


def test_what_lists_and_ledgers_tell_adds_up_to_the_balances() -> None:
    """A fill that three lists have, one that only a ledger has; margin coins are nobody's."""
    said = judged.parsed(EXCHANGE, "spot")
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_what_is_not_supported_or_does_not_agree_is_named() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert sorted(why.partition(": ")[2] for why in judged.why(said)) == [
        "BTC-USDT: margin trades are not supported yet",
        "Loans Repaid: margin, loans and futures are not supported yet",
        "Margin Trade in the account MARGIN: margin and futures are not supported yet",
        "Rewards that takes something is not supported yet",
        "a line that does not say whether something came or went",
        "a trade without an amount or a side",
        "an account change of type Buy Crypto is not supported yet",
        "it has another form than this version knows",
        "the ledger of the account tells of another amount",
        "the other side of it is missing",
        "the other side of it is missing",
    ]
    assert [t.received and str(t.received.quantity) for t in said.transactions] == ["2"]


def paged(items: list[dict[str, Any]], params: Params, most: int) -> dict[str, Any]:
    page, size = int(params["currentPage"]), int(params["pageSize"])
    assert size <= most
    pages = -(-len(items) // size)
    shown = items[(page - 1) * size : page * size]
    data = {"currentPage": page, "pageSize": size, "totalNum": len(items), "totalPage": pages, "items": shown}
    return {"code": "200000", "data": data}


@pytest.mark.parametrize(("stream", "days", "time"), [("Ledgers", 1, "createdAt"), ("Converts", 7, "orderTime")])
def test_windows_leave_nothing_out(stream: str, days: int, time: str) -> None:
    """Entries on the edge of every window, and pages of one millisecond."""
    edges = [(NOW - n * DAY) * 1000 for n in range(1, 364)]
    times = dict(enumerate([*edges, *[(NOW - 10 * DAY) * 1000] * 700]))
    now = NOW

    def answer(params: Params) -> dict[str, Any]:
        begin, end = int(params["startAt"]), int(params["endAt"])
        assert end - begin <= days * DAY * 1000, "wider than the exchange takes"
        assert stream != "Ledgers" or begin >= (now - 365 * DAY) * 1000, "further back than it reaches"
        inside = sorted((t, n) for n, t in times.items() if begin <= t <= end)[::-1]
        return paged([{"id": f"e{n}", "orderId": f"e{n}", time: t} for t, n in inside], params, 500)

    found, asked = judged.run(EXCHANGE, stream, answer, None, NOW)
    assert set(judged.ids(found)) == {f"e{n}" for n in times}
    now += DAY // 2
    again, asked = judged.run(EXCHANGE, stream, answer, found[-1].cursor, now)
    assert set(judged.ids(again)) <= set(judged.ids(found)) and len(asked) <= 2


@pytest.mark.parametrize(("stream", "size", "days"), [("HfLedgers", 200, 3), ("HfFills", 100, 7)])
def test_lists_by_id_end_where_the_exchange_does(stream: str, size: int, days: int) -> None:
    """Pages by the id of the last record, all of one millisecond, and a full page at the end."""
    records = [{"id": n, "createdAt": (NOW - DAY) * 1000} for n in range(3 * size, 0, -1)]

    def answer(params: Params) -> dict[str, Any]:
        assert params["limit"] == size and int(params["startAt"]) >= (NOW - days * DAY) * 1000
        left = [each for each in records if "lastId" not in params or each["id"] < int(params["lastId"])][:size]
        last = left[-1]["id"] if left else 0
        return {"code": "200000", "data": {"items": left, "lastId": last} if stream == "HfFills" else left}

    found, asked = judged.run(EXCHANGE, stream, answer, None, NOW)
    assert set(judged.ids(found)) == {str(each["id"]) for each in records}
    assert len(asked) == 4


def test_fills_are_asked_for_where_something_can_be_new() -> None:
    markets = [{"symbol": f"{a}-{b}", "baseCurrency": a, "quoteCurrency": b}
               for a, b in (("BTC", "USDT"), ("ETH", "BTC"), ("WAX", "USDT"))]  # fmt: skip

    def call(_method: str, _params: Params, read: Any) -> Any:
        return read({"code": "200000", "data": markets})

    parts = STREAMS["HfFills"].parts
    assert parts is not None
    first = parts(call, Known(frozenset({"BTC"}), frozenset({"GONE-USDT"})))
    assert set(first) == {"GONE-USDT", "BTC-USDT", "ETH-BTC", "WAX-USDT"}
    later = parts(call, Known(frozenset({"BTC", "USDT", "WAXP"}), frozenset({"GONE-USDT"}), complete=True))
    assert set(later) == {"GONE-USDT", "BTC-USDT", "WAX-USDT"}
    with pytest.raises(Unlike):
        list(parts(lambda *_: _[2]({"code": "200000", "data": []}), Known()))


ENTRY = {"id": "1", "createdAt": 0}


@pytest.mark.parametrize(
    "answer",
    [None, {}, "", {"code": "200000"}, {"code": "200001", "data": []}, {"code": "200000", "data": None},
     {"code": "200000", "data": {"items": None, "currentPage": 1, "totalPage": 1}},
     {"code": "200000", "data": {"items": [ENTRY], "currentPage": 1, "totalPage": 1}},
     {"code": "200000", "data": {"items": [{"createdAt": 1}], "currentPage": 1}}, {"code": "200000", "data": [ENTRY]}],
)  # fmt: skip
@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_what_is_not_its_page_is_refused(stream: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[stream].read(answer, Span())


# ---- through the real client --------------------------------------------------------------------

ASKED = {
    "Deposits": ("deposits", "startAt endAt currentPage pageSize"),
    "Withdrawals": ("withdrawals", "startAt endAt currentPage pageSize"),
    "HistDeposits": ("hist-deposits", "currentPage pageSize"),
    "HistWithdrawals": ("hist-withdrawals", "currentPage pageSize"),
    "Fills": ("fills", "startAt endAt currentPage pageSize"),
    "Converts": ("convert/order/history", "startAt endAt currentPage pageSize"),
    "Ledgers": ("accounts/ledgers", "startAt endAt currentPage pageSize"),
    "HfLedgers": ("hf/accounts/ledgers", "startAt endAt limit lastId"),
    "HfFills": ("hf/fills", "symbol startAt endAt limit lastId"),
}
SIGNED: set[str] = set()
EMPTY = {"currentPage": 7, "pageSize": 1, "totalNum": 0, "totalPage": 0, "items": []}


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_requests_are_those_that_are_documented(recorded: Recorded, stream: str) -> None:
    of, (path, names) = STREAMS[stream], ASKED[stream]
    recorded.say(
        f"https://api.kucoin.com/api/v1/{path}", {"code": "200000", "data": [] if stream == "HfLedgers" else EMPTY}
    )
    span = Span(Decimal(NOW - DAY), Decimal(NOW), "BTC-USDT", 7)
    listed = opened(EXCHANGE, recorded).call(of.method, of.ask(span), lambda answer: of.read(answer, span))
    assert (listed.items, listed.next) == ([], None)
    (asked,) = recorded.requests
    assert asked.method == "GET" and set(names.split()) == set(parse_qs(asked.query)) - SIGNED
