"""Rows of wallets that tell by how much a transaction changed a balance, the fee included."""

from decimal import Decimal

from importers.exports import Row
from importers.parsers.build import Unread
from pipeline.model import Transaction
from pipeline.money import ZERO


def changed(row: Row, change: Decimal, fee: Decimal, code: str, *, txhash: str, description: str = "") -> Transaction:
    """What a transaction did to the balance: `change` with its sign, `fee` without (0: not told). Raises Unread."""
    if change >= ZERO:
        return row.transaction(received=row.of(change, code), txhash=txhash, description=description)
    if not ZERO <= fee <= -change:
        raise Unread("its fee is more than what left")
    return row.transaction(
        sent=row.of(-change - fee, code), fee=row.of(fee, code), txhash=txhash, description=description
    )
