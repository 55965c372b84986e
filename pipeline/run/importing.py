"""`taxsync import FILE...`: files into the ledger.

One import at a time in a data folder. A file is taken whole or not at all; one that is refused hides
no other: it is told at the end, with exit code 1.
"""

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from importers import ahead
from importers import mapping as mappings
from importers.base import shown
from importers.formats import layout_of
from importers.layout import TABLE
from importers.read import Reading
from importers.recognition import Unknown
from pipeline.issues import Stop
from pipeline.ledger import Kept, Ledger, RevisedPrices, RevisedRecord
from pipeline.model import Page, Parsed, Price, RawRecord
from pipeline.money import plain
from pipeline.run import answering, unchanged
from pipeline.run.fallen import Watch
from pipeline.run.meant import meant
from pipeline.run.project import basis_of, keeping, refresh, stamp_of
from pipeline.run.ties import known_already, maybe_same
from pipeline.run.unread import unread
from pipeline.settings import Settings

COMMAND = "taxsync import"

Progress = Callable[[str, int, int | None], None]


class Notes(Struct, frozen=True):
    """How long work speaks to a person while it goes on."""

    say: Callable[[str], None]
    progress: Progress


class Outcome(Struct):
    """What was done, line by line, and what could not be done. `offers`: what may be done next, said last."""

    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)


def files(
    folder: Path,
    paths: Sequence[Path],
    account: str,
    notes: Notes,
    *,
    revise: bool = False,
    in_demo: bool = False,
    mapping: Path | None = None,
) -> Outcome:
    """Reads files, and the files of folders. `account` is for rows that name none; `mapping` says what the columns of
    all of them are. Raises Refused for a mapping that can't be taken."""
    outcome = Outcome()
    by_hand = mappings.read(mapping) if mapping else None
    with keeping(folder, COMMAND, notes.say, in_demo=in_demo) as (settings, ledger):
        zone, watch = basis_of(settings).zone, Watch(settings, ledger)
        found = meant(paths, (folder / "reports").resolve())
        outcome.failures += found.refused
        unknown: list[Unknown] = []
        answered: list[Reading] = []
        read, exports, not_new = set[str](), list[str](), {issue.ref for issue in unread(ledger)}
        for path in found.files:
            try:
                key = unchanged.key_of(path, account, settings.timezone, by_hand)
                known = unchanged.read_before(ledger, key)
                reading = known[0] if known else ahead.read(path, account or None, settings.timezone, by_hand)
                if reading.answers or reading.review:
                    answered.append(reading)
                    continue
                outcome.lines += (
                    _again(ledger, *known, zone) if known else _file(ledger, reading, notes, revise, zone, key)
                )
                read.add(reading.format)
                exports += [reading.name] * reading.export
            except Unknown as refused:
                unknown.append(refused)
            except Stop as refused:
                outcome.failures.append(str(refused))
        outcome.failures += [refused.in_short for refused in unknown[:-1]] + list(map(str, unknown[-1:]))
        sources = refresh(ledger)
        for reading in answered:  # they speak of what the other files say
            try:
                if reading.review is not None:
                    from pipeline.run import review

                    line, wrong = review.take(ledger, settings, reading, revise)
                    outcome.lines.append(line)
                    outcome.failures += wrong
                else:
                    outcome.lines.append(_answers(ledger, settings, reading, revise))
            except Stop as refused:
                outcome.failures.append(str(refused))
        outcome.lines += _unread(ledger, exports, not_new) + found.left
        outcome.lines += [*known_already(ledger, sources, read), *maybe_same(ledger, settings, sources, read)]
        outcome.lines += watch.lines()
    return outcome


def _answers(ledger: Ledger, settings: Settings, reading: Reading, revise: bool) -> str:
    with ledger.transaction():
        ledger.begin_batch("file", reading.name, reading.digest)
        new = answering.take(ledger, settings, reading.answers, reading.name, revise=revise)
    return f"{reading.name}: {_count(len(reading.answers), 'answer')}, {new} new"


def _again(ledger: Ledger, reading: Reading, rows: int, zone: ZoneInfo) -> list[str]:
    """A file of which nothing can be new; that it was imported once more is kept."""
    ledger.begin_batch("file", reading.name, reading.digest)
    return _told(reading, Kept(0, 0, rows), zone)


def _file(ledger: Ledger, reading: Reading, notes: Notes, revise: bool, zone: ZoneInfo, key: str) -> list[str]:
    now = datetime.now(UTC)
    kept = Kept(0, 0, 0)
    with ledger.transaction():
        batch = ledger.begin_batch("file", reading.name, reading.digest)
        if reading.prices:
            try:
                new = ledger.keep_prices(reading.prices, now, batch, refuse_revisions=not revise)
            except RevisedPrices as clash:
                raise Stop(_other_prices(clash.pairs)) from None
            return [f"{reading.name}: {_count(len(reading.prices), 'price')}, {new} new"]
        parsed, before = _Parsed(ledger, reading.format), _Tables(ledger)
        with closing(reading):
            for page in reading.pages:
                try:
                    if reading.mapping:
                        before.check(page, reading.mapping)
                    one = ledger.keep(page, batch, refuse_revisions=not (revise or reading.export))
                except RevisedRecord as clash:
                    raise Stop(_clash(clash, reading.mapping)) from None
                parsed.add(page)
                kept = kept.plus(one)
                notes.progress(reading.name, kept.new + kept.revised + kept.known, None)
        parsed.finish()
        if rows := kept.new + kept.revised + kept.known:
            unchanged.remember(ledger, key, reading, rows)
    if not rows:
        notes.say(f"{reading.name}: has a header, and no rows below it")
    return _told(reading, kept, zone)


