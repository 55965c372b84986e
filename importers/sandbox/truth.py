"""What happened in a made-up account, told beside the records that an exchange keeps of it: what a parser must find.

truth = Truth()
truth.happened(at, sent="100 USD", received="0.002 BTC", fee="0.6 USD")
truth.held["BTC"]                           # Decimal('0.002')
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from msgspec import Struct, field

from pipeline.model import Amount, Label
from pipeline.money import ZERO, exact


class Row(Struct, frozen=True):
    """One transaction, as the universal file would say it."""

    at: datetime
    sent: Amount | None = None
    received: Amount | None = None
    fee: Amount | None = None
    label: Label | None = None
    txhash: str = ""


class Truth(Struct):
    """All that happened, and what is held after it in all places together."""

    rows: list[Row] = field(default_factory=list)
    held: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def happened(
        self,
        at: datetime,
        *,
        sent: str = "",
        received: str = "",
        fee: str = "",
        label: Label | None = None,
        txhash: str = "",
    ) -> None:
        row = Row(at, _amount(sent), _amount(received), _amount(fee), label, txhash)
        self.rows.append(row)
        with exact():
            for side, sign in ((row.sent, -1), (row.received, 1), (row.fee, -1)):
                if side is not None:
                    self.held[side.asset] += sign * side.quantity


def _amount(text: str) -> Amount | None:
    """ "0.5 BTC" as an amount; "" and "0 BTC" are none."""
    if not text:
        return None
    quantity, asset = text.split()
    return Amount(Decimal(quantity), asset) if Decimal(quantity) else None
