"""`taxsync backup` and `taxsync restore` as a person meets them: whole or not at all, and the same figures after."""

import json
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from importers.sealed import sealing
from pipeline.ledger import Ledger
from tests.person import Person, contents

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,ID\n"
ROWS = HEADER + "2024-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,,a\n" + "2025-02-05T12:00:00Z,Kraken,0.5,BTC,900,USD,,b\n"
WRONG = "wrong passphrase"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person's folder with a closed year and a report, and a backup of it."""
    person = Person(tmp_path_factory.mktemp("backed"))
    person.run("init", "--country", "us")
    person.run("import", person.write("trades.csv", ROWS))
    person.run("report", "--year", "2025", "--no-xlsx")
    person.run("close", "2025")
    person.run("report", "--year", "2025", "--no-xlsx")
    (person.data / "vault.bin").write_bytes(b"taxsync vault 1 keyring 00\n")
    (person.data / "review.xlsx").write_bytes(random.Random(1).randbytes(300_000))  # so that there are two chunks
    (person.data / "mine.txt").write_text("not taxsync's")
    done = person.run("backup", "my.backup")
    assert "without keys; encrypted" in done.stdout and not done.stderr
    assert not person.run("backup", "all.jsonl", "--records").stderr
    return person.home


@pytest.fixture
def person(tmp_path: Path, kept: Path) -> Person:
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


def same_facts(one: Path, other: Path) -> bool:
    dumps = []
    for folder in (one, other):
        with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
            dumps.append(list(ledger.iterdump()))
    return dumps[0] == dumps[1]


@pytest.mark.sqlite("a dump of the file")
def test_a_restored_folder_is_the_same_and_gives_the_same_files(person: Person) -> None:
    file = person.home / "my.backup"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"Kraken" not in file.read_bytes() and b"SQLite" not in file.read_bytes()
    person.run("restore", "my.backup", "--data", "new")
    new = person.home / "new"
    assert same_facts(person.data, new)
    mine, theirs = contents(person.data), contents(new)
    assert {n: c for n, c in theirs.items() if n.startswith(("reports/2025/", "taxsync", "review"))} == {
        n: c for n, c in mine.items() if n.startswith(("reports/2025/", "taxsync", "review"))
    }
    assert not {"vault.bin", "mine.txt"} & theirs.keys()
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in [new, *new.rglob("*")])
    shutil.rmtree(new / "reports")
    person.run("report", "--year", "2025", "--no-xlsx", "--data", "new")
    assert contents(new / "reports" / "2025") == contents(person.data / "reports" / "2025")
    assert person.run("changes", "--data", "new").stdout == person.run("changes").stdout
    done = person.run("restore", "my.backup", "--data", "new", code=1)
    assert done.stderr == "new is not empty: restore into a new folder, `taxsync restore FILE --data NEW`\n"


def test_a_file_that_is_there_is_written_over_only_when_asked_and_keys_go_only_when_asked(person: Person) -> None:
    before = (person.home / "my.backup").read_bytes()
    assert "is there already" in person.run("backup", "my.backup", "--with-keys", code=1).stderr
    assert (person.home / "my.backup").read_bytes() == before
    done = person.run("backup", "my.backup", "--with-keys", "--force")
    assert "with the keys; encrypted" in done.stdout
    assert "vault.bin opens with the keyring of this system alone" in done.stderr
    (person.home / "new").mkdir()
    (person.home / "new" / ".gitkeep").touch()
    person.run("restore", "my.backup", "--data", "new")
    assert (person.home / "new" / "vault.bin").read_bytes() == (person.data / "vault.bin").read_bytes()
    assert (person.home / "new" / ".gitkeep").exists()
    assert "leave out --with-keys" in person.run("backup", "x", "--records", "--with-keys", code=2).stderr
    person.environment["TAXSYNC_PASSPHRASE"] = ""
    assert "a passphrase is needed" in person.run("backup", "other", code=1).stderr
    assert "a passphrase is needed" in person.run("restore", "my.backup", "--data", "other", code=1).stderr


SPOILT: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "another file": (lambda whole: b"Date,Account\n", "is no backup of taxsync"),
    "an empty one": (lambda whole: b"", "is no backup of taxsync"),
    "a bit": (lambda whole: whole[:3000] + bytes([whole[3000] ^ 4]) + whole[3001:], WRONG),
    "its end": (lambda whole: whole[:-1], "is damaged, or cut short"),
    "its salt": (lambda whole: whole.replace(whole[31:35], b"0000", 1), WRONG),
}


