"""Three tax years that were filed, and what came to light afterwards: it changes nothing of that, and is told."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.ledger import Ledger
from pipeline.model import transaction_id
from tests.person import Person

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,Description,ID\n"
YEARS = (
    HEADER
    + "2022-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,,,1\n"
    + "2022-02-05T12:00:00Z,Kraken,2000,USD,1,BTC,,,2\n"
    + "2022-06-05T12:00:00Z,Kraken,0.5,BTC,900,USD,,,3\n"
    + "2023-03-01T12:00:00Z,Kraken,,,0.1,BTC,reward,,4\n"
    + "2023-06-05T12:00:00Z,Kraken,0.5,BTC,1500,USD,,,5\n"
    + "2024-04-01T12:00:00Z,Kraken,0.1,BTC,,,spend,,6\n"
    + "2024-06-05T12:00:00Z,Kraken,0.5,BTC,3000,USD,,,7\n"
    + "2025-06-05T12:00:00Z,Kraken,0.5,BTC,4000,USD,,,8\n"
)
PRICES = "Date,Asset,Currency,Price\n2023-03-01,BTC,USD,2000\n2024-04-01,BTC,USD,5000\n"
CLOSED = ("2022", "2023", "2024")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("years"))
    person.run("init", "--country", "us")
    person.run("import", person.write("years.csv", YEARS), person.write("prices.csv", PRICES))
    for year in CLOSED:
        person.run("close", year)
    return person.home


@pytest.fixture
def person(tmp_path: Path, kept: Path) -> Person:
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


def changed(person: Person, *years: str) -> dict[str, Any]:
    """What `changes` says of each year, by its name; and that the exit code says whether figures differ."""
    found = json.loads(person.run("changes", *years, "--json", code=1).stdout)
    assert any(one["differs"] for one in found["years"])
    return {one["year"]: one for one in found["years"]} | {"open": found["open_years"]}


def gain(year: dict[str, Any]) -> tuple[str, str]:
    """Filed and today."""
    return next((one["filed"], one["today"]) for one in year["totals"] if one["item"] == "gain")


def causes(year: dict[str, Any], *key: str) -> set[str]:
    """The kinds of what makes one thing differ."""
    kinds = {one["number"]: one["kind"] for one in year["causes"]}
    (found,) = [one for one in year["differences"] if [one["table"], *one["key"]] == list(key)]
    return {kinds[number] for number in found["causes"]}


def ref(id: str) -> str:
    return transaction_id("Kraken", "rows", id)


def late(person: Person) -> str:
    return person.run(
        "import", person.write("late.csv", f"{HEADER}2022-01-01T12:00:00Z,Kraken,100,USD,0.5,BTC,,,9\n")
    ).stdout


def test_each_thing_that_comes_to_light_is_told_at_once_and_found_as_the_cause_of_what_differs(person: Person) -> None:
    assert "Closed tax years: 2022 (on 20" in person.run("status").stdout
    assert "closed already" in person.run("close", "2023", code=1).stderr
    words = "2022-06-05T12:00:00Z,Kraken,0.5,BTC,900,USD,,in words,3\n"
    said = person.run("import", "--revise", person.write("words.csv", HEADER + words)).stdout
    assert "Closed tax year 2022: 1 record in it came or changed; `taxsync changes 2022`" in said
    assert "no figure differs; 1 input came since and changes none" in person.run("changes", "2022").stdout

    open_year = (f"2026-01-{day:02}T12:00:00Z,Kraken,100,USD,1,ETH,,,e{day}\n" for day in range(1, 16))
    assert "Closed" not in person.run("import", person.write("more.csv", HEADER + "".join(open_year))).stdout
    assert "Closed tax year 2022: 1 record in it" in late(person)
    found = changed(person)
    assert [gain(found[year]) for year in CLOSED] == [("400", "800"), ("1000", "1000"), ("2300", "2800")]
    assert found["open"] == [{"year": "2025", "gain_from_filed": "3900", "gain_recomputed": "3000"}]
    (one,) = found["2022"]["causes"]
    assert (one["kind"], one["gain"]) == ("new record", "400") and one["words"].startswith("late.csv row 2 (Kraken) ")
    assert found["2022"]["without_effect"] == 16
    assert [one["table"] for one in found["2023"]["differences"]] == ["holdings"]
    shown = person.run("changes", code=1).stdout
    assert "Only in the lots that are left, in no figure of the year itself: 2023" in shown
    forms = [line for line in shown.splitlines() if line.startswith(("  form_8949:", "  schedule_d "))]
    assert forms and all(line.endswith(" [1]") for line in forms)
    (disposal,) = [one for one in found["2022"]["differences"] if one["table"] == "disposals"]
    assert disposal["key"] == [ref("3")] and "500" in disposal["filed"][0] and "100" in disposal["today"][0]

    revised = "2022-02-05T12:00:00Z,Kraken,2400,USD,1,BTC,,,2\n"
    person.run("import", "--revise", person.write("revised.csv", HEADER + revised))
    price = person.write("p2.csv", "Date,Asset,Currency,Price\n2023-03-01,BTC,USD,2500\n")
    assert "Closed tax year 2023: 1 price in it" in person.run("import", "--revise", price).stdout
    assert "Closed tax year 2024: 1 answer" in person.run("label", ref("6"), "gift").stdout
    found = changed(person)
    assert causes(found["2022"], "disposals", ref("3")) == {"new record"}
    assert causes(found["2022"], "holdings", "", "BTC") == {"new record", "revised record"}
    assert causes(found["2023"], "income", ref("4")) == {"price"}
    assert causes(found["2024"], "disposals", ref("6")) == {"new record", "answer"}
    settings = person.data / "taxsync.toml"
    settings.write_text(settings.read_text().replace('method = ""', 'method = "hifo"'))
    found = changed(person, "2023")
    assert list(found) == ["2023", "open"]
    assert causes(found["2023"], "disposals", ref("5")) == {"setting"}
    assert {one["words"].partition(" (")[0] for one in found["2023"]["causes"]} == {
        "late.csv row 2", "revised.csv row 2", "BTC on 2023-03-01 is 2500 USD, was 2000",
        "method was the default, is hifo",
    }  # fmt: skip
    assert found["2023"]["without_effect"] == 17
    settings.write_text(settings.read_text().replace('currency = "USD"', 'currency = "EUR"'))
    shown = person.run("changes", "2022", code=1).stdout
    assert "Filed, USD  Today, EUR" in shown and "is written back in taxsync.toml" in shown
    assert changed(person, "2022")["2022"]["filed_in"] == "USD"


def test_an_open_year_goes_on_from_what_was_filed_until_it_is_amended(person: Person) -> None:
    late(person)
    filed = person.run("report", "--year", "2025", "--no-xlsx").stdout
    assert "Opening position: 2024 as it was filed on 20" in filed
    (sale,) = person.rows("disposals.csv")  # the units that came to light are the oldest
    assert (sale["cost_basis"], sale["acquired_at"][:4]) == ("100", "2022")
    summary = {row["item"]: row["value"] for row in person.rows("summary.csv")}
    assert summary["opening_position"].startswith("2024 as it was filed on 20")
    why = " ".join(person.run("explain", ref("8")).stdout.split())
    assert "0.5 BTC at 1000 was filed as held at the end of 2024; by today's records it is 1 BTC at 2000" in why
    whole = person.run("report", "--year", "2025", "--no-xlsx", "--recompute").stdout
    assert "Opening position: recomputed from all records, not from 2024 as it was filed" in whole
    (sale,) = person.rows("disposals.csv")
    assert (sale["cost_basis"], sale["gain"]) == ("1000", "3000")
    report = person.run("report", "--year", "2022", "--no-xlsx").stdout
    assert "and are not these: `taxsync changes 2022` says why" in report
    told = "0.5 BTC at 1000 was filed as held at the end of 2024; by today's records it is 1 BTC at 2000"
    assert told in person.run("check").stdout

    assert "go together" in person.run("close", "2022", "--reopen", code=2).stderr
    assert "is not closed" in person.run("close", "2025", "--reopen", "--why", "x", code=2).stderr
    for year in CLOSED:
        done = person.run("close", year, "--reopen", "--recompute", "--why", "a file was found")
    assert "gain 2,800.00" in done.stdout
    assert person.run("changes").stdout.count("no figure differs") == 3
    assert "filed_position" not in person.run("check").stdout
    with Ledger.open(person.data, create=False) as ledger:
        ledger.check_integrity()
        assert [(one.year, one.why) for one in ledger.filing_history()] == [
            *((year, "") for year in CLOSED), *((year, "a file was found") for year in CLOSED)
        ]  # fmt: skip
        first = ledger.filed_tables(1)["disposals"]
        assert dict(zip((name for name, _ in first.columns), first.rows[0], strict=True))["gain"] == "400"


def test_a_year_that_was_filed_from_an_older_position_says_so(person: Person) -> None:
    late(person)
    person.run("close", "2024", "--reopen", "--why", "carried on from 2023 as it was filed")
    assert causes(changed(person, "2024")["2024"], "disposals", ref("7")) == {"opening position"}


def test_another_country_begins_with_the_records_and_what_was_filed_by_the_rules_of_the_first_stays(
    person: Person,
) -> None:
    settings = person.data / "taxsync.toml"
    before = settings.read_text()
    person.run("init", "--country", "uk", "--currency", "USD")
    by = "recomputed from all records: 2024 as it was filed on 20"
    done = person.run("report", "--year", "2025", "--no-xlsx").stdout
    assert f"Opening position: {by}" in done and "is by the rules of us in USD" in done
    found = changed(person, "2024")["2024"]
    assert (found["first"], found["last"]) == ("2024-01-01", "2024-12-31")
    assert {one["kind"] for one in found["causes"]} == {"setting"}
    assert "country was us, is uk" in found["causes"][0]["words"]
    assert [one["today"] for one in found["differences"] if one["table"] == "schedule_d"].count([]) > 0
    assert [one["filed"] for one in found["differences"] if one["table"] == "sa108"].count([]) > 0
    assert "Closed before it: 2024" not in person.run("close", "2025").stderr
    with Ledger.open(person.data, create=False) as ledger:
        content = ledger.filing(ledger.filings()["2025"].id).content
    assert (content["country"], content["opening"], content["first"]) == ("uk", 0, "2024-04-06")
    settings.write_text(before)
    assert "by the rules of uk" in person.run("report", "--year", "2026", "--no-xlsx").stdout
    assert person.run("changes", "2024").stdout.count("no figure differs") == 1


def test_what_differs_without_any_new_input_is_the_doing_of_the_program(person: Person) -> None:
    with Ledger.open(person.data, create=False) as ledger:
        content, tables = ledger.filing(1).content, dict(ledger.filed_tables(1))
        disposals = tables["disposals"]
        rows = [["401" if cell == "400" else cell for cell in row] for row in disposals.rows]
        tables["disposals"] = replace(disposals, rows=rows)
        ledger.keep_filing("2022", content, tables, "as an older program would have computed it")
    found = changed(person, "2022")["2022"]
    assert causes(found, "disposals", ref("3")) == {"program"}
    assert [(one["kind"], one["gain"]) for one in found["causes"]] == [("program", None)]


def test_a_year_is_closed_when_it_has_ended_and_with_open_problems_only_on_a_word(person: Person) -> None:
    assert "has not ended yet" in person.run("close", "2100", code=1).stderr
    assert "2025 is not closed" in person.run("changes", "2025", code=1).stderr
    person.run("import", person.write("open.csv", f"{HEADER}2025-07-01T12:00:00Z,Kraken,1,ETH,900,USD,,,10\n"))
    assert "1 open problem may change the figures of 2025" in person.run("close", "2025", code=1).stderr
    asked = person.at_terminal(("close", "2025"), [("[y/N]: ", "n")])
    assert asked.code == 1 and "was not closed" in asked.stdout
    assert "2025" not in person.run("status").stdout.splitlines()[1]
    assert "is closed, with 1 open problem" in person.run("close", "2025", "--with-problems").stdout
    with Ledger.open(person.data, create=False) as ledger:
        assert "missing_acquisition" in [row[1] for row in ledger.filed_tables(4)["issues"].rows]
    before = person.write("before.csv", f"{HEADER}2020-05-01T12:00:00Z,Kraken,50,USD,1,ETH,,,11\n")
    assert "Closed tax year 2022: 1 record before it came or changed" in person.run("import", before).stdout
    assert gain(changed(person, "2025")["2025"]) == ("3900", "3850")
    evening = person.write("evening.csv", f"{HEADER}2026-01-01T04:30:00Z,Kraken,50,USD,1,SOL,,,12\n")
    assert "Closed tax year 2025: 1 record in it" in person.run("import", evening).stdout


KILLED = """
import os, signal, sqlite3, sys

