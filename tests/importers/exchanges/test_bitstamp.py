"""Bitstamp: one account against the exchange on this machine, and records of odd forms.

Promised: every transaction to the last digit, whatever request fails; balances as Bitstamp tells them.
"""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from importers import exact
from importers.base import Span, Unlike
from importers.exchanges.bitstamp import EXCHANGE
from importers.sandbox.bitstamp import READS, Bitstamp
from importers.sandbox.server import (
    BAD_GATEWAY,
    BROKEN_JSON,
    CUT_JSON,
    CUT_OFF,
    DROPPED,
    EMPTY,
    EMPTY_OBJECT,
    HTML,
    NOW,
    NULL,
    Fault,
)
from pipeline.model import Label, Parsed, RawRecord
from tests.importers.exchanges.imports import (
    Run,
    fetch,
    held,
    kept,
    kept_records,
    little_more,
    ordered,
    problems,
    ready,
    said,
    survives,
)

USERS, WITHDRAWALS, EARN = EXCHANGE.streams
LIMITED = Fault(400, lambda _: b'{"response_code": "400.002", "response_explanation": "Request rate limit exceeded."}')
DOWN = Fault(body=lambda _: b'{"error": "Bitstamp.net is under scheduled maintenance. We\'ll be back soon."}')
PASSING = (BAD_GATEWAY, BROKEN_JSON, CUT_JSON, CUT_OFF, DOWN, DROPPED, EMPTY, EMPTY_OBJECT, HTML, LIMITED, NULL)
REFUSED = Fault(403, lambda _: b'{"status":"error","reason":"No permission found","code":"API0003"}')


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def account(trades: int = 1100) -> Bitstamp:
    """Two years with every kind of happening, more than a page of it, and movements of less than one unit."""
    book = Bitstamp("key-of-the-tests", "secret-of-the-tests")
    begin = at("2023-03-01T08:00:00.123")
    book.pay_in(begin, "eur", "50000.00")
    book.pay_in(begin, "eth", "0.05000000")
    book.trade(begin + timedelta(days=1), "eur_usd", "sell", "30000.00", "1.06713", "32.01")
    book.stake(begin + timedelta(days=2), "0.04000000")
    for n in range(trades):
        side = "sell" if n % 4 == 3 else "buy"
        when = begin + timedelta(days=3, hours=12 * (n // 5))  # five of an instant
        book.trade(
            when, ("btc_usd", "eth_usd", "xrp_btc")[n % 3 % 2], side, f"0.0001{n:04d}", f"{20_000 + n}.5", "0.00891"
        )
    book.trade(begin + timedelta(days=700), "xrp_btc", "buy", "20.00000000", "0.0000213", "0.00000170")
    for n in range(12):
        book.reward(begin + timedelta(days=701 + n), "eth", f"0.0000{n + 10:04d}")
    book.subscribe(begin + timedelta(days=720), "eth", "0.01000000")
    for _ in range(2):  # the same to the last digit
        book.reward(begin + timedelta(days=721), "eth", "0.00000500", compounds=True)
    for n in range(3):
        book.pay_out(begin + timedelta(days=730 + n), "btc", "0.00100000", "0.00005000", f"hash{n}")
    book.cancelled(begin + timedelta(days=733), "btc", "0.00100000")
    book.pay_out(begin + timedelta(days=740), "usd", "100.00", "15.00")
    book.pay_out(begin + timedelta(days=741), "xrp", "0.50000000", "0", type=14)
    book.pay_in(begin + timedelta(days=742), "usd", "10.00", type=32, label=Label.INCOME)
    book.pay_in(begin + timedelta(days=743), "btc", "0.00000001", type=35)
    return book


@pytest.fixture(scope="module")
def book() -> Bitstamp:
    return account()


def credentials(book: Bitstamp) -> dict[str, str]:
    return {"apiKey": book.key, "secret": book.secret}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, book: Bitstamp) -> Path:
    return ready(tmp_path_factory.mktemp("bitstamp") / "data", "bitstamp", book, credentials(book))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, before: Path, book: Bitstamp) -> tuple[Path, Run]:
    folder = shutil.copytree(before, tmp_path_factory.mktemp("whole") / "data")
    return folder, fetch(folder, book)


@pytest.fixture(autouse=True)
def quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    capsys.readouterr()


# ---- the whole account --------------------------------------------------------------------------


