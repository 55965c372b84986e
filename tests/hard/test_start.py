"""A program that is itself damaged, and input that ends: what the one boundary makes of either."""

import importlib
import importlib.util
import io
import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pipeline.cli import _run
from pipeline.ledger import Ledger
from tests.person import Person


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bytecode of a module `part_of_it`, as a full disk leaves it."""
    source = tmp_path / "part_of_it.py"
    source.write_text("WORD = 'whole'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "part_of_it", raising=False)
    written = Path(py_compile.compile(str(source), doraise=True) or "")
    written.write_bytes(written.read_bytes()[:60])
    importlib.invalidate_caches()
    return written


def command(work: str) -> int:
    """The exit code of a command that needs the module, or asks a person."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def one() -> None:
        print(typer.prompt("Name?") if work == "ask" else importlib.import_module("part_of_it").WORD)

    return _run(lambda: typer.main.get_command(app)([], standalone_mode=False))


def test_bytecode_that_was_cut_is_removed_and_the_next_run_goes_through(
    cut: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("load") == 1
    said = capsys.readouterr().err.strip()
    assert (
        said == f"{cut}: a part of the program was not written to its end (a full disk?), and is removed; run it again"
    )
    assert command("load") == 0 and "whole" in capsys.readouterr().out


def test_only_input_that_ends_at_a_question_is_called_stopped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert command("ask") == 1
    assert "stopped; what was complete is kept" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="closes what a POSIX shell closes by >&-")
def test_a_command_without_input_and_output_does_its_work_and_writes_into_no_other_file(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.write("a.csv", "Date,Received Amount,Received Currency\n2025-02-05T12:00:00Z,1,BTC\n")
    closing = "import os, sys; os.closerange(0, 3); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    for command, code in (("import a.csv", 0), ("report --year 2025 --no-xlsx", 0), ("import none.csv", 1)):
        done = subprocess.run(
            [sys.executable, "-c", closing, "-m", "pipeline.cli", *command.split()], cwd=person.home,
            env=person.environment, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, command
    assert len(person.rows("transactions.csv")) == 1
    with Ledger.open(person.data, create=False) as ledger:
        ledger.check_integrity()


@pytest.mark.sqlite("sqlalchemy, and with it pydantic, are what a server is asked through")
@pytest.mark.parametrize(
    ("command", "not_used"),
    [
        ("--help", "msgspec"),
        ("check", "filelock"),
        ("status --data data", "filelock"),
        ("import a.csv", "importers.formats.kraken"),
        ("report --year 2025 --no-xlsx", "importers.read"),
    ],
)
def test_a_command_begins_without_reading_what_it_does_not_use(tmp_path: Path, command: str, not_used: str) -> None:
    """Typer alone would read pydantic for each, which takes as long as all else together."""
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.write("a.csv", "Date,Received Amount,Received Currency\n2025-02-05T12:00:00Z,1,BTC\n")
    main = "import sys\nfrom pipeline import cli\ntry: cli.main()\nfinally: sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", main, *command.split()], cwd=person.home, env=person.environment, timeout=120,
        capture_output=True, text=True,
    )  # fmt: skip
    read = set(done.stderr.split("\n")[-1].split(" "))
    assert "pipeline.cli" in read and done.returncode == 0, done.stderr
    assert not read & {not_used, "pydantic", "sqlalchemy", "ccxt", "requests", "openpyxl", "pandas", "cryptography"}
