"""What the boxes of a Form 1099-DA say, however a file names its columns.

The form writes days as MM/DD/YYYY, dollars with signs and commas, losses in brackets, and crosses in boxes. Its name
of an asset (box 1b) is that of the Digital Token Identifier Foundation, box 1a its code; the ledger has neither, so a
few names are known here (from memory; codes of BTC and ETH read), and a column Asset says all others.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from importers import cells as cell
from importers.assets import asset as ledger_name
from importers.base import RowError
from pipeline.money import parse

_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_COMPACT = re.compile(r"(20\d\d)(\d\d)(\d\d)")
_MONEY = re.compile(r"(\()?-?\$?(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?(?(1)\))")
_YES, _NO = ("x", "yes", "y", "true", "1", "checked"), ("", "no", "n", "false", "0", "unchecked")
VARIOUS = "various"

NAMES: Mapping[str, str] = {
    "aave": "AAVE", "algorand": "ALGO", "aptos": "APT", "arbitrum": "ARB", "avalanche": "AVAX", "bitcoin": "BTC",
    "bitcoin cash": "BCH", "bitcoin sv": "BSV", "bonk": "BONK", "cardano": "ADA", "chainlink": "LINK",
    "compound": "COMP", "cosmos": "ATOM", "curve dao token": "CRV", "dai": "DAI", "dash": "DASH", "dogecoin": "DOGE",
    "dogwifhat": "WIF", "ether": "ETH", "ethereum": "ETH", "ethereum classic": "ETC", "filecoin": "FIL",
    "hedera": "HBAR", "internet computer": "ICP", "lido dao": "LDO", "litecoin": "LTC", "maker": "MKR",
    "monero": "XMR", "near protocol": "NEAR", "optimism": "OP", "pepe": "PEPE", "polkadot": "DOT", "polygon": "POL",
    "ripple": "XRP", "shiba inu": "SHIB", "solana": "SOL", "stellar": "XLM", "stellar lumens": "XLM", "sui": "SUI",
    "tether": "USDT", "tether usd": "USDT", "tezos": "XTZ", "the graph": "GRT", "tron": "TRX", "uniswap": "UNI",
    "usd coin": "USDC", "xrp": "XRP", "zcash": "ZEC",
}  # fmt: skip
CODES: Mapping[str, str] = {"4H95J0R2X": "BTC", "X9J9K872S": "ETH"}  # of ISO 24165, box 1a


def asset(cells: Mapping[str, str], own: str, code: str, name: str, at: date | None) -> str:
    """The ledger's name of what was sold: the person's column `own`, else by the code, else by the name ("Bitcoin",
    "Bitcoin BTC", "BTC")."""
    if cells.get(own, "").strip():
        return ledger_name(cell.asset(own, cells[own]), "", at)
    told = cells.get(code, "").strip().upper()
    if told in CODES:
        return CODES[told]
    words = cells.get(name, "").strip()
    found = _named(words)
    if found is None:
        raise RowError(
            name, words, f"is no asset that is known by its full name; add a column {own} with its code as your other "
            "files have it (BTC)"
        )  # fmt: skip
    return ledger_name(found, "", at)


def _named(words: str) -> str | None:
    known = NAMES.get(words.casefold())
    if known is not None:
        return known
    full, _, last = words.rpartition(" ")
    if re.fullmatch(r"[A-Z0-9]{2,10}", last) and (not full or NAMES.get(full.casefold(), last) == last):
        return last  # a code, alone or behind the name
    return None


def day(column: str, text: str) -> date | None:
    """The day; None where the cell is empty or says that there were several."""
    line = text.strip()
    if not line or line.casefold() == VARIOUS:
        return None
    american, compact = _DAY.fullmatch(line), _COMPACT.fullmatch(line)
    try:
        if american is not None:
            month, day_of_month, year = map(int, american.groups())
            return date(year, month, day_of_month)
        if compact is not None:
            return date(*map(int, compact.groups()))
    except ValueError:
        raise RowError(column, text, "is no date; it should be as on the form, such as 03/31/2025") from None
    try:
        found = cell.day_or_instant(column, line)
    except RowError:
        raise RowError(column, text, "should be a day as on the form, such as 03/31/2025, or 2025-03-31") from None
    return found.date() if isinstance(found, datetime) else found


def money(column: str, text: str) -> Decimal | None:
    """Dollars; None where the cell is empty."""
    line = text.strip()
    if not line:
        return None
    if _MONEY.fullmatch(line) is None or not any(character.isdigit() for character in line):
        raise RowError(column, text, "should be an amount as on the form, such as $1,234.56 or 1234.56")
    number = parse(re.sub(r"[$,()-]", "", line))
    return -number if line[0] in "(-" else number


def units(column: str, text: str) -> Decimal:
    """A number of units."""
    return cell.amount(column, text.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text) else text)


def crossed(column: str, text: str) -> bool:
    """Whether a box is checked."""
    word = text.strip().casefold()
    if word not in _YES + _NO:
        raise RowError(column, text, "should be X where the box is checked, and empty where it is not")
    return word in _YES
