"""Someone with a data folder, at a shell that is no terminal.

    person = Person(tmp_path)
    person.run("init", "--country", "us")       # in this process: starting one costs a second
    person.process("status", "--json")          # as a shell would, with its own memory and streams

Nothing of the tester's own environment counts but where ledgers are; every request would go to a closed port of this
machine.
"""

import csv
import gc
import io
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from pipeline.cli import main

ROOT = Path(__file__).parent.parent
NOBODY = "http://127.0.0.1:9/"
LEDGERS = {k: v for k, v in os.environ.items() if k == "TAXSYNC_LEDGER_URL"}  # in PostgreSQL: see conftest.py
CTRL_C = "\x03"  # as an answer: the line end after it wakes a read that began just as it came


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return self.stdout + self.stderr


class Person:
    """`home` is where the commands run; `data` the data folder that they find there."""

    def __init__(self, home: Path) -> None:
        self.home, self.data = home, home / "data"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("TAXSYNC_")} | {
            "HOME": str(home),
            "TAXSYNC_VAULT": "file",
            "TAXSYNC_PASSPHRASE": "correct horse",
            "TAXSYNC_PROXY_URL": NOBODY,
            "PYTHONPATH": str(ROOT),
            **LEDGERS,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *arguments: str, given: str = "", code: int = 0) -> Done:
        out, err = io.StringIO(), io.StringIO()
        with self._here(given), redirect_stdout(out), redirect_stderr(err):
            try:
                main(list(arguments))
            except SystemExit as end:
                ended = end.code
        assert isinstance(ended, int)
        return _checked(Done(ended, out.getvalue(), err.getvalue()), arguments, code)

    def process(
        self, *arguments: str, given: str = "", code: int = 0, environment: Mapping[str, str] | None = None
    ) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *arguments], cwd=self.home, input=given, capture_output=True,
            env=self.environment if environment is None else dict(environment), text=True, timeout=120,
        )  # fmt: skip
        return _checked(Done(done.returncode, done.stdout, done.stderr), arguments, code)

    def at_terminal(self, arguments: tuple[str, ...], answers: Sequence[tuple[str, str]]) -> Done:
        """At a terminal of its own: waits for each question, then types the answer. What the screen showed."""
        import pty

        screen, terminal = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", _AT_TERMINAL, *arguments], stdin=terminal, stdout=terminal, stderr=terminal,
            cwd=self.home, env=self.environment, start_new_session=True,
        )  # fmt: skip
        os.close(terminal)
        shown = ""
        try:
            for question, answer in answers:
                begin = len(shown)
                while not shown[begin:].endswith(question):
                    more = _read(screen)
                    assert more, shown
                    shown += more
                os.write(screen, f"{answer}\n".encode())
            while more := _read(screen):
                shown += more
            return Done(process.wait(60), shown.replace("\r\n", "\n"), "")
        finally:
            process.kill()
            process.wait()
            os.close(screen)

    @contextmanager
    def _here(self, given: str) -> Iterator[None]:
        """This process, for a while, as the person's shell would have started it."""
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "stdin", io.StringIO(given)),
            chdir(self.home),
        ):
            try:
                yield
            finally:
                gc.enable()  # a command of its own process does without

    def write(self, name: str, text: str) -> str:
        (self.home / name).write_text(text, encoding="utf-8")
        return name

    def rows(self, name: str, year: str = "2025") -> list[dict[str, str]]:
        with (self.data / "reports" / year / name).open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))


_AT_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-m', 'pipeline.cli', *sys.argv[1:]])\n"
)


def _read(screen: int) -> str:
    """What comes next; "" at the end."""
    assert select.select([screen], [], [], 60)[0], "nothing more comes"
    try:
        return os.read(screen, 4096).decode()
    except OSError:  # how Linux says that the other end is closed
        return ""


def _checked(done: Done, arguments: tuple[str, ...], code: int) -> Done:
    assert done.code == code, (arguments, done)
    assert "Traceback" not in done.said and "a fault in taxsync" not in done.said, (arguments, done)
    assert done.said or not code, (arguments, done)
    return done


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