def test_every_transaction_is_there_to_the_last_digit(whole: tuple[Path, Run], book: Bitstamp) -> None:
    ledger = kept(whole[0])
    assert whole[1].failures == []
    assert said(ledger["transactions"]) == ordered(book.truth.rows)
    assert problems(whole[0]) & {"unread_record", "balance_differs", "not_fetched", "stored_in_part"} == set()


def test_balances_are_those_of_the_account_and_of_earn(whole: tuple[Path, Run], book: Bitstamp) -> None:
    computed, reported = held(whole[0])
    assert computed == reported == {asset: quantity for asset, quantity in book.truth.held.items() if quantity}
    assert computed["ETH"] != book.balances["eth"]


@pytest.mark.requests
def test_nothing_is_asked_that_need_not_be(whole: tuple[Path, Run], tmp_path: Path, book: Bitstamp) -> None:
    pages = -(-len(book.users) // 1000)
    assert pages == 2
    little_more("Bitstamp, first import", len(whole[1].requests), 2 + pages + 2)  # balances of two kinds, three lists
    again = fetch(shutil.copytree(whole[0], tmp_path / "data"), book, now=NOW + timedelta(hours=1))
    assert again.lines[0] == "mine: 0 new records" and again.failures == []
    assert max(again.asked[f"/api/v2/{name}/"] for name in READS - {"account_balances"}) == 1


def test_any_request_may_fail_and_the_next_import_ends_the_same(
    tmp_path: Path, before: Path, whole: tuple[Path, Run], book: Bitstamp
) -> None:
    undisturbed = kept(whole[0])
    for request in whole[1].requests:
        if request.path.endswith("earn/subscriptions/") or request.number == 1:
            continue  # without the one the balances are those of the account alone, the other is as the next
        folder = shutil.copytree(before, tmp_path / str(request.number))
        run = fetch(folder, book, lambda n, _, bad=request.number: REFUSED if n == bad else None)  # type: ignore[misc]
        assert run.failures, request
        assert fetch(folder, book).failures == []
        assert kept(folder) == undisturbed, request


def test_faults_that_pass_change_nothing(tmp_path: Path, before: Path, whole: tuple[Path, Run], book: Bitstamp) -> None:
    folder = shutil.copytree(before, tmp_path / "data")
    run = fetch(folder, book, lambda number, _: PASSING[number // 2 % len(PASSING)] if number % 2 else None)
    assert run.failures == []
    assert kept(folder) == kept(whole[0])


def test_what_is_new_and_what_comes_late_arrives_once(tmp_path: Path, whole: tuple[Path, Run]) -> None:
    """A late record has a new id and an old time."""
    folder, book = shutil.copytree(whole[0], tmp_path / "data"), account()
    book.pay_in(at("2023-05-01T00:00:00"), "xrp", "0.25000000")
    book.trade(at("2025-12-31T10:00:00"), "btc_usd", "buy", "0.00010000", "90000.1", "0.03")
    for hour in (1, 2):
        fetch(folder, book, now=NOW + timedelta(hours=hour))
    assert said(kept(folder)["transactions"]) == ordered(book.truth.rows)
    assert held(folder)[0] == held(folder)[1]


def test_since_leaves_out_what_was_before_and_can_be_taken_back(tmp_path: Path, before: Path) -> None:
    book, folder = account(30), shutil.copytree(before, tmp_path / "data")
    fetch(folder, book, since="2025-01-01")
    early = [t.at for t in kept(folder)["transactions"] if t.at < at("2025-01-01T00:00:00")]
    assert early == []
    fetch(folder, book)
    assert said(kept(folder)["transactions"]) == ordered(book.truth.rows)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"revoked": True}, "it does not know the key"),
        ({"allowed": False}, "bound to another address"),
        ({"may": frozenset()}, "the key lacks the right to this"),
        ({"secret": "another"}, "the secret does not belong to the key"),
    ],
)
def test_a_key_that_is_not_taken_ends_the_run_at_once(
    tmp_path: Path, before: Path, change: dict[str, Any], told: str
) -> None:
    book = account(3)
    for name, value in change.items():
        setattr(book, name, value)
    run = fetch(shutil.copytree(before, tmp_path / "data"), book)
    assert len(run.failures) == 1 and told in run.failures[0]
    assert len(run.requests) == 1


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_wrong_is_corrected_by_the_date_of_the_refusal(
    tmp_path: Path, before: Path, hours: int
) -> None:
    book = account(3)
    book.clock = lambda: time.time() + 3600 * hours
    run = fetch(shutil.copytree(before, tmp_path / "data"), book)
    assert run.failures == [] and run.asked["/api/v2/account_balances/"] == 3
    assert said(kept(tmp_path / "data")["transactions"]) == ordered(book.truth.rows)


