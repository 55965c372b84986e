"""What is refused is said with its place and with what to do: looked for in the code, and heard from the commands.

`tests/test_issues.py` does the same for problems of the data.
"""

import ast
import errno
import os
import re
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import ledger_on_sqlite, ledger_server
from pipeline.ledger_errors import os_error
from reports.write import _unwritten
from tests.person import ROOT, Person

# ---- in the code ------------------------------------------------------------------------------

TO_PEOPLE = (
    "Stop", "Usage", "Refused", "SettingsError", "LedgerError", "VaultError", "SealedError", "ReportError", "RowError",
    "CellError", "_Wrong", "typer.BadParameter",
)  # fmt: skip
# What a person is told to do begins a clause; or the right form is named.
VERBS = (
    "add|answer|ask|call|check|choose|close|copy|correct|divide|empty|explain|export|fill in|fill it in|give|import|"
    "install|keep|leave|let|make|map|move|name|put|remove|rename|repeat|restore|run|save|say|see|send|set|shorten|sign|"
    "store|take|try|unset|update|use|wait|write"
)
CURE = re.compile(
    rf"(?:^|[;:,.(?] |\b(?:or|and|then|else|first) )(?:{VERBS})\b|`(?:taxsync|pip) |--[a-z]|\bshould\b|\ballowed: |"
    r"\bneeded: |\bis it '|\b(?:there|those) are\b|\bis empty; it is\b|\bmust be\b|\bmust have\b|\bneeds? one\b|"
    r"\bsuch as\b|\bshows? (?:the|their) ids\b|\bnames? them\b",
    re.IGNORECASE,
)
GATHERED = ("_in_short",)  # lines that were said before, as many as fit


