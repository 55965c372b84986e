"""Robinhood's Form 1099-DA as CSV: the lines of its consolidated 1099 that begin with 1099-DA, their header among them.

The columns are told by two public readers of such files, which agree; Robinhood itself documents none. What follows
TERM is as in its 1099-B lines (FORM8949CODE, NON COVERED, ...; told by a public sample), and only used where it is
there. A cell ORDINARY of Y is box 6. A file with other sections too is refused: keep these lines.
"""

from collections.abc import Mapping

from importers import boxes
from importers.base import Format, RowError
from importers.formats.form_1099_da import LETTERS, tax_year, term
from pipeline.answers import BrokerGiven
from pipeline.money import ZERO
from pipeline.reported import Reported

SECTION = "1099-DA"
COLUMNS = (
    SECTION, "ACCOUNT NUMBER", "TAX YEAR", "DATE ACQUIRED", "SALE DATE", "DTIF CODE", "DTIF NAME", "DTIF UNITS",
    "COST BASIS", "SALES PRICE", "TERM", "ORDINARY", "FED TAX WITHHELD", "WASH AMT DISALLOWED", "FORM8949CODE",
    "LOSSNOTALLOWED", "NON COVERED", "Account", "Asset",
)  # fmt: skip


def row(cells: Mapping[str, str]) -> BrokerGiven:
    """What one line tells."""
    if cells.get(SECTION, "").strip() != SECTION:
        raise RowError(SECTION, cells.get(SECTION, ""), "is a line of another form; keep the lines of 1099-DA alone")
    account = cells.get("Account", "").strip()
    sold = boxes.day("SALE DATE", cells.get("SALE DATE", ""))
    if sold is None:
        raise RowError("SALE DATE", "", "is empty; it is the day of sale")
    year = tax_year("TAX YEAR", cells.get("TAX YEAR", ""), "SALE DATE", sold)
    quantity = boxes.units("DTIF UNITS", cells.get("DTIF UNITS", ""))
    proceeds = boxes.money("SALES PRICE", cells.get("SALES PRICE", ""))
    if proceeds is None or not quantity:
        raise RowError(
            "SALES PRICE" if proceeds is None else "DTIF UNITS", "", "is empty or 0; it should be as on the form"
        )
    told, _ = term(cells.get("TERM", ""))
    letter = cells.get("FORM8949CODE", "").strip().upper()
    of_letter, reported = LETTERS.get(letter, ("", False))
    acquired, basis = boxes.day("DATE ACQUIRED", cells.get("DATE ACQUIRED", "")), boxes.money(
        "COST BASIS", cells.get("COST BASIS", ""))  # fmt: skip
    return BrokerGiven(account, year, Reported(
        account, year, "", boxes.asset(cells, "Asset", "DTIF CODE", "DTIF NAME", sold), quantity, proceeds, sold,
        acquired, basis, reported and basis is not None, boxes.crossed("NON COVERED", cells.get("NON COVERED", "")),
        told or of_letter, boxes.crossed("ORDINARY", cells.get("ORDINARY", "")), letter if letter in LETTERS else "",
        no_loss=boxes.crossed("LOSSNOTALLOWED", cells.get("LOSSNOTALLOWED", "")),
        disallowed=boxes.money("WASH AMT DISALLOWED", cells.get("WASH AMT DISALLOWED", "")) or ZERO,
        withheld=boxes.money("FED TAX WITHHELD", cells.get("FED TAX WITHHELD", "")) or ZERO,
    ))  # fmt: skip


FORMAT = Format(
    name="form_1099_da_robinhood", version=1,
    header=frozenset((SECTION, "SALE DATE", "DTIF NAME", "DTIF UNITS", "SALES PRICE")), columns=COLUMNS, row=row,
    answers=True,
)  # fmt: skip
