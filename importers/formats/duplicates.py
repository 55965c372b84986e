"""The file of duplicates: `Repeat, First, Counts[, Note]`: which records stand twice and happened once.

Repeat and First: the ids of two transactions as the reports show them, or the names of two accounts, of which only rows
that stand in both are meant. Counts: `once`: only First counts; `twice`: both do; `open`: what was said of the two is
taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from importers.formats.labels import needed_id, note
from pipeline.answers import RepeatGiven

COLUMNS = ("Repeat", "First", "Counts", "Note")
ONCE, TWICE, BACK = "once", "twice", "open"


def row(cells: Mapping[str, str]) -> RepeatGiven:
    """What one row says of two records, or of two accounts."""
    repeat, first = needed_id("Repeat", cells), needed_id("First", cells)
    if repeat == first:
        raise RowError("First", first, "is the Repeat itself; name another")
    text = cells.get("Counts", "")
    counts = cell.name("Counts", text, 20).casefold()
    if counts not in (ONCE, TWICE, BACK):
        raise RowError("Counts", text, f"should be {ONCE} or {TWICE}, or {BACK} to take back what was said")
    return RepeatGiven(repeat, first, both=counts == TWICE, back=counts == BACK, note=note(cells))


FORMAT = Format(
    name="duplicates", version=1, header=frozenset(COLUMNS[:3]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
