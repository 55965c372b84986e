"""Killed, or without power, at any instant: nothing lost, nothing twice, nothing half, and the next run ends as an
undisturbed one.

Each command runs once under a tracer (tests/hard/tracing.py), which records what it does to the disk. What a kill
before any of these changes leaves is then made of the record, and what a power cut there may leave; the next run begins
there. Some are killed in earnest, so that the record itself is held against what happens. More of each:

    TAXSYNC_KILLS=100 python -m pytest tests/hard/test_killed.py -n0 -s
"""

import json
import os
import re
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from importers.sandbox.kraken import Records
from importers.sandbox.server import Sandbox
from pipeline.ledger import Ledger
from tests.hard.older import older
from tests.hard.power import reached
from tests.hard.tracing import POSSIBLE, Change, Traced, Tree, trace
from tests.person import Person, contents
from tests.pipeline.run.conftest import KEY, account, begun, savings

pytestmark = [
    pytest.mark.skipif(not POSSIBLE, reason="traces by Linux's ptrace, on the processors whose calls it knows"),
    pytest.mark.sqlite("what a kill leaves of files; tests/test_postgresql.py cuts connections"),
]

KILLS = int(os.environ.get("TAXSYNC_KILLS", "2"))  # in earnest; and twice as many made states of each command
HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,ID\n"
ROWS = HEADER + "".join(
    f"202{3 + n // 40}-{1 + n % 12:02}-{1 + n % 28:02}T12:00:0{n % 10}Z,Kraken,"
    + (f"{n + 1}0,USD,1,BTC,,{n}\n" if n % 3 else f"0.{n % 9 + 1},BTC,{n + 90},USD,,{n}\n")
    for n in range(1, 100)
)
MORE = HEADER + "2025-11-05T12:00:00Z,Kraken,0.5,BTC,4900,USD,,new\n"
NOTE = "reports/2025/receipts.txt"


@pytest.fixture(scope="module")
def exchange() -> Iterator[Sandbox]:
    with Sandbox(Records(*_lists(account(savings())), (KEY,))) as sandbox:
        yield sandbox


def _lists(records: Records) -> tuple[Any, ...]:
    return records.ledgers, records.trades, records.deposits, records.withdrawals


# ---- what is disturbed --------------------------------------------------------------------------


def old(person: Person) -> None:
    older(person, 1)


def new(person: Person) -> None:
    begun(person.data)
    person.write("rows.csv", ROWS)
    person.write("more.csv", MORE)


def keyed(person: Person) -> None:
    new(person)
    person.run("keys", "add", "kraken", "--stdin", given=json.dumps(KEY.credentials))


def imported(person: Person) -> None:
    new(person)
    person.run("import", "rows.csv")


def reported(person: Person) -> None:
    imported(person)
    person.run("report", "--year", "2025", "--no-xlsx")
    (person.data / NOTE).write_text("mine")
    person.run("import", "more.csv")


def closed(person: Person) -> None:
    reported(person)
    person.run("close", "2025", "--with-problems")


