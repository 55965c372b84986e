"""What rows of exports say in common ways: a change of one balance, by a number with its sign; a trade in one row."""

from decimal import Decimal

from importers.exports import Row
from importers.parsers.build import Unread
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


def traded(
    row: Row, side: str, units: Amount | None, cost: Amount | None, fee: Amount | None = None, description: str = ""
) -> Transaction:
    """`units` bought or sold ("buy", "SELL") for `cost`, both without the fee. Raises Unread for another side, and
    where one of them is 0 or empty."""
    if side.casefold() not in ("buy", "sell"):
        raise Unread(f"side '{side}' is neither buy nor sell")
    if units is None or cost is None:
        raise Unread("it does not say what was given for what")
    buys = side.casefold() == "buy"
    return row.transaction(
        sent=cost if buys else units, received=units if buys else cost, fee=fee, description=description
    )
