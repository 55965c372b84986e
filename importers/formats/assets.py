"""The file of assets: `Account, Asset, Is, Note`: what a code in an account's records is (this TRUMP is not that).

Asset: the code as the reports show it without this answer. Is: the code that it shall have in the ledger; the same
code: it is right as it stands. Note: why; `open`: what was said of it is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.base import Format, RowError
from importers.formats.labels import note
from pipeline.answers import AssetGiven

COLUMNS = ("Account", "Asset", "Is", "Note")
BACK = "open"


def row(cells: Mapping[str, str]) -> AssetGiven:
    """What one row says of one code in one account."""
    account = cell.name("Account", cells.get("Account", ""), 100)
    if not account:
        raise RowError("Account", "", "is empty; it is the account as `taxsync status` names it")
    asset, why = cell.asset("Asset", cells.get("Asset", "")), note(cells)
    if why.casefold() == BACK:
        return AssetGiven(account, asset, "", back=True)
    return AssetGiven(account, asset, cell.asset("Is", cells.get("Is", "")), note=why)


FORMAT = Format(
    name="assets", version=1, header=frozenset(COLUMNS[:3]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
