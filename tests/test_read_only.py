"""Folders and files that may only be read: what can be done is done, the rest is told in one line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.person import Done, Person, contents

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")

ROWS = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency\n"
    "2023-01-05T12:00:00Z,Kraken,100,USD,1,BTC\n"
    "2023-02-05T12:00:00Z,Coinbase,200,USD,1,BTC\n"
    "2025-06-05T12:00:00Z,Kraken,1,BTC,900,USD\n"
)

# Permissions bind root, too, once it has lost the right to go past them (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).
BOUND = (
    "import ctypes, os, sys\n"
    "if os.geteuid() == 0:\n"
    "    system = ctypes.CDLL(None)\n"
    "    assert not system.prctl(24, 1, 0, 0, 0) and not system.prctl(24, 2, 0, 0, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-m', 'pipeline.cli', *sys.argv[1:]])\n"
)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    one = Person(tmp_path)
    one.run("init", "--country", "us")
    one.run("import", one.write("a.csv", ROWS))
    return one


@contextmanager
def read_only(*paths: Path) -> Iterator[None]:
    modes = [path.stat().st_mode for path in paths]
    for path in paths:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        yield
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


def bound(person: Person, *arguments: str) -> Done:
    done = subprocess.run(
        [sys.executable, "-c", BOUND, *arguments], cwd=person.home, env=person.environment, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stderr and "a fault in taxsync" not in done.stderr, done
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.sqlite("a file that is read-only; tests/test_postgresql.py has a user who is")
def test_a_ledger_that_can_only_be_read_gives_its_report_elsewhere(person: Person) -> None:
    settings = person.data / "taxsync.toml"
    settings.write_text(settings.read_text().replace('method = ""', 'method = "hifo"'))
    before = contents(person.data)
    with read_only(person.data / "ledger.db", person.data):
        done = bound(person, "report", "--year", "2025", "--no-xlsx", "--out", "elsewhere")
        refused = bound(person, "report", "--year", "2025", "--no-xlsx")
    assert done.code == 0 and len(done.stderr.splitlines()) == 1
    assert (
        "ledger.db can only be read: what each account held when lots became per account and the chosen " in done.stderr
    )
    assert (person.home / "elsewhere" / "2025" / "disposals.csv").read_text().count("\n") == 2
    assert refused.code == 1 and len(refused.stderr.splitlines()) == 1
    assert "permission denied (you may not write there: choose another folder with --out)" in refused.stderr
    assert contents(person.data) == before
    assert bound(person, "report", "--year", "2025", "--no-xlsx", "--out", "elsewhere").stderr == ""  # kept by now


@pytest.mark.sqlite("a file that is read-only; tests/test_postgresql.py has a user who is")
def test_a_ledger_that_can_only_be_read_tells_what_is_open(person: Person) -> None:
    with read_only(person.data / "ledger.db", person.data):
        assert bound(person, "status").code == 0
        assert "No open problems." in bound(person, "check").stdout
        refused = bound(person, "import", "a.csv")
    assert refused.code == 1 and len(refused.stderr.splitlines()) == 1 and "is read-only" in refused.stderr


@pytest.mark.sqlite("a file that is read-only; tests/test_postgresql.py has a user who is")
def test_records_that_another_version_has_to_read_first_are_told(person: Person) -> None:
    script = (
        "from pathlib import Path; from pipeline.ledger import Ledger\n"
        "with Ledger.open(Path('data'), create=False) as ledger: ledger.drop_cache()"
    )
    subprocess.run([sys.executable, "-c", script], cwd=person.home, env=person.environment, check=True)
    with read_only(person.data / "ledger.db", person.data):
        done = bound(person, "status")
    assert done.code == 1 and "run `taxsync status` once where it can be written" in done.stderr


def test_a_folder_for_reports_that_may_not_be_written_is_told_as_that(person: Person) -> None:
    person.run("report", "--year", "2025", "--no-xlsx")
    reports = person.data / "reports"
    before = contents(reports)
    with read_only(reports / "2025", reports):
        done = bound(person, "report", "--year", "2025", "--no-xlsx")
    assert done.code == 1 and len(done.stderr.splitlines()) == 1
    assert "you may not write there" in done.stderr and "open in another program" not in done.stderr
    assert contents(reports) == before
