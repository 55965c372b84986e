"""The file of gaps: `Account, Stream, From, To, Note`: times that an exchange's API hides, of which nothing is missing.

Stream: the list, as `taxsync status` names it; empty: all lists of the account. From and To: days, both of them
included; no From: from the beginning. Note: why nothing is missing; `open`: what was said of this time is taken back.
"""

from collections.abc import Mapping
from datetime import date, datetime

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
    begin, end, why = _day("From", cells), _day("To", cells), note(cells)
    if end is None:
        raise RowError("To", "", "is empty; it is the last day of which nothing is missing")
    if begin is not None and begin > end:
        raise RowError("From", cells["From"], f"is after To, {end}")
    if not why:
        raise RowError(
            "Note", "", "is empty; it should say why nothing is missing (no account yet, file X has it, ...)"
        )
    stream = cell.name("Stream", cells.get("Stream", ""), 100)
    return GapGiven(account, stream, begin, end, why, back=why.casefold() == BACK)


def _day(column: str, cells: Mapping[str, str]) -> date | None:
    text = cells.get(column, "")
    if not text:
        return None
    day = cell.day_or_instant(column, text)
    if isinstance(day, datetime) and (day.hour or day.minute or day.second or day.microsecond):
        raise RowError(column, text, "should be a day without a time such as 2025-03-31")
    return day.date() if isinstance(day, datetime) else day


FORMAT = Format(
    name="gaps", version=1, header=frozenset(COLUMNS), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