connect, filed = sqlite3.connect, []

def saw(statement):
    if filed and statement.startswith(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    filed.extend([1] * statement.startswith("INSERT INTO filing"))

def watched(*arguments, **named):
    connection = connect(*arguments, **named)
    connection.set_trace_callback(saw)
    return connection

sqlite3.connect = watched
from pipeline.cli import main
main(["close", "2025"])
"""


@pytest.mark.sqlite("SQLite traces its statements")
def test_killed_while_closing_a_year_is_closed_or_it_is_not(person: Person) -> None:
    for point in ("", "COMMIT"):  # the next statement of all, or what keeps the transaction
        done = subprocess.run(
            [sys.executable, "-c", KILLED, point], cwd=person.home, env=person.environment, capture_output=True,
            timeout=120,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done
        with Ledger.open(person.data, create=False) as ledger:
            ledger.check_integrity()
            assert list(ledger.filings()) == list(CLOSED)
    person.run("close", "2025")
    assert "Tax year 2025, 2025-01-01 to 2025-12-31" in person.run("changes", "2025").stdout


@pytest.mark.parametrize("country", ["uk", "fr", "jp", "nl"])
def test_right_after_closing_nothing_differs(tmp_path: Path, country: str) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", country, "--currency", "USD")
    person.run("import", person.write("years.csv", YEARS), person.write("prices.csv", PRICES))
    for year in CLOSED:
        person.run("close", year, "--with-problems")
    assert person.run("changes").stdout.count("no figure differs.") == 3
