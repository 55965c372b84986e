"""Uphold's export of transactions until 2019 ("date,id,type,value_in_GBP,..."), and its tax report.

What left and what arrived, as in `importers.formats.uphold`; the fee is what the two of one asset differ by, and is
inside of what left. A commission of what left is inside of it, too; one of what arrived is an open problem. Times have
their zone, or are UTC.

Sources: header and words as BittyTax has them (2019 to 2024); that commissions are inside, Uphold's API reference,
"Transactions", `origin.amount`.
"""

import re
from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.formats.uphold import said
from importers.parsers.build import Unread

_KINDS = {"deposit": "in", "in": "in", "withdrawal": "out", "out": "out", "transfer": "transfer"}


def read(row: Row) -> Iterable[Said]:
    kind = _KINDS.get(row["type"].casefold(), "")
    left = row.amount("origin_amount", row["origin_currency"])
    arrived = row.amount("destination_amount", row["destination_currency"])
    if not kind or left is None or arrived is None:
        raise Unread("it does not say what moved")
    if row.number("destination_commission"):
        raise Unread("a commission of what arrived is not known")
    fee = row.amount("origin_commission", row["origin_currency"])
    if left.asset == arrived.asset:
        if fee is not None and left.quantity - arrived.quantity != fee.quantity:
            raise Unread("what left and what arrived differ by more than the commission")
        fee = row.of(left.quantity - arrived.quantity, left.asset)
    if fee is not None and fee.quantity < 0:
        raise Unread("more arrived than left")
    yield from said(row, kind, left, arrived, fee, kind, kind)


FORMAT = export(
    "uphold_old",
    1,
    needs=("date", "id", "type", "pair", "rate", "origin_currency", "origin_amount", "origin_commission",
           "destination_currency", "destination_amount", "destination_commission"),
    more=re.compile(r"(value|commission)_in_[a-z]{3}", re.ASCII | re.IGNORECASE),
    date="date",
    times=("%a %b %d %Y %H:%M:%S GMT%z",),
    each=read,
    id=("id",),
    changing=("value_in_*", "commission_in_*"),
)  # fmt: skip
