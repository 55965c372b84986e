"""OKX's bills of more than three months ago, which come as files: ordered by quarter, ready after hours.

Promised: whatever is not ready, fails, is cut off or comes broken, the ledger ends with every transaction as it was
lived and with the exchange's balances; each file is ordered once and read once, and no other than must be.
"""

import io
import shutil
import zipfile
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from importers.base import Params, Refused, Unlike
from importers.client import Unreachable, open_client
from importers.exchanges import okx
from importers.quarters import Files, by_quarter
from importers.sandbox.okx import Okx
from importers.sandbox.okx_book import OkxBook
from importers.sandbox.server import BROKEN_JSON, DROPPED, EMPTY, HTML, Fault, Sandbox
from importers.sandbox.server import NOW as NEW_YEAR
from importers.sync import List, pages
from importers.unzipped import rows
from pipeline.run.overview import check, status
from tests.importers.exchanges.imports import little_more
from tests.importers.exchanges.test_okx import REFUSED, STREAMS, WALLETS, Run, Seen, add_key, fetch, quiet, seen
from tests.pipeline.run.conftest import begun

NOW = NEW_YEAR + timedelta(days=4)
ARCHIVE = "account/bills-history-archive"
LATER = timedelta(hours=3)


def lived(begin: datetime = datetime(2024, 2, 10, tzinfo=UTC), trades: int = 6) -> OkxBook:
    """A life of many quarters, up to two months ago."""
    book, span = OkxBook(begin), NOW - timedelta(days=60) - begin
    book.deposit("USDT", "90000.123456789012345678")
    book.move("USDT", "90000")
    for step in range(trades):
        book.buy("BTC", "0.01", "USDT", "451.234", fee="0.00001" if step % 5 else "-0.000001")
    book.at = begin + span / 5
    book.sell("BTC", "0.01", "USDT", "660.00000001", fee="6.60000000001")
    book.buy("ADA", "10", "USDT", "4", fee="0.01")
    book.sweep({"ADA": ("9.99", "2.1")}, "USDT")
    book.move("BTC", "0.01", to_trading=False)
    for part in range(2, 6):
        book.at = begin + span * part / 5
        book.sell("BTC", "0.005", "USDT", "330", fee="0.33")
        book.buy("ETH", "1", "USDT", "2900", fee="0.001")
    return book


def account(tmp_path: Path, book: OkxBook, now: datetime = NOW, **how: object) -> tuple[Path, Okx]:
    exchange = replace(Okx(book, now), **how)  # type: ignore[arg-type]
    folder = begun(tmp_path / "data")
    add_key(folder, exchange)
    return folder, exchange


def again(folder: Path, exchange: Okx, later: timedelta = LATER) -> Run:
    exchange.now += later
    return fetch(folder, exchange, progress=quiet)


def of_files(run: Run) -> Counter[str]:
    """What was asked for about files: POST, GET, file."""
    archived = [request for request in run.requests if request.path.endswith(ARCHIVE)]
    files = sum(request.path.startswith("/okex/") for request in run.requests)
    return Counter(request.method for request in archived) + Counter({"file": files})


def whole(folder: Path, book: OkxBook) -> bool:
    found = seen(folder)
    return (found.rows, found.apart, found.issues) == (sorted(book.said), {}, [])


def test_files_are_ordered_at_once_and_each_is_read_once_when_it_is_ready(tmp_path: Path) -> None:
    book = lived()
    folder, exchange = account(tmp_path, book)
    first = fetch(folder, exchange, progress=quiet)
    assert first.failures == [
        "mine: 8 files of older bills of the trading account, one for each quarter, are being made by the exchange, "
        "which takes it some hours; run `taxsync import` again later, it goes on where it stopped"
    ]
    assert of_files(first) == {"POST": 8, "GET": 1} and sorted(exchange.ordered)[::7] == ["2024-Q1", "2025-Q4"]
    again(folder, exchange, timedelta(minutes=10))
    run = again(folder, exchange)
    assert (run.failures, of_files(run)) == ([], {"GET": 8, "file": 8}) and whole(folder, book)
    last = again(folder, exchange)
    assert (last.failures, of_files(last)) == ([], {}) and len(last.requests) <= len(STREAMS) + len(WALLETS) + 1
    gaps = [issue.details["why"] for issue in check(folder) if issue.code in ("short_history", "stored_in_part")]
    assert len(gaps) == 1 and "interest on savings" in gaps[0]
    assert {reach.state for reach in status(folder).reaches} == {"whole"}


