"""The gallery of problems: for each code the smallest input that raises it, and what `taxsync check` then says.

    tests/issues/CODE/*.csv           files, imported in the order of their names
    tests/issues/CODE/kraken.json     what an account behind Kraken's API has given: records, cursors, runs, limits
    tests/issues/CODE/looked_up.json  prices that were looked up: day, asset, price in USD, source
    tests/issues/CODE/country.txt     whose rules, if not the United States'
    tests/issues/CODE/method.txt      the lot method, if not the country's default
    tests/issues/CODE/closed.txt      the tax year that is closed then
    tests/issues/CODE/after/*.csv     files that are imported after the year's first report, or after it was closed
    tests/issues/CODE/revised/*.csv   files that are imported after the others, with --revise
    tests/issues/CODE/message.txt     the whole output of `taxsync check`

`TAXSYNC_WRITE_GALLERY=1 pytest tests/test_issues.py` writes the messages anew, to be read in the difference, and
PROBLEMS.md, the users' list of them.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from importers.sync import FINEST
from pipeline.issues import CODES, Severity
from pipeline.ledger import Ledger
from pipeline.model import Page, Price, RawRecord
from pipeline.run.coverage import KEY_LIMITS, PUT_ASIDE
from pipeline.settings import AccountSettings, Settings, save
from tests.person import Person

GALLERY = Path(__file__).parent / "issues"
ACCOUNT = "kraken"


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_smallest_input_raises_the_problem_and_check_says_it_so(code: str, tmp_path: Path) -> None:
    said = checked(GALLERY / code, tmp_path)
    if os.environ.get("TAXSYNC_WRITE_GALLERY"):
        (GALLERY / code / "message.txt").write_text(said, encoding="utf-8")
    assert re.search(rf"^{CODES[code].severity.upper()} {code} \(\d+\)$", said, re.MULTILINE)
    assert said == (GALLERY / code / "message.txt").read_text(encoding="utf-8")


def test_every_code_has_its_folder_and_no_folder_is_left_behind() -> None:
    assert {folder.name for folder in GALLERY.iterdir() if folder.is_dir()} == set(CODES)


REFERENCE = GALLERY.parent.parent / "PROBLEMS.md"
HEAD = """# What taxsync may tell you

Every problem that `taxsync check` and `issues.csv` can name: what it says, of an example, and what to do about it.
While one is open that changes a tax figure, `check` exits with 1. Made from the examples in `tests/issues`,
each of which is the smallest input that raises its problem.
"""
KINDS = {
    Severity.ERROR: "Changes a tax figure until it is settled",
    Severity.WARNING: "To look at",
    Severity.INFO: "Good to know",
}


def test_the_users_list_of_problems_is_that_of_the_gallery() -> None:
    lines = [HEAD]
    for severity, heading in KINDS.items():
        lines.append(f"## {heading}\n")
        for code in sorted(code for code, kind in CODES.items() if kind.severity is severity):
            said = (GALLERY / code / "message.txt").read_text(encoding="utf-8")
            (block,) = re.findall(rf"^[A-Z]+ {code} \(\d+\)\n((?:  .*\n)+)", said, re.MULTILINE)
            example = block.split("\n  -> ")
            remedy = example[1].splitlines()[0]
            lines.append(f"### {code}\n\n```text\n{example[0].splitlines()[0].strip()}\n```\n\nWhat to do: {remedy}\n")
    reference = "\n".join(lines)
    if os.environ.get("TAXSYNC_WRITE_GALLERY"):
        REFERENCE.write_text(reference, encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8") == reference
    assert all(kind.remedy.strip() for kind in CODES.values())


@pytest.mark.parametrize("code", sorted(CODES))
def test_no_message_has_a_gap_where_a_word_should_be(code: str) -> None:
    lines = (GALLERY / code / "message.txt").read_text(encoding="utf-8").splitlines()
    said = [line[2:] for line in lines if line.startswith("  ")]
    assert any(line.startswith("-> ") for line in said)
    assert not [line for line in said if re.search(r"[{}]|\s\s|\s[,;:)]|\bNone\b", line)]


def checked(folder: Path, home: Path) -> str:
    """What `check` says of what lies in a gallery folder, imported the way a user would."""
    person = Person(home)
    chosen = [*_chosen(folder, "country"), *_chosen(folder, "method")]
    person.run("init", *(chosen if "--country" in chosen else ["--country", "us", *chosen]))
    files = sorted(folder.glob("*.csv"))
    if files:
        person.run("import", *map(str, files))
    if (folder / "kraken.json").exists():
        fetched(person.data, json.loads((folder / "kraken.json").read_text(encoding="utf-8")))
    if (folder / "looked_up.json").exists():
        looked_up(person.data, json.loads((folder / "looked_up.json").read_text(encoding="utf-8")))
    closed = _chosen(folder, "closed")
    if closed:
        person.run("close", *closed[1:])
    if (folder / "after").is_dir():
        if not closed:
            person.run("report", "--year", "2025", "--no-xlsx")
        person.run("import", str(folder / "after"))
    if (folder / "revised").is_dir():
        person.run("import", str(folder / "revised"), "--revise")
    errors = {code for code, kind in CODES.items() if kind.severity is Severity.ERROR}
    return person.run("check", code=int(folder.name in errors)).stdout


def _chosen(folder: Path, name: str) -> list[str]:
    named = folder / f"{name}.txt"
    return [f"--{name}", named.read_text(encoding="utf-8").strip()] if named.exists() else []


def looked_up(data: Path, rows: Sequence[Sequence[str]]) -> None:
    """Prices as an import would have kept them."""
    found = [Price(a, "USD", Decimal(p), source, day=date.fromisoformat(day)) for day, a, p, source in rows]
    with Ledger.open(data, create=False) as ledger:
        ledger.keep_prices(found, datetime(2026, 1, 1, tzinfo=UTC), ledger.begin_batch("prices", "looked up"))


def fetched(data: Path, given: Mapping[str, Any]) -> None:
    """An account as an import over the API would have left it."""
    exchange = given.get("exchange", "kraken")
    save(data, Settings("us", "USD", "America/New_York", accounts={ACCOUNT: AccountSettings(exchange)}))
    with Ledger.open(data, create=False) as ledger:
        batch = ledger.begin_batch("api", ACCOUNT)
        for stream, records in given.get("records", {}).items():
            kept = [replace(record(stream, id, value), source=exchange) for id, value in records.items()]
            ledger.keep(Page(kept), batch)
        for stream, cursor in given["cursors"].items():
            ledger.set_cursor(ACCOUNT, exchange, stream, json.dumps(cursor))
        for stream, run in given.get("runs", {}).items():
            ledger.set_cursor(ACCOUNT, "kraken run", stream, json.dumps(run))
        if "put_aside" in given:
            ledger.keep_answer(PUT_ASIDE, ACCOUNT, given["put_aside"], "taxsync import")
        ledger.keep_answer(KEY_LIMITS, ACCOUNT, json.dumps(given.get("limits", [])), "taxsync import")


def record(stream: str, id: str, value: Mapping[str, Any]) -> RawRecord:
    """One record as Kraken sent it; a balance bears the instant it was asked."""
    seconds = value.get("time") or datetime.fromisoformat(id).astimezone(UTC).timestamp()
    position = int(Decimal(str(seconds)) * FINEST)
    return RawRecord("kraken", ACCOUNT, stream, id, position, json.dumps(value), f"Kraken {stream} {id}")
