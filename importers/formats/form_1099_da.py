"""Forms 1099-DA by the numbers of their boxes: one row a form, or a line of a statement that stands for several.

`1c`, `1e` and `1f` are needed, and what was sold: `1a`, `1b`, or a column `Asset` with its code. Besides: `Account`
(as `taxsync status` names it; else --account), `Tax Year` (else that of 1e), `8949` (the letter in "Applicable
checkbox on Form 8949"), `Recipient TIN` (its last four digits are kept) and `Recipient Name`, and the boxes that bear
on Form 8949 or tell of tax withheld; the others may be there. All rows of an account and year are one statement; 1c of
0 takes it back.

Boxes as of the form of 2026 and its instructions (18 February 2026; read); 2025 has the same, by a published mapping.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from importers import boxes
from importers import cells as cell
from importers.base import Format, RowError
from pipeline.answers import BrokerGiven
from pipeline.money import ZERO
from pipeline.reported import FIRST_YEAR, NFTS, STABLECOINS, Reported

COLUMNS = (
    "Account", "Tax Year", "Recipient TIN", "Recipient Name", "Asset", "8949", "1a", "1b", "1c", "1d", "1e", "1f", "1g",
    "1i", "2", "4", "5", "6", "9", "11a", "11c", "12b",
)  # fmt: skip
LETTERS = {"G": ("short", True), "H": ("short", False), "J": ("long", True), "K": ("long", False), "Y": ("", False)}
_AGGREGATES = {"": "", "qs": STABLECOINS, "qualifying stablecoins": STABLECOINS, "stablecoins": STABLECOINS,
               "nft": NFTS, "nfts": NFTS, "specified nfts": NFTS}  # fmt: skip
_TERMS = {"s": "short", "short": "short", "l": "long", "long": "long", "o": "ordinary", "ordinary": "ordinary"}


def row(cells: Mapping[str, str]) -> BrokerGiven:
    """What one row tells."""
    account = cell.name("Account", cells.get("Account", ""), 100)
    quantity, sold = boxes.units("1c", cells.get("1c", "")), boxes.day("1e", cells.get("1e", ""))
    year = tax_year("Tax Year", cells.get("Tax Year", ""), "1e", sold)
    who = recipient(cells)
    if not quantity:
        return BrokerGiven(account, year, None, who)
    aggregate = _word("11a", cells, _AGGREGATES)
    if sold is None and not aggregate:
        raise RowError("1e", "", "is empty; it is the day of sale, which only a sum (box 11a) may lack")
    told, ordinary = term(cells.get("6", ""))
    letter = cells.get("8949", "").strip().upper()
    if letter and letter not in LETTERS:
        raise RowError("8949", letter, f"should be the letter on the form: {', '.join(LETTERS)}")
    of_letter, reported = LETTERS.get(letter, ("", False))
    if told and of_letter and told != of_letter:
        raise RowError("6", cells["6"], f"says another term than the letter {letter} for Form 8949; correct one")
    basis = boxes.money("1g", cells.get("1g", ""))
    checked = boxes.crossed("2", cells.get("2", "")) if "2" in cells else reported and basis is not None
    name = "NFT" if aggregate == NFTS else boxes.asset(cells, "Asset", "1a", "1b", sold)
    return BrokerGiven(account, year, Reported(
        account, year, "", name, quantity, _proceeds(cells), sold, boxes.day("1d", cells.get("1d", "")), basis, checked,
        boxes.crossed("9", cells.get("9", "")), told or of_letter, ordinary, letter,
        boxes.day("12b", cells.get("12b", "")), boxes.crossed("5", cells.get("5", "")),
        boxes.money("1i", cells.get("1i", "")) or ZERO, boxes.money("4", cells.get("4", "")) or ZERO, aggregate,
    ), who)  # fmt: skip


def _proceeds(cells: Mapping[str, str]) -> Decimal:
    """Box 1f; 11c in its place for first sales of NFTs by who made them."""
    found = boxes.money("1f", cells.get("1f", ""))
    found = boxes.money("11c", cells.get("11c", "")) if found is None else found
    if found is None:
        raise RowError("1f", "", "is empty; it is the proceeds of the sale")
    return found


def _word(column: str, cells: Mapping[str, str], words: Mapping[str, str]) -> str:
    text = cells.get(column, "").strip().casefold()
    if text not in words:
        raise RowError(column, cells[column], f"should be one of {', '.join(word for word in words if word)}, or empty")
    return words[text]


def tax_year(column: str, text: str, of_sale: str, sold: date | None) -> int:
    """The form's year, which is that of the sale. Raises RowError for a year without this form."""
    line = text.strip()
    if line:
        year = int(line) if line.isascii() and line.isdigit() and len(line) == 4 else 0
    else:
        year = sold.year if sold else 0
    if not year:
        raise RowError(column, text, "should be the form's year such as 2025")
    if year < FIRST_YEAR:
        raise RowError(
            column if line else of_sale, str(year), f"has no Form 1099-DA: the first is of {FIRST_YEAR}; correct it"
        )
    if sold is not None and sold.year != year:
        raise RowError(of_sale, str(sold), f"is not in the form's year {year}; make one file of each year")
    return year


def term(text: str) -> tuple[str, bool]:
    """Box 6: "short", "long" or "", and whether the gain may be ordinary: `S`, `Long-term`, `Short-term, Ordinary`."""
    words = text.casefold().replace("-term", "").replace(" term", "").replace("/", " ").replace(",", " ").split()
    found = {_TERMS.get(word, "") for word in words}
    if "" in found or {"short", "long"} <= found:
        raise RowError("6", text, "should be Short-term or Long-term, with Ordinary where that is checked")
    return next(iter(found - {"ordinary"}), ""), "ordinary" in found


def recipient(cells: Mapping[str, str]) -> str:
    """Whose form it is: the last four digits of the number, else the name; "" where neither is told."""
    digits = [character for character in cells.get("Recipient TIN", "") if character.isascii() and character.isdigit()]
    if len(digits) >= 4:
        return f"taxpayer number ending in {''.join(digits[-4:])}"
    name = cell.name("Recipient Name", cells.get("Recipient Name", ""), 100)
    return " ".join(name.casefold().split())


FORMAT = Format(
    name="form_1099_da", version=1, header=frozenset(("1c", "1e", "1f")), columns=COLUMNS, row=row, answers=True,
    one_of=frozenset(("1a", "1b", "Asset")),
)  # fmt: skip
