"""Other systems, as far as they show on this one: what Windows lacks is taken away, and its console is narrow.

What needs the systems themselves is in .github/workflows/ci.yml: README's commands on each of them.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.person import ROOT, Person
from tests.test_readme import README

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency\n"
ROWS = HEADER + "2024-01-05T12:00:00Z,Кошелёк,1000,USD,1,BTC\n2025-02-05T12:00:00Z,Кошелёк,0.5,BTC,900,USD\n"

# Libraries have ways of their own on Windows: they are loaded as this system has them, before it changes.
WINDOWS = """
import importlib, os, pkgutil, signal, sys
import ccxt, cryptography.hazmat.primitives.kdf.scrypt, currency_converter, filelock, getpass, keyring.backends.fail
import lxml.etree, multiprocessing.connection, openpyxl, pandas, rich.progress, shutil, socketserver, sqlmodel
import subprocess, tempfile, tenacity, typer

for name in ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[name] = None                                      # importing it fails
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "O_CLOEXEC", "chown", "fchown", "fork",
             "getuid", "getgid", "getpgid", "mkfifo", "setsid", "sched_getaffinity", "statvfs", "sysconf", "uname"):
    delattr(os, name)
for name in ("SIGKILL", "SIGPIPE", "SIGHUP", "SIGALRM", "SIGXFSZ", "alarm", "setitimer"):
    delattr(signal, name)
sys.platform = "win32"

import pipeline, importers, reports
for package in (pipeline, importers, reports):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)

from pipeline.cli import main
for command in sys.argv[1:]:
    try:
        main(command.split())
    except SystemExit as end:
        if end.code:
            raise
"""
COMMANDS = (
    "init --country us --timezone Europe/Berlin", "import rows.csv", "status", "check", "report --year 2025",
    "close 2025", "changes 2025", "backup my.backup", "restore my.backup --data new", "review",
)  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="makes Linux look like Windows")
def test_the_program_needs_nothing_that_windows_lacks(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.write("rows.csv", ROWS)
    # No UTF-8 on the console, and no time zones in the system.
    narrow = {
        "PYTHONIOENCODING": "cp1252",
        "PYTHONUTF8": "0",
        "PYTHONTZPATH": "",
        "LC_ALL": "C",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-c", WINDOWS, *COMMANDS], cwd=person.home, env=person.environment | narrow,
        capture_output=True, timeout=120,
    )  # fmt: skip
    said = done.stdout.decode("cp1252") + done.stderr.decode("cp1252")
    assert done.returncode == 0, said
    assert "\\u041a\\u043e\\u0448" in said and "Traceback" not in said
    assert [row["account"] for row in person.rows("disposals.csv")] == ["Кошелёк"]
    other = Person(tmp_path / "here")
    other.home.mkdir()
    other.run("init", "--country", "us", "--timezone", "Europe/Berlin")
    other.run("import", other.write("rows.csv", ROWS))
    other.run("report", "--year", "2025", "--no-xlsx")
    name = Path("reports", "2025", "disposals.csv")
    assert (person.data / name).read_bytes() == (other.data / name).read_bytes()


def test_no_name_that_taxsync_gives_a_file_is_refused_by_another_system(tmp_path: Path) -> None:
    """Reserved on Windows: some names whatever their ending, some characters, dots and blanks at the end; two names
    may not differ by case alone there and on macOS."""
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.run("import", person.write("nul.csv", ROWS.replace("Кошелёк", "con:aux/..\\*?")), "--account", "PRN")
    person.run("report", "--year", "2025", "--pack")
    names = [path.relative_to(person.data) for path in person.data.rglob("*")]
    parts = {part for name in names for part in name.parts}
    assert not [p for p in parts if re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", p, re.I)]
    assert not [p for p in parts if re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$', p)]
    assert len({str(name).casefold() for name in names}) == len(names)
    assert max(len(str(name)) for name in names) < 100  # of 260, unless a person has lifted that


def test_ci_runs_the_readmes_commands_on_each_system_and_python() -> None:
    recipe = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    claimed = {c.rpartition(" ")[2] for c in project["classifiers"] if re.search(r"Python :: 3\.\d+$", c)}
    assert claimed <= set(re.findall(r'"(3\.\d+)"', recipe))
    assert all(system in recipe for system in ("ubuntu-latest", "macos-latest", "windows-latest"))
    assert all(f"<!-- {block} -->" in README for block in re.findall(r"\.ci/readme (\w+)", recipe))
    assert "tzdata" in " ".join(project["dependencies"])
