"""Gate: answers as it gives them, windows and page edges, and what is not its page."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from importers.base import Params, Span, Unlike
from importers.exchanges.gate import EXCHANGE
from importers.exchanges.gateeu import EXCHANGE as EUROPE
from tests.importers.exchanges import judged
from tests.importers.exchanges.recorded import Recorded, opened

NOW, DAY = 1_767_225_600, 86_400
STREAMS = {stream.name: stream for stream in EXCHANGE.streams}
HELD = {wallet.name: wallet for wallet in EXCHANGE.wallets}


@pytest.mark.parametrize("case", judged.cases("gate"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


def test_what_was_read_adds_up_to_what_spot_and_simple_earn_hold() -> None:
    """With conversions and dust of the account book, a withdrawal that was cancelled, and interest of both kinds."""
    said = judged.parsed(EXCHANGE, "spot")
    assert judged.balances(said) == judged.told(said)
    assert [issue.code for issue in said.issues] == ["divided_proceeds"]


def test_what_is_not_supported_or_does_not_agree_is_named() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert sorted(why.partition(": ")[2] for why in judged.why(said)) == [
        "a trade without an amount or a side",
        "an account change of type (999999) is not supported yet",
        "an account change of type airdrop (404) that takes something is not supported yet",
        "an account change of type borrow (630) is not supported yet",
        "an account change of type c2c_rop (303) is not supported yet",
        "an account change of type dual_purchased (2001) is not supported yet",
        "interest of which it is not told whether it was paid out or reinvested",
        "it has another form than this version knows",
        "the ledger of the account tells of another amount",
        "the other side of it is missing",
    ]
    assert [t.sent and str(t.sent.quantity) for t in said.transactions] == ["1"]


class Book:
    """The account book: seconds, no more than 30 days and 1000 lines at once, the newest first."""

    def __init__(self, times: list[int]) -> None:
        self.lines = {f"{n}": time for n, time in enumerate(times)}

    def answer(self, params: Params) -> list[dict[str, Any]]:
        begin, end, page = (int(params[name]) for name in ("from", "to", "page"))
        assert end - begin <= 30 * DAY and params["limit"] == 1000
        inside = sorted((t, id) for id, t in self.lines.items() if begin <= t <= end)[::-1]
        return [{"id": id, "time": t * 1000, "currency": "BTC"} for t, id in inside[(page - 1) * 1000 : page * 1000]]


def test_windows_and_pages_of_the_account_book_leave_nothing_out() -> None:
    """Lines on the edge of every window, and more than a page of one second."""
    first = 1_483_228_800  # 2017-01-01
    book = Book([*range(first, NOW, 30 * DAY), *[NOW - 100 * DAY] * 1001])
    found, asked = judged.run(EXCHANGE, "AccountBook", book.answer, None, NOW)
    assert set(judged.ids(found)) == set(book.lines)
    assert len(asked) == -(-(NOW - first) // (30 * DAY)) + 1
    book.lines["late"] = NOW - 6 * DAY
    again, asked = judged.run(EXCHANGE, "AccountBook", book.answer, found[-1].cursor, NOW + DAY)
    assert "late" in judged.ids(again) and len(asked) == 1


def test_deposits_are_paged_by_their_number() -> None:
    def answer(params: Params) -> list[dict[str, Any]]:
        listed = [{"id": f"d{n}", "timestamp": str(NOW - 5)} for n in range(1200)]
        recent = listed if int(params["to"]) >= NOW - 5 >= int(params["from"]) else []
        return recent[int(params["offset"]) :][:500]

    found, _ = judged.run(EXCHANGE, "Deposits", answer, None, NOW)
    assert set(judged.ids(found)) == {f"d{n}" for n in range(1200)}


@pytest.mark.parametrize(
    "answer", [None, {}, "", {"label": "INTERNAL"}, [1], [{"id": "1"}], [{"id": "1", "time": "x", "create_time": "0"}]]
)
@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_what_is_not_its_page_is_refused(stream: str, answer: Any) -> None:
    with pytest.raises(Unlike):
        STREAMS[stream].read(answer, Span())


def test_lending_positions_beyond_one_answer_are_not_taken_for_all() -> None:
    with pytest.raises(Unlike, match="more lending positions"):
        HELD["earn"].read([{"currency": f"C{n}", "amount": "1"} for n in range(100)])


def test_gate_europe_reads_as_gate_does() -> None:
    assert (EUROPE.streams, EUROPE.parse, EUROPE.wallets) == (EXCHANGE.streams, EXCHANGE.parse, EXCHANGE.wallets)


# ---- through the real client --------------------------------------------------------------------

ASKED = {
    "AccountBook": ("spot/account_book", "from to limit page"),
    "MyTrades": ("spot/my_trades", "from to limit page"),
    "Deposits": ("wallet/deposits", "from to limit offset"),
    "Withdrawals": ("wallet/withdrawals", "from to limit offset"),
    "UniInterest": ("earn/uni/interest_records", "from to limit page"),
}
SIGNED: set[str] = set()


@pytest.mark.parametrize("stream", sorted(STREAMS))
def test_requests_are_those_that_are_documented(recorded: Recorded, stream: str) -> None:
    of, (path, names) = STREAMS[stream], ASKED[stream]
    recorded.say(f"https://api.gateio.ws/api/v4/{path}", [])
    span = Span(Decimal(NOW - DAY), Decimal(NOW), "", 7)
    listed = opened(EXCHANGE, recorded).call(of.method, of.ask(span), lambda answer: of.read(answer, span))
    assert (listed.items, listed.next) == ([], None)
    (asked,) = recorded.requests
    assert asked.method == "GET" and set(names.split()) == set(parse_qs(asked.query)) - SIGNED
