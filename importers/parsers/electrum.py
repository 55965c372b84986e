"""What the histories of all of Electrum's versions have alike."""

import re

from importers.exports import Row
from importers.layout import Cells

COIN = re.compile(r"electron[ _-]?cash|(?<![a-z])(bch|ltc|litecoin|vtc|dash)(?![a-z])", re.IGNORECASE | re.ASCII)
TIMES = ("%Y-%m-%d %H:%M",)

_UNCONFIRMED = frozenset(("", "-", "----", "none", "unknown", "unconfirmed"))
_KIN = {"litecoin": "LTC", "ltc": "LTC", "vtc": "VTC", "dash": "DASH", "bch": "BCH"}


def pending(row: Cells) -> str:
    return "pending" if row.get("timestamp", "").casefold() in _UNCONFIRMED else ""


def coin(row: Row) -> str:
    """By the file's name; bitcoin where it says nothing."""
    return _KIN.get(row.named, "BCH") if row.named else "BTC"
