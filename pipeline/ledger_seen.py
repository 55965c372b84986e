"""A look at a ledger from outside: what is cheap to know of it.

    seen(Path("clients/ada"), ("opening",))     # a few milliseconds; the ledger is neither changed nor migrated

Nothing is computed. What the ledger does not let see is a LedgerError of one line.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pipeline.ledger_access import LedgerError, ReadOnly, readable
from pipeline.ledger_place import place_of
from pipeline.ledger_rows import instant_kept
from pipeline.ledger_server import Door
from pipeline.migrations import newest_version

__all__ = ["Door", "Marks", "Seen", "seen"]

PATIENCE = 0.2  # seconds to wait for another process's transaction: there are thousands to look at


class Marks(NamedTuple):
    """The last row of records, prices, the person's answers and filed years; 0 where there is none. Rows are only
    ever added, so equal marks are equal facts of one ledger; `link`, the end of the chain over its records, tells it
    from another that was put in its place ("" in a ledger from before there was a chain)."""

    records: int
    prices: int
    answers: int
    filings: int
    link: str = ""


class Seen(NamedTuple):
    """`older`: the next command brings the tables up to date. `last_import`: when the last one began."""

    marks: Marks
    last_import: datetime | None
    closed: tuple[str, ...]
    older: bool


def seen(folder: Path, machine: Collection[str], door: Door | None = None) -> Seen:
    """What the ledger of a data folder shows; `machine`: kinds of answers that commands give themselves; `door`: what
    many looks go through. Raises LedgerError."""
    if door is None:
        with Door() as door:
            return seen(folder, machine, door)
    place = place_of(folder)
    try:
        with readable(place.path):
            found = place.glimpse(machine, PATIENCE, door)
    except ReadOnly as why:
        raise place.unseen(why) from None
    if found.version > newest_version():
        raise LedgerError(f"{place.path} is of a newer taxsync: update taxsync")
    at = instant_kept(found.last_import) if found.last_import else None
    marks = Marks(*found.last, found.link)
    return Seen(marks, at, found.closed, found.version < newest_version())
