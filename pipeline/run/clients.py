"""`taxsync clients`: every client folder under one folder, at a glance. Reads only, and computes nothing.

A client is a data folder, `DIR/NAME`, or `DIR/NAME/data`. What stands there was kept by the last report; marks in the
ledger say whether anything came since.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from pipeline import __version__
from pipeline.issues import Stop, Usage
from pipeline.ledger_seen import Door, Seen, seen
from pipeline.money import ZERO, exact
from pipeline.run.standing import MACHINE, Standing, newest, settings_digest
from pipeline.settings import FILE, load


class Client(Struct, frozen=True):
    """One folder. `problem`: why it can't be looked at; `standing`: None where no report was made; `since`: what is
    otherwise by now; `remark`: what to know, in words."""

    name: str
    folder: Path
    country: str = ""
    currency: str = ""
    standing: Standing | None = None
    since: tuple[str, ...] = ()
    last_import: datetime | None = None
    closed: tuple[str, ...] = ()
    problem: str = ""
    remark: str = ""


def clients(folder: Path) -> list[Client]:
    """All of them, the worst first. Raises Usage where `folder` holds none."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise Usage(
            f"{folder} can't be looked into: {(error.strerror or type(error).__name__).lower()}; name another"
        ) from None
    if _has_settings(folder):
        raise Usage(f"{folder} is itself a data folder: name the folder that it lies in")
    with Door() as door:
        found = [_client(entry.name, Path(entry.path), door) for entry in entries if _may_be_one(entry)]
    if not found:
        raise Usage(f"{folder} holds no folder: each client has one in it, made by `taxsync init --data DIR/NAME`")
    with exact():
        return sorted(found, key=_worst)


def _worst(one: Client) -> tuple[int, bool, Decimal, str]:
    """What comes first, comes first: see the command's help."""
    kept = one.standing
    if one.problem:
        return 0, False, ZERO, one.name
    if kept is None:
        return 2, False, ZERO, one.name
    rank = 1 if kept.errors else 3 if one.since else 4 if kept.warnings else 5
    if kept.lowest is None or kept.highest is None:
        return rank, False, ZERO, one.name
    return rank, True, kept.lowest - kept.highest, one.name


def _has_settings(folder: Path) -> bool:
    try:
        return (folder / FILE).exists()
    except OSError:  # not for us to look into; reading it says why
        return False


def _may_be_one(entry: os.DirEntry[str]) -> bool:
    try:
        return not entry.name.startswith(".") and entry.is_dir()
    except OSError:  # a link that leads to itself
        return True


def _client(name: str, folder: Path, door: Door) -> Client:
    if not _has_settings(folder) and _has_settings(folder / "data"):
        folder = folder / "data"
    try:
        settings = load(folder)
        ledger = seen(folder, MACHINE, door)
        kept = newest(folder)
        since = tuple(_since(folder, kept, ledger)) if kept else ()
    except Stop as error:
        return Client(name, folder, problem=" ".join(str(error).split()))
    except OSError as error:
        return Client(name, folder, problem=f"{folder} can't be read: {(error.strerror or str(error)).lower()}")
    return Client(
        name, folder, settings.country, settings.currency, kept, since, ledger.last_import, ledger.closed,
        remark=_remark(kept, since, ledger),
    )  # fmt: skip


_CAME = {"records": "new records", "prices": "new prices", "answers": "new answers", "filings": "a closed year"}


def _since(folder: Path, kept: Standing, ledger: Seen) -> Iterator[str]:
    """What the report does not know."""
    for field, words in _CAME.items():
        if getattr(ledger.marks, field) != getattr(kept.marks, field):
            yield words
    if (ledger.marks.records, ledger.older) == (kept.marks.records, False) and ledger.marks.link != kept.marks.link:
        yield "other records"
    if settings_digest(folder) != kept.settings:
        yield "other settings"
    if kept.program != __version__:
        yield "another version of taxsync"


def _remark(kept: Standing | None, since: tuple[str, ...], ledger: Seen) -> str:
    if kept is None:
        return "no report yet" if ledger.marks.records else "nothing imported yet"
    if since:
        return f"out of date: {', '.join(since)}"
    return "of an older version: the next command brings it up to date" if ledger.older else ""
