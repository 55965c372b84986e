"""What the system may refuse: no room, no right, no lock, no folder any more, an earlier clock, another process.

Each is one line and exit code 1, or no trouble at all; the ledger stays sound and whole.
"""

import errno
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.ledger import Ledger
from pipeline.model import Page
from tests.hard.tracing import POSSIBLE, trace
from tests.person import LEDGERS, Person, contents

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits, locks and processes of POSIX systems")

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,ID\n"
ROWS = HEADER + "2024-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,a\n2025-02-05T12:00:00Z,Kraken,0.5,BTC,900,USD,b\n"
ROWS += "2025-02-06T12:00:00Z,Kraken,0.1,BTC,,,c\n"
MORE = HEADER + "".join(f"2025-03-{1 + n % 28:02}T12:00:00Z,Kraken,1{n},USD,0.1,BTC,more-{n}\n" for n in range(2000))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person with a report and an import still to come."""
    person = Person(tmp_path_factory.mktemp("kept"))
    person.run("init", "--country", "us")
    person.run("import", person.write("rows.csv", ROWS))
    person.run("report", "--year", "2025", "--no-xlsx")
    person.write("more.csv", MORE)
    return person.home


@pytest.fixture
def person(tmp_path: Path, kept: Path) -> Person:
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


def dump(person: Person) -> list[str]:
    with Ledger.open(person.data, create=False) as ledger:
        ledger.check_integrity()
        if LEDGERS:
            return [ledger.contents()]
    with closing(sqlite3.connect(person.data / "ledger.db")) as ledger:
        return list(ledger.iterdump())


# ---- no room, no locks --------------------------------------------------------------------------

COMMANDS = (
    ("import", "more.csv"),
    ("report", "--year", "2025"),
    ("close", "2025", "--with-problems"),
    ("backup", "my.backup"),
    ("init", "--country", "uk"),
)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow over a kilobyte."""
    import resource

    before, written = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # what is imported meanwhile would be cut
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        sys.dont_write_bytecode = written
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.sqlite("a limit to the file's size")
def test_a_full_disk_is_one_line_and_changes_nothing(person: Person, command: tuple[str, ...]) -> None:
    facts, files = dump(person), contents(person.home)
    run = person.process if command[0] == "import" else person.run  # what reads the file goes with its process
    with full_disk():
        done = run(*command, code=1)
    assert done.stderr.count("\n") == 1, done
    assert dump(person) == facts
    apart = re.compile(r"ledger\.(db|lock|holder)|\.2025\.(lock|holder)$")
    left = {name: content for name, content in contents(person.home).items() if not apart.search(name)}
    assert left == {name: content for name, content in files.items() if not apart.search(name)}


