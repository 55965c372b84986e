"""`taxsync demo`: the whole way with no key, no network and nothing of the tester's own; the same bytes everywhere."""

import csv
import json
import re
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from importers.sandbox.history import demo_history
from pipeline.money import exact
from tests.person import NOBODY, Done, Person, contents

EVERY_PROXY = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), NOBODY)
SECTIONS = {
    "Proceeds": ("capital_gains", "proceeds"),
    "Cost basis": ("capital_gains", "cost_basis"),
    "Gain": ("capital_gains", "gain"),
    "short term": ("capital_gains", "short_term_gain"),
    "long term": ("capital_gains", "long_term_gain"),
    "Income: airdrop": ("income", "airdrop"),
    "Income: reward": ("income", "reward"),
    "Income in total": ("income", "total"),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Person, Done]:
    """Run once, in ./data as a fresh checkout has it. A test that runs it again leaves it as it was."""
    person = Person(tmp_path_factory.mktemp("demo"))
    person.data.mkdir()
    (person.data / ".gitkeep").touch()
    return person, person.process("demo")


def test_it_needs_no_home_no_keyring_no_network_and_is_the_same_everywhere(
    demo: tuple[Person, Done], tmp_path: Path
) -> None:
    person, done = demo
    bare = Person(tmp_path / "elsewhere")
    temporary = tmp_path / "temporary"
    bare.home.mkdir()
    (bare.home / "made-up").mkdir()
    (bare.home / "made-up" / "demo.txt").touch()  # what is left of a demo that was stopped at once
    temporary.mkdir()
    lost = {k: v for k, v in bare.environment.items() if k != "HOME" and not k.startswith("TAXSYNC_")}
    lost |= EVERY_PROXY | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "TMPDIR": str(temporary)}
    again = bare.process("demo", "--data", "made-up", environment=lost)
    assert again.stderr == done.stderr == ""
    assert again.stdout.replace("made-up", "data") == done.stdout
    assert contents(bare.home / "made-up" / "reports") == contents(person.data / "reports")
    assert list(temporary.iterdir()) == []
    assert [p.name for p in bare.home.iterdir()] == ["made-up"]


def test_it_writes_nothing_outside_the_data_folder(demo: tuple[Person, Done]) -> None:
    person, _ = demo
    assert [p.name for p in person.home.iterdir()] == ["data"]  # where it ran, and HOME


def test_the_printed_figures_are_those_of_the_files(demo: tuple[Person, Done]) -> None:
    person, done = demo
    figures = {(r["section"], r["item"]): r["value"] for r in person.rows("summary.csv")}
    lines = [line.strip().rsplit(None, 1) for line in done.stdout.splitlines()]
    printed = {line[0]: line[1] for line in lines if line and line[0] in SECTIONS}
    assert printed.keys() == SECTIONS.keys()
    for words, place in SECTIONS.items():
        if figures[place]:
            assert abs(Decimal(printed[words].replace(",", "")) - Decimal(figures[place])) <= Decimal("0.005"), words
        else:
            assert printed[words] == "unknown", words
    assert sum(bool(figures[place]) for place in SECTIONS.values()) == len(SECTIONS) - 1
    with exact():
        gain = sum(Decimal(row["gain"]) for row in person.rows("disposals.csv"))
    assert gain == Decimal(figures["capital_gains", "gain"]) > 0
    assert "USD" in done.stdout and f"Files: {Path('data/reports/2025')}" in done.stdout


def test_the_readme_shows_what_it_prints(demo: tuple[Person, Done]) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- demo output -->\n```text\n")[1].split("```")[0]
    assert shown.startswith("Tax year 2025") and shown in demo[1].stdout


def test_its_page_has_the_exchanges_lists_and_balances_and_the_way_to_every_record(demo: tuple[Person, Done]) -> None:
    person, _ = demo
    text = (person.data / "reports" / "2025" / "report.html").read_text(encoding="utf-8")
    found = re.findall(r'<script type="application/json" id="(?:data|rows)">(.*?)</script>', text, re.DOTALL)
    data, rows = map(json.loads, found)
    reach = {(s["account"], s["list"].split()[0]): (s["records"], s["state"]) for s in data["coverage"]}
    assert reach["kraken", "ledger"] == (518, "whole") and reach["Ledger wallet", "universal"] == (9, "")
    said = {place[1]: place[8] for place in data["places"] if place[0] == "kraken"}
    assert {asset for asset, state in said.items() if state != "equal"} == {"LTC"}
    assert [row[1] for row in data["problems"]["rows"]][:2] == ["missing_acquisition", "missing_price"]
    assert data["course"]["ends"][-1] == "2026-01-01" and not data["course"]["left_out"]
    lines = rows["plain"].splitlines()
    assert sum(line.startswith('{"of": "records"') for line in lines) == 1
    history = demo_history()
    assert not any(secret in text for secret in (history.key, history.secret, str(person.home)))


def test_just_two_errors_are_left_for_the_user_to_find(demo: tuple[Person, Done]) -> None:
    person, done = demo
    found = json.loads(person.run("check", "--json", code=1).stdout)
    assert [(i["code"], i["asset"], i["account"]) for i in found if i["severity"] == "error"] == [
        ("missing_price", "FLR", "Ledger wallet"),
        ("missing_acquisition", "LTC", "kraken"),
    ]
    assert {i["code"] for i in found if i["severity"] != "error"} == {"divided_proceeds"}
    assert done.stdout.count("ERROR ") == 2 and "2 of these change a tax figure" in done.stdout
    rows = person.rows("issues.csv")
    assert Counter(r["code"] for r in rows) == Counter(i["code"] for i in found)


