"""Ledgers in a real PostgreSQL server: the twin of a file in all that is said and written, and whose it is.

The rest of the suite runs on it by `TAXSYNC_TEST_LEDGERS=postgresql` (tests/conftest.py); here stands what a file can't
show. `TAXSYNC_LOAD=20` imports twenty clients at once.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline import postgresql
from pipeline.ledger import Ledger, LedgerError, import_lock
from pipeline.ledger_mark import FILE as MARK
from pipeline.ledger_mark import read_mark
from pipeline.ledger_server import Server
from pipeline.migrations import APPEND_ONLY, newest_version
from pipeline.model import Page, RawRecord
from tests import postgres
from tests.person import Person, contents

URL = "TAXSYNC_LEDGER_URL"
PASSWORD = "p/w s3cret"
HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,Description,ID\n"
ROWS = (
    HEADER + "2024-01-05T12:00:00Z,Kraken,1000,USD,1,BTC,,ä,a\n2025-02-05T12:00:00Z,Kraken,0.5,BTC,900,USD,,B,b\n"
    "2025-03-05T12:00:00Z,Ärger,,,0.1,ETH,reward,,Ä\n2025-03-05T12:00:00Z,abc,,,0.1,ETH,reward,,z\n"
)
PRICES = "Date,Asset,Currency,Price\n2025-03-05,ETH,USD,2000\n"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ExitStack() as ending:
        try:
            found = os.environ.get(URL) or ending.enter_context(postgres.server())
        except postgres.NoServer as why:
            pytest.skip(str(why))
        with psycopg.connect(found, autocommit=True) as server:
            for role in ("firm", "other"):  # who has no more rights than README asks for
                if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                    server.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
            server.execute("GRANT CREATE ON DATABASE taxsync TO firm")
        yield found


def by(url: str, role: str, password: str = PASSWORD) -> str:
    return url.replace("//taxsync@", f"//{role}:{password.replace('/', '%2F').replace(' ', '%20')}@")


def someone(home: Path, url: str | None) -> Person:
    home.mkdir(parents=True, exist_ok=True)
    person = Person(home)
    person.environment = {k: v for k, v in person.environment.items() if k != URL} | ({URL: url} if url else {})
    return person


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of someone with a report and a closed year, in a file."""
    person = someone(tmp_path_factory.mktemp("filed"), None)
    person.run("init", "--country", "us")
    person.run("import", person.write("trades.csv", ROWS), person.write("prices.csv", PRICES))
    person.run("report", "--year", "2025", "--no-xlsx")
    person.run("close", "2025")
    return person.home


@pytest.fixture
def person(tmp_path: Path, filed: Path, url: str) -> Person:
    """The same, in the server by now."""
    shutil.copytree(filed, tmp_path / "home")
    one = someone(tmp_path / "home", url)
    one.run("move", "--to", "postgresql")
    return one


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL, raising=False)


def ledger_of(person: Person, patience: float = 5) -> Ledger:
    """In this process, as the person's own environment says."""
    with pytest.MonkeyPatch.context() as here:
        if URL in person.environment:
            here.setenv(URL, person.environment[URL])
        return Ledger.open(person.data, create=False, patience=patience)


def contents_of(person: Person) -> str:
    with ledger_of(person) as ledger:
        ledger.check_integrity()
        return ledger.contents()


def schema_of(person: Person) -> str:
    return read_mark(person.data / MARK).schema


def asked(person: Person, sql: str) -> list[tuple[Any, ...]]:
    """By hand, in the client's schema."""
    url = re.sub("//[^@]*@", "//taxsync@", person.environment[URL])
    with psycopg.connect(url, options=f"-c search_path={schema_of(person)}") as outside:
        cursor = outside.execute(sql)
        return cursor.fetchall() if cursor.description else []


def one_line(text: str) -> str:
    assert text.count("\n") == 1 and text.endswith("\n"), text
    assert PASSWORD not in text and "%2F" not in text and "psycopg." not in text
    return text


def record(id: str, payload: str = "{}") -> RawRecord:
    return RawRecord("kraken", "Kraken", "trades", id, 1, payload, f"kraken trades {id}")


