"""The file of settled records: `Record, Settled[, Note]`: records that could not be read and are seen to.

Record: the id that `taxsync check` shows. Settled: `yes`, what it did stands in a row of another file, or it did
nothing: the Note has to say which; `open`: that is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from importers.formats.labels import needed_id, note
from pipeline.answers import SettledGiven

COLUMNS = ("Record", "Settled", "Note")
YES, BACK = "yes", "open"


def row(cells: Mapping[str, str]) -> SettledGiven:
    """What one row says of one record."""
    record, why = needed_id("Record", cells), note(cells)
    text = cells.get("Settled", "")
    word = cell.name("Settled", text, 20).casefold()
    if word not in (YES, BACK):
        raise RowError("Settled", text, f"should be {YES}, or {BACK} to take back what was said")
    if word == YES and not why:
        raise RowError("Note", "", "is empty; it should say where what the record did stands, or why it did nothing")
    return SettledGiven(record, why, back=word == BACK)


FORMAT = Format(
    name="settled", version=1, header=frozenset(COLUMNS[:2]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
