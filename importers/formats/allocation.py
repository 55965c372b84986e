"""The file of an opening allocation: `Account, Asset, Quantity, Date Acquired, Cost Basis[, Evidence]`: which lots each
account held when lots became those of an account (us: 1 January 2025, Rev. Proc. 2024-28).

Date Acquired: the taxpayer's day, or an instant. Cost Basis: of all units of the row, in the reporting currency. All
rows of one asset are one answer, in place of an earlier one; a row of Quantity 0 takes that back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.assets import named
from importers.base import Format
from importers.formats.openings import account_of, asset_of, evidence
from pipeline.answers import DealtGiven

COLUMNS = ("Account", "Asset", "Quantity", "Date Acquired", "Cost Basis", "Evidence")


def row(cells: Mapping[str, str]) -> DealtGiven:
    """One line: units of one lot in one account."""
    quantity = cell.amount("Quantity", cells.get("Quantity", ""))
    if not quantity:
        return DealtGiven("", cell.asset("Asset", cells.get("Asset", "")), quantity, None, quantity)
    account = account_of(cells)
    when = cell.day_or_instant("Date Acquired", cells.get("Date Acquired", ""))
    asset = asset_of(cells, named(cell.asset("Asset", cells.get("Asset", "")), account, when))
    cost = cell.amount("Cost Basis", cells.get("Cost Basis", ""))
    return DealtGiven(account, asset, quantity, when, cost, evidence(cells, needed=False))


FORMAT = Format(
    name="allocation", version=1, header=frozenset(COLUMNS[:5]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
