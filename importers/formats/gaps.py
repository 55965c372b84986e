"""The file of gaps: `Account, Stream, From, To, Note`: times that an exchange's API hides, of which nothing is missing.

Stream: the list, as `taxsync status` names it; empty: all lists of the account; or a kind of what is not computed, such
as `margin and futures`, that the account has none of or that rows of a file stand for. From and To: days, both of them
included; no From: from the beginning. Note: why nothing is missing; `open`: what was said of this time is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from importers.formats.labels import note
from pipeline.answers import GapGiven

COLUMNS = ("Account", "Stream", "From", "To", "Note")
BACK = "open"


def row(cells: Mapping[str, str]) -> GapGiven:
    """What one row says of one time."""
    account = cell.name("Account", cells.get("Account", ""), 100)
    if not account:
        raise RowError("Account", "", "is empty; it is the account as `taxsync status` names it")
    begin, why = cell.day("From", cells["From"]) if cells.get("From") else None, note(cells)
    if not cells.get("To"):
        raise RowError("To", "", "is empty; it is the last day of which nothing is missing")
    end = cell.day("To", cells["To"])
    if begin is not None and begin > end:
        raise RowError("From", cells["From"], f"is after To, {end}; correct one")
    if not why:
        raise RowError(
            "Note", "", "is empty; it should say why nothing is missing (no account yet, file X has it, ...)"
        )
    stream = cell.name("Stream", cells.get("Stream", ""), 100)
    return GapGiven(account, stream, begin, end, why, back=why.casefold() == BACK)


FORMAT = Format(
    name="gaps", version=1, header=frozenset(COLUMNS), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
