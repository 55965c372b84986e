"""The file of opening lots: `Date, Account, Asset, Quantity, Cost, Cost Currency, Evidence[, ID][, Transaction ID]`:
units that were there before the records begin, or when and for what units were bought that came from elsewhere.

Date: the taxpayer's day, or an instant. Cost: of all units, with fees; empty where it is not known. Evidence: what
shows it, in a few words. ID: unique within the account; a lot without one is what it says (date, asset, quantity).
Transaction ID: the receipt by which the units came into Account (a gift, a deposit from a place without records).
Quantity 0 and an ID, the file's own or the one that the reports show: that lot is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.assets import named
from importers.base import Format, RowError
from pipeline.answers import OpeningGiven
from pipeline.model import Amount, is_fiat

COLUMNS = ("Date", "Account", "Asset", "Quantity", "Cost", "Cost Currency", "Evidence", "ID", "Transaction ID")
EVIDENCE_LIMIT = 1000


def row(cells: Mapping[str, str]) -> OpeningGiven:
    """One lot."""
    account = account_of(cells)
    quantity = cell.amount("Quantity", cells.get("Quantity", ""))
    own_id = cell.identity("ID", cells.get("ID", ""))
    if not quantity:
        if not own_id:
            raise RowError("Quantity", cells["Quantity"], "should be above 0, or an ID name the lot that is taken back")
        return OpeningGiven(account, "", quantity, None, None, "", own_id)
    when = cell.day_or_instant("Date", cells.get("Date", ""))
    asset = asset_of(cells, named(cell.asset("Asset", cells.get("Asset", "")), account, when))
    shows = evidence(cells, needed=True)
    arrived_by = cell.identity("Transaction ID", cells.get("Transaction ID", ""))
    return OpeningGiven(account, asset, quantity, when, _cost(cells), shows, own_id, arrived_by)


def _cost(cells: Mapping[str, str]) -> Amount | None:
    cost, currency = cells.get("Cost", ""), cells.get("Cost Currency", "")
    if not cost:
        return None
    if not currency:
        raise RowError("Cost", cost, "has no Cost Currency beside it; add it")
    return Amount(cell.amount("Cost", cost), cell.asset("Cost Currency", currency))


def account_of(cells: Mapping[str, str]) -> str:
    """The Account cell, which has to be filled in: a lot in the file's own name would be in no account."""
    account = cell.name("Account", cells.get("Account", ""), 100)
    if not account:
        raise RowError("Account", "", "is empty; it is the account that held the units, as `taxsync status` names it")
    return account


def asset_of(cells: Mapping[str, str], asset: str) -> str:
    """The asset, which is no money: that has no lots."""
    if is_fiat(asset):
        raise RowError(
            "Asset", cells["Asset"], "is money, which has no lots; write what was there as a row that receives it"
        )
    return asset


def evidence(cells: Mapping[str, str], *, needed: bool) -> str:
    found = cell.free_text("Evidence", cells.get("Evidence", ""), EVIDENCE_LIMIT)
    if needed and not found:
        raise RowError("Evidence", "", "is empty; it should say what shows the lot (a statement, a receipt, a mail)")
    return found


FORMAT = Format(
    name="openings", version=1, header=frozenset(COLUMNS[:7]) - {"Cost Currency"}, columns=COLUMNS, row=row,
    answers=True,
)  # fmt: skip