def test_every_refusal_in_the_code_says_what_to_do() -> None:
    lacking, seen = [], 0
    for package in ("pipeline", "importers", "reports"):
        for path in sorted((ROOT / package).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if "sandbox" in place:
                continue
            source = path.read_text(encoding="utf-8")
            if not any(f"raise {kind}(" in source for kind in TO_PEOPLE):
                continue
            tree = ast.parse(source)
            for line, text in _raised(tree, _texts(tree)):
                seen += 1
                if not CURE.search(text):
                    lacking.append(f"{place}:{line} {text}")
    assert not lacking, "\n".join(lacking)
    assert seen > 300  # the search still finds what it looks for


class Odd(sqlite3.Error):
    """What no code is known of."""


@pytest.mark.parametrize("wording", [ledger_on_sqlite._WORDING, ledger_server._WORDING], ids=["sqlite", "postgresql"])
def test_whatever_a_database_refuses_is_said_with_what_to_do(wording: dict[object, str]) -> None:
    lacking = [f"{code}: {words}" for code, words in wording.items() if not CURE.search(words)]
    assert not lacking, "\n".join(lacking)
    assert CURE.search(str(ledger_on_sqlite.told(Path("ledger.db"), Odd(), str)))


def test_whatever_the_system_refuses_of_a_file_is_said_with_what_to_do() -> None:
    ledger = [str(os_error(Path("ledger.db"), OSError(number, "it is so"))) for number in errno.errorcode]
    year = [str(_unwritten("2025", Path("reports/2025"), OSError(number, "it is so"))) for number in errno.errorcode]
    lacking = [words for words in (*ledger, *year) if not CURE.search(words)]
    assert not lacking, "\n".join(lacking)


def _raised(tree: ast.Module, named: dict[str, str]) -> Iterator[tuple[int, str]]:
    """The wording of what is raised for people, or made to be raised, where it has words of its own."""
    for node in ast.walk(tree):
        made = node.exc if isinstance(node, ast.Raise) else node.value if isinstance(node, ast.Return) else None
        if isinstance(made, ast.Call) and ast.unparse(made.func) in TO_PEOPLE:
            text = " ".join(_text(each, named) for each in made.args)
            if len(re.sub(r"\{[^{}]*\}|\W", "", text)) > 12:
                yield node.lineno, text


def _texts(tree: ast.Module) -> dict[str, str]:
    """The texts that names of a file stand for, wherever they are given one, and those that its functions give."""
    found = dict(SHARED)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found[target.id] = f"{found.get(target.id, '')} {_text(node.value, {})}".strip()
        elif isinstance(node, ast.FunctionDef) and node.name not in GATHERED:
            given = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
            found.setdefault(node.name, " ".join(_text(each, found) for each in given))
    return found


def _text(node: ast.expr, named: dict[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, named) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, named)
    if isinstance(node, ast.Dict):
        return " ".join(_text(each, named) for each in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left, named) + _text(node.right, named)
    if isinstance(node, ast.BoolOp):
        return " ".join(_text(each, named) for each in node.values)
    if isinstance(node, ast.IfExp):
        return f"{_text(node.body, named)} {_text(node.orelse, named)}"
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "Fault":
        return _text(node.args[0], named)
    if isinstance(node, ast.Attribute) and node.attr == "sentence":  # of a Fault
        return _text(node.value, named)
    if isinstance(node, ast.Name | ast.Attribute | ast.Call):
        name = node.func if isinstance(node, ast.Call) else node
        return named.get(name.attr if isinstance(name, ast.Attribute) else ast.unparse(name), "{}")
    return "{}"


def _shared() -> dict[str, str]:
    """Texts that other files use by their name."""
    found = {"key_help": "make a key"}  # of each exchange: where and how
    for places, names in {
        "pipeline/ledger_*.py": ("RESCUE", "NO_LEDGER"),
        "pipeline/run/pairs.py": ("undo",),
        "importers/base.py": ("NEW_KEY", "EXPIRED", "LACKING", "LOCKED"),
    }.items():
        for path in sorted(ROOT.glob(places)):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names:
                    found[ast.unparse(node.targets[0])] = _text(node.value, found)
                elif isinstance(node, ast.FunctionDef) and node.name in names:
                    given = [each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value]
                    found[node.name] = " ".join(_text(each, {}) for each in given)
    return found


SHARED = _shared()


# ---- from the commands ------------------------------------------------------------------------

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,ID\n"
ROW = "2025-02-05T12:00:00Z,Kraken,0.5,BTC,900,USD,b\n"
Make = Callable[[Person], object]


def _file(name: str, content: str | bytes) -> Make:
    data = content if isinstance(content, bytes) else content.encode()
    return lambda person: (person.home / name).write_bytes(data)


def _settings(text: str) -> Make:
    return lambda person: (person.data / "taxsync.toml").write_text(text, encoding="utf-8")


def _nothing(person: Person) -> None: ...


def _folder(name: str) -> Make:
    return lambda person: (person.home / name).mkdir()


RIGHT = 'country = "us"\ncurrency = "USD"\ntimezone = "America/New_York"\n'
WRONG: dict[str, tuple[Make, str, int, str, str]] = {  # what is there, the command, its code, the place, the cure
    "no file": (_nothing, "import gone.csv", 1, "gone.csv", "name a file that is there"),
    "an empty file": (_file("a.csv", ""), "import a.csv", 1, "a.csv", "export it again"),
    "no layout": (_file("a.csv", "x,y\n1,2\n"), "import a.csv", 1, "a.csv", "--map FILE.toml"),
    "a slip": (_file("a.csv", HEADER.replace("Sent Currency", "Sent Curency") + ROW), "import a.csv", 1,
               "'sent curency'", "is it 'Sent Currency'? Rename or remove it"),
    "a date": (_file("a.csv", HEADER + ROW + ROW.replace("2025-02-05", "05.02.2025")), "import a.csv", 1,
               "a.csv row 3: Date", "should be ISO 8601 such as 2025-03-31"),
    "an amount": (_file("a.csv", HEADER + ROW.replace("0.5", "NaN")), "import a.csv", 1, "a.csv row 2: Sent Amount",
                  "should be a plain number such as 1234.56"),
    "no currency": (_file("a.csv", HEADER + ROW.replace("BTC", "")), "import a.csv", 1, "a.csv row 2", "add it"),
    "an id twice": (_file("a.csv", HEADER + ROW + ROW.replace("0.5", "0.6")), "import a.csv", 1, "a.csv row 3: ID 'b'",
                    "an ID is unique within its account: give another"),
    "an encoding": (_file("a.csv", (HEADER + ROW).encode("utf-16-le")), "import a.csv", 1, "a.csv",
                    "save the file again as 'CSV UTF-8'"),
    "another encoding": (_file("a.csv", (HEADER + ROW.replace("Kraken", "K\xe4")).encode("cp1252")), "import a.csv", 1,
                         "a.csv line 2", "save the file again as 'CSV UTF-8'"),
    "an open quote": (_file("a.csv", HEADER + '"' + ROW * 3), "import a.csv", 1, "a.csv row 2", "close it"),
    "a picture": (_file("a.csv", b"\x89PNG\r\n\x1a\n0000"), "import a.csv", 1, "a.csv", "export the same as CSV"),
    "an old workbook": (_file("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9), "import a.xlsx", 1, "a.xlsx",
                        "save it as .xlsx without password"),
    "half a workbook": (_file("a.xlsx", b"PK\x03\x04" + b"0" * 99), "import a.xlsx", 1, "a.xlsx",
                        "open it in a spreadsheet program and save it again"),
    "a folder of nothing": (_folder("in"), "import in", 1, "in", "name another"),
    "a mapping": (_file("m.toml", "[columns]\nDate = 'x'\n"), "import a.csv --map m.toml", 1, "m.toml", "add Amount"),
    "a broken mapping": (_file("m.toml", "[columns\n"), "import a.csv --map m.toml", 1, "m.toml", "write it as TOML"),
    "an archive": (_file("a.csv", b"\x1f\x8b\x08\x00" + b"0" * 40), "import a.csv", 1, "a.csv: is an archive",
                   "export the same as CSV"),
    "no name": (_nothing, "import ''", 2, "taxsync import", "name a file"),
    "options": (_nothing, "import --revise", 2, "taxsync import", "go with files"),
    "a day": (_nothing, "import --since yesterday", 2, "--since yesterday", "should be a day such as"),
    "an answer": (_file("a.csv", "Transaction ID,Label\n0123456789abcdef,gift\n"), "import a.csv", 1, "a.csv row 2",
                  "show the ids"),
    "a label": (_nothing, "label 0123456789abcdef gift", 1, "0123456789abcdef", "show the ids"),
    "a method": (_nothing, "report --method magic", 2, "'magic'", "allowed: "),
    "a country": (_nothing, "report --country xx", 2, "'xx'", "us"),
    "a year": (_nothing, "report --year MMXXV", 2, "MMXXV", "write it as 2025"),
    "a form": (_nothing, "explain --form 8949:x:1 --year 2025", 2, "8949", "form"),
    "no closed year": (_nothing, "changes 2024", 1, "2024", "`taxsync close 2024`"),
    "a year to come": (_nothing, "close 2199", 1, "2199", "close it from then on"),
    "settings twice": (_settings(RIGHT + RIGHT), "status", 1, "taxsync.toml", "correct it, or take it from a backup"),
    "a zone": (_settings(RIGHT.replace("New_York", "Gotham")), "status", 1, "taxsync.toml: timezone", "such as"),
    "a setting": (_settings(RIGHT + "colour = 'red'\n"), "status", 1, "taxsync.toml: colour", "there are name"),
    "no settings": (lambda person: (person.data / "taxsync.toml").unlink(), "status", 1, "taxsync.toml",
                    "run `taxsync init` first"),
    "no ledger": (lambda person: (person.data / "ledger.db").unlink(), "status", 1, "ledger.db", "from a backup"),
    "no ledger at all": (lambda person: (person.data / "ledger.db").write_bytes(b"Date,Account\n" * 99), "status", 1,
                         "ledger.db", "move it away, or choose another folder"),
    "a folder": (_nothing, "status --data gone", 1, "gone", "run `taxsync init` first"),
    "a key for nobody": (_nothing, "keys add nowhere --stdin", 1, "'nowhere'", "there are: "),
    "a key of nobody": (_nothing, "keys remove mine", 1, "'mine'", "stored: none"),
    "an unwritten key": (_nothing, "keys add kraken --stdin", 1, "credentials of Kraken", "give {"),
    "a backup of nothing": (_file("a.csv", ROW), "restore a.csv --data new", 1, "a.csv", "name what `taxsync backup`"),
    "a backup in place": (_file("b", "mine"), "backup b", 1, "b is there already", "name another file"),
    "no clients": (_folder("in"), "clients in", 2, "in", "`taxsync init --data DIR/NAME`"),
    "another tool's": (_file("a.csv", "x,y\n1,2\n"), "compare a.csv", 1, "a.csv", "It needs columns such as"),
    "no such command": (_nothing, "imprt a.csv", 2, "imprt", "--help"),
}  # fmt: skip


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("begun"))
    person.run("init", "--country", "us")
    return person.home


OF_THE_FILE = [
    pytest.param(what, marks=pytest.mark.sqlite("the file itself")) for what in ("no ledger", "no ledger at all")
]


@pytest.mark.parametrize("what", [*(what for what in WRONG if not what.startswith("no ledger")), *OF_THE_FILE])
def test_what_is_wrong_is_said_with_its_place_and_the_cure(what: str, begun: Path, tmp_path: Path) -> None:
    make, command, code, place, cure = WRONG[what]
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    person = Person(tmp_path)
    make(person)
    done = person.run(*shlex.split(command), code=code)
    assert 1 <= done.stderr.count("\n") <= 3, done
    assert place in done.stderr and cure in done.stderr, done.stderr
    if os.name == "posix":
        assert not [path for path in person.home.iterdir() if path.suffix in (".part", ".tmp")]
