"""The file of negligible value claims: `Claim Date, Asset, Value, Value Currency[, Note]` (TCGA 1992 s24(2)).

Claim Date: the day on which the asset is treated as sold and bought back. Value: of all units of the asset that are
held then, as the claim states it; 0 is one. Note `open`: the claim is taken back.
"""

from collections.abc import Mapping

from importers import cells as cell
from importers.assets import named
from importers.base import Format, RowError
from importers.formats.labels import note
from pipeline.answers import ClaimGiven
from pipeline.model import Amount, is_fiat

COLUMNS = ("Claim Date", "Asset", "Value", "Value Currency", "Note")
BACK = "open"


def row(cells: Mapping[str, str]) -> ClaimGiven:
    """One claim."""
    day = cell.day("Claim Date", cells.get("Claim Date", ""))
    asset, why = named(cell.asset("Asset", cells.get("Asset", "")), "", day), note(cells)
    if why.casefold() == BACK:
        return ClaimGiven(asset, day, None, why)
    currency = cells.get("Value Currency", "")
    if not is_fiat(currency):
        raise RowError("Value Currency", currency, "should be money, such as GBP")
    return ClaimGiven(asset, day, Amount(cell.amount("Value", cells.get("Value", "")), currency), why)


FORMAT = Format(
    name="claims", version=1, header=frozenset(COLUMNS[:4]), columns=COLUMNS, row=row, answers=True
)  # fmt: skip
