"""A file that was imported before: what is said of it is as it was, what is kept too, and any doubt has it read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.ledger import Ledger, LedgerError
from pipeline.run.overview import check
from pipeline.run.unchanged import key_of, read_before
from tests.person import Person

HEADER = "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,ID\n"
BUY = "2025-01-05,{},USD,1,ETH,7\n"
SAMPLE = Path(__file__).parents[2] / "importers/samples/binance_deposits/report.csv"


@pytest.fixture
def person(tmp_path: Path) -> Person:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    return person


def known(person: Person, name: str) -> bool:
    """Whether an import of the file would not read its rows."""
    with Ledger.open(person.data, create=False) as ledger:
        return read_before(ledger, key_of(person.home / name, "", "America/New_York", None)) is not None


def counts(person: Person) -> tuple[int, int]:
    with Ledger.open(person.data, create=False) as ledger:
        return ledger.raw_count(), len(ledger.batches())


def test_a_file_imported_twice_is_told_in_the_same_words_without_a_look_at_its_rows(person: Person) -> None:
    """Also rows that count for nothing, columns that are not known, dates without a time, and rows not understood."""
    person.write("ours.csv", HEADER + BUY.format(100))
    person.write("theirs.csv", SAMPLE.read_text(encoding="utf-8"))
    for name in ("ours.csv", "theirs.csv"):
        first = person.run("import", name).stdout.splitlines()
        kept, batches = counts(person)
        assert known(person, name)
        again = person.run("import", name).stdout.splitlines()
        new = first[0].split(", ")[1]
        assert new != "0 new" and again[0] == first[0].replace(new, "0 new")
        assert again[1:] == [line for line in first[1:] if "could not be read" not in line]  # those are told once
        assert counts(person) == (kept, batches + 1), "nothing is new; that it was imported once more is kept"
    assert "rows that count for nothing" in again[1]


def test_the_same_bytes_taken_in_another_way_are_read(person: Person) -> None:
    file = person.write("a.csv", HEADER + BUY.format(100))
    person.run("import", file)
    assert "1 transaction, 1 new" in person.run("import", file, "--account", "Ledger").stdout
    table = (
        '[columns]\nDate = "Date"\n"Received Amount" = "Received Amount"\n"Received Currency" = "Received Currency"\n'
    )
    mapping = person.write("m.toml", table)
    assert "1 row, 1 new" in person.run("import", file, "--map", mapping).stdout
    assert "1 row, 0 new" in person.run("import", file, "--map", mapping).stdout
    person.write("m.toml", table + '"Sent Amount" = "Sent Amount"\n"Sent Currency" = "Sent Currency"\n')
    assert "read otherwise" in person.run("import", file, "--map", mapping, code=1).stderr


def test_a_file_that_was_corrected_by_another_contradicts_it_still(person: Person) -> None:
    for folder in ("old", "new"):
        (person.home / folder).mkdir()
    old, new = (person.write(f"{name}/a.csv", HEADER + BUY.format(sum)) for name, sum in (("old", 100), ("new", 101)))
    assert "1 new" in person.run("import", old).stdout
    assert "1 revised" in person.run("import", new, "--revise").stdout
    assert "imported before with other content" in person.run("import", old, code=1).stderr
    assert "0 new\n" in person.run("import", new).stdout
    assert "1 revised" in person.run("import", old, "--revise").stdout
    assert "1 revised" in person.run("import", new, "--revise").stdout


def test_a_file_that_was_refused_is_refused_again_and_one_whose_records_may_be_lost_is_read(person: Person) -> None:
    bad = person.write("bad.csv", HEADER + BUY.format(100) + BUY.format(-1).replace(",7", ",8"))
    for _ in range(2):
        assert "bad.csv row 3" in person.run("import", bad, code=1).stderr
    person.run("import", person.write("good.csv", HEADER + BUY.format(100)))
    with Ledger.open(person.data, create=False) as ledger:
        mark = ledger.last_record()
        assert ledger.only_added(mark, "universal")
        assert not ledger.only_added(mark._replace(link="of a ledger that was put together anew"), "universal")


@pytest.mark.parametrize("many", [0, 10], ids=["beside", "here"])
@pytest.mark.sqlite("a hand in the file")
def test_damage_is_told_as_damage_whatever_comes_of_the_rest(person: Person, many: int) -> None:
    person.run("import", person.write("a.csv", HEADER + BUY.format(100)))
    assert check(person.data, many=many) == []
    for change in ("UPDATE raw SET payload = '{1}'", "UPDATE said SET content = replace(content, 'USD', 'EUR')"):
        with closing(sqlite3.connect(person.data / "ledger.db")) as outside, outside:
            outside.execute("DROP TRIGGER IF EXISTS raw_no_update")
            outside.execute(change)
        with pytest.raises(LedgerError, match="is damaged"):
            check(person.data, many=many)
