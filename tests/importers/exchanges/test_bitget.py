"""Bitget: answers as it gives them, windows and pages, and what is not its page."""

from typing import Any

import pytest

from importers.base import Params, Span, Unlike
from importers.exchanges.bitget import EXCHANGE
from tests.importers.exchanges import judged

NOW, DAY = 1_767_225_600, 86_400
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}
HELD = {wallet.name: wallet for wallet in EXCHANGE.wallets}


@pytest.mark.parametrize("case", judged.cases("bitget"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


@pytest.mark.parametrize("case", ["tax", "bills"])
def test_what_was_read_adds_up_to_what_spot_and_earn_hold(case: str) -> None:
    """By the list for the tax, and by bills alone; a withdrawal's fee comes on top in one, is inside in the other."""
    said = judged.parsed(EXCHANGE, case)
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_bills_count_only_after_the_newest_line_of_the_tax_list() -> None:
    records = judged.records(EXCHANGE, "tax")
    whole = judged.as_file(EXCHANGE.parse(records).transactions)
    assert judged.as_file(EXCHANGE.parse(r for r in records if r.stream != "bills").transactions) == whole
    later = [r for r in judged.records(EXCHANGE, "bills") if r.stream == "bills"]
    earlier = [r for r in records if r.stream == "tax" and r.position < max(each.position for each in later)]
    assert len(EXCHANGE.parse([*earlier, *later]).transactions) == len(EXCHANGE.parse(earlier).transactions)


def test_what_is_not_supported_or_not_understood_is_named() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert said.transactions == []
    assert sorted(why.partition(": ")[2] for why in judged.why(said)) == [
        "'buy crypto' is not supported yet (USDT)",
        "'judicial recall' is not supported yet (USDT)",
        "a withdrawal whose fee is not less than its amount",
        "bots and copied trades are not supported yet (USDT)",
        "it has another form than this version knows",
        "orders of savings of type deduct are not supported yet",
        "the other side of it is missing",
    ]


class Listed:
    """A list of windows: milliseconds, `days` at most, 100 records at once, below the last id."""

    def __init__(self, times: list[int], days: int, reach: int) -> None:
        self.records, self.days, self.reach = dict(enumerate(times, 1)), days, reach

    def answer(self, params: Params) -> dict[str, Any]:
        begin, end = int(params["startTime"]), int(params["endTime"])
        assert end - begin <= self.days * DAY * 1000 and begin >= (NOW - self.reach * DAY) * 1000
        below = int(params.get("idLessThan", 10**9))
        inside = [(n, t) for n, t in sorted(self.records.items())[::-1] if begin <= t * 1000 <= end and n < below]
        rows = [
            dict.fromkeys(("id", "billId", "orderId"), str(n)) | dict.fromkeys(("ts", "cTime", "ctime"), str(t * 1000))
            for n, t in inside[: int(params["limit"])]
        ]
        return {"code": "00000", "data": rows}


@pytest.mark.parametrize(
    ("name", "days", "reach"),
    [("tax", 30, 730), ("bills", 90, 90), ("deposits", 90, 730), ("withdrawals", 90, 730), ("bgb-converts", 90, 730)],
)
def test_windows_and_pages_leave_nothing_out(name: str, days: int, reach: int) -> None:
    """Records on the edge of every window, and several pages of one instant."""
    first = NOW - (reach - 1) * DAY
    listed = Listed([*range(first, NOW, (days - 1) * DAY), *[NOW - 10 * DAY] * 250], days, reach)
    found, asked = judged.run(EXCHANGE, name, listed.answer, None, NOW)
    assert set(judged.ids(found)) == {str(n) for n in listed.records}
    assert len(asked) <= -(-(reach - 1) // (days - 1)) + 3
    listed.records[9999] = NOW - DAY
    again, asked = judged.run(EXCHANGE, name, listed.answer, found[-1].cursor, NOW + DAY)
    assert "9999" in judged.ids(again) and len(asked) <= 3


def test_an_order_of_savings_pays_interest_many_times() -> None:
    paid = [{"orderId": "7", "orderType": "pay_interest", "ts": str(NOW * 1000 + n)} for n in range(3)]
    page = STREAMS["savings"].read({"code": "00000", "data": {"resultList": paid, "endId": "7"}}, Span(part="flexible"))
    assert len({item.id for item in page.items}) == 3 and page.next is None


@pytest.mark.parametrize(
    "answer",
    [None, "", [], {}, {"code": "00000"}, {"code": "40014", "data": []}, {"code": "00000", "data": {"x": 1}},
     {"code": "00000", "data": ["x"]}, {"code": "00000", "data": [{}]},
     {"code": "00000", "data": {"resultList": [{}], "dataList": [{}]}}],
)  # fmt: skip
@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_what_is_not_its_page_is_refused(stream: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[stream].read(answer, Span())


@pytest.mark.parametrize(
    "answer", [None, {}, {"code": "00000", "data": {}}, {"code": "00000", "data": [{"coin": "A"}]}]
)
@pytest.mark.parametrize("wallet", sorted(HELD))
def test_what_is_no_balance_is_refused(wallet: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        HELD[wallet].read(answer)