def test_a_key_without_the_right_to_withdrawal_requests_loses_but_hashes(tmp_path: Path, before: Path) -> None:
    book = account(3)
    book.may = READS - {"withdrawal-requests", "earn/transactions"}
    folder = shutil.copytree(before, tmp_path / "data")
    assert len(fetch(folder, book).failures) == 2
    found = said(kept(folder)["transactions"])
    assert len(found) == len(book.truth.rows) - 2  # the rewards that only Earn tells of
    assert not any(row.txhash for row in found)


# ---- records of other forms -----------------------------------------------------------------------


def parsed(*records: dict[str, Any], **others: list[dict[str, Any]]) -> Parsed:
    found = [("user_transactions", r) for r in records]
    found += [(name.replace("__", "-"), r) for name, rows in others.items() for r in rows]
    return EXCHANGE.parse(
        [RawRecord("bitstamp", "mine", stream, str(value.get("id", n)), 17_000_000_000_000_000 + n, exact.dumps(value),
                   f"Bitstamp {stream} {n}") for n, (stream, value) in enumerate(found)]
    )  # fmt: skip


def user(type: int, fee: str = "0.00", **changes: Any) -> dict[str, Any]:
    return {"id": 1, "datetime": "2024-05-01 10:00:00", "type": str(type), "fee": fee, "usd": 0, "eur": 0.0, **changes}


def rows(said: Parsed) -> list[str]:
    found = []
    for t in said.transactions:
        sides = [f"{s.quantity.normalize():f} {s.asset}" if s else "" for s in (t.sent, t.received, t.fee, t.net_worth)]
        found.append(" | ".join([*sides, str(t.label or ""), t.txhash]))
    return found


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (user(0, eth="0.05000000", btc_usd="0.00"), " | 0.05 ETH |  |  |  | "),
        (user(1, "0.0001", btc="-0.5"), "0.5 BTC |  | 0.0001 BTC |  |  | "),
        (user(0, "7.50", eur="1000.00"), " | 1000 EUR | 7.5 EUR |  |  | "),
        (user(2, "0.11128", usdt="-22.26", eth="0.005", eth_usdt=4451.25, order_id=1, self_trade=False,
              self_trade_order_id=None), "22.26 USDT | 0.005 ETH | 0.11128 USDT |  |  | "),
        (user(2, "0.5", eur="-100.00", usd="107.13", eur_usd=1.0713), "100 EUR | 107.13 USD | 0.5 USD |  |  | "),
        (user(2, "0.5", eur="-100.00", usd="107.13", eur_usd=1.0713, usd_eur="0.00"),
         "100 EUR | 107.13 USD | 0.5 USD |  |  | "),
        (user(2, xrp="-0.01", xrp_usd="0.3"), "0.01 XRP |  |  | 0.003 USD | spend | "),
        (user(2, xrp="0.01", xrp_usd="0.3"), " | 0.01 XRP |  | 0.003 USD | cashback | "),
        (user(14, btc="-0.1"), "0.1 BTC |  |  |  |  | "),
        (user(35, btc="0.1"), " | 0.1 BTC |  |  |  | "),
        (user(27, eth="0.00001"), " | 0.00001 ETH |  |  | reward | "),
        (user(32, usd="10.00"), " | 10 USD |  |  | income | "),
        (user(26, eth="-5"), ""),
        (user(25, eth2r="5"), ""),
        (user(0, btc="0.00000000"), ""),
    ],
)  # fmt: skip
def test_what_a_user_transaction_says(record: dict[str, Any], expected: str) -> None:
    said = parsed(record)
    assert (rows(said), said.issues) == ([expected] if expected else [], [])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (user(77, btc="1"), "type 77 is not supported yet"),
        (user(0, btc="1", eth="1"), "a movement of 2 currencies"),
        (user(2, btc="1", usd="-1"), "it does not name the pair that was traded"),
        (user(2, btc="-1", eth="-1", usd="2", btc_usd="1"), "a trade that gave 2 currencies for 1"),
        (user(2, "-0.1", btc="1", usd="-1", btc_usd="1"), "it has another form than this version knows"),
        (user(0, btc="1,5"), "it has another form than this version knows"),
    ],
)
def test_what_is_not_understood_is_told_and_counts_for_nothing(record: dict[str, Any], reason: str) -> None:
    said = parsed(record, {**user(0, usd="1.00"), "id": 2})
    assert [i.details["why"].partition(": ")[2] for i in said.issues] == [reason]
    assert rows(said) == [" | 1 USD |  |  |  | "]


