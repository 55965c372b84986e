"""The file of lot picks: `Disposal ID, Acquisition ID, Quantity[, Note]`: which units a disposal takes, in the ids that
the reports show.

All rows of one disposal are one answer, in place of an earlier one; Quantity 0 takes that back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from importers.formats.labels import needed_id, note
from pipeline.answers import PickGiven

COLUMNS = ("Disposal ID", "Acquisition ID", "Quantity", "Note")


def row(cells: Mapping[str, str]) -> PickGiven:
    """What one row picks."""
    quantity = cell.amount("Quantity", cells.get("Quantity", ""))
    acquisition = cell.identity("Acquisition ID", cells.get("Acquisition ID", ""))
    if quantity and not acquisition:
        raise RowError("Acquisition ID", "", "is empty; it is the id of a purchase or an opening lot")
    return PickGiven(needed_id("Disposal ID", cells), acquisition, quantity, note(cells))


FORMAT = Format(
    name="picks", version=1, header=frozenset(COLUMNS[:3]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