@pytest.mark.requests
def test_what_is_ready_at_once_is_read_at_once_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    """Little more than it takes: for each file three requests, for each other list its pages."""
    book = lived(trades=110)
    folder, exchange = account(tmp_path, book, making=timedelta())
    run = fetch(folder, exchange, progress=quiet)
    recent = [
        bill
        for bill in book.lists["account/bills-archive"]
        if int(str(bill["ts"])) > 1000 * NOW.timestamp() - 92 * 86.4e6
    ]
    lists = len(STREAMS) - 1 + len(book.lists["asset/bills-history"]) // 100 + len(recent) // 100
    little_more("OKX with files of quarters, first import", len(run.requests), lists + 3 * 8 + len(WALLETS) + 1)
    assert (run.failures, of_files(run)) == ([], {"POST": 8, "GET": 8, "file": 8}) and whole(folder, book)


def test_an_order_of_which_twelve_are_taken_a_day_is_not_put_off_for_hours(tmp_path: Path, pauses: list[float]) -> None:
    """Once told to be slower, ccxt keeps 2 h 12 min, or its part on this machine, between two such requests."""
    book = lived(NOW - timedelta(days=300))
    folder, exchange = account(tmp_path, book, making=timedelta(), busy=1)
    assert of_files(fetch(folder, exchange, progress=quiet))["POST"] == 4 and whole(folder, book)
    assert pauses and max(pauses) < 10


def test_more_files_than_may_be_ordered_in_a_day_take_another_day(tmp_path: Path) -> None:
    book = lived(datetime(2021, 2, 10, tzinfo=UTC))
    folder, exchange = account(tmp_path, book)
    (told,) = fetch(folder, exchange, progress=quiet).failures
    assert told.startswith("mine: 20 files of older bills") and "; 8 of them can be ordered tomorrow only" in told
    assert len(exchange.ordered) == 12
    (told,) = again(folder, exchange).failures
    assert told.startswith("mine: 8 files of older bills") and len(exchange.ordered) == 12
    again(folder, exchange, timedelta(days=1))
    assert len(exchange.ordered) == 20
    assert again(folder, exchange).failures == [] and whole(folder, book)


