"""An account behind an API and its own export, imported in any order, under one name or two: each happening once."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from importers.sync import FINEST
from pipeline.ledger import Ledger
from pipeline.model import Page, RawRecord
from pipeline.run.overview import check
from pipeline.run.ties import rows_of
from pipeline.settings import AccountSettings, load, save
from tests.person import Person

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Label\n"
EXPORT = (
    "2024-12-30T10:00:00Z,{0},,,0.5,ETH,,,reward\n"  # before what the API gives
    "2025-01-10T12:00:00Z,{0},,,20000,USD,,,\n"
    "2025-01-10T12:00:30Z,{0},9000,USD,0.1,BTC,23.4,USD,\n"
    "2025-01-10T12:00:30Z,{0},9000,USD,0.1,BTC,23.4,USD,\n"
    "2025-03-01T08:00:00Z,{0},,,0.01,BTC,,,\n"
)
LATER = "2025-06-01T09:00:00Z,{0},,,9500,USD,,,\n"
NONE = {"floor": None, "newest": None}
HOLE = {"holes": [["1735430400", "1735776000"]]}  # 29 December 2024 to 2 January 2025


def entry(ref: str, time: str, kind: str, asset: str, amount: str, fee: str = "0") -> dict[str, object]:
    return {"refid": ref, "time": time, "type": kind, "subtype": "", "aclass": "currency", "asset": asset,
            "amount": amount, "fee": fee}  # fmt: skip


ENTRIES = [
    entry("Q1", "1736510400.2512", "deposit", "ZUSD", "20000.0000"),
    *(entry(ref, "1736510430.5712", "trade", *leg) for ref in ("T1", "T2")
      for leg in (("ZUSD", "-9000.0000", "23.4000"), ("XXBT", "0.1000000000"))),
    entry("R1", "1740816000.9", "deposit", "XXBT", "0.0100000000"),
    entry("T3", "1751328000.1", "trade", "XXBT", "-0.0500000000"),
    entry("T3", "1751328000.1", "trade", "ZUSD", "5000.0000", "10.0000"),
]  # fmt: skip


def fetch(data: Path) -> None:
    """As an import over Kraken's API would have left it."""
    save(data, replace(load(data), accounts={"kraken": AccountSettings("kraken")}))
    kept = [
        RawRecord("kraken", "kraken", "Ledgers", f"L{n}", int(Decimal(str(e["time"])) * FINEST), json.dumps(e), f"L{n}")
        for n, e in enumerate(ENTRIES)
    ]
    with Ledger.open(data, create=False) as ledger:
        ledger.keep(Page(kept), ledger.begin_batch("api", "kraken"))
        for stream in ("Ledgers", "TradesHistory", "DepositStatus", "WithdrawStatus"):
            ledger.set_cursor("kraken", "kraken", stream, json.dumps(NONE | {"newest": "1751328000.1"} | HOLE))


def written(entries: bool) -> str:
    """The exchange's own export of its ledger, or of its trades; times by the second."""
    lines = ["txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance"]
    for n, e in enumerate(ENTRIES):
        what = (
            f"L{n}",
            e["refid"],
            _time(e),
            e["type"],
            "",
            "currency",
            e["asset"],
            "spot",
            e["amount"],
            e["fee"],
            "0",
        )
        lines.append(",".join(map(str, what)))
    if not entries:
        lines = ["txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers"]
        for ref, n in (("T1", 1), ("T2", 3), ("T3", 6)):
            kind, cost, fee, vol = ("sell", "5000", "10", "0.05") if ref == "T3" else ("buy", "9000", "23.4", "0.1")
            lines.append(f"{ref},O{ref},XXBTZUSD,{_time(ENTRIES[n])},{kind},limit,1,{cost},{fee},{vol},0,,L{n}")
    return "\n".join((*lines, ""))


def _time(e: Mapping[str, object]) -> str:
    return f"{datetime.fromtimestamp(int(Decimal(str(e['time']))), UTC):%Y-%m-%d %H:%M:%S}"


def reported(person: Person) -> Mapping[str, bytes]:
    person.run("report", "--year", "2025", "--no-xlsx")
    names = ("transactions.csv", "disposals.csv", "income.csv", "holdings.csv", "issues.csv")
    return {name: (person.data / "reports" / "2025" / name).read_bytes() for name in names}


def codes(person: Person) -> set[str]:
    return {issue.code for issue in check(person.data)}


def open_deposit(person: Person) -> str:
    return next(i.ref for i in check(person.data) if i.code == "unmatched_deposit" and i.asset == "BTC")


