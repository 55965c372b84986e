"""A ledger that an older taxsync wrote opens, is kept as it was, gets the newest tables and gives the same figures."""

import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.ledger import Ledger
from pipeline.migrations import newest_version
from tests.hard.older import VERSIONS, older, reported
from tests.person import Person, contents

pytestmark = pytest.mark.sqlite("no older version was ever in PostgreSQL")


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as ledger:
        return [*ledger.iterdump(), str(ledger.execute("PRAGMA user_version").fetchone()[0])]


def test_every_version_of_the_tables_has_a_ledger_here() -> None:
    assert list(range(1, newest_version() + 1)) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ledger_of_any_released_version_gives_the_figures_that_it_gave(tmp_path: Path, version: int) -> None:
    person = Person(tmp_path)
    older(person, version)
    before = dump(person.data / "ledger.db")
    assert not person.run("backup", "records", "--records").stderr  # of a ledger from before there was a chain, too
    person.run("report", "--year", "2025", "--no-xlsx")
    assert (person.data / "reports" / "2025" / "disposals.csv").read_bytes() == reported(version)
    copy = person.data / f"ledger-version-{version}.db"
    assert copy.exists() == (version < newest_version())
    if copy.exists():
        assert dump(copy) == before and stat.S_IMODE(copy.stat().st_mode) == 0o600
    with Ledger.open(person.data, create=False) as ledger:
        ledger.check_integrity()
    again = person.run("status").stdout
    assert person.run("import", person.write("rows.csv", ROWS)).stdout.startswith("rows.csv: 2 transactions, 0 new")
    assert person.run("status").stdout == again


@pytest.mark.parametrize("version", [version for version in VERSIONS if version >= 3])
def test_the_first_import_after_an_upgrade_says_of_closed_years_no_more_than_what_it_brings(
    tmp_path: Path, version: int
) -> None:
    person = Person(tmp_path)
    older(person, version)
    new = ROWS.splitlines()[0] + "\n2025-08-01T12:00:00Z,Kraken,100,USD,1,SOL,,,,,new\n"
    assert person.run("import", person.write("new.csv", new)).stdout == "new.csv: 1 transaction, 1 new\n"


# Two of the rows that are in each of the ledgers.
ROWS = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Label,TxHash,ID\n"
    "2023-03-01T12:00:00Z,Kraken,20000,USD,1,BTC,50,USD,,,b1\n"
    "2025-07-01T12:00:00Z,Kraken,5,ETH,12500.75,USD,12.5,USD,,,s3\n"
)


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX systems")
@pytest.mark.parametrize("hindered", ["a folder in its place", "a full disk"])
def test_a_ledger_that_cannot_be_kept_as_it_was_is_not_changed(tmp_path: Path, hindered: str) -> None:
    import resource

    person = Person(tmp_path)
    older(person, 1)
    if hindered == "a folder in its place":
        (person.data / "ledger-version-1.db" / "mine").mkdir(parents=True)
    before = contents(person.data)
    limits, written = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    if hindered == "a full disk":
        sys.dont_write_bytecode = True  # what is imported meanwhile would be cut
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        done = person.run("status", code=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        sys.dont_write_bytecode = written
    assert done.stderr.startswith("data/ledger.db is of an older taxsync, and data/ledger-version-1.db, where")
    assert done.stderr.endswith("; nothing was changed, run again where it can\n") and done.stderr.count("\n") == 1
    assert contents(person.data) == before
