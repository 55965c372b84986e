"""HTX: answers as it gives them, windows and page edges, its accounts, and what is not its page."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from importers.base import Known, Params, Span, Unlike
from importers.exchanges.htx import EXCHANGE
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import Recorded, opened

NOW, DAY = 1_767_225_600, 86_400
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}


@pytest.mark.parametrize("case", judged.cases("htx"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


def test_what_was_read_adds_up_to_what_the_spot_and_the_fiat_account_hold() -> None:
    """With fees in base, quote, another coin and points, a rebate, and two equal transfers."""
    said = judged.parsed(EXCHANGE, "spot")
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_what_is_not_supported_is_named() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert said.transactions == []
    assert sorted(why.partition(": ")[2] for why in judged.why(said)) == [
        "a trade of type hold",
        "a withdrawal in the state lost",
        "an account change of type rebate is not supported yet",
        "btcusdt: margin trades are not supported yet",
        "it has another form than this version knows",
        "the pair btcusdt with a fee in eth",
    ]


@pytest.mark.parametrize("inclusive", [True, False])
def test_windows_of_two_days_leave_nothing_out_whichever_record_a_page_begins_with(inclusive: bool) -> None:
    """Whether the last id of a page comes once more with the next, is not documented."""
    edges = [(NOW - n * DAY) * 1000 for n in range(119)]
    fills = dict(enumerate(sorted([*edges, *[(NOW - 7 * DAY) * 1000] * 1200]), start=1))
    now = NOW

    def answer(params: Params) -> dict[str, Any]:
        begin, end = int(params["start-time"]), int(params["end-time"])
        assert end - begin <= 2 * DAY * 1000 and begin >= (now - 120 * DAY) * 1000
        top = int(params.get("from", 10**9))
        inside = [n for n, t in sorted(fills.items())[::-1] if begin <= t <= end and n <= top - (not inclusive)]
        return {"status": "ok", "data": [{"id": n, "created-at": fills[n]} for n in inside[: int(params["size"])]]}

    found, asked = judged.run(EXCHANGE, "MatchResults", answer, None, NOW)
    assert set(judged.ids(found)) == {str(n) for n in fills}
    assert len(asked) <= 60 + 4
    now += DAY // 2
    _, asked = judged.run(EXCHANGE, "MatchResults", answer, found[-1].cursor, now)
    assert len(asked) == 1


def test_movements_are_gone_through_by_id_back_to_what_can_still_change() -> None:
    moved = {n: (NOW - (2000 - n) * DAY // 4) * 1000 for n in range(1, 2001)}

    def answer(params: Params) -> dict[str, Any]:
        assert params["type"] == "withdraw" and params["direct"] == "next"
        inside = [n for n in sorted(moved)[::-1] if n <= int(params.get("from", 10**9))][: int(params["size"])]
        return {"status": "ok", "data": [{"id": n, "created-at": moved[n]} for n in inside]}

    found, asked = judged.run(EXCHANGE, "Withdrawals", answer, None, NOW)
    assert set(judged.ids(found)) == {str(n) for n in moved}
    assert len(asked) == 5
    moved[2001] = NOW * 1000
    again, asked = judged.run(EXCHANGE, "Withdrawals", answer, found[-1].cursor, NOW + DAY)
    assert "2001" in judged.ids(again) and len(asked) == 1


def test_the_ledger_is_asked_for_the_spot_account_and_balances_for_all_own_ones() -> None:
    accounts = [{"id": 1, "type": "spot"}, {"id": 2, "type": "otc"}, {"id": 3, "type": "super-margin"}]

    def call(method: str, _params: Params, read: Any) -> Any:
        assert method == "spotPrivateGetV1AccountAccounts"
        return read({"status": "ok", "data": accounts})

    parts, (wallet,) = STREAMS["Ledger"].parts, EXCHANGE.wallets
    assert parts is not None and wallet.each is not None
    assert list(parts(call, Known())) == ["1"]
    assert list(wallet.each(call)) == [("1", {"account-id": "1"}), ("2", {"account-id": "2"})]


def test_the_ledger_goes_on_at_the_id_that_it_names() -> None:
    span = Span(part="7", since=NOW - DAY, until=NOW, place=55)  # type: ignore[arg-type]
    assert STREAMS["Ledger"].ask(span) == {
        "accountId": "7", "startTime": (NOW - DAY) * 1000, "endTime": NOW * 1000, "limit": 500, "fromId": 55,
    }  # fmt: skip
    entry = {"transactId": 0, "currency": "usdt", "transactAmt": 1, "transferType": "x", "transactTime": NOW * 1000}
    read = STREAMS["Ledger"].read({"code": 200, "data": [entry, entry], "nextId": 1323}, span)
    assert read.next == 1323 and len({item.id for item in read.items}) == 2


@pytest.mark.parametrize(
    "answer",
    [None, {}, "", {"status": "error", "data": []}, {"code": 500, "data": []}, {"status": "ok", "code": 200},
     {"status": "ok", "code": 200, "data": {}}, {"status": "ok", "code": 200, "data": [{"id": 1}]},
     {"status": "ok", "code": 200, "data": [{"id": True, "created-at": 1, "transactTime": ""}]}],
)  # fmt: skip
@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_what_is_not_its_page_is_refused(stream: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[stream].read(answer, Span())


# ---- through the real client --------------------------------------------------------------------

ASKED = {
    "MatchResults": ("v1/order/matchresults", "start-time end-time size direct from"),
    "Deposits": ("v1/query/deposit-withdraw", "type size direct from"),
    "Withdrawals": ("v1/query/deposit-withdraw", "type size direct from"),
    "Ledger": ("v2/account/ledger", "accountId startTime endTime limit fromId"),
}
SIGNED = {"AccessKeyId", "SignatureMethod", "SignatureVersion", "Timestamp", "Signature"}


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_requests_are_those_that_are_documented(recorded: Recorded, stream: str) -> None:
    of, (path, names) = STREAMS[stream], ASKED[stream]
    recorded.say(f"https://api.huobi.pro/{path}", {"status": "ok", "code": 200, "data": []})
    span = Span(Decimal(NOW - DAY), Decimal(NOW), "7", 7)
    listed = opened(EXCHANGE, recorded).call(of.method, of.ask(span), lambda answer: of.read(answer, span))
    assert (listed.items, listed.next) == ([], None)
    (asked,) = recorded.requests
    assert asked.method == "GET" and set(names.split()) == set(parse_qs(asked.query)) - SIGNED


def test_balances_are_asked_for_account_by_account(recorded: Recorded) -> None:
    answer = {"status": "ok", "data": {"id": 7, "type": "spot", "list": [{"currency": "btc", "balance": "1"}]}}
    recorded.say("https://api.huobi.pro/v1/account/accounts", {"status": "ok", "data": [{"id": 7, "type": "spot"}]})
    recorded.say("https://api.huobi.pro/v1/account/accounts/7/balance", answer)
    client, (wallet,) = opened(EXCHANGE, recorded), EXCHANGE.wallets
    assert wallet.each is not None
    ((_, params),) = wallet.each(client.call)
    assert client.call(wallet.method, params, wallet.read) == answer
