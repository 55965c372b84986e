"""Many clients: one line a folder, the worst first; nothing of one changes, or reaches another."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from importers import system_keyring
from importers.credentials import Credentials, VaultError
from importers.vault import open_vault
from tests.many_clients import BUY, HEADER, copies, make
from tests.person import Person


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("clients"))
    desk = person.home / "desk"
    desk.mkdir()
    make(desk, person.run)
    return person.home


@pytest.fixture
def person(tmp_path: Path, begun: Path) -> Person:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


def looked(person: Person, code: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(person.run("clients", "desk", "--json", code=code).stdout)
    return found


def state(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Every file and folder: what is in it, its rights, when it changed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        found[str(path)] = (path.read_bytes() if path.is_file() else b"", stat.st_mode, stat.st_mtime_ns)
    return found


def test_each_client_is_a_line_the_worst_first_and_nothing_is_written(person: Person) -> None:
    desk = person.home / "desk"
    (desk / "notes.txt").write_text("no folder")
    (desk / ".git").mkdir()
    before = state(desk)
    short, new, sound = looked(person)
    assert [one["client"] for one in (short, new, sound)] == ["short", "new", "sound"]
    report = short["report"]
    assert (report["year"], report["errors"], report["current"], report["currency"]) == ("2025", 1, True, "USD")
    assert report["lowest"] != report["highest"] and short["remark"] is None
    assert new["report"] is None and new["remark"] == "no report yet" and new["last_import"]
    assert (sound["report"]["lowest"], sound["report"]["gain"], sound["report"]["highest"]) == ("400", "400", "400")
    lines = person.run("clients", "desk").stdout.splitlines()
    assert lines[2].split()[:3] == ["short", f"1+{report['warnings']}", "2025"] and lines[-1] == "3 clients"
    assert state(desk) == before


def test_what_came_since_the_report_is_told(person: Person) -> None:
    def sound() -> dict[str, Any]:
        return next(one for one in looked(person) if one["client"] == "sound")

    data, file = (
        ("--data", "desk/sound"),
        person.write("more.csv", HEADER + BUY.replace("buy", "more").replace("1000", "2000").replace("01-05", "03-09")),
    )
    person.run("import", file, *data)
    assert sound()["since"] == ["new records"] and sound()["remark"] == "out of date: new records"
    person.run("report", "--year", "2025", "--no-xlsx", *data)
    assert sound()["since"] == []
    person.run("report", "--year", "2024", "--no-xlsx", *data)
    assert sound()["report"]["year"] == "2025", "the newest year, not the last that was computed"
    person.run("report", "--year", "2025", "--no-xlsx", "--method", "hifo", "--out", "elsewhere", *data)
    person.run("close", "2025", "--with-problems", *data)
    assert (sound()["since"], sound()["closed"]) == (["a closed year"], ["2025"])
    person.run("init", "--method", "lifo", *data)
    assert sound()["since"] == ["a closed year", "other settings"]


def test_a_note_of_another_ledger_or_one_that_was_changed_by_hand_is_not_believed(person: Person) -> None:
    desk = person.home / "desk"
    shutil.copyfile(desk / "sound" / ".standing.json", desk / "short" / ".standing.json")
    (short,) = [one for one in looked(person) if one["client"] == "short"]
    assert short["since"] == ["other records"], "as many rows, but not those"
    kept = json.loads((desk / "sound" / ".standing.json").read_text())
    kept["2025"]["errors"] = float("inf")
    (desk / "sound" / ".standing.json").write_text(json.dumps(kept))
    (desk / "loop").symlink_to("loop")
    found = {one["client"]: one for one in looked(person, code=1)}
    assert found["sound"]["report"] is None and found["loop"]["problem"]


BROKEN = {
    "damaged": "is damaged: keep it as it is",
    "foreign": "is not a taxsync ledger",
    "newer": "is of a newer taxsync: update taxsync",
    "empty": "there is no taxsync.toml in",
    "gone": "ledger.db is missing",
    "garbled": "is not valid TOML",
    "locked": "is in use by another program",
    "killed": "was left in the middle of a change",
}


@pytest.mark.sqlite("what stands in the place of the file")
def test_a_folder_that_can_not_be_read_is_a_line_with_its_reason(person: Person) -> None:
    desk = person.home / "desk"
    for name in BROKEN:
        shutil.copytree(desk / "sound", desk / name)
    paths = {name: desk / name / "ledger.db" for name in BROKEN}
    content = bytearray(paths["damaged"].read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    paths["damaged"].write_bytes(content)
    paths["foreign"].write_bytes(b"PK\x03\x04" * 2000)
    with sqlite3.connect(paths["newer"]) as other:
        other.execute("PRAGMA user_version = 99")
    (desk / "empty" / "taxsync.toml").unlink()
    paths["gone"].unlink()
    (desk / "garbled" / "taxsync.toml").write_text("country = ")
    killed(paths["killed"])
    with sqlite3.connect(paths["locked"], isolation_level=None) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        before = state(desk)
        found = looked(person, code=1)
        assert state(desk) == before
    holder.close()
    assert [one["client"] for one in found] == [*sorted(BROKEN), "short", "new", "sound"]
    for one in found[: len(BROKEN)]:
        assert BROKEN[one["client"]] in one["problem"] and "\n" not in one["problem"], one
    assert person.run("clients", "desk", code=1).stdout.splitlines()[-1] == "11 clients, 7 could not be read", (
        "the lock is gone"
    )


def killed(path: Path) -> None:
    """A ledger as a kill in the middle of a commit leaves it: pages are written, and the journal has the old ones."""
    script = (
        "import os, sqlite3, sys\n"
        "one = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "one.execute('PRAGMA cache_size = 1'); one.execute('PRAGMA cache_spill = 1'); one.execute('BEGIN IMMEDIATE')\n"
        "row = 'INSERT INTO batch (kind, name, digest, at, program) VALUES (?, ?, ?, ?, ?)'\n"
        "for n in range(200): one.execute(row, ('file', 'x' * 900, str(n), '2025', ''))\n"
        "os._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert path.with_name("ledger.db-journal").stat().st_size > 512


@pytest.mark.sqlite("no older version was ever in PostgreSQL")
def test_an_older_ledger_is_read_and_not_brought_up_to_date(person: Person) -> None:
    path = person.home / "desk" / "sound" / "ledger.db"
    with sqlite3.connect(path) as older:
        for line in ("DROP TABLE chain", "DROP TABLE filing", "PRAGMA user_version = 2"):
            older.execute(line)
    older.close()
    before = path.read_bytes()
    (sound,) = [one for one in looked(person) if one["client"] == "sound"]
    assert sound["remark"] == "of an older version: the next command brings it up to date" and not sound["since"]
    assert path.read_bytes() == before


def test_a_folder_without_clients_is_wrong_usage(person: Person) -> None:
    assert "can't be looked into" in person.run("clients", "nowhere", code=2).stderr
    assert "is itself a data folder" in person.run("clients", "desk/sound", code=2).stderr
    (person.home / "bare").mkdir()
    assert "holds no folder" in person.run("clients", "bare", code=2).stderr
    (person.home / "homes" / "ada").mkdir(parents=True)
    shutil.move(person.home / "desk" / "sound", person.home / "homes" / "ada" / "data")
    (ada,) = json.loads(person.run("clients", "homes", "--json").stdout)
    assert ada["client"] == "ada" and ada["report"]["gain"] == "400", "the folder's own data folder counts"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
@pytest.mark.sqlite("copies of files")
def test_many_clients_are_as_many_lines(person: Person) -> None:
    copies(person.home / "desk", 60)
    found = looked(person)
    errors = [(one["report"] or {}).get("errors") for one in found]
    assert len(found) == 60 and errors == [1] * 20 + [None] * 20 + [0] * 20
    assert [one["client"] for one in found[:19]] == sorted(one["client"] for one in found[:19])


# ---- keys -------------------------------------------------------------------------------------


class Ring(KeyringBackend):
    """A keyring in memory, in the place of the operating system's, which all clients of a machine share."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ring]:
    before, one = keyring.get_keyring(), Ring()
    monkeypatch.setattr(system_keyring, "_KNOWN", system_keyring._KNOWN | {f"{__name__}.Ring"})
    keyring.set_keyring(one)
    yield one
    keyring.set_keyring(before)


