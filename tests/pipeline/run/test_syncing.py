"""`taxsync import` from a key to balances: the real client and ledger against the exchange on this machine.

Promised: whichever request fails, wherever it is killed, the next import that is let through ends with the
same ledger as one that nothing disturbed; until then something says what is missing. What is there is not
asked for again, and a key that may do more than it did is not used.
"""

import shutil
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from importers.sandbox.book import Book
from importers.sandbox.kraken import READ_ONLY, Records
from importers.sandbox.server import (
    BAD_GATEWAY,
    BROKEN_JSON,
    BUSY,
    CUT_OFF,
    DROPPED,
    EMPTY_OBJECT,
    HTML,
    NOW,
)
from pipeline.ledger import Ledger
from pipeline.run import keys, syncing
from pipeline.run.overview import check, status
from pipeline.run.project import refresh
from pipeline.run.reporting import report
from pipeline.settings import AccountSettings, load, save
from tests.importers.exchanges.imports import little_more
from tests.pipeline.run.conftest import (
    DAY,
    KEY,
    LISTS,
    NEEDED,
    Run,
    access,
    account,
    add_key,
    at,
    begun,
    fetch,
    kept,
    made_key,
    missing,
    on,
    savings,
    second,
)

# ---- disturbed --------------------------------------------------------------------------------


def test_an_import_that_fails_at_any_request_is_made_good_by_the_next(
    tmp_path: Path, ready: Path, whole: tuple[Path, Run], history: Records
) -> None:
    undisturbed, run = kept(whole[0]), whole[1]
    assert run.asked == {"GetApiKeyInfo": 1, "Balance": 1, "Ledgers": 4, "TradesHistory": 2, "DepositStatus": 2,
                         "WithdrawStatus": 2, "AssetPairs": 1, "OHLC": 3}  # fmt: skip
    met: Counter[str] = Counter()
    for request in run.requests:
        name, first = request.name, met[request.name] == 0
        met[name] += 1
        folder = shutil.copytree(ready, tmp_path / str(request.number))
        disturbed = fetch(folder, history, at(request.number))
        if name in ("AssetPairs", "OHLC"):  # the next exchange has the price, and keeps it
            assert disturbed.failures == [] and {"products", "candles"} <= disturbed.asked.keys(), request
        else:
            (failure,) = disturbed.failures
            assert name in failure, request
        if name == "GetApiKeyInfo":
            assert missing(folder) == {("not_fetched", each) for each in NEEDED}
        elif name in LISTS and not first:
            assert missing(folder) == {("stored_in_part", name)}, request
        else:
            assert missing(folder) == {("not_fetched", name)} & {("not_fetched", each) for each in NEEDED}, request
        assert fetch(folder, history).failures == []
        priced = {"prices", "digest", "problems"} if name in ("AssetPairs", "OHLC") else set()
        after = kept(folder)
        assert {w: after[w] for w in after if w not in priced} == {
            w: undisturbed[w] for w in undisturbed if w not in priced
        }, request


class Killed(BaseException):
    pass