def _told(reading: Reading, kept: Kept, zone: ZoneInfo) -> list[str]:
    revised = f", {kept.revised} revised" if kept.revised else ""
    rows = kept.new + kept.revised + kept.known
    total = _count(rows, ("row" if reading.export or reading.mapping else "transaction") if rows else _rows_of(reading))
    told = f"{reading.name}: {total}, {kept.new} new{revised}"
    return [told, *_passed(reading), *reading.doubts(), *_without_time(reading, zone)]


def _unread(ledger: Ledger, files: Collection[str], before: Collection[str]) -> list[str]:
    """How many rows of the files that were read now are not understood; `before`: those that were open already."""
    told = [issue.details.get("why", "") for issue in unread(ledger) if files and issue.ref not in before]
    lines = []
    for name in dict.fromkeys(files):
        if count := sum(why.startswith(f"{name} row ") for why in told):
            them = "it" if count == 1 else "them"
            lines.append(f"{name}: {_count(count, 'row')} that could not be read: `taxsync check` quotes {them}")
    return lines


def _passed(reading: Reading) -> list[str]:
    """What is not counted of a file that is not ours, and what of it is not known."""
    lines = []
    if passed := reading.passed():
        why = ", ".join(f"{count} {reason}" for reason, count in sorted(passed.items()))
        lines.append(f"{reading.name}: rows that count for nothing: {why}")
    if reading.unknown:
        columns = ", ".join(map(shown, reading.unknown[:5]))
        lines.append(f"{reading.name}: columns that this version does not know, and that mean nothing here: {columns}")
    return lines


def _rows_of(reading: Reading) -> str:
    """What a row of the file is."""
    layout = layout_of(reading.format)
    assert layout is not None
    return "price" if layout.prices else "answer" if layout.answers else "transaction"


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
        for said in page.said:
            if said.account not in self._before:
                number = self._counts.get(said.account, 0)
                self._ledger.add_said(said, number)
                self._counts[said.account] = number + said.count

    def finish(self) -> None:
        for account in self._counts:
            self._ledger.stamp_parsed(account, stamp_of([self._source]), Parsed())


class _Tables:
    """What was kept before of tables that were mapped by hand: a row that is known by something else now would count
    twice."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[str, dict[str, str]] = {}  # account -> a row's own cells -> what it is known by

    def check(self, page: Page, mapping: str) -> None:
        """Raises Stop where a row was kept under another identity."""
        for record in page.records:
            if record.account not in self._known:
                kept = self._ledger.records(record.account, record.source)
                self._known[record.account] = {table: _base(one) for one in kept if (table := _table(one))}
            if self._known[record.account].get(_table(record), _base(record)) != _base(record):
                raise Stop(
                    f"{record.origin}: this row of {record.account} was imported before and known by something else; "
                    f"leave ID and [table] changing in {mapping} as they were; nothing of the file was kept"
                )


def _base(record: RawRecord) -> str:
    return record.source_id.partition("#")[0]


def _table(record: RawRecord) -> str:
    """The cells of a table that was mapped by hand; "" for other records."""
    cells = json.loads(record.payload)
    return "\n".join(f"{name}\t{cells[name]}" for name in sorted(cells) if name.startswith(TABLE))


CLASHES = 3  # that are named, the others counted


def _other_prices(pairs: Sequence[tuple[Price, Price]]) -> str:
    lines = []
    for old, new in pairs[:CLASHES]:
        when = f"{new.at:%Y-%m-%dT%H:%M:%SZ}" if new.at else str(new.day)
        here, there = (one.source.removeprefix("file ") for one in (new, old))
        what = f"{new.asset} on {when} is {plain(new.price)} {new.currency} here"
        lines.append(f"{here}: {what}, and {plain(old.price)} in {there}, imported before")
    more = f" (and {_count(len(pairs) - CLASHES, 'more row')})" if len(pairs) > CLASHES else ""
    lines[-1] += f"{more}; a correction is taken with --revise; nothing of the file was kept"
    return "\n".join(lines)


def _clash(clash: RevisedRecord, mapping: str) -> str:
    new, old = clash.new, clash.old
    if mapping:
        return (
            f"{new.origin}: this row of {new.account} was imported before and read otherwise ({old.origin}); if "
            f"{mapping} is right now, take it with --revise; nothing of the file was kept"
        )
    if "#" in new.source_id and len(new.source_id.partition("#")[0]) == 32:
        return (
            f"{new.origin}: this row of {new.account} was imported before with another Label, TxHash, Net Worth or "
            f"Description ({old.origin}); a correction is taken with --revise; nothing of the file was kept"
        )
    return (
        f"{new.origin}: ID '{new.source_id}' of {new.account} was imported before with other content ({old.origin}); "
        "another transaction needs another ID, a correction is taken with --revise; nothing of the file was kept"
    )
