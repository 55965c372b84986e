"""A row of an export that tells of one balance, by a number with its sign."""

from decimal import Decimal

from importers.exports import Row
from pipeline.model import SENT_LABELS, Amount, Label, Transaction
from pipeline.money import ZERO


def moved(
    row: Row,
    quantity: Decimal,
    code: str,
    label: Label | None = None,
    *,
    fee: Amount | None = None,
    description: str = "",
    txhash: str = "",
    leg: str = "",
) -> Transaction:
    """What a balance gained, or lost where `quantity` is negative. A reward, cashback or the like that is taken back is
    a cost. Raises Unread for a change of 0."""
    side = row.of(abs(quantity), code)
    gained = quantity > ZERO
    if not gained and label is not None and label not in SENT_LABELS:
        label = Label.COST
    return row.transaction(
        sent=None if gained else side,
        received=side if gained else None,
        fee=fee,
        label=label,
        description=description,
        txhash=txhash,
        leg=leg,
    )
