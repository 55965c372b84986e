"""What a shell or a system does to the program's process: asks it to end, or gives it an odd umask."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.ledger import Ledger
from pipeline.ledger_access import import_lock
from tests.person import Person

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and modes of POSIX")

FULL = Path("/dev/full")
ROWS = "Date,Received Amount,Received Currency,Sent Amount,Sent Currency\n2025-02-05T12:00:00Z,1,BTC,900,USD\n"


@pytest.mark.parametrize("sent", ["SIGTERM", "SIGHUP"])
def test_a_command_that_is_asked_to_end_says_so_and_the_next_run_goes_through(tmp_path: Path, sent: str) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.write("a.csv", ROWS)
    with import_lock(person.data, "taxsync import"):  # so that it waits
        ended = _asked_to_end(person, sent)
    assert ended == (1, "stopped; what was complete is kept, run the command again to go on\n")
    assert "1 new" in person.run("import", "a.csv").stdout


def test_a_terminal_that_is_closed_ends_no_command_begun_to_outlive_it(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.write("a.csv", ROWS)
    with import_lock(person.data, "taxsync import"):
        process = _waiting(person, "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)")
        process.send_signal(signal.SIGHUP)
    assert "1 new" in process.communicate(timeout=60)[0] and process.returncode == 0


def _asked_to_end(person: Person, sent: str) -> tuple[int, str]:
    heard = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"  # though these tests may run behind nohup
    process = _waiting(person, heard)
    process.send_signal(getattr(signal, sent))
    said = process.communicate(timeout=60)[1]
    return process.returncode, said


def _waiting(person: Person, before: str) -> subprocess.Popen[str]:
    """An import that waits for another; `before`: what its process does first."""
    program = f"{before}; import os, sys; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "-m", "pipeline.cli", "import", "a.csv"], cwd=person.home,
        env=person.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None and "waiting for it to end" in process.stderr.readline()
    return process


@pytest.mark.skipif(not FULL.exists(), reason="a device of Linux that is always full")
def test_where_nobody_can_be_told_anything_the_exit_code_still_says_it(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "status"], cwd=person.home, env=person.environment, stdout=full,
            stderr=full, timeout=120,
        )  # fmt: skip
    assert done.returncode == 1


def test_whatever_the_umask_is_the_owner_and_nobody_else_reads_what_is_written(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.write("a.csv", ROWS)
    (person.home / "backups").mkdir()
    for command, mask in (
        ("init --country us", 0o777),
        ("import a.csv", 0),
        ("report --year 2025 --pack --out out/mine", 0o777),
        ("review", 0),
        ("backup backups/b --records", 0o777),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *command.split()], cwd=person.home, env=person.environment,
            umask=mask, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done
    made = [path for top in ("data", "out", "backups") for path in (person.home / top).rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} == {0o700}
    with Ledger.open(person.data, create=False) as ledger:
        ledger.check_integrity()
