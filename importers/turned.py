"""Rows whose time a zone has twice, or has not: settled by the order of their file, else told.

A record keeps its time as it was written; what that means is settled here, each time that it is read.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from importers.base import shown
from importers.clocks import NO_TIME, direction, folds, skips, twice, zone_of
from importers.parsers.build import Unread
from pipeline.issues import Issue
from pipeline.model import RawRecord, transaction_id

Found = list[tuple["Row", datetime, str]]  # what is of one file: row, time as it is written, zone


class Row(Protocol):
    """What is needed of a row."""

    record: RawRecord
    fold: int

    @property
    def clock(self) -> tuple[datetime, str]: ...

    @property
    def at(self) -> datetime: ...


def skipped(at: datetime, zone: str, *, by_name: bool) -> str:
    """What is wrong with a time that its zone does not have, and the cure; `by_name`: the file's name may tell the
    zone. "" for any other time."""
    if at.tzinfo is not None or not skips(at, zone_of(zone)):
        return ""
    cure = "map the table with [date] zone (--map FILE.toml)"
    if by_name:
        named = "name its zone in the file's name, as in 'trades(UTC).csv' or 'trades(UTC+2).csv'"
        cure = f"{named}, and the account by --account NAME; or {cure}"
    return f"is an hour that clocks in {zone} skip, so the file's times are of another zone; {cure}"


def settle(rows: Iterable[Row]) -> list[Issue]:
    """Gives each row of an hour that is there twice its `fold`, by the order of its file; and the problems of those
    where that does not say it, and of times that their zone has not."""
    files: dict[str, list[tuple[int, Row, datetime, str]]] = {}
    for row in rows:
        try:
            at, zone = row.clock
            zone_of(zone)
        except (Unread, *NO_TIME):
            continue
        if at.tzinfo is None:
            name, _, number = row.record.origin.rpartition(" row ")
            files.setdefault(name, []).append((int(number) if number.isdigit() else 0, row, at, zone))
    issues = []
    for found in files.values():
        found.sort(key=lambda each: each[0])
        issues += _of_file([each[1:] for each in found])
    return issues


def _of_file(found: Found) -> list[Issue]:
    double: dict[object, Found] = {}
    lacking: Found = []
    plain: list[datetime] = []
    for row, at, zone in found:
        there = zone_of(zone)
        if twice(at, there):
            double.setdefault((zone, at.date()), []).append((row, at, zone))
        elif skips(at, there):
            lacking.append((row, at, zone))
        else:
            plain.append(at)
    issues = [_skipped(lacking)] if lacking else []
    way = direction(plain) if double else 0
    for hour in double.values():
        settled = folds([at for _, at, _ in hour], way)
        for (row, _, _), fold in zip(hour, settled, strict=True):
            row.fold = fold or 0
        if None in settled:
            issues.append(_twice(hour))
    return issues


def _twice(hour: Found) -> Issue:
    row, at, zone = hour[0]
    first, second = (f"{at.replace(tzinfo=zone_of(zone), fold=fold).astimezone(UTC):%H:%M}" for fold in (0, 1))
    what = (
        f"{_where(hour)} is there twice in {zone}, where clocks go back then, and the order of the rows does not say "
        f"which it is: taken as the first, {first} UTC, not {second} UTC"
    )
    account, ref = row.record.account, _ref(row)
    behind = f"{at.replace(tzinfo=zone_of(zone), fold=1):%Y-%m-%d %H:%M:%S %z}"
    cure = (
        f"nothing, unless it matters what came first within that hour; then look it up at {account}. If it was the "
        f"second, write the time with its zone in the file, {behind}, and import that again; where the row then stands "
        f"twice, say so in a CSV file: `{ref},ID,once` under `Repeat,First,Counts`, ID that of the new row"
    )
    return Issue("doubtful_time", account, at=row.at, ref=ref, details={"what": what, "cure": cure})


def _skipped(rows: Found) -> Issue:
    row, _, zone = rows[0]
    what = (
        f"{_where(rows)} is an hour that clocks in {zone} skip, so that all times of that file are of another zone: "
        f"taken as {row.at:%H:%M} UTC"
    )
    account = row.record.account
    cure = (
        f"look up of which zone the times of {account} are, and begin anew with all files in another folder (`taxsync "
        "init --data DIR`): this file there by a mapping with [date] zone (--map FILE.toml)"
    )
    return Issue("doubtful_time", account, at=row.at, ref=_ref(row), details={"what": what, "cure": cure})


def _where(rows: Sequence[tuple[Row, datetime, str]]) -> str:
    row, at, _ = rows[0]
    more = f", and {len(rows) - 1} more" if len(rows) > 1 else ""
    return f"{at:%Y-%m-%d %H:%M} ({shown(row.record.origin, 160)}{more})"


def _ref(row: Row) -> str:
    return transaction_id(row.record.account, row.record.stream, row.record.source_id)
