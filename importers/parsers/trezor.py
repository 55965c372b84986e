"""Which coin an older file of Trezor's is of: its name tells ("export-btc-20210131.csv", "account_ltc.csv")."""

import re

from importers.exports import Row
from importers.parsers.build import Unread

COIN = re.compile(
    r"(?<![a-z])(btc|ltc|bch|btg|dash|dgb|doge|nmc|vtc|zec|etc|eth|xrp|ada)(?![a-z])", re.IGNORECASE | re.ASCII
)


def coin(row: Row) -> str:
    if not row.named:
        raise Unread("the file's name does not tell which coin it is of; let it have the coin's code (account_btc.csv)")
    return row.named.upper()