@pytest.mark.parametrize("spoil, told", SPOILT.values(), ids=SPOILT)
def test_a_file_that_is_not_as_it_was_writes_nothing(
    person: Person, spoil: Callable[[bytes], bytes], told: str
) -> None:
    file = person.home / "my.backup"
    file.write_bytes(spoil(file.read_bytes()))
    before = sorted(person.home.iterdir())
    done = person.run("restore", "my.backup", "--data", "new", code=1)
    assert told in done.stderr and "; nothing was written" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(person.home.iterdir()) == before


def test_a_link_in_the_place_of_the_folder_that_is_filled_is_not_followed(person: Person) -> None:
    (person.home / ".new.restoring").symlink_to(person.data)
    before = contents(person.data)
    assert "is a link" in person.run("restore", "my.backup", "--data", "new", code=1).stderr
    assert contents(person.data) == before and not (person.home / "new").exists()


def test_a_passphrase_is_asked_for_twice_and_never_shown(person: Person) -> None:
    del person.environment["TAXSYNC_PASSPHRASE"]
    asked = [("New passphrase for the backup: ", "long enough"), ("Repeat for confirmation: ", "long enough")]
    shown = person.at_terminal(("backup", "typed.backup"), asked)
    assert shown.code == 0 and "long enough" not in shown.stdout
    shown = person.at_terminal(
        ("restore", "typed.backup", "--data", "new"), [("Passphrase of the backup: ", "long enough")]
    )
    assert shown.code == 0 and same_facts(person.data, person.home / "new")


def test_a_backup_is_made_while_another_command_keeps_something(person: Person) -> None:
    with Ledger.open(person.data, create=False) as ledger, ledger.transaction():
        ledger.keep_answer("label", "t", '"gift"', "test")
        person.run("backup", "meanwhile.backup")
    person.run("restore", "meanwhile.backup", "--data", "new")
    with Ledger.open(person.home / "new", create=False) as ledger:
        assert "t" not in ledger.answers("label")
        ledger.check_integrity()