def test_an_import_that_is_killed_at_any_page_is_made_good_by_the_next(
    tmp_path: Path, ready: Path, whole: tuple[Path, Run], history: Records
) -> None:
    undisturbed, names = kept(whole[0]), [request.name for request in whole[1].requests if request.name in LISTS]
    for number in range(0, len(names), 3):
        folder, left = shutil.copytree(ready, tmp_path / str(number)), iter(range(number))

        def kill(*_: object, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise Killed

        with pytest.raises(Killed):
            fetch(folder, history, progress=kill)
        assert missing(folder) or names[number] not in NEEDED
        fetch(folder, history)
        assert kept(folder) == undisturbed


def test_an_exchange_that_fails_every_other_time_gives_the_same_history(
    folder: Path, whole: tuple[Path, Run], history: Records
) -> None:
    passing = (BAD_GATEWAY, BROKEN_JSON, BUSY, CUT_OFF, DROPPED, EMPTY_OBJECT, HTML)
    run = fetch(folder, history, lambda number, _: passing[number // 2 % len(passing)] if number % 2 else None)
    assert (run.failures, len(run.requests)) == ([], 2 * len(whole[1].requests))
    assert kept(folder) == kept(whole[0])


def test_a_list_that_is_refused_hides_no_other(folder: Path, history: Records) -> None:
    run = fetch(folder, history, on("Ledgers"))
    assert run.failures == ["mine: Kraken (Ledgers): the key lacks the right to this; add it to the key there"]
    assert run.lines[0].endswith(", not complete")
    assert {name: run.asked[name] for name in LISTS[1:]} == {
        "TradesHistory": 2,
        "DepositStatus": 2,
        "WithdrawStatus": 2,
    }


def test_without_the_right_to_an_optional_list_all_else_is_whole(
    folder: Path, whole: tuple[Path, Run], history: Records
) -> None:
    run = fetch(folder, history, on("WithdrawStatus"))
    assert len(run.failures) == 1 and "WithdrawStatus" in run.failures[0]
    assert missing(folder) == set()
    rows, full = kept(folder)["transactions"], kept(whole[0])["transactions"]
    known = {"txhash": "", "description": ""}  # what only the statuses say
    assert [replace(t, **known) for t in rows] == [replace(t, **known) for t in full]


def test_an_account_whose_key_is_gone_hides_no_other(folder: Path, history: Records) -> None:
    other = made_key("another")
    add_key(folder, replace(history, keys=(other,)), other, "afar")
    run = fetch(folder, history)
    (failure,) = run.failures
    assert failure.startswith("afar: Kraken (GetApiKeyInfo): it does not know the key")
    assert run.lines[0].startswith("mine: ") and missing(folder) == {("not_fetched", f"afar/{name}") for name in NEEDED}


# ---- up to date -------------------------------------------------------------------------------


@pytest.mark.requests
def test_the_first_import_asks_for_each_page_once(whole: tuple[Path, Run], history: Records) -> None:
    long, short = (history.ledgers, history.trades), (history.deposits, history.withdrawals)
    sizes = [*(-(-len(each) // 50) for each in long), *(-(-len(each) // 25) for each in short)]
    pages = dict(zip(LISTS, sizes, strict=True))
    asked = {name: whole[1].asked[name] for name in ("GetApiKeyInfo", "Balance", *pages)}
    assert pages["Ledgers"] > 2
    little_more("Kraken, first import", sum(asked.values()), 2 + sum(pages.values()))


def test_an_account_that_is_up_to_date_takes_one_request_a_list(imported: Path, history: Records) -> None:
    before = kept(imported)
    run = fetch(imported, history, now=NOW + timedelta(hours=1))
    assert run.asked == {"GetApiKeyInfo": 1, "Balance": 1, **dict.fromkeys(LISTS, 1)}
    assert run.lines[0] == "mine: 0 new records"
    after = kept(imported)
    assert after["transactions"] == before["transactions"] and after["prices"] == before["prices"]
    assert len(after["records"]) == len(before["records"]) + 1  # the balance of that hour


def test_a_list_that_is_empty_is_fetched_and_nothing_is_missing(folder: Path) -> None:
    book = Book({})
    book.pay_in(second("2025-03-01 10:00"), "ZUSD", "100")
    fetch(folder, account(book))
    assert check(folder) == []
    assert len(kept(folder)["transactions"]) == 1


def test_what_is_new_at_the_exchange_arrives_once(tmp_path: Path, ready: Path) -> None:
    folder, book = shutil.copytree(ready, tmp_path / "data"), savings()
    fetch(folder, account(book))
    before = {record.source_id for record in kept(folder)["records"]}
    late = max(entry["time"] for entry in book.ledgers.values()) - 3 * DAY
    book.enter(late, "STLATER-EWARD-OFSOL1", "earn", "SOL.F", Decimal("0.5"), sub="reward")
    book.pay_in(second("2025-12-01 10:00"), "ZUSD", "900")
    book.sell(second("2025-12-02 10:00"), "XXBTZUSD", "0.01")
    for hour in (1, 2):
        fetch(folder, account(book), now=NOW + timedelta(hours=hour))
    with Ledger.open(folder, create=False) as ledger:
        assert ledger.raw_count() == len(before) + 4 + 1 + 1 + 2  # entries, trade, deposit, balances
    assert {"STLATER-EWARD-OFSOL1", *list(book.trades)[-1:]} <= {t.source_id for t in kept(folder)["transactions"]}
    assert all(holding.computed == holding.reported for holding in status(folder).holdings)


def test_computed_balances_are_those_that_the_exchange_reports(demo: Path) -> None:
    holdings = status(demo).holdings
    assert len(holdings) > 8
    assert [h.asset for h in holdings if h.computed != h.reported] == ["LTC"]  # sold, its purchase nowhere


@pytest.mark.sqlite("a look into the file")
def test_what_was_parsed_can_be_forgotten_and_is_said_again_byte_by_byte(tmp_path: Path, demo: Path) -> None:
    folder = shutil.copytree(demo, tmp_path / "data")
    before = cache_of(folder)
    with Ledger.open(folder, create=False) as ledger:
        ledger.drop_cache()
        assert ledger.transactions() == []
        refresh(ledger)
    assert cache_of(folder) == before != []


def cache_of(folder: Path) -> list[tuple[Any, ...]]:
    """The rows of the cache as they stand in the file."""
    connection = sqlite3.connect(folder / "ledger.db")
    try:
        rows = connection.execute("SELECT * FROM said ORDER BY account, number").fetchall()
        return rows + connection.execute("SELECT account, stamp, issues, balances, prices FROM parsed").fetchall()
    finally:
        connection.close()


def test_a_report_opens_no_socket(tmp_path: Path, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(socket.socket):
        def __init__(self, *_: object, **__: object) -> None:
            raise AssertionError("a report asks nobody")

    monkeypatch.setattr(socket, "socket", Closed)
    written = report(shutil.copytree(demo, tmp_path / "data"), NOW)
    assert any(file.name == "disposals.csv" for file in written.files)


# ---- prices -----------------------------------------------------------------------------------


def test_prices_are_looked_up_once_by_pair_alone(imported: Path, whole: tuple[Path, Run], history: Records) -> None:
    public = [request for request in whole[1].requests if request.name in ("AssetPairs", "OHLC")]
    assert [request.params for request in public] == [
        {},
        *({"pair": pair, "interval": "1440"} for pair in ("XXBTZUSD", "DOTUSD", "XETHZUSD")),
    ]
    assert "missing_price" not in {issue.code for issue in check(imported)}
    at_the_end = {price.asset for price in kept(imported)["prices"] if price.day == date(2025, 12, 31)}
    assert at_the_end == {"BTC", "DOT", "ETH"}  # what is held when the year ends has a value
    assert fetch(imported, history).asked.keys() & {"AssetPairs", "OHLC"} == set()


def test_who_wants_no_lookups_asks_nothing_but_the_account(folder: Path, history: Records) -> None:
    save(folder, replace(load(folder), lookups=False))
    run = fetch(folder, history)
    assert run.asked.keys() == {"GetApiKeyInfo", "Balance", *LISTS}
    assert "missing_price" in {issue.code for issue in check(folder)}


# ---- what a key may do, and see ---------------------------------------------------------------


@pytest.mark.parametrize("gained", ["withdraw-funds", "modify-trades", "something-new"])
def test_a_key_that_has_gained_a_right_is_not_used(imported: Path, history: Records, gained: str) -> None:
    before = kept(imported)
    run = fetch(imported, replace(history, keys=(replace(KEY, permissions=(*READ_ONLY, gained)),)))
    (failure,) = run.failures
    assert (
        failure.startswith("mine: the key's rights have changed")
        and "Kraken: this key may " in failure
        and gained in failure
    )
    assert run.asked == {"GetApiKeyInfo": 1}
    after = kept(imported)
    aside = [i for i in after["problems"] if i.code == "key_put_aside"]
    assert len(aside) == 1 and gained in aside[0].message
    assert [i for i in after["problems"] if i not in aside] == before["problems"]
    told = ("problems", "digest")
    assert {k: v for k, v in after.items() if k not in told} == {k: v for k, v in before.items() if k not in told}


def test_a_key_that_does_not_see_everything_is_said_and_another_fetches_what_it_hid(
    tmp_path: Path, history: Records, whole: tuple[Path, Run]
) -> None:
    limited = made_key("limited", query_from=second("2025-06-01"))
    records, folder = replace(history, keys=(limited, KEY)), begun(tmp_path / "data")
    assert any("nothing before 2025-06-01" in line for line in add_key(folder, records, limited))
    fetch(folder, records)
    limit = "nothing before 2025-06-01 (its Query start date at Kraken)"
    assert missing(folder) == {("short_history", limit)}
    keys.remove(folder, "mine", access(""), print)
    add_key(folder, records)
    interrupted = fetch(folder, records, on("TradesHistory"))
    assert len(interrupted.failures) == 1 and missing(folder) == {("stored_in_part", "TradesHistory")}
    fetch(folder, records)
    assert kept(folder)["records"] == kept(whole[0])["records"]
    assert missing(folder) == set()


def test_since_leaves_out_what_was_before_says_so_and_can_be_taken_back(
    folder: Path, whole: tuple[Path, Run], history: Records
) -> None:
    run = fetch(folder, history, since="2025-06-01")
    told = "mine: nothing before 2025-06-01 was fetched, as --since asks; `taxsync import` without it fetches that"
    assert told in run.lines
    (issue,) = [issue for issue in check(folder) if issue.code == "short_history"]
    assert issue.message == "mine: nothing before 2025-06-01 was fetched, as --since asked"
    assert min(t.at for t in kept(folder)["transactions"]) >= datetime(2025, 6, 1, tzinfo=UTC)
    fetch(folder, history)
    assert kept(folder) == kept(whole[0])
    assert told not in fetch(folder, history, since="2025-06-01").lines, "it narrows a first fetch only"
    assert missing(folder) == set()


@pytest.mark.parametrize("exchange", ["bitso", "nosuch"])
def test_an_account_whose_history_no_plug_in_reads_is_told(tmp_path: Path, exchange: str) -> None:
    folder = begun(tmp_path / "data")
    save(folder, replace(load(folder), accounts={"mine": AccountSettings(exchange)}))
    told = [issue for issue in check(folder) if issue.account == "mine" and issue.severity == "error"]
    assert told and all(issue.message.startswith("mine: ") for issue in told)


@pytest.mark.parametrize("since", ["2025-13-01", "yesterday", "01.02.2025", "2025-6-1"])
def test_a_since_that_is_no_day_is_one_line_and_asks_nothing(folder: Path, history: Records, since: str) -> None:
    with pytest.raises(syncing.Stop, match="should be a day such as 2024-01-01"):
        fetch(folder, history, lambda number, _: pytest.fail("asked"), since=since)


def test_all_of_an_account_is_asked_for_again_by_its_name(
    tmp_path: Path, whole: tuple[Path, Run], history: Records
) -> None:
    folder = shutil.copytree(whole[0], tmp_path / "data")
    before = kept(folder)["records"]
    with pytest.raises(syncing.Usage, match="--again yours should name an account behind an API; those are: mine"):
        fetch(folder, history, lambda number, _: pytest.fail("asked"), again="yours")
    run = fetch(folder, history, again="mine")
    assert run.failures == [] and run.lines[0] == "mine: 0 new records"
    of_lists = [r for r in run.requests if r.name in LISTS]
    assert len(of_lists) == len([r for r in whole[1].requests if r.name in LISTS]) + len(LISTS)  # and what is new
    assert [r for r in kept(folder)["records"] if r in before] == before


@pytest.fixture(autouse=True)
def quiet(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Notes of waiting are not the test's."""
    yield
    capsys.readouterr()