# ---- twins ----------------------------------------------------------------------------------------------------------


def test_every_command_says_and_writes_the_same_in_either_database(tmp_path: Path, url: str) -> None:
    said, digests, kept = [], [], []
    for name, address in (("file", None), ("server", url)):
        person = someone(tmp_path / name, address)
        steps: tuple[tuple[str, ...], ...] = (
            ("demo",), ("status",), ("review",), ("status", "--json"), ("demo",), ("close", "2025", "--with-problems"),
            ("changes", "2025"), ("report", "--method", "hifo", "--out", "data/reports/hifo", "--no-xlsx"),
        )  # fmt: skip
        lines = [_timeless(person.run(*step).said) for step in steps]
        disposal = person.rows("disposals.csv")[0]["disposal_id"]
        lines += [_timeless(person.run("explain", disposal).stdout), person.run("check", "--json", code=1).stdout]
        with ledger_of(person) as ledger:
            digests.append((ledger.inputs_digest("us"), ledger.last_record(), ledger.transactions()))
        said.append(lines)
        kept.append(contents(person.data / "reports"))
    assert said[0] == said[1]
    assert digests[0] == digests[1]
    assert kept[0] == kept[1] and len(kept[0]) > 10


def _timeless(said: str) -> str:
    return re.sub(r"2\d\d\d-\d\d-\d\d|\d\d:\d\d:\d\d(\.\d+)?", "NOW", said)


def test_a_client_moves_there_and_back_and_a_backup_goes_to_either(
    tmp_path: Path, filed: Path, person: Person, url: str
) -> None:
    before = contents_of(someone(filed, None))
    schema = schema_of(person)
    assert contents_of(person) == before and (person.data / "ledger-moved-1.db").exists()
    assert not (person.data / "ledger.db").exists()
    person.run("backup", "a.backup")
    assert not person.run("backup", "a.jsonl", "--records").stderr
    for file in ("a.backup", "a.jsonl"):
        person.run("restore", file, "--data", f"of-{file}")
        restored = someone(tmp_path / file, url)
        (person.home / f"of-{file}").rename(restored.data)  # a folder may be moved
        assert schema_of(restored) != schema and not (restored.data / "ledger.db").exists()
        assert restored.run("report", "--year", "2025", "--no-xlsx").code == 0
        if file == "a.backup":  # lines know of no migrations
            assert contents_of(restored) == before
    del person.environment[URL]
    person.run("restore", "a.backup", "--data", "in-a-file")
    person.environment[URL] = url
    person.run("report", "--year", "2025", "--pack")
    shutil.copytree(person.data / "reports", person.home / "reports")
    assert "TAXSYNC_LEDGER_URL" in person.run("move", "--to", "sqlite").stdout
    del person.environment[URL]
    assert contents_of(person) == before
    left = {path.name for path in person.data.glob("ledger*")} - {"ledger.lock", "ledger.db-journal"}
    assert left == {"ledger-moved-1.db", "ledger-moved-1.postgresql", "ledger.db"}
    person.run("report", "--year", "2025", "--pack")
    assert contents(person.data / "reports") == contents(person.home / "reports")
    (person.home / "data").rename(person.home / "old")
    (person.home / "in-a-file").rename(person.home / "data")
    assert contents_of(person) == before


def test_what_postgresql_cannot_hold_stops_a_move_and_says_which_row(tmp_path: Path, url: str) -> None:
    person = someone(tmp_path, None)
    person.run("init", "--country", "us")
    with ledger_of(person) as ledger:
        ledger.keep(Page([record("a"), record("b\0")]), ledger.begin_batch("api", "kraken"))
    person.environment[URL] = url
    said = one_line(person.run("move", "--to", "postgresql", code=1).stderr)
    assert "NUL" in said and "row 2 of the table raw" in said
    assert not (person.data / MARK).exists()
    del person.environment[URL]
    assert contents_of(person)


# ---- whose it is ----------------------------------------------------------------------------------------------------