@pytest.mark.parametrize("command", COMMANDS[:3], ids=lambda command: command[0])
@pytest.mark.sqlite("locks of files")
def test_a_disk_without_locks_is_told_with_what_to_do(
    person: Person, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def flock(*_: object) -> NoReturn:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    facts, reports = dump(person), contents(person.data / "reports" / "2025")
    monkeypatch.setattr(fcntl, "flock", flock)
    done = person.run(*command, code=1)
    assert done.stderr.count("\n") == 1
    assert "o locks available" in done.stderr and "a disk of this machine" in done.stderr
    assert (dump(person), contents(person.data / "reports" / "2025")) == (facts, reports)


@pytest.mark.sqlite("files beside the ledger's")
def test_a_pipe_in_the_place_of_a_file_is_one_line_and_waited_for_by_nobody(person: Person) -> None:
    facts = dump(person)
    for name in ("ledger.db-journal", "ledger.lock"):
        (person.data / name).unlink(missing_ok=True)
        os.mkfifo(person.data / name)
        done = person.process("import", "more.csv", code=1)
        assert done.stderr.startswith(f"data/{name} can't be used: ")
        assert "move it away" in done.stderr and done.stderr.count("\n") == 1
        (person.data / name).unlink()
    assert dump(person) == facts


# ---- a failing disk -----------------------------------------------------------------------------

FLIPPED = {  # a statement that does to a ledger what a bit does, and what then can't go on
    "UPDATE said SET content = replace(content, '2025-0', '2025-b')": "status",
    "UPDATE said SET content = replace(content, '1', '3')": "report --year 2025 --no-xlsx",
    "UPDATE said SET seal = ''": "check",
    "UPDATE said SET content = CAST(x'ff' AS TEXT)": "check",
    "UPDATE parsed SET balances = '[[1]'": "status",
    "UPDATE parsed SET issues = '{'": "check",
    "DROP TRIGGER batch_no_update; UPDATE batch SET at = 'never'": "clients .",
    "ALTER TABLE cursor RENAME TO cursos": "import more.csv",
    "DROP TRIGGER raw_no_update; UPDATE raw SET payload = '{' WHERE id = 1; DELETE FROM parsed": "import more.csv",
}


@pytest.mark.parametrize("flip", FLIPPED)
@pytest.mark.sqlite("changes the file")
def test_what_can_be_read_of_a_ledger_no_more_is_damage_and_no_fault(person: Person, flip: str) -> None:
    with closing(sqlite3.connect(person.data / "ledger.db")) as ledger:
        ledger.executescript(flip)
    done = person.run(*FLIPPED[flip].split(), code=1)
    assert "damaged" in done.said and "backup" in done.said and done.stderr.count("\n") <= 1


# ---- no folder any more -------------------------------------------------------------------------


@pytest.mark.skipif(not POSSIBLE, reason="traces by Linux's ptrace")
@pytest.mark.parametrize(("command", "at"), [(("import", "more.csv"), 30), (("report", "--year", "2025"), 40)])
@pytest.mark.sqlite("the file goes with its folder")
def test_a_folder_that_is_taken_away_meanwhile_is_one_line(person: Person, command: tuple[str, ...], at: int) -> None:
    away = person.home.parent / f"{person.home.name}-away"
    done = trace(command, person, at=(at, lambda: person.data.rename(away)))
    assert "Traceback" not in done.stderr and "a fault in taxsync" not in done.stderr, done.stderr
    assert done.code == 1 and done.stderr.count("\n") == 1 and not person.data.exists(), done
    away.rename(person.data)
    dump(person)
    person.run(*command)


# ---- an earlier clock ---------------------------------------------------------------------------


def test_a_clock_that_was_set_back_changes_no_figure(person: Person) -> None:
    """All that is kept came tomorrow, by the clock of then; what is said today counts all the same."""
    ahead = Person(person.home / "ahead")
    ahead.home.mkdir()
    ahead.run("init", "--country", "us")
    tomorrow = datetime.now(UTC) + timedelta(days=400)
    with (
        Ledger.open(person.data, create=False) as today,
        Ledger.open(ahead.data, create=False, clock=lambda: tomorrow) as ledger,
    ):
        batch = ledger.begin_batch("file", "rows.csv", today.batches()[0].digest)
        records = list(today.records("Kraken"))
        ledger.keep(Page(records), batch)
        (gone,) = [t.id for t in today.transactions() if t.source_id == "c"]
        ledger.keep_answer("label", gone, '{"label": "gift", "note": ""}', "taxsync label")
    for one in (person, ahead):
        one.run("label", _id(one), "spend")
        one.run("report", "--year", "2025", "--no-xlsx")
    assert ahead.rows("disposals.csv") == person.rows("disposals.csv")
    assert [row["kind"] for row in ahead.rows("disposals.csv")] == ["sale", "spend"]
    ahead.run("close", "2025", "--with-problems")
    assert "no figure differs" in ahead.run("changes", "2025").stdout
    dump(ahead)


def _id(person: Person) -> str:
    person.run("report", "--year", "2025", "--no-xlsx")
    return next(row["id"] for row in person.rows("transactions.csv") if row["source_id"] == "c")


# ---- two at once --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "others", [("import", "more.csv"), ("report", "--year", "2025", "--no-xlsx"), ("close", "2025", "--with-problems")],
    ids=lambda command: command[0],
)  # fmt: skip
@pytest.mark.sqlite("states of the file")
def test_a_command_beside_an_import_ends_as_if_after_it_or_before(person: Person, others: tuple[str, ...]) -> None:
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *command], cwd=person.home, env=person.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for command in (("import", "more.csv"), others)
    ]  # fmt: skip
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert all("Traceback" not in err and err.count("\n") <= 2 for _, err in said), said
    facts = dump(person)
    assert sum(' INTO "raw" ' in line for line in facts) == 2003
    rows = person.rows("transactions.csv")
    assert len(rows) in (2, 2002)
    person.run("report", "--year", "2025", "--no-xlsx")
    assert len(person.rows("transactions.csv")) == 2002