@pytest.mark.parametrize("choice", ["file", "keyring"])
def test_a_key_of_one_client_never_reaches_another(tmp_path: Path, ring: Ring, choice: str) -> None:
    ada, bob = tmp_path / "ada", tmp_path / "bob"
    for folder, secret in ((ada, "adas"), (bob, "bobs")):
        folder.mkdir()
        vault = open_vault(folder, choice, "one passphrase for all")
        assert vault.entries() == [], "nothing of the client before"
        vault.put("kraken", "kraken", "2026-01-01", (), Credentials({"apiKey": "k", "secret": secret}))
    assert open_vault(ada, choice, "one passphrase for all").get("kraken").reveal()["secret"] == "adas"
    assert open_vault(bob, choice, "one passphrase for all").get("kraken").reveal()["secret"] == "bobs"
    assert len(ring.kept) == (2 if choice == "keyring" else 0), "an entry for each vault, under an id of its own"
    open_vault(ada, choice, "one passphrase for all").remove("kraken")
    assert [one.name for one in open_vault(bob, choice, "one passphrase for all").entries()] == ["kraken"]
    head = (ada / "vault.bin").read_bytes().split(b"\n")[0]
    mixed = head + b"\n" + (bob / "vault.bin").read_bytes().split(b"\n", 1)[1]
    (ada / "vault.bin").write_bytes(mixed)
    with pytest.raises(VaultError, match="wrong passphrase or damaged vault"):
        open_vault(ada, choice, "one passphrase for all")


def test_clients_opens_no_vault(person: Person) -> None:
    (person.home / "desk" / "sound" / "vault.bin").write_bytes(b"no vault")
    person.environment["TAXSYNC_PASSPHRASE"] = ""
    assert looked(person)[-1]["client"] == "sound"