def test_a_ledger_that_is_elsewhere_than_the_environment_says_is_told_and_none_is_begun(
    person: Person, filed: Path, tmp_path: Path, url: str
) -> None:
    commands = (("status",), ("import", "trades.csv"), ("init", "--country", "de"), ("report",), ("check",),
                ("backup", "x.backup"), ("review",), ("demo",))  # fmt: skip
    settings = (person.data / "taxsync.toml").read_bytes()
    del person.environment[URL]
    for command in commands[:-1]:
        told = one_line(person.run(*command, code=1).stderr)
        assert "is in PostgreSQL" in told and "set TAXSYNC_LEDGER_URL" in told
    assert "set TAXSYNC_LEDGER_URL" in person.run("clients", ".", "--json", code=1).stdout
    shutil.copytree(filed, tmp_path / "in-file")
    other = someone(tmp_path / "in-file", url)
    for command in commands[:-1]:
        told = one_line(other.run(*command, code=1).stderr)
        assert "is a ledger in a file" in told and "taxsync move --to postgresql" in told
    assert not (other.data / MARK).exists() and not (person.data / "ledger.db").exists()
    assert (person.data / "taxsync.toml").read_bytes() == settings


def test_a_folder_may_be_moved_and_a_copy_of_it_is_refused(person: Person, url: str) -> None:
    shutil_copy(person.home, person.home.with_name("copy"))
    copy = someone(person.home.with_name("copy"), url)
    for command in (("status",), ("import", "trades.csv"), ("report",)):
        assert "is a copy of" in one_line(copy.run(*command, code=1).stderr)
    assert "is a copy of" in copy.run("clients", ".", "--json", code=1).stdout
    person.home.rename(person.home.with_name("elsewhere"))
    moved = someone(person.home.with_name("elsewhere"), url)
    assert not moved.run("status").stderr
    shutil.rmtree(copy.home)
    # A copy on another machine does not see the folder that it is a copy of; whoever is used first goes on.
    shutil_copy(moved.home, copy.home)
    (moved.home / "data").rename(moved.home / "unseen")
    assert not copy.run(
        "import", copy.write("more.csv", HEADER + "2025-06-01T00:00:00Z,Kraken,1,USD,2,XRP,,,n\n")
    ).stderr
    (moved.home / "unseen").rename(moved.home / "data")
    told = one_line(moved.run("status", code=1).stderr)
    assert "is not the folder of its ledger any more" in told and "taxsync move --to here" in told
    assert str(copy.data) in told
    moved.run("move", "--to", "here")
    assert "XRP" in moved.run("status").stdout
    assert "move --to here" in one_line(copy.run("status", code=1).stderr)


def test_a_disk_that_machines_share_has_one_folder_with_a_place_on_each(person: Person) -> None:
    mine, mark = asked(person, "SELECT place FROM client")[0][0], (person.data / MARK).read_bytes()
    asked(person, "UPDATE client SET place = 'other.example:/mnt/ada'")  # where it was used last
    assert not person.run("status").stderr
    assert asked(person, "SELECT place FROM client") == [(f"other.example:/mnt/ada\n{mine}",)]
    told = (person.data / MARK).read_bytes()
    assert told != mark  # by which a copy that was there would be refused from now on
    asked(person, f"UPDATE client SET place = '{mine}\nother.example:/mnt/ada'")
    assert not person.run("status").stderr
    assert (person.data / MARK).read_bytes() == told


def test_nobody_who_has_a_ledger_open_keeps_anything_where_it_was_moved_from(person: Person, url: str) -> None:
    with ledger_of(person) as there:
        shutil_copy(person.home, person.home.with_name("copy"))
        person.run("move", "--to", "sqlite")
        with pytest.raises(LedgerError, match="was moved into a file meanwhile: nothing was kept; run again"):
            there.keep_answer("label", "x", '"gift"', "user")
    del person.environment[URL]
    with ledger_of(person) as here:
        person.environment[URL] = url
        person.run("move", "--to", "postgresql")
        with pytest.raises(LedgerError, match="was moved meanwhile: nothing was kept; run again"):
            here.keep_answer("label", "x", '"gift"', "user")
    copy = someone(person.home.with_name("copy"), url)
    assert "is not the folder of its ledger any more" in one_line(copy.run("status", code=1).stderr)
    with ledger_of(person) as there:
        assert there.answers("label") == {}