@dataclass(frozen=True)
class Story:
    """What a person has, the command that is disturbed, the next run; what that says when all was done before."""

    before: Callable[[Person], None]
    command: tuple[str, ...]
    next: tuple[str, ...] = ()
    already: str = ""
    given: str = ""

    def again(self, person: Person) -> None:
        """The next run."""
        command = self.next or self.command
        if self.already and self.done(person):
            assert self.already in person.run(*command, given=self.given, code=1).stderr
        else:
            person.run(*command, given=self.given)
        if self.command[0] == "keys":
            person.run("keys", "check")  # what a key may do is asked again where a kill came before it was kept

    def done(self, person: Person) -> bool:
        """Whether what the command was to do is done."""
        if self.command[0] == "backup":
            return (person.home / "my.backup").exists()
        if self.command[0] == "report":
            return "2025-11-05" in (person.data / "reports" / "2025" / "disposals.csv").read_text(encoding="utf-8-sig")
        if self.command[0] == "keys":
            listed = json.loads(person.run("keys", "list", "--json").stdout)
            return [each["exchange"] for each in listed] == ["kraken"]
        with closing(sqlite3.connect(person.data / "ledger.db")) as ledger:
            what = "chain" if self.command[0] == "status" else "filing" if self.command[0] == "close" else "raw"
            return bool(ledger.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


STORIES = {
    "import of a file": Story(new, ("import", "rows.csv")),
    "import over the API": Story(keyed, ("import",)),
    "report": Story(reported, ("report", "--year", "2025", "--pack")),
    "close": Story(reported, ("close", "2025", "--with-problems"), (), "is closed already"),
    "backup": Story(closed, ("backup", "my.backup"), ("backup", "my.backup", "--force")),
    "keys add": Story(
        new, ("keys", "add", "kraken", "--stdin"), (), "there is already a key 'kraken'", json.dumps(KEY.credentials)
    ),
    "upgrade": Story(old, ("status",)),
}


# ---- what must be the same ----------------------------------------------------------------------

# What the tables say, but for when and by which import: rows that a later import brought are no less the same. What an
# exchange says is held is asked, and kept, at each import.
FACTS = (
    "SELECT source, account, stream, source_id, revision, digest, position, origin, payload FROM raw "
    "WHERE stream != 'Balance' ORDER BY 1, 2, 3, 4, 5",
    "SELECT account, source, stream FROM cursor ORDER BY 1, 2, 3",
    "SELECT DISTINCT kind, key FROM answer ORDER BY kind, key",
    "SELECT asset, currency, price, at, day, source FROM price ORDER BY id",
    "SELECT year, why FROM filing ORDER BY id",
    "SELECT * FROM txn ORDER BY account, number",
    "SELECT account, stamp, issues, prices FROM parsed ORDER BY account",
)


# What a kill may leave for a while: a small file that was not yet in its place, and the note of who held the lock.
LEFT = re.compile(r"/\.[^/]+\.[a-z0-9_]{8}$|\.holder$")


def ends(person: Person) -> dict[str, Any]:
    """All that a person has in the end."""
    with closing(sqlite3.connect(person.data / "ledger.db")) as ledger:
        found: dict[str, Any] = {query: ledger.execute(query).fetchall() for query in FACTS}
        found["filed"] = [zlib.decompress(tables) for (tables,) in ledger.execute("SELECT tables FROM filing")]
    found["settings"] = (person.data / "taxsync.toml").read_bytes()
    found["files"] = [name for name in sorted(contents(person.home)) if not LEFT.search(name)]
    found["reports"] = {name: made for name, made in contents(person.data / "reports").items() if "lock" not in name}
    return found


@dataclass(frozen=True)
class Told:
    """A command that nothing disturbed: what was there, what it changed, and what there is in the end."""

    story: Story
    tree: Tree
    changes: list[Change]
    end: Mapping[str, Any]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, exchange: Sandbox) -> Callable[[str], Told]:
    known: dict[str, Told] = {}

    def tell(name: str) -> Told:
        if name not in known:
            person, story = at_home(tmp_path_factory.mktemp("told") / "home", exchange), STORIES[name]
            story.before(person)
            tree = Tree.of(person.home)
            run = trace(story.command, person, given=story.given)
            assert run.code == 0, run
            story.again(person)
            known[name] = Told(story, tree, run.changes, ends(person))
        return known[name]

    return tell


def at_home(home: Path, exchange: Sandbox) -> Person:
    home.mkdir(parents=True)
    person = Person(home)
    person.environment["TAXSYNC_PROXY_URL"] = exchange.proxy_url
    return person


def sound(person: Person, one: Told, acknowledged: bool) -> None:
    """What must hold of a disturbed folder: before the next run, and after it."""
    with Ledger.open(person.data, create=False) as ledger:
        ledger.check_integrity()
    if acknowledged:
        with closing(sqlite3.connect(person.data / "ledger.db")) as kept:
            assert kept.execute(FACTS[0]).fetchall() == one.end[FACTS[0]]
        assert one.story.done(person)
    one.story.again(person)
    if one.story.command[0] == "backup":
        person.run("restore", "my.backup", "--data", "restored")
        with Ledger.open(person.home / "restored", create=False) as ledger:
            ledger.check_integrity()
        shutil.rmtree(person.home / "restored")
    after = ends(person)
    assert after.keys() == one.end.keys()
    for what, undisturbed in one.end.items():
        assert after[what] == undisturbed, what


# ---- the disturbances ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_the_next_run_after_a_kill_or_a_power_cut_ends_as_an_undisturbed_one(
    name: str, told: Callable[[str], Told], exchange: Sandbox, tmp_path: Path
) -> None:
    one, random = told(name), Random(name)
    said = next(number for number, change in enumerate(one.changes) if change.what == "said")
    for number in range(2 * KILLS):
        # Half of the cuts come when the command has said that it is done: what it said must hold.
        cut = len(one.changes) if number % 4 == 3 else random.randrange(len(one.changes))
        there = one.changes[:cut]
        if number % 2:
            there = reached(there, random, (0, 0.5, 0.9)[number // 2 % 3])
        tree = one.tree.copy()
        for change in there:
            tree.apply(change)
        person = at_home(tmp_path / str(number) / "home", exchange)
        tree.write_to(person.home)
        sound(person, one, cut > said)
        shutil.rmtree(person.home)


def test_a_real_kill_leaves_what_the_record_says_and_the_next_run_ends_as_an_undisturbed_one(
    told: Callable[[str], Told], exchange: Sandbox, tmp_path: Path
) -> None:
    random, killed = Random(1), 0
    for number in range(KILLS):
        name = list(STORIES)[number % len(STORIES)]
        one = told(name)
        person = at_home(tmp_path / str(number) / "home", exchange)
        one.tree.write_to(person.home)
        run = died(person, one.story, random.randrange(len(one.changes)))
        killed += run.code == -9
        sound(person, one, "said" in [change.what for change in run.changes])
        shutil.rmtree(person.home)
    print(f"{killed} of {KILLS} were killed before their end")
    assert killed


def died(person: Person, story: Story, at: int) -> Traced:
    run = trace(story.command, person, given=story.given, kill_at=at)
    assert run.code in (-9, 0) and not run.stderr, run
    return run
