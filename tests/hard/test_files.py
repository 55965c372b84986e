"""Files that mean no good or are broken: taken exactly, or refused in one to three lines, and nothing comes alive.

Each goes through the whole program, as a person would import it; `tests/fuzz.py` makes many more of them.
"""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from itertools import islice
from pathlib import Path
from xml.parsers import expat

import pytest

from pipeline.model import transaction_id
from tests.fuzz import Trials, inputs, kept, said_well
from tests.hard.giants import giants
from tests.person import ROOT, Done, Person

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Description,TxHash,ID\n"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("files"))
    person.run("init", "--country", "us", "--timezone", "Europe/Berlin")
    person.run("import", person.write("good.csv", f"{HEADER}2024-01-05T12:00:00Z,Kraken,100,USD,1,BTC,,,good\n"))
    return person.home


@pytest.fixture
def person(tmp_path: Path, begun: Path) -> Person:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


# ---- spoiled by chance ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Trials:
    return Trials(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("whole", [False, True])
def test_a_spoiled_file_of_any_kind_is_taken_or_refused_in_words_and_leaves_no_trace(
    trials: Trials, whole: bool
) -> None:
    """The first inputs of `tests/fuzz.py`, which raises at the first promise that is broken."""
    for target, content, _ in islice(inputs(trials.targets, 2026), 20 if whole else 80):
        trials.one(target, content, whole=whole)
    assert {how for _, how in trials.tried} == {"taken", "refused"}


# ---- single values ----------------------------------------------------------------------------

ROW = "{date},Kraken,{sent},{coin},{received},{asset},,,{id}\n"
GOOD = {"date": "2025-01-05T12:00:00Z", "sent": "1", "coin": "USD", "received": "1", "asset": "BTC", "id": ""}
NO_NUMBERS = ("NaN", "sNaN", "Infinity", "-inf", "1e400", "1e-400", "1e999999999", "-1", "-1e-8", "1_000",
              "１２", "٣", "0x1f", "1 000",
              '"1,5"', '"1.234,56"', "1.2.3", "½", "²", "1\u00a0000", "--1",
              "9" * 41, f"0.{'1' * 41}", "9" * 5000, "=1+1", "1d", "$1")  # fmt: skip
NO_DATES = ("0000-01-01", "0001-01-01", "1999-12-31T23:59:59Z", "10000-01-01", "-2025-01-01", "2025-02-29",
            "2025-13-01", "2025-W01-1",
            "20250101", "2025-01-01T24:00:00Z", "2016-12-31T23:59:60Z",
            "2025-01-01T00:00:00+99:99", "2025-01-01T00:00:00+00:60",
            "9999-12-31T23:59:59-14:00", "２０２５-01-01", "01/02/2025", "1735689600",
            "2025-01-01T00:00:00.1234567891Z", "NaT")  # fmt: skip
NO_ASSETS = ("B\x1b[2JTC", "B\nTC", "B\x85TC", "B\u2028TC", "x" * 61)


@pytest.mark.parametrize(
    ("column", "values"),
    [("received", NO_NUMBERS), ("date", NO_DATES), ("asset", NO_ASSETS)],
    ids=["amount", "date", "asset"],
)
def test_a_value_that_is_none_refuses_the_whole_file_and_changes_nothing(
    person: Person, column: str, values: tuple[str, ...]
) -> None:
    before = kept(person)
    for value in values:
        text = f'"{value}"' if "\n" in value else value
        bad = ROW.format_map(GOOD | {column: text})
        person.write("bad.csv", HEADER + ROW.format_map(GOOD | {"id": "a"}) + bad + ROW.format_map(GOOD | {"id": "b"}))
        done = person.run("import", "bad.csv", code=1)
        assert not done.stdout
        said_well(done.stderr.removesuffix("\n"), "bad.csv row 3")
        assert kept(person) == before, value


EXACT = {
    "amounts": [
        ("-0", "0"),
        ("+1", "1"),
        ("1e39", "1" + "0" * 39),
        ("1E-40", f"0.{'0' * 39}1"),
        (" 2.50 ", "2.5"),
        (".5", "0.5"),
        ("9" * 40 + "." + "9" * 40, "9" * 40 + "." + "9" * 40),
        ("0.123456789012345678901", "0.123456789012345678901"),
    ],
    "dates": [
        ("2025-03-30T02:30:00+02:00", "2025-03-30T01:30:00+01:00"),
        ("2025-03-30T02:30:00", "2025-03-30T04:30:00+02:00"),
        ("2025-10-26T00:30:00Z", "2025-10-26T02:30:00+02:00"),
        ("2025-10-26T01:30:00Z", "2025-10-26T02:30:00+01:00"),
        ("2025-12-31T23:59:59.999999999Z", "2026-01-01T00:59:59+01:00"),
        ("2024-12-31T23:59:59-14:00", "2025-01-01T14:59:59+01:00"),
    ],
}


def test_values_at_the_edge_are_taken_exactly(person: Person) -> None:
    """Amounts to their last digit, instants in both hours that a clock shows twice, coins that look alike apart."""
    assets = ("BTC", "ВТС", "ＢＴＣ", "B\u200bTC", "BTC\u0301", "\u202eCTB")
    rows = [GOOD | {"received": f'"{text}"', "sent": "2"} for text, _ in EXACT["amounts"]]
    rows += [GOOD | {"date": text} for text, _ in EXACT["dates"]]
    rows += [GOOD | {"asset": asset} for asset in assets]
    person.write("edge.csv", HEADER + "".join(ROW.format_map(row | {"id": n}) for n, row in enumerate(rows)))
    person.run("import", "edge.csv")
    found: dict[str, dict[str, str]] = {}
    for year in ("2025", "2026"):
        person.run("report", "--year", year, "--no-xlsx")
        found |= {row["source_id"]: row for row in person.rows("transactions.csv", year)}
    told = [found[str(n)] for n in range(len(rows))]
    assert [row["received_amount"] or "0" for row in told[: len(EXACT["amounts"])]] == [n for _, n in EXACT["amounts"]]
    dated = told[len(EXACT["amounts"]) : -len(assets)]
    assert [re.sub(r"\.\d+", "", row["date"]) for row in dated] == [at for _, at in EXACT["dates"]]
    assert len({row["received_currency"] for row in told[-len(assets) :]}) == len(assets)
    alike = [row for row in person.rows("issues.csv") if row["code"] == "look_alike_asset"]
    assert len(alike) >= 3, alike


def test_an_amount_below_zero_in_an_export_is_an_open_problem(person: Person) -> None:
    head = "Time,Pair,Side,Price,Executed,Amount,Fee\n"
    rows = "25-10-11 02:01:13,BTCUSDT,BUY,60000,0.01BTC,{}600USDT,0.1USDT\n"
    person.run("import", person.write("Spot.csv", head + rows.format("-") + rows.format("")))
    told = [row["message"] for row in json.loads(person.run("check", "--json", code=1).stdout)]
    assert any("its amount -600 USDT should not be negative" in message for message in told), told


# ---- giants -----------------------------------------------------------------------------------

_READ = """
import json, resource, sys
from pathlib import Path
from importers.ahead import read
from importers.base import Refused
from importers.mapping import read as read_mapping

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (100, 100))
said = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        if path.suffix == ".toml":
            read_mapping(path)
        else:
            for page in read(path).pages: pass
        said[path.name] = ""
    except Refused as why:
        said[path.name] = str(why)
print(json.dumps(said))
"""


def test_a_giant_ends_soon_and_in_little_memory(tmp_path: Path) -> None:
    """All of them in one process, which the system ends at 1 GB or 100 seconds; one that is not bounded takes more."""
    expected = {}
    for name, content, said in giants():
        (tmp_path / name).write_bytes(content)
        expected[name] = said
    done = subprocess.run([sys.executable, "-c", _READ, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for name, said in json.loads(done.stdout).items():
        assert expected[name] in said and bool(said) == bool(expected[name]), (name, said[:500])
        if said:
            said_well(said, name)


# ---- names ------------------------------------------------------------------------------------

NAMES = (
    "'; DROP TABLE raw; --.csv",
    '"]\n[accounts.x]\nexchange = "kraken".csv', "\x1b]0;owned\x07.csv", "\u202egnp.csv", "=1+1.csv",
    "$(touch owned).csv", "..csv", "%s%n{0}.csv", "\udcff\udcfe.csv", "a" * 251 + ".csv",
    "--account.csv", "C:\\con.csv", "<b>.csv",
)  # fmt: skip


def test_a_files_name_is_a_name_and_nothing_else(person: Person) -> None:
    """It makes no path, query, setting or option, and moves no cursor; where it can be no account, one is asked for."""
    folder = person.home / "in"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(f"{HEADER}2025-01-05T12:00:00Z,,,,{number + 1},BTC,,,\n".encode())
    before, around = kept(person), sorted(person.home.iterdir())
    settings = before["taxsync.toml"]
    done = said(person, "import", "in", code=1)  # a whole folder, in which some names are no accounts
    refused = done.stderr.splitlines()
    assert len(refused) == 4 and all("give --account NAME" in line for line in refused), refused
    said(person, "import", "in", "--account", "Mine")
    said(person, "status")
    said(person, "check", code=1)
    said(person, "report", "--year", "2025")
    accounts = {row["account"] for row in person.rows("transactions.csv")}
    assert len(accounts) == len(NAMES) - 5 + 1, accounts  # a hidden file is passed over; all are of `Mine`, too
    assert {"'; DROP TABLE raw;' --", "'--account", "'=1+1", "$(touch owned)", "C:\\con", "<b>"} < accounts, accounts
    assert sorted(person.home.iterdir()) == around and kept(person)["taxsync.toml"] == settings


# ---- what comes out ---------------------------------------------------------------------------

EVIL = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://127.0.0.1:9/\",\"x\")", "a;=1+1", 'a";=1+1', "http://127.0.0.1:9/",
    "mailto:a@b.c", "internal:Summary!A1", "#REF!", "<script>alert(1)</script>",
    "]]>&amp;&#1;", "_x0041_", "{=1}", "\uff1d1+1",
    "\u202ereversed", "soft\u00adhyphen", "\U000e0041tag", "zero\u200bwidth", "\ufeffmark",
    "\ufffeodd\uffff", "💥" * 20, "'quoted'", '"',
)  # fmt: skip
INSIDE = (
    "\x1b]0;owned\x07",
    "\x1b[2J",
    "\x9b31m",
    "\x07",
    "a\x0bb\x0cc",
    "line\r\n=1+1",
    "\x85",
    "\u2028",
)  # of a description


def said(person: Person, *arguments: str, code: int = 0) -> Done:
    """What a command says to a terminal, with nothing in it that a terminal obeys."""
    done = person.run(*arguments, code=code)
    wrong = {c for c in done.said if not (c.isprintable() or c == "\n" or unicodedata.category(c) == "Zs")}
    assert not wrong, (arguments, wrong)
    return done


def test_hostile_texts_come_alive_in_no_file_and_on_no_terminal(person: Person) -> None:
    out = io.StringIO()
    table = csv.writer(out)
    names = [text.strip() for text in EVIL]
    for number, name in enumerate(names):
        coin, about = name[:60], name + (INSIDE[number] if number < len(INSIDE) else "")
        table.writerow(["2025-01-05T12:00:00Z", name, "", "", "2", coin, about, name, name])
        table.writerow(["2025-02-05T12:00:00Z", name, "1", coin, "5", "USD", about, name, f"{name}sold"])
    person.write("evil.csv", HEADER + out.getvalue())
    said(person, "import", "evil.csv")
    said(person, "status")
    said(person, "check", code=1)
    for command in ("status", "check"):
        found = json.loads(said(person, command, "--json", code=int(command == "check")).stdout)
        assert all(name in json.dumps(found, ensure_ascii=False) for name in ("soft\u00adhyphen", "\U000e0041tag")), (
            command
        )
    said(person, "report", "--year", "2025", "--pack")
    said(person, "review")
    for name in (names[0], names[6], names[17]):
        for source_id in (name, f"{name}sold"):
            said(person, "explain", transaction_id(name, "rows", source_id))
    said(person, "explain", "\x1b]0;owned\x07", code=2)
    said(person, "label", "\x1b[2J", "reward", code=2)
    said(person, "import", "\x1b[2J.csv", code=1)
    written = [*(person.data / "reports" / "2025").iterdir(), person.data / "review.xlsx"]
    assert sum(path.suffix == ".xlsx" for path in written) >= 2 and sum(path.suffix == ".csv" for path in written) >= 6
    for path in written:
        if path.suffix == ".csv":
            _inert_table(path)
        elif path.suffix in (".xlsx", ".zip"):
            _inert_archive(path.read_bytes(), path.name)


def _inert_table(path: Path) -> None:
    """No cell that a spreadsheet evaluates, whichever of three separators it splits at; no control character."""
    text = path.read_text(encoding="utf-8-sig")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text), path.name
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            for cell in row:
                alive = re.match(r"[\s\u200b\ufeff\"]*[=+\-@\uff1d]|[\t\r\n]", cell)
                assert not alive or re.fullmatch(r"-[0-9.]+", cell), (path.name, separator, cell)


def _inert_archive(content: bytes, name: str) -> None:
    """Every part is well-formed, no formula or link is made of what was imported, and none leads out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.namelist():
            assert not part.startswith(("/", "..")) and not re.search(r"[\x00-\x1f:\\]", part), (name, part)
            data = archive.read(part)
            if part.endswith(".xlsx"):
                _inert_archive(data, part)
            if not part.endswith((".xml", ".rels")):
                continue
            expat.ParserCreate().Parse(data, True)
            text = data.decode()
            assert "TargetMode" not in text and not re.search(r' t="[eb]"', text), (name, part)
            for formula in re.findall("<f>(.*?)</f>", text):
                assert not any(
                    word in formula for word in ("HYPERLINK(&quot;http", "127.0.0.1", "1+1", "mailto", "script")
                ), formula
            for link in re.findall("<hyperlink ([^>]*)>", text):
                assert "127.0.0.1" not in link and "mailto" not in link and "location=" in link, link