def shutil_copy(one: Path, other: Path) -> None:
    """A copy of the files alone: where ledgers are in PostgreSQL the suite's own copies take the ledger along."""
    subprocess.run(["cp", "-r", str(one), str(other)], check=True)


def test_a_move_that_is_killed_at_any_step_leaves_one_ledger(person: Person, url: str) -> None:
    before = contents_of(person)
    mark, aside = person.data / MARK, person.data / "ledger-moved-1.db"
    said = json.loads(mark.read_text())
    aside.rename(person.data / "ledger.db")  # there, before the file was set aside
    assert contents_of(person) == before and aside.exists() and not (person.data / "ledger.db").exists()
    shutil.copy(aside, person.data / "ledger.db")
    assert "two ledgers" in one_line(person.run("status", code=1).stderr)
    mark.write_text(json.dumps({**said, "state": "moved"}))  # and back, before the mark was
    del person.environment[URL]
    assert contents_of(person) == before and not mark.exists()
    mark.write_text(json.dumps({**said, "state": "making"}))  # there, before the schema was whole
    assert contents_of(person) == before
    mark.write_text('{"schema": "public; DROP TABLE raw"}')
    (person.data / "ledger.db").unlink()
    person.environment[URL] = url
    assert "does not say where the ledger is" in one_line(person.run("status", code=1).stderr)


# ---- what goes wrong ------------------------------------------------------------------------------------------------

WRONG = {
    "no server": (lambda url: re.sub(r":\d+/", ":9/", url), "127.0.0.1 is not there: is it running"),
    "no such host": (lambda url: "postgresql://taxsync@nowhere.invalid/x", "is not found by its name"),
    "no such user": (lambda url: url.replace("//taxsync@", "//nobody@"), "refuses the user or the password"),
    "wrong password": (lambda url: by(url, "firm", f"not {PASSWORD}"), "refuses the user or the password"),
    "no such database": (lambda url: re.sub("/taxsync$", "/nothing", url), "has no such database"),
    "another database": (lambda url: re.sub("/taxsync$", "/postgres", url), "has none of that name in this database"),
    "another's": (lambda url: by(url, "other"), "may not read or change it"),
    "another kind": (lambda url: "sqlite:///x.db", "should be postgresql://USER@HOST/DATABASE"),
    "no address": (lambda url: "postgresql", "should be postgresql://USER@HOST/DATABASE"),
    "a port that is none": (
        lambda url: f"postgresql://x:y@h:{PASSWORD}/d",
        "should be postgresql://USER@HOST/DATABASE",
    ),
    "@ in the password": (lambda url: f"postgresql://x:{PASSWORD}@{PASSWORD}@h/d", "special in the password"),
    "a parameter": (lambda url: f"{url}?options=-csearch_path%3Dpublic", "has a parameter that is not passed on"),
    "tls": (lambda url: f"{url}?sslmode=verify-full", "TLS"),
}


@pytest.mark.parametrize("change, told", WRONG.values(), ids=WRONG)
def test_what_keeps_from_the_server_is_told_in_a_line(person: Person, url: str, change: Any, told: str) -> None:
    person.environment[URL] = change(url)
    before = contents(person.data)
    for command in (("import", "trades.csv"), ("status",)):
        assert told in one_line(person.run(*command, code=1).stderr)
    assert told in json.loads(person.run("clients", ".", "--json", code=1).stdout)[0]["problem"]
    assert contents(person.data) == before


def test_another_machine_is_spoken_to_by_tls_unless_somebody_says_otherwise() -> None:
    def mode(url: str) -> str | None:
        return Server.of(url)._options.get("sslmode")

    assert mode("postgresql://x@db.example/y") == mode("postgresql://x@10.0.0.1:5432/y") == "require"
    assert mode("postgresql://x@db.example/y?sslmode=disable") == "disable"
    assert mode("postgresql://x@127.0.0.1/y") is mode("postgresql:///y?host=/run/postgresql") is None
    server = Server.of("postgresql://x:p%2Fw%20s3cret@db.example/y")
    assert PASSWORD not in repr(server) + repr(server.__rich_repr__())  # the second is what rich shows of it


