"""The file of matches: `Withdrawal ID, Deposit ID[, Note]`: the two sides of transfers, in the ids of the reports.

One of them empty: the other row has no other side on record. `open` in the place of one: what was said of the other
row is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from importers.formats.labels import note
from pipeline.answers import MatchGiven

COLUMNS = ("Withdrawal ID", "Deposit ID", "Note")
BACK = "open"


def row(cells: Mapping[str, str]) -> MatchGiven:
    """What one row says of a withdrawal, of a deposit, or of both."""
    ids = [cell.identity(column, cells.get(column, "")) for column in COLUMNS[:2]]
    named = [ref for ref in ids if ref and ref.casefold() != BACK]
    if not named:
        raise RowError("Withdrawal ID and Deposit ID", "", "are both empty; at least one of them should be an id")
    back = any(ref.casefold() == BACK for ref in ids)
    withdrawal, deposit = (ref if ref in named else "" for ref in ids)
    if withdrawal == deposit:
        raise RowError("Deposit ID", deposit, "is the withdrawal itself; name another")
    return MatchGiven(withdrawal, deposit, back=back, note=note(cells))


FORMAT = Format(
    name="matches", version=1, header=frozenset(COLUMNS[:2]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