def test_an_earlier_since_orders_only_the_quarters_that_were_not_ordered_yet() -> None:
    """On the same day, while some are read and others only ordered; the sub-account's way, without a first record."""
    ordered, ready, read = Counter[str](), set[str](), Counter[str]()

    def order(_: object, quarter: object) -> None:
        ordered[str(quarter)] += 1

    def call(_method: str, params: Params, _read: object) -> Any:
        read[str(params["address"])] += 1
        return []

    files = Files("bills", date(2021, 2, 1), 89, 12, order, lambda _, quarter: str(quarter) if str(quarter) in ready
                  else None, lambda _: [], lambda _: True)  # fmt: skip
    of = List(okx.EXCHANGE, replace(STREAMS[-1], fetch=by_quarter(files)), "mine", now=Decimal(int(NOW.timestamp())))
    cursor: str | None = None
    for since in ("2025-05-01", "2024-11-01", ""):
        begin = Decimal(int(datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp())) if since else None
        with suppress(Refused):
            for page in pages(of, call, cursor, of.now, quiet, begin):
                cursor = page.cursor
        ready |= {"2025-Q2", "2025-Q3"}
        of = replace(of, now=of.now + 600)
    assert sorted(ordered)[-5:] == ["2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    assert set(ordered.values()) == {1} and len(ordered) == 12, "and the rest tomorrow"
    assert read == {"2025-Q2": 1, "2025-Q3": 1}


def test_an_import_that_fails_at_any_request_about_files_is_made_good_by_the_next(tmp_path: Path) -> None:
    book = lived(NOW - timedelta(days=130))
    ready, exchange = account(tmp_path, book, making=timedelta())
    undisturbed = shutil.copytree(ready, tmp_path / "undisturbed")
    run = fetch(undisturbed, replace(exchange, ordered={}), progress=quiet)
    concerned = [r.number for r in run.requests if ARCHIVE in r.path or "/okex/" in r.path]
    for number in concerned[:4]:  # the first order, the second, a look, a file
        folder = shutil.copytree(ready, tmp_path / str(number))
        exchange = replace(exchange, ordered={})
        failed = fetch(folder, exchange, lambda n, _: REFUSED if n == number else None, quiet)  # noqa: B023
        assert failed.failures or any(r.number == number and "/okex/" in r.path for r in failed.requests), number
        again(folder, exchange, timedelta(days=1))
        assert whole(folder, book), number
    assert len(concerned) == 6 and seen(undisturbed) == Seen(sorted(book.said), {}, [])


@pytest.mark.parametrize("fault", [HTML, EMPTY, DROPPED, BROKEN_JSON, Fault(503), Fault(403)])
def test_a_file_that_comes_broken_once_is_fetched_again(tmp_path: Path, fault: Fault) -> None:
    book = lived(NOW - timedelta(days=200))
    folder, exchange = account(tmp_path, book, making=timedelta())
    left = [fault]
    run = fetch(folder, exchange, lambda _, path: left.pop() if "/okex/" in path and left else None, quiet)
    assert run.failures == [] and left == [] and whole(folder, book)


def test_a_file_that_could_not_be_made_is_ordered_again_by_the_next_import(tmp_path: Path) -> None:
    book = lived(NOW - timedelta(days=200))
    folder, exchange = account(tmp_path, book, making=timedelta(), failing={"2025-Q3"})
    assert len(fetch(folder, exchange, progress=quiet).failures) == 1
    assert of_files(again(folder, exchange)) == {"POST": 1, "GET": 1, "file": 1} and whole(folder, book)


def test_a_file_at_an_unknown_host_is_not_fetched(tmp_path: Path) -> None:
    book = lived(NOW - timedelta(days=200))
    folder, exchange = account(tmp_path, book, making=timedelta())

    def elsewhere(_: int, path: str) -> Fault | None:
        return Fault(body=lambda right: right.replace(b"okg-pri-hk", b"www.evil.com/okg")) if ARCHIVE in path else None

    (failure,) = fetch(folder, exchange, elsewhere, quiet).failures
    assert failure.startswith(
        "mine: OKX (file): a file at www.evil.com, which is not on the list of hosts, is not fetched"
    )
    again(folder, exchange)
    assert whole(folder, book)


@pytest.mark.parametrize(
    "address",
    [
        "https://okx.com.evil.com/f.zip", "https://a:b@www.okx.com/f.zip", "https://www.okx.com:8080/f.zip",
        "file:///etc/passwd", "https:///f.zip", "", "https://[", "https://okx.com/f.zip", "ftp://static.okx.com/f.zip",
    ],
)  # fmt: skip
def test_only_the_hosts_on_the_list_are_asked_for_files(address: str) -> None:
    exchange = Okx(lived(), NOW)
    with Sandbox(exchange) as sandbox:
        client = open_client(okx.EXCHANGE, exchange.credentials, sandbox.proxy_url)
        with pytest.raises(Unreachable, match="which is not on the list of hosts, is not fetched"):
            client.call("file", {"address": address}, bytes)
    assert sandbox.requests == []


def test_the_quarter_that_runs_is_read_when_it_has_ended_where_the_list_did_not_reach_its_begin(tmp_path: Path) -> None:
    now = datetime(2025, 12, 31, 12, tzinfo=UTC)
    folder, exchange = account(tmp_path, lived(now - timedelta(days=140)), now, making=timedelta())
    assert fetch(folder, exchange, progress=quiet).failures == [] and sorted(exchange.ordered) == ["2025-Q3"]
    assert again(folder, exchange, timedelta(days=1)).failures == [] and sorted(exchange.ordered) == ["2025-Q3"]
    assert again(folder, exchange, timedelta(days=2)).failures == []
    assert sorted(exchange.ordered) == ["2025-Q3", "2025-Q4"] and whole(folder, exchange.book)


def test_what_went_out_of_the_lists_reach_between_two_imports_is_read_from_files(tmp_path: Path) -> None:
    book = OkxBook(NOW - timedelta(days=3))
    book.deposit("USDT", "5000")
    book.move("USDT", "5000")
    folder, exchange = account(tmp_path, book, making=timedelta())
    assert of_files(fetch(folder, exchange, progress=quiet)) == {}
    book.wait(days=20)
    for _ in range(20):
        book.buy("BTC", "0.001", "USDT", "65", fee="0.000001")
        book.wait(days=10)
    assert again(folder, exchange, timedelta(days=300)).failures == []
    assert sorted(exchange.ordered) == ["2026-Q1", "2026-Q2", "2026-Q3"] and whole(folder, book)


def test_of_a_sub_account_all_quarters_are_read_since_it_may_be_older_than_what_it_shows(tmp_path: Path) -> None:
    book = OkxBook(NOW - timedelta(days=400))
    book._bill("trading", "1", "USDT", Decimal(100), subType="11")
    folder, exchange = account(tmp_path, book, making=timedelta(), main="2")
    fetch(folder, exchange, progress=quiet)
    again(folder, exchange, timedelta(days=1))
    assert len(exchange.ordered) == 20 and min(exchange.ordered) == "2021-Q1"


@pytest.mark.parametrize("before", ["12.5", "0"])
def test_what_was_held_before_the_oldest_bill_that_okx_gives_is_a_gap(tmp_path: Path, before: str) -> None:
    book = OkxBook(datetime(2021, 2, 3, tzinfo=UTC))
    book.held["trading"]["ETH"] = Decimal(before)
    book.deposit("ETH", "100")
    book.move("ETH", "100")
    book.sell("ETH", "1", "USDT", "1500", fee="1.5")
    folder, exchange = account(tmp_path, book, making=timedelta())
    fetch(folder, exchange, progress=quiet)
    again(folder, exchange, timedelta(days=1))
    told = [i.details["why"] for i in seen(folder).issues]
    held = "and 12.5 ETH were in the trading account before: how they came is not known"
    assert told == ([f"OKX gives bills from 1 February 2021 on, {held}"] if before != "0" else [])


# ---- what a file may be -----------------------------------------------------------------------


def zipped(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return packed.getvalue()


def test_a_table_is_read_from_a_csv_alone_or_in_a_zip() -> None:
    table = "\ufeffbillId,ccy\r\n1,BTC\r\n2,\r\n".encode()
    assert rows(table, ["ccy"]) == rows(zipped(("folder/", b""), ("folder/a.csv", table)), ["ccy"]) == [
        {"billId": "1", "ccy": "BTC"}, {"billId": "2", "ccy": ""},
    ]  # fmt: skip
    assert rows(b"billId,ccy\n", ["billId"]) == []


BOMB = zipped(("a.csv", b"a,b\n" + b"0" * (11 << 20)))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\xff\xfe", b"a,b\n1\n", b"a,b\n1,2,3\n", b'a,b\n"1,2', b"PK\x03\x04", BOMB, BOMB[:-30], zipped(),
     zipped(("a", b"a\n"), ("b", b"b\n"))],
)  # fmt: skip
def test_what_is_no_table_or_could_fill_the_memory_is_refused(body: bytes) -> None:
    with pytest.raises(Unlike):
        rows(body, ["a"])