def test_without_the_driver_a_line_says_what_to_install(person: Person) -> None:
    program = "import sys; sys.modules['psycopg'] = None; from pipeline.cli import main; main(['status'])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=person.home, env=person.environment, capture_output=True, text=True
    )
    assert done.returncode == 1 and "pip install 'taxsync[postgresql]'" in one_line(done.stderr)


def test_a_connection_that_is_cut_in_the_middle_of_an_import_leaves_what_was_kept(person: Person) -> None:
    with ledger_of(person) as ledger:
        batch = ledger.begin_batch("api", "kraken")
        ledger.keep(Page([record("one")], "1"), batch)
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'taxsync'"
        gone = r"out of reach.*what was kept before is kept; run again$"
        with pytest.raises(LedgerError, match=gone), ledger.transaction():
            ledger.keep(Page([record("two")], "2"), batch)
            asked(person, cut)
            ledger.keep(Page([record("three")], "3"), batch)
        with pytest.raises(LedgerError, match="out of reach"):
            ledger.accounts()
    with ledger_of(person) as ledger:
        assert ledger.cursor("Kraken", "kraken", "trades") == "1"
        assert [r.source_id for r in ledger.records("Kraken", "kraken")] == ["one"]
        ledger.check_integrity()


FAILS = {
    "53100": "the server's disk is full: what was kept before is kept",
    "57P01": "out of reach",
    "25006": "can't be changed: the server or the user may only read",
    "53200": "has not enough memory or connections",
    "XX001": "the server's files are damaged",
    "99999": r"could not be used \(PostgreSQL 99999\)",
}


def test_what_the_server_refuses_is_told_in_a_line_and_leaves_nothing(person: Person) -> None:
    before = contents_of(person)
    for code, told in FAILS.items():
        asked(person, "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
                      f"'x' USING ERRCODE = '{code}'; END $$")  # fmt: skip
        asked(person, "CREATE TRIGGER fail BEFORE INSERT ON raw EXECUTE FUNCTION fail()")
        with ledger_of(person) as ledger, pytest.raises(LedgerError, match=told), ledger.transaction():
            ledger.keep(Page([record("x")], "1"), ledger.begin_batch("api", "kraken"))
        asked(person, "DROP FUNCTION fail CASCADE")
    with ledger_of(person) as ledger:
        batch = ledger.begin_batch("api", "kraken")
        with pytest.raises(LedgerError, match=r"^kraken trades n.*NUL.*move --to sqlite"):
            ledger.keep(Page([record("m"), record("n\0")]), batch)
        with pytest.raises(ValueError, match="half a character"):
            ledger.keep(Page([record("\ud800")]), batch)
        with pytest.raises(ValueError, match="64 bits"):
            ledger.keep(Page([RawRecord("kraken", "Kraken", "trades", "y", 1 << 64, "{}", "o")]), batch)
        big = RawRecord("kraken", "Kraken", "trades", "big", (1 << 63) - 1, "{}", "o")
        ledger.keep(Page([big]), batch)
        assert list(ledger.records("Kraken", "kraken")) == [big]
    assert contents_of(person) != before
    asked(person, f"INSERT INTO migration VALUES ({newest_version() + 1}, 'x', 'y')")
    assert "is of a newer taxsync" in one_line(person.run("status", code=1).stderr)
    asked(person, "DELETE FROM client; ALTER TABLE migration DISABLE TRIGGER USER")
    asked(person, f"DELETE FROM migration WHERE version > {newest_version()}")
    assert "does not say whose it is" in one_line(person.run("status", code=1).stderr)
    assert "does not say whose it is" in person.run("clients", ".", "--json", code=1).stdout
    asked(person, "DROP TABLE migration CASCADE")
    assert "is not a taxsync ledger" in one_line(person.run("status", code=1).stderr)
    asked(person, f"DROP SCHEMA {schema_of(person)} CASCADE")
    assert "has none of that name in this database" in one_line(person.run("init", "--country", "us", code=1).stderr)


