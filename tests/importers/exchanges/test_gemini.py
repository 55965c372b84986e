"""Gemini: answers as it gives them, page edges, and what is not its page."""

import base64
import contextlib
import json
from typing import Any

import pytest

from importers.base import Params, Refused, Span, Unlike
from importers.exchanges.gemini import EXCHANGE
from pipeline.model import Page
from tests.importers.exchanges import judged
from tests.importers.exchanges.imports import survives
from tests.importers.exchanges.recorded import Recorded, opened

NOW = 1_767_225_600
BEGIN = 1_700_000_000_000  # milliseconds
TRANSFERS, STAKING, TRADES = EXCHANGE.streams


@pytest.mark.parametrize("case", judged.cases("gemini"))
def test_samples_say_what_was_judged_right(case: str) -> None:
    judged.judge(EXCHANGE, case)


def test_what_was_read_adds_up_to_the_balances_of_exchange_and_staking() -> None:
    said = judged.parsed(EXCHANGE, "account")
    assert judged.balances(said) == judged.told(said)
    assert said.issues == []


def test_what_is_not_understood_is_told_and_counts_for_nothing() -> None:
    said = judged.parsed(EXCHANGE, "unread")
    assert said.transactions == []
    assert sorted(why.partition(": ")[2] for why in judged.why(said)) == [
        "ABCXYZ: its two currencies can't be told apart",
        "BTCGUSDPERP: futures are not supported yet",
        "a trade of side swap, 0.5 at 99",
        "a trade that was broken (trade correct)",
        "it has another form than this version knows",
        "its status is Cancelled",
        "staking: type Slash is not supported yet",
        "type Conversion is not supported yet",
    ]


def test_an_odd_record_stops_no_other() -> None:
    survives(EXCHANGE, [r for r in judged.records(EXCHANGE, "account") if not r.stream.startswith("Balance")])


# ---- pages ----------------------------------------------------------------------------------------


class Trades:
    """Gemini's trades at these milliseconds: of those from a time on the oldest, of these the newest first. `after`:
    the time itself is left out."""

    def __init__(self, times: list[int], *, after: bool = False) -> None:
        self.rows = [{"tid": n, "timestampms": t, "symbol": "BTCUSD"} for n, t in enumerate(times)]
        self.after = after
        self.fails = 0  # the request that fails, from 1
        self.asked = 0

    def answer(self, params: Params) -> list[dict[str, Any]]:
        self.asked += 1
        if self.asked == self.fails:
            raise Refused("Gemini (mytrades): it can't be reached")
        begin = int(params["timestamp"]) + self.after
        found = sorted((r for r in self.rows if r["timestampms"] >= begin), key=lambda r: (r["timestampms"], r["tid"]))
        return found[: int(params["limit_trades"])][::-1]


def run(book: Trades, cursor: str | None, now: int = NOW) -> tuple[list[Page], list[Params]]:
    return judged.run(EXCHANGE, "mytrades", book.answer, cursor, now)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1400])
def test_every_trade_is_met_also_several_of_one_instant_over_a_page_edge(count: int, after: bool) -> None:
    book = Trades([BEGIN + n // 7 for n in range(count)], after=after)
    pages, asked = run(book, None)
    assert set(judged.ids(pages)) == {str(n) for n in range(count)}
    assert len(asked) <= count // 480 + 1
    book.rows += [{"tid": 9000 + n, "timestampms": BEGIN + 10_000 + n % 2, "symbol": "ETHUSD"} for n in range(3)]
    again, asked = run(book, pages[-1].cursor)
    assert {"9000", "9001", "9002"} <= set(judged.ids(again)) and len(asked) == 1


def test_a_page_that_failed_is_asked_for_by_the_next_import() -> None:
    book = Trades([BEGIN + n for n in range(1400)])
    book.fails = 2
    first: list[Page] = []
    stream = judged.Asked(book.answer)
    of = judged.List(EXCHANGE, TRADES, "mine")
    with contextlib.suppress(Refused):
        for page in judged.pages(of, stream.ask, None, judged.Decimal(NOW), lambda *_: None):
            first.append(page)
    rest, _ = run(book, first[-1].cursor)
    assert set(judged.ids([*first, *rest])) == {str(n) for n in range(1400)}


def test_more_trades_of_one_instant_than_a_page_holds_are_a_failure_and_no_end() -> None:
    with pytest.raises(Unlike):
        run(Trades([BEGIN] * 600), None)


def test_a_transfer_that_is_under_way_is_asked_for_again() -> None:
    def transfer(eid: int, days: int, status: str) -> dict[str, Any]:
        return {"eid": eid, "timestampms": BEGIN + days * 86_400_000, "status": status}

    page = TRANSFERS.read([transfer(3, 20, "Complete"), transfer(2, 15, "Pending"), transfer(1, 1, "Pending")], Span())
    assert page.last and page.next == BEGIN + 15 * 86_400_000
    assert TRANSFERS.ask(Span(place=page.next)) == {
        "timestamp": BEGIN + 15 * 86_400_000 - 1, "limit_transfers": 50, "show_completed_deposit_advances": False
    }  # fmt: skip


def test_each_list_is_asked_for_where_gemini_documents_it_with_the_payload_in_the_header(recorded: Recorded) -> None:
    client = opened(EXCHANGE, recorded)
    paths = {TRANSFERS: "v2/transfers", STAKING: "v1/staking/history", TRADES: "v1/mytrades"}
    for stream, path in paths.items():
        recorded.say(f"https://api.gemini.com/{path}", [])
        listed = client.call(stream.method, stream.ask(Span(place=5)), lambda a, s=stream: s.read(a, Span(place=5)))  # type: ignore[misc]
        assert (listed.items, listed.last) == ([], True)
        payload = json.loads(base64.b64decode(recorded.requests[-1].headers["x-gemini-payload"]))
        assert payload.pop("request") == f"/{path}" and payload.pop("nonce")
        assert payload == stream.ask(Span(place=5))
    for wallet, path in zip(EXCHANGE.wallets, ("v1/balances", "v1/balances/staking"), strict=True):
        recorded.say(f"https://api.gemini.com/{path}", [])
        assert client.call(wallet.method, wallet.params, wallet.read) == []


def test_since_and_the_beginning() -> None:
    assert TRADES.ask(Span())["timestamp"] == 0
    assert TRADES.ask(Span(since=judged.Decimal("1700000000.5")))["timestamp"] == 1_700_000_000_500
    assert STAKING.ask(Span()) == {"limit": 500, "sortAsc": True}


@pytest.mark.parametrize(
    "answer",
    [{}, None, "", {"result": "error"}, [1], [{"tid": 1, "eid": 1}], [{"timestampms": 1, "symbol": "BTCUSD"}],
     [{"tid": 1, "eid": 1, "timestampms": "soon", "symbol": "BTCUSD"}]],
)  # fmt: skip
def test_an_answer_of_another_form_is_no_page(answer: Any) -> None:
    for stream in EXCHANGE.streams:
        with pytest.raises(Unlike):
            stream.read(answer, Span())
    for wallet in EXCHANGE.wallets:
        with pytest.raises(Unlike):
            wallet.read(answer)
