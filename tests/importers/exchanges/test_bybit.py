"""Bybit: answers as it gives them, windows, cursors and numbered pages, and what is not its page."""

from decimal import Decimal
from typing import Any

import pytest

from importers.base import Params, Span, Unlike
from importers.exchanges.bybit import EXCHANGE
from importers.exchanges.bybiteu import EXCHANGE as EUROPE
from tests.importers.exchanges import judged

NOW, DAY = 1_767_225_600, 86_400
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}
HELD = {wallet.name: wallet for wallet in EXCHANGE.wallets}


@pytest.mark.parametrize("case", judged.cases("bybit"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


def test_what_was_read_adds_up_to_what_all_wallets_hold() -> None:
    """Of both ledgers and every list that tells the same once more."""
    said = judged.parsed(EXCHANGE, "unified")
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_what_is_not_supported_or_not_understood_is_named() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert said.transactions == []
    assert sorted(why.partition(": ")[2] for why in judged.why(said)) == [
        "'LOANS_BORROW_FUNDS' of the unified account is not supported yet",
        "'p2p p2p order ' of the funding account is not supported yet",
        "it has another form than this version knows",
        "it has another form than this version knows",
        "margin and futures: a change of -0.003676 USDT that its parts do not explain (funding XRPUSDT)",
        "margin and futures: a change of -0.0190872 USDT that its parts do not explain (buy XRPUSDT)",
        "the other side of it is missing",
        "which coins AAAZZZ trades is not known",
    ]


def test_without_the_funding_history_the_lists_tell_the_same() -> None:
    whole = judged.parsed(EXCHANGE, "unified")
    records = [r for r in judged.records(EXCHANGE, "unified") if r.stream != "funding"]
    assert judged.as_file(EXCHANGE.parse(records).transactions) == judged.as_file(whole.transactions)


def test_without_the_lists_both_ledgers_add_up_to_the_same_of_what_they_tell() -> None:
    records = [r for r in judged.records(EXCHANGE, "unified") if r.stream in ("log", "funding")]
    said = EXCHANGE.parse(records)
    assert judged.why(said) == []
    assert judged.balances(said)["ETH"] == judged.balances(judged.parsed(EXCHANGE, "unified"))["ETH"]
    assert {t.description for t in said.transactions} >= {"deposit", "withdrawal", "convert"}


class Log:
    """The log: milliseconds, no more than seven days and 50 lines at once, unsorted within an instant."""

    def __init__(self, times: list[int]) -> None:
        self.lines = {f"{n}": time for n, time in enumerate(times)}

    def answer(self, params: Params) -> dict[str, Any]:
        begin, end = int(params["startTime"]), int(params["endTime"])
        assert end - begin <= 7 * DAY * 1000 and params["limit"] == 50 and params["accountType"] == "UNIFIED"
        assert begin >= (NOW - 730 * DAY) * 1000
        inside = sorted((-t, int(id) % 7, id) for id, t in self.lines.items() if begin <= t * 1000 <= end)
        start = int(params.get("cursor", 0))
        rows = [{"id": id, "transactionTime": str(-t * 1000), "currency": "BTC"} for t, _, id in inside[start:][:50]]
        following = str(start + 50) if start + 50 < len(inside) else ""
        return {"retCode": 0, "result": {"list": rows, "nextPageCursor": following}}


def test_windows_and_pages_of_the_log_leave_nothing_out_within_two_years() -> None:
    """Lines on the edge of every window, more than a page of one instant, and some that are too old."""
    first = NOW - 729 * DAY
    log = Log([*range(first, NOW, 7 * DAY), *[NOW - 100 * DAY] * 120, first - DAY])
    found, asked = judged.run(EXCHANGE, "log", log.answer, None, NOW)
    assert {id.partition("/")[0] for id in judged.ids(found)} == set(log.lines) - {str(len(log.lines) - 1)}
    assert len(asked) == -(-729 // 7) + 2
    log.lines["9999"] = NOW - DAY
    again, asked = judged.run(EXCHANGE, "log", log.answer, found[-1].cursor, NOW + DAY)
    assert any(id.startswith("9999/") for id in judged.ids(again)) and len(asked) == 1


def test_a_cursor_that_says_the_same_again_ends_its_window() -> None:
    """Bybit gives a cursor with the last page, too."""
    row = {"withdrawId": "1", "createTime": str(NOW * 1000)}
    page = {"retCode": 0, "result": {"rows": [row], "nextPageCursor": "x"}}
    assert STREAMS["withdrawals"].read(page, Span()).next == "x"
    assert STREAMS["withdrawals"].read(page, Span(place="x")).next is None
    empty = {"retCode": 0, "result": {"rows": [], "nextPageCursor": "x"}}
    assert STREAMS["withdrawals"].read(empty, Span(place="x")).next is None


@pytest.mark.parametrize(
    ("name", "number", "field"), [("converts", "index", "exchangeTxId"), ("small-balances", "cursor", "exchangeTxId"),
                                  ("fiat-trades", "index", "tradeNo")]
)  # fmt: skip
def test_numbered_pages_are_gone_through_to_the_end_and_the_next_time_only_as_far_as_is_new(
    name: str, number: str, field: str
) -> None:
    rows = [{field: f"c{n}", "createdAt": str((NOW - n * DAY) * 1000)} for n in range(250)]

    def answer(params: Params) -> dict[str, Any]:
        begin = (int(params[number]) - 1) * 100
        listed = rows[begin : begin + 100]
        return {"retCode": 0, "result": listed if name == "fiat-trades" else {"list": listed, "records": listed}}

    found, asked = judged.run(EXCHANGE, name, answer, None, NOW)
    assert (judged.ids(found), len(asked)) == ([row[field] for row in rows], 3)
    rows.insert(0, {field: "new", "createdAt": str(NOW * 1000)})
    again, asked = judged.run(EXCHANGE, name, answer, found[-1].cursor, NOW + 1)
    assert "new" in judged.ids(again) and len(asked) == 1


def test_a_deposit_that_waits_has_no_time_yet_and_the_same_identity_as_later() -> None:
    waits = {"txID": "a", "txIndex": "0", "id": "7", "status": 1, "successAt": "0"}
    done = waits | {"status": 3, "successAt": str(NOW * 1000)}
    read = [
        STREAMS["deposits"].read({"retCode": 0, "result": {"rows": [row]}}, Span(until=Decimal(5))).items[0]
        for row in (waits, done)
    ]
    assert (read[0].id, read[0].time) == (read[1].id, Decimal(5))


@pytest.mark.parametrize(
    "answer",
    [None, "", [], {}, {"retCode": 0}, {"retCode": 10002, "result": {"list": []}}, {"retCode": 0, "result": {"x": []}},
     {"retCode": 0, "result": {n: [{}] for n in ("list", "rows", "records", "result", "yield")}},
     {"retCode": 0, "result": {n: ["x"] for n in ("list", "rows", "records", "result", "yield")}}],
)  # fmt: skip
@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_what_is_not_its_page_is_refused(stream: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[stream].read(answer, Span())


@pytest.mark.parametrize(
    "answer",
    [None, {}, {"retCode": 0, "result": None}, {"retCode": 0, "result": {"list": None, "balance": None}},
     {"retCode": 0, "result": {"list": [{}], "balance": [{}]}}],
)  # fmt: skip
@pytest.mark.parametrize("wallet", sorted(HELD))
def test_what_is_no_balance_is_refused(wallet: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        HELD[wallet].read(answer)


def test_the_european_site_is_read_in_the_same_way() -> None:
    assert (EUROPE.streams, EUROPE.wallets, EUROPE.parse) == (EXCHANGE.streams, EXCHANGE.wallets, EXCHANGE.parse)
    assert "bybit.eu" in EUROPE.gap_help
