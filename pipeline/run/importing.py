"""`taxsync import FILE...`: files into the ledger.

One import at a time in a data folder. A file is taken whole or not at all; one that is refused hides
no other: it is told at the end, with exit code 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import importers
from importers.read import Reading
from pipeline.issues import Stop
from pipeline.ledger import Kept, Ledger, RevisedRecord
from pipeline.model import Page, Parsed
from pipeline.run.project import basis_of, opened, refresh, stamp_of

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")
COMMAND = "taxsync import"

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Notes:
    """How long work speaks to a person while it goes on."""

    say: Callable[[str], None]
    progress: Progress


@dataclass(slots=True)
class Outcome:
    """What was done, line by line, and what could not be done."""

    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def files(
    folder: Path, paths: Sequence[Path], account: str, notes: Notes, *, revise: bool = False, in_demo: bool = False
) -> Outcome:
    """Reads files, and the files of folders. `account` is for rows that name none."""
    outcome = Outcome()
    with opened(folder, in_demo=in_demo) as (settings, ledger), ledger.importing(COMMAND, notes.say):
        zone = basis_of(settings).zone
        found, missing = _expand(paths, (folder / "reports").resolve())
        outcome.failures += missing
        for path in found:
            try:
                outcome.lines += _file(ledger, path, account, notes, revise, zone)
            except Stop as refused:
                outcome.failures.append(str(refused))
        refresh(ledger)
    return outcome


def _expand(paths: Sequence[Path], reports: Path) -> tuple[list[Path], list[str]]:
    """The files that are meant, but for what was written to `reports`; and a line for each path where there is none."""
    found: list[Path] = []
    missing: list[str] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in SUFFIXES and not _hidden(p, path)]
        inside = [p for p in inside if not p.resolve().is_relative_to(reports)]
        found += inside
        if not inside:
            missing.append(f"{path}: there is no CSV or XLSX file in this folder")
    return found, missing


def _hidden(path: Path, folder: Path) -> bool:
    """Whether it, or a folder it is in, is hidden, or the lock file of an office program."""
    return any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)


def _file(ledger: Ledger, path: Path, account: str, notes: Notes, revise: bool, zone: ZoneInfo) -> list[str]:
    reading = importers.read(path, account or None)
    now = datetime.now(UTC)
    kept = Kept(0, 0, 0)
    with ledger.transaction():
        batch = ledger.begin_batch("file", reading.name, reading.digest)
        if reading.prices:
            new = ledger.keep_prices(reading.prices, now, batch)
            return [f"{reading.name}: {_count(len(reading.prices), 'price')}, {new} new"]
        parsed = _Parsed(ledger, reading.format)
        for page in reading.pages:
            try:
                one = ledger.keep(page, batch, refuse_revisions=not revise)
            except RevisedRecord as clash:
                raise Stop(_clash(clash)) from None
            parsed.add(page)
            kept = kept.plus(one)
            notes.progress(reading.name, kept.new + kept.revised + kept.known, None)
        parsed.finish()
    revised = f", {kept.revised} revised" if kept.revised else ""
    total = _count(kept.new + kept.revised + kept.known, "transaction")
    return [f"{reading.name}: {total}, {kept.new} new{revised}", *_without_time(reading, zone)]


def _without_time(reading: Reading, zone: ZoneInfo) -> list[str]:
    """A bare date is midnight UTC, by the contract: for the taxpayer that may be the day before, and the year."""
    rows = reading.bare_dates()
    there = datetime(2025, 1, 1, tzinfo=UTC).astimezone(zone)
    if not rows or there.day == 1:
        return []
    return [
        f"{reading.name}: {_count(rows, 'date')} without a time, taken as 00:00 UTC: in {zone.key} that is "
        f"{there:%H:%M} the day before, on 1 January in another tax year; add the times if they are known"
    ]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


class _Parsed:
    """Keeps what the rows of a file say beside them, for accounts that had no records before: all their
    rows are new then, and need not be read again. `refresh` sees to the others."""

    def __init__(self, ledger: Ledger, source: str) -> None:
        self._ledger, self._source = ledger, source
        self._before = set(ledger.accounts())
        self._counts: dict[str, int] = {}

    def add(self, page: Page) -> None:
        pairs = zip(page.records, page.said, strict=False)  # none is said where rows are not alone
        self._ledger.add_said((pair for pair in pairs if pair[0].account not in self._before), self._counts)

    def finish(self) -> None:
        for account in self._counts:
            self._ledger.stamp_parsed(account, stamp_of([self._source]), Parsed())


def _clash(clash: RevisedRecord) -> str:
    new, old = clash.new, clash.old
    if "#" in new.source_id and len(new.source_id.partition("#")[0]) == 32:
        return (
            f"{new.origin}: this row of {new.account} was imported before with another Label, TxHash, Net Worth or "
            f"Description ({old.origin}); a correction is taken with --revise; nothing of the file was kept"
        )
    return (
        f"{new.origin}: ID '{new.source_id}' of {new.account} was imported before with other content ({old.origin}); "
        "another transaction needs another ID, a correction is taken with --revise; nothing of the file was kept"
    )