def test_hashes_go_to_the_nearest_withdrawal_of_the_amount() -> None:
    requests = [
        {"id": n, "datetime": f"2024-05-0{day} 09:59:00", "currency": "BTC", "amount": "0.50000000", "status": status,
         "transaction_id": f"hash{n}"} for n, day, status in ((1, 1, 2), (2, 2, 2), (3, 1, 3), (4, 9, 2))
    ]  # fmt: skip
    second = {**user(1, btc="-0.5"), "id": 2, "datetime": "2024-05-02 10:00:00"}
    said = parsed(second, user(1, btc="-0.5"), user(1, btc="-0.4") | {"id": 3}, withdrawal__requests=requests)
    assert {t.source_id: t.txhash for t in said.transactions} == {"1": "hash1", "2": "hash2", "3": ""}


def test_an_odd_record_stops_no_other(whole: tuple[Path, Run]) -> None:
    records = [r for r in kept_records(whole[0]) if not r.stream.startswith("Balance")]
    survives(EXCHANGE, [*records[:60], *records[-60:]])


# ---- pages ----------------------------------------------------------------------------------------


def test_user_transactions_go_onward_from_the_newest_id() -> None:
    assert USERS.ask(Span()) == {"since_id": 1, "sort": "asc", "limit": 1000, "offset": 0}
    assert USERS.ask(Span(place=77))["since_id"] == 76  # so that the last one is met again
    full = [{**user(0, usd="1.00"), "id": 100 + n} for n in range(1000)]
    page = USERS.read(full, Span())
    assert (page.next, page.last, len(page.items)) == (1099, False, 1000)
    end = USERS.read(full[:3], Span(place=99))
    assert (end.next, end.last) == (102, True)
    lost = USERS.read([], Span(place=99))  # not even the one of 99: an id that it never had
    assert (lost.next, lost.last, lost.items) == ("anew 1", False, [])
    assert USERS.ask(Span(place="anew 1"))["since_id"] == 1
    nothing = USERS.read([], Span(place="anew 1"))
    assert (nothing.next, nothing.last, nothing.items) == (1, True, [])
    assert WITHDRAWALS.ask(Span()) == {"timedelta": 50_000_000, "limit": 1000, "offset": 0}
    assert WITHDRAWALS.read(full, Span(place=1000)).next == 2000
    assert WITHDRAWALS.read(full[:1], Span(place=1000)).next is None


def test_rewards_that_say_the_same_are_told_apart() -> None:
    reward = {"datetime": "2024-05-01T00:00:00Z", "type": "REWARD_RECEIVED", "status": "PENDING", "currency": "ETH",
              "amount": "0.1", "value": "200"}  # fmt: skip
    first, second, other = EARN.read([reward, reward, reward | {"amount": "0.2"}], Span()).items
    assert len({first.id, second.id, other.id}) == 3
    done = reward | {"status": "COMPLETED", "value": "210"}
    assert [item.id for item in EARN.read([done], Span()).items] == [first.id]
    said = parsed(user(27, eth="0.1"), earn_transactions=[done, done | {"datetime": "2024-05-01T00:00:01Z"}, reward])
    assert rows(said) == [" | 0.1 ETH |  |  | reward | "] * 2


@pytest.mark.parametrize(
    "answer", [{}, {"status": "error"}, [1], [{"id": 1}], [{"datetime": "2024-05-01 10:00:00", "id": 0}], "", None]
)
def test_an_answer_of_another_form_is_no_page(answer: Any) -> None:
    for stream in (USERS, WITHDRAWALS):
        with pytest.raises(Unlike):
            stream.read(answer, Span())
    for wallet in EXCHANGE.wallets:
        with pytest.raises(Unlike):
            wallet.read(answer)