def test_the_remedy_of_the_airdrop_is_a_line_to_copy(demo: tuple[Person, Done]) -> None:
    _, done = demo
    (line,) = [line for line in done.stdout.splitlines() if "put a line `" in line]
    row = line.split("put a line `")[1].split("`")[0]
    header = line.split("under `")[1].split("`")[0]
    assert dict(zip(header.split(","), row.split(","), strict=True)) == {
        "Date": "2025-03-17",
        "Asset": "FLR",
        "Currency": "USD",
        "Price": "PRICE",
    }


def test_the_workbook_is_where_it_says_and_opens(demo: tuple[Person, Done]) -> None:
    person, done = demo
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Open the workbook: ")]
    book = load_workbook(person.home / line.removeprefix("Open the workbook: "), read_only=True)
    with closing(book):
        rows = {sheet.title: sum(1 for _ in sheet.iter_rows()) for sheet in book}
    with (person.data / "reports" / "2025" / "disposals.csv").open(encoding="utf-8-sig", newline="") as file:
        disposals = sum(1 for _ in csv.reader(file))
    assert len(rows) >= 6
    assert any(title.lower() == "disposals" and count >= disposals for title, count in rows.items()), rows


def test_its_last_lines_are_commands_that_work(demo: tuple[Person, Done]) -> None:
    person, done = demo
    (look,) = [line for line in done.stdout.splitlines() if line.startswith("Look around: taxsync ")]
    assert "kraken" in person.run(*look.removeprefix("Look around: taxsync ").split()).stdout


def test_every_balance_of_the_exchange_is_what_its_records_add_up_to_but_the_one_to_find(
    demo: tuple[Person, Done],
) -> None:
    person, _ = demo
    balances = json.loads(person.run("status", "--json").stdout)["balances"]
    kraken = {b["asset"]: b for b in balances if b["account"] == "kraken"}
    assert {asset for asset, b in kraken.items() if b["computed"] != b["reported"]} == {"LTC"}
    assert (kraken["LTC"]["computed"], kraken["LTC"]["reported"]) == ("-1.5", "0")
    assert kraken.keys() >= {"BTC", "ETH", "SOL", "DOT", "USD"}
    assert all(b["reported"] is None for b in balances if b["account"] != "kraken")


@pytest.mark.sqlite("a dump of the file")
def test_again_in_the_same_folder_it_changes_nothing(demo: tuple[Person, Done]) -> None:
    person, done = demo
    reports, facts, status = contents(person.data / "reports"), kept(person.data), person.run("status", "--json").stdout
    again = person.run("demo")
    assert "demo-wallet.csv: 9 transactions, 0 new" in again.stdout and "kraken: 0 new records" in again.stdout
    assert again.stdout.split("$ taxsync report")[1] == done.stdout.split("$ taxsync report")[1]
    assert contents(person.data / "reports") == reports
    assert kept(person.data) == facts
    assert person.run("status", "--json").stdout == status


def kept(data: Path) -> dict[str, int]:
    """How many rows each table of the ledger has, but for the list of the imports themselves."""
    with closing(sqlite3.connect(data / "ledger.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    assert rows.pop("batch") > 0
    assert rows["raw"] > 700
    return rows


# ---- made up and real data are never mixed ----------------------------------------------------

OWN = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency\n2025-01-05,Kraken,100,USD,1,ETH\n"


def test_own_data_goes_into_no_demo_folder(demo: tuple[Person, Done]) -> None:
    person, _ = demo
    own = person.data.parent / "own.csv"
    own.write_text(OWN)
    before = contents(person.data)
    try:
        for command in (("import", str(own)), ("import",), ("init", "--country", "generic")):
            done = person.run(*command, code=1)
            assert "is the demo's" in done.stderr and "--data DIR" in done.stderr
            assert len(done.stderr.splitlines()) == 1 and not done.stdout
    finally:
        own.unlink()
    assert contents(person.data) == before


@pytest.mark.parametrize("left", ["all", pytest.param("ledger.db", marks=pytest.mark.sqlite("a file")), "notes.txt"])
def test_a_folder_that_holds_anything_else_gets_no_demo(left: str, tmp_path: Path) -> None:
    """Also one whose settings are lost: its ledger must not be mixed with what is made up."""
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.run("import", person.write("own.csv", OWN))
    (person.data / "notes.txt").write_text("mine")
    for file in person.data.iterdir():
        if left not in ("all", file.name):
            file.unlink()
    before = contents(person.data)
    done = person.run("demo", code=1)
    assert "holds data of its own" in done.stderr and len(done.stderr.splitlines()) == 1 and not done.stdout
    assert contents(person.data) == before


@pytest.mark.sqlite("a look into the file")
def test_the_archive_has_both_legs_of_every_trade_and_no_key(demo: tuple[Person, Done], tmp_path: Path) -> None:
    person, _ = demo
    person.run("report", "--pack", "--out", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "2025" / "taxsync-2025.zip") as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    records = [json.loads(line) for line in inside["taxsync-2025/records.jsonl"].splitlines()]
    legs = Counter(
        entry["refid"]
        for r in records
        if r["stream"] == "Ledgers"
        if (entry := json.loads(r["payload"]))["type"] == "trade"
    )
    assert legs and set(legs.values()) == {2}
    assert sum(r["stream"].startswith("Balance") for r in records) == 1
    history = demo_history()
    for secret in (history.key, history.secret, str(person.home), str(tmp_path)):
        assert not any(secret.encode() in content for content in inside.values())
