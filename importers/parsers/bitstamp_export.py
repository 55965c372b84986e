"""Bitstamp's exports of transactions: what a row's type means, in the old layout and in the new one.

A trade's fee is on top, as that of a withdrawal. Times are UTC.

Sources: headers and rows as public readers of the files have them (BittyTax, rotki, others; 2026-11). From memory: the
words for rewards beside "Staking reward", as the API has them.
"""

from collections.abc import Iterable

from importers.base import shown
from importers.exports import Row, Said
from importers.parsers.build import Unread
from importers.parsers.swapped import traded
from pipeline.model import Amount, Label

_RECEIPTS = {
    **dict.fromkeys(("deposit", "ripple deposit", "card deposit", "crypto deposit"), None),
    "staking reward": Label.REWARD,
    "referral reward": Label.INCOME,
}
_OUT = frozenset(("withdrawal", "ripple payment", "crypto withdrawal"))


def read(row: Row, side: str, amount: Amount | None, value: Amount | None, fee: Amount | None) -> Iterable[Said]:
    kind = row["Type"].casefold()
    if kind == "market":
        yield traded(row, side, amount, value, fee, f"at {row['Rate']}" if row["Rate"] else "")
        return
    if amount is None:
        raise Unread("it moves nothing")
    if kind in _RECEIPTS:
        yield row.transaction(received=amount, fee=fee, label=_RECEIPTS[kind], description=row["Type"])
    elif kind in _OUT:
        yield row.transaction(sent=amount, fee=fee, description=row["Type"])
    else:
        raise Unread(f"what the type '{shown(row['Type'])}' means is not known")