KILLED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)   # a file that grows over the limit kills, as it is written
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
from pipeline.cli import main
main(sys.argv[2:])
"""


@pytest.mark.parametrize(
    "limit, command",
    [(30_000, ("backup", "new")), (110_000, ("backup", "new")), (40_000, ("restore", "my.backup", "--data", "new"))],
)
@pytest.mark.sqlite("sizes of files")
def test_a_command_that_is_killed_leaves_nothing_half(person: Person, limit: int, command: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(person.data / "ledger.db")) as ledger:
        assert (
            40_000 < (person.data / "ledger.db").stat().st_size < 110_000 < (person.home / "my.backup").stat().st_size
        )
        before = list(ledger.iterdump())
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(limit), *command], cwd=person.home, env=person.environment, check=False
    )
    assert killed.returncode < 0
    assert not (person.home / "new").exists()
    person.run(*command)
    if command[0] == "backup":
        person.run("restore", "new", "--data", "restored")
    restored = person.home / ("restored" if command[0] == "backup" else "new")
    with closing(sqlite3.connect(restored / "ledger.db")) as ledger:
        assert list(ledger.iterdump()) == before
    left = [*person.home.glob(".new*"), *person.home.glob(".restored*"), person.data / ".backup"]
    assert not any(path.exists() for path in left)


# ---- a damaged ledger -------------------------------------------------------------------------


@pytest.mark.sqlite("a hand in the file")
def test_a_damaged_ledger_is_refused_and_what_can_be_read_makes_a_new_one(person: Person) -> None:
    with closing(sqlite3.connect(person.data / "ledger.db")) as outside, outside:
        outside.execute("DROP TRIGGER raw_no_update")
        outside.execute("UPDATE raw SET payload = replace(payload, '900', '100') WHERE source_id = 'b'")
    told = "record b of Kraken, universal rows (trades.csv row 3) was changed"
    assert told in person.run("check", code=1).stderr
    assert told in person.run("report", "--year", "2025", "--no-xlsx", code=1).stderr
    refused = person.run("backup", "other.backup", code=1).stderr
    assert told in refused and str(Path("data") / "ledger.db") in refused and ".backup/" not in refused
    assert not (person.home / "other.backup").exists()

    done = person.run("backup", "saved.jsonl", "--records", code=1)
    assert "1 of the records is lost (row 2 of the table raw)" in done.stderr
    assert "import all files again" in done.stderr
    lines = [json.loads(line) for line in (person.home / "saved.jsonl").read_text().splitlines()]
    assert [line["source_id"] for line in lines if line.get("table") == "raw"] == ["a"]
    assert stat.S_IMODE((person.home / "saved.jsonl").stat().st_mode) == 0o600

    person.run("restore", "saved.jsonl", "--data", "new")
    person.run("import", "trades.csv", "--data", "new")
    person.run("check", "--data", "new")
    person.run("report", "--year", "2025", "--no-xlsx", "--data", "new", "--recompute")
    assert (person.home / "new" / "reports" / "2025" / "disposals.csv").read_bytes() == (
        person.data / "reports" / "2025" / "disposals.csv"
    ).read_bytes()

    with closing(sqlite3.connect(person.data / "ledger.db")) as outside, outside:
        outside.execute("DROP TRIGGER raw_no_delete")
        outside.execute("DELETE FROM raw WHERE source_id = 'b'")
    for command in (("status",), ("import", "trades.csv"), ("label", "b", "gift")):
        assert "the record of Kraken's transaction b is missing" in person.run(*command, code=1).stderr


@pytest.mark.sqlite("no older version was ever in PostgreSQL")
def test_a_backup_of_an_older_ledger_is_brought_up_to_date(person: Person) -> None:
    old = person.home / "old.db"
    shutil.copyfile(person.data / "ledger.db", old)
    with closing(sqlite3.connect(old)) as outside, outside:
        outside.executescript("DROP TABLE chain; DROP VIEW txn; DROP TABLE said; CREATE TABLE txn (id)")
        outside.execute("DROP TRIGGER migration_no_delete")
        outside.execute("DELETE FROM migration WHERE version > 3")
        outside.execute(
            "CREATE TRIGGER migration_no_delete BEFORE DELETE ON migration "
            "BEGIN SELECT RAISE(ABORT, 'migration is append-only'); END"
        )
        outside.execute("PRAGMA user_version = 3")
    with (
        (person.home / "old.backup").open("wb") as file,
        sealing(file, "correct horse") as sealed,
        tarfile.open(fileobj=cast(BinaryIO, sealed), mode="w|") as archive,
    ):
        archive.add(old, "ledger.db")
        archive.add(person.data / "taxsync.toml", "taxsync.toml")
    person.run("restore", "old.backup", "--data", "new")
    assert facts(person.data) == facts(person.home / "new")
    assert person.run("changes", "--data", "new").stdout == person.run("changes").stdout


SPOILT_LINES: dict[str, Callable[[list[str]], list[str]]] = {
    "without its end": lambda lines: lines[:-1],
    "without a line": lambda lines: [*lines[:1], *lines[2:]],
    "with a line behind its end": lambda lines: [*lines, "{}"],
    "with a row twice": lambda lines: [*lines[:3], *lines[2:]],
    "with another word": lambda lines: [lines[0], *(line.replace("trades.csv", "traded.csv") for line in lines[1:])],
    "with a number that is none": lambda lines: [line.replace('"revision": 0', '"revision": "0"') for line in lines],
    "with bytes that are none": lambda lines: [line.replace('"base64": "', '"base64": "?') for line in lines],
}


@pytest.mark.parametrize("spoil", SPOILT_LINES.values(), ids=SPOILT_LINES)
def test_json_lines_that_are_not_whole_are_refused(person: Person, spoil: Callable[[list[str]], list[str]]) -> None:
    lines = (person.home / "all.jsonl").read_text().splitlines()
    (person.home / "all.jsonl").write_text("".join(f"{line}\n" for line in spoil(lines)))
    done = person.run("restore", "all.jsonl", "--data", "new", code=1)
    assert "all.jsonl " in done.stderr and done.stderr.count("\n") == 1
    assert not (person.home / "new").exists()


@pytest.mark.sqlite("a look into the file")
def test_json_lines_hold_all_facts(person: Person) -> None:
    person.run("restore", "all.jsonl", "--data", "new")
    assert facts(person.data) == facts(person.home / "new")


def facts(folder: Path) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        tables = ("batch", "raw", "price", "answer", "filing", "cursor")
        return [ledger.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables]