def test_what_an_older_version_has_parsed_is_parsed_anew(person: Person) -> None:
    made = asked(person, _MADE)
    said = person.run("status").said
    asked(person, "DROP VIEW txn; DROP TABLE said; DROP TABLE parsed; CREATE TABLE txn (id text)")
    asked(person, "CREATE TABLE parsed (account text); ALTER TABLE migration DISABLE TRIGGER USER")
    asked(person, "UPDATE migration SET version = 4; ALTER TABLE migration ENABLE ALWAYS TRIGGER migration_no_update")
    asked(person, "ALTER TABLE migration ENABLE ALWAYS TRIGGER migration_no_delete")
    asked(person, "ALTER TABLE migration ENABLE ALWAYS TRIGGER migration_no_truncate")
    assert person.run("status").said == said
    assert asked(person, "SELECT version FROM migration ORDER BY version") == [(4,), (5,)]
    assert asked(person, _MADE) == made
    person.run("check")
    assert asked(person, "SELECT count(*) FROM txn") != [(0,)]


# Of each column of a table or view: its name, kind and collation, and whether it may be empty.
_MADE = (
    "SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns "
    "WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
)


# ---- what is kept stays ---------------------------------------------------------------------------------------------


def test_facts_can_be_neither_changed_nor_deleted_and_what_a_hand_did_is_found(person: Person) -> None:
    assert postgresql.FIRST + len(postgresql.MIGRATIONS) == newest_version()
    for table in APPEND_ONLY:
        for change in (f"UPDATE {table} SET program = ''", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            column = "id = id" if table != "migration" else "version = version"
            with pytest.raises(psycopg.errors.RestrictViolation, match="is append-only"):
                asked(person, re.sub("program = ''", column, change))
    with ledger_of(person) as ledger:
        assert ledger._database.execute("SHOW synchronous_commit").fetchall() == [("on",)]
    asked(person, "ALTER TABLE raw DISABLE TRIGGER raw_no_update; UPDATE raw SET payload = '{}' WHERE id = 2")
    told = one_line(person.run("check", code=1).stderr)
    assert "table raw has lost its guard against changes; record b of Kraken" in told and "was changed" in told
    assert "ledger.postgresql is damaged" in one_line(person.run("report", code=1).stderr)
    assert "was changed" in one_line(person.run("backup", "x.backup", code=1).stderr)
    assert "1 of the records" in person.run("backup", "x.jsonl", "--records", code=1).stderr
    asked(person, "DROP INDEX raw_identity; ALTER TABLE raw DROP CONSTRAINT raw_batch_fkey")
    assert "its raw_identity is missing" in person.run("check", code=1).stderr


def test_who_may_only_read_gets_reports_and_others_see_nothing(person: Person, url: str) -> None:
    schema = schema_of(person)
    asked(person, f"GRANT USAGE ON SCHEMA {schema} TO other; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO other")
    person.run("status")  # reads records anew after the move
    person.environment[URL] = by(url, "other")
    assert "BTC" in person.run("status").stdout
    assert person.run("report", "--year", "2025", "--no-xlsx").code == 0
    told = one_line(person.run("close", "2024", "--with-problems", code=1).stderr)
    assert "may not read or change it" in told


def test_the_password_of_the_server_is_nowhere(tmp_path: Path, url: str) -> None:
    person = someone(tmp_path, by(url, "firm"))  # who owns nothing but what it makes
    said = person.run("init", "--country", "us").said
    person.write("trades.csv", ROWS), person.write("prices.csv", PRICES)
    for command in (("import", "trades.csv", "prices.csv"), ("report", "--year", "2025", "--pack"), ("status",),
                    ("backup", "a.jsonl", "--records"), ("clients", ".")):  # fmt: skip
        said += person.run(*command).said
    for address in (by(url, "firm", PASSWORD + "x"), by(url, "firm").replace("127.0.0.1", "nowhere.invalid")):
        person.environment[URL] = address
        said += person.run("status", code=1).said
    person.environment[URL] = re.sub(":[^:@/]*@", "@", by(url, "firm"))
    person.environment["PGPASSWORD"] = PASSWORD  # as libpq knows it
    said += person.run("status").said
    kept = b"".join(contents(person.home).values())
    for pack in person.home.rglob("*"):
        if pack.suffix in (".zip", ".xlsx"):
            with zipfile.ZipFile(pack) as archive:
                kept += b"".join(map(archive.read, archive.namelist()))
    for secret in (PASSWORD, PASSWORD.replace("/", "%2F").replace(" ", "%20")):
        assert secret not in said and secret.encode() not in kept
    told = "may not read or change it.*needs CREATE on the database"  # of a role that README did not make
    person.environment |= {URL: by(url, "other")}
    assert re.search(told, one_line(person.run("init", "--country", "us", "--data", "new", code=1).stderr))
    with psycopg.connect(by(url, "other")) as outside, pytest.raises(psycopg.errors.InsufficientPrivilege):
        outside.execute(f"SELECT * FROM {schema_of(person)}.raw")


# ---- many at once ---------------------------------------------------------------------------------------------------

HOLDING = """
import sys
from pathlib import Path
from pipeline.ledger import import_lock
with import_lock(Path("data"), "taxsync import a.csv"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_the_same_client_twice_is_refused_politely_and_a_killed_import_blocks_nobody(
    person: Person, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING], cwd=person.home, env=person.environment, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    monkeypatch.setenv(URL, url)
    lines: list[str] = []
    who = rf"^`taxsync import a\.csv` \(process {process.pid} on .+, since 2.* UTC\) is at work in .*: run again when"
    with pytest.raises(LedgerError, match=who), import_lock(person.data, "taxsync import", lines.append, 0.2):
        pytest.fail("two imports at once")
    assert len(lines) == 1 and "waiting for it to end" in lines[0]
    with monkeypatch.context() as another, pytest.raises(LedgerError, match=rf"{process.pid} on [^,]+\) is at work"):
        another.setenv(URL, by(url, "other"))  # who is not told since when another role is there
        with import_lock(person.data, "taxsync import", None, 0):
            pytest.fail("two imports at once")
    assert "Kraken" in person.run("status").stdout  # who reads waits for nobody
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with import_lock(person.data, "taxsync import", None, 5):
        pass
    with ledger_of(person) as one, ledger_of(person, patience=0.05) as two, one.transaction():
        one.keep_answer("label", "x", '"gift"', "user")
        assert two.answers("label") == {}
        with pytest.raises(LedgerError, match="is in use by another command"):
            two.keep_answer("label", "y", '"gift"', "user")


def test_clients_are_imported_at_once_and_each_is_the_twin_of_its_file(tmp_path: Path, url: str) -> None:
    clients, rows = int(os.environ.get("TAXSYNC_LOAD", "4")), int(os.environ.get("TAXSYNC_LOAD_ROWS", "200"))
    there, here = someone(tmp_path / "there", url), someone(tmp_path / "here", None)
    for n in range(clients):
        text = HEADER + "".join(
            f"2025-{1 + i % 12:02}-{1 + i % 28:02}T{i % 24:02}:{n:02}:00Z,Kraken,{9 + n},USD,0.{1 + i},BTC,,,{n}-{i}\n"
            for i in range(rows)
        )
        for person in (there, here):
            person.write(f"{n}.csv", text)
            person.run("init", "--country", "us", "--data", f"c{n}")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "import", f"{n}.csv", "--data", f"c{n}"], cwd=there.home,
            env=there.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for n in range(clients)
    ]  # fmt: skip
    said = [process.communicate() for process in running]
    assert {process.returncode for process in running} == {0}
    for n in range(clients):
        done = here.run("import", f"{n}.csv", "--data", f"c{n}")
        assert (done.stdout, done.stderr) == said[n]
        for person in (there, here):
            person.run("report", "--year", "2025", "--no-xlsx", "--data", f"c{n}")
        assert contents(there.home / f"c{n}" / "reports") == contents(here.home / f"c{n}" / "reports")
    assert len(there.run("clients", ".").stdout.splitlines()) >= clients
