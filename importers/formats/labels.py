"""The file of labels: `Transaction ID, Label[, Note]`: what transactions were, in the ids that the reports show.

Label is a word of the universal file; `transfer`: a move between own accounts, whatever the record says;
`worthless`: an airdrop that came unasked and counts as nothing; `none`: an earlier answer is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from pipeline.answers import LabelGiven
from pipeline.model import Label

COLUMNS = ("Transaction ID", "Label", "Note")
TRANSFER, WORTHLESS, BACK = "transfer", "worthless", "none"
NOTE_LIMIT = 1000

_LABELS = {label.value: label for label in Label} | {"staking": Label.REWARD, WORTHLESS: Label.AIRDROP}


def row(cells: Mapping[str, str]) -> LabelGiven:
    """What one row says of one transaction."""
    ref = needed_id("Transaction ID", cells)
    text = cells.get("Label", "")
    word = text.strip().casefold()
    if word not in (*_LABELS, TRANSFER, BACK):
        allowed = ", ".join((*Label, TRANSFER, WORTHLESS))
        raise RowError("Label", text, f"should be one of {allowed}, or {BACK} to take one back")
    return LabelGiven(ref, _LABELS.get(word), back=word == BACK, note=note(cells), worthless=word == WORTHLESS)


def needed_id(column: str, cells: Mapping[str, str]) -> str:
    """An id as a report shows it."""
    found = cell.identity(column, cells.get(column, ""))
    if not found:
        raise RowError(column, "", "is empty; it is the id that a report or `taxsync check` shows")
    return found


def note(cells: Mapping[str, str]) -> str:
    return cell.free_text("Note", cells.get("Note", ""), NOTE_LIMIT)


FORMAT = Format(
    name="labels", version=1, header=frozenset(COLUMNS[:2]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
