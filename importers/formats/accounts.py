"""The file of accounts: `Account, Same As[, Note]`: two names under which records of one account were imported.

Same As: the name that the account shall have: the one that is synced by API, where either is. What both tell then
counts once. Note: why; `open`: what was said of the account is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from importers.formats.labels import note
from pipeline.answers import SameAccountGiven

COLUMNS = ("Account", "Same As", "Note")
BACK = "open"


def row(cells: Mapping[str, str]) -> SameAccountGiven:
    """What one row says of one account."""
    account = cell.name("Account", cells.get("Account", ""), 100)
    other = cell.name("Same As", cells.get("Same As", ""), 100)
    why = note(cells)
    back = why.casefold() == BACK
    for column, name in (("Account", account), ("Same As", other or back)):
        if not name:
            raise RowError(column, "", "is empty; it is an account as `taxsync status` names it")
    if account == other:
        raise RowError("Same As", other, "is the Account itself; name another")
    return SameAccountGiven(account, other, back=back, note="" if back else why)


FORMAT = Format(
    name="accounts", version=1, header=frozenset(COLUMNS[:2]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