@pytest.fixture
def person(tmp_path: Path) -> Person:
    one = Person(tmp_path)
    one.run("init", "--country", "us")
    return one


def test_an_api_and_an_export_give_the_same_ledger_whichever_came_first(person: Person) -> None:
    file = person.write("export.csv", HEADER + EXPORT.format("kraken") + LATER.format("kraken"))
    own = [person.write("ledgers.csv", written(True)), person.write("trades.csv", written(False))]
    assert "known from" not in person.run("import", file).stdout
    came = open_deposit(person)
    person.run("label", came, "gift")  # of the file's row, which will count no more
    person.run("import", *own, "--account", "kraken")
    fetch(person.data)
    first = reported(person)
    rows = person.rows("transactions.csv")
    assert [(r["source"], r["received_amount"], r["label"]) for r in rows] == [
        ("kraken", "20000", ""), ("kraken", "0.1", ""), ("kraken", "0.1", ""), ("kraken", "0.01", "gift"),
        ("universal", "9500", ""), ("kraken", "5000", ""),
    ]  # fmt: skip
    lines = [
        "kraken: 5 of 5 transactions in kraken_ledgers files are known from the API: each counts once",
        "kraken: 3 of 3 transactions in kraken_trades files are known from the API: each counts once",
        "kraken: 4 of 6 transactions in universal files are known from the API: each counts once",
    ]
    assert " ".join(lines) in " ".join(person.run("status").stdout.split())  # its lines are broken at 80 columns

    other = Person(person.home / "other")
    other.home.mkdir()
    other.run("init", "--country", "us")
    fetch(other.data)
    assert lines[2] in other.run("import", str(person.home / file)).stdout.splitlines()
    more = other.run("import", *(str(person.home / name) for name in own[::-1]), "--account", "kraken").stdout
    assert more.splitlines()[-2:] == lines[:2]
    assert open_deposit(other) != came, "the API's row counts"
    other.run("label", open_deposit(other), "gift")
    assert reported(other) == first


def test_two_names_of_one_account_are_told_and_tied_once_the_person_says_so(person: Person) -> None:
    fetch(person.data)
    person.run("import", person.write("ledgers.csv", HEADER + EXPORT.format("")))
    assert {"possible_duplicate", "short_history"} <= codes(person)
    said = person.run("import", person.write("own.csv", written(True))).stdout
    line = "own: has files of the layout kraken_ledgers; if it is the account kraken, which is synced by API, say so"
    assert line in said and "`own,kraken` under `Account,Same As`" in said
    before = reported(person)
    wrong = person.run("import", person.write("a.csv", "Account,Same As\nkraken,ledgers\n"), code=1).stderr
    assert "a.csv row 2: Account 'kraken' is synced by API, so that its name stays: write it under Same As" in wrong
    wrong = person.run("import", person.write("a.csv", "Account,Same As\nledgers,krakn\n"), code=1).stderr
    assert "is it 'kraken'?" in wrong
    said = person.run("import", person.write("same.csv", "Account,Same As\nledgers,kraken\nown,kraken\n")).stdout
    assert said == "same.csv: 2 answers, 2 new\n"
    assert "synced by" not in person.run("import", "own.csv").stdout
    reported(person)
    assert {r["account"] for r in person.rows("transactions.csv")} == {"kraken"}
    assert len(person.rows("transactions.csv")) == 5
    found = codes(person)
    assert "rests_on_files" in found, "the file reaches over what the API does not give"
    assert found.isdisjoint({"possible_duplicate", "short_history"})
    with Ledger.open(person.data, create=False) as ledger:
        assert len(rows_of(ledger, "kraken")) == 6, "the reward of 2024 is the account's, too"
    third = person.run("import", person.write("a.csv", "Account,Same As\nkraken,other\n"), code=1).stderr
    assert "Same As 'other' is no account of this ledger" in third
    person.run("import", person.write("same.csv", "Account,Same As,Note\nledgers,,open\nown,,open\n"))
    assert reported(person) == before


def test_what_was_tied_and_did_happen_twice_counts_twice_as_the_person_says(person: Person) -> None:
    fetch(person.data)
    person.run("import", person.write("a.csv", HEADER + LATER.format("kraken") + EXPORT.format("kraken")))
    (once,) = [issue for issue in check(person.data) if issue.code == "counted_once"]
    line = once.remedy.split("`")[1]
    person.run("import", person.write("twice.csv", f"Repeat,First,Counts\n{line}\n"))
    assert "kraken: 3 of 6 transactions in universal files" in person.run("status").stdout
    assert "possible_duplicate" not in codes(person)
