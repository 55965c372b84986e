"""What rows do to the units that accounts hold, and what they add up to; in the exact context."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pipeline.model import Transaction


def balances(transactions: Sequence[Transaction], until: datetime | None = None) -> dict[tuple[str, str], Decimal]:
    """Units per (account, asset) that the rows add up to, of the rows before `until`."""
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for t in transactions:
        if until is None or t.at < until:
            account, received, sent, fee = t.account, t.received, t.sent, t.fee
            if received is not None:
                held[account, received.asset] += received.quantity
            if sent is not None:
                held[account, sent.asset] -= sent.quantity
            if fee is not None:
                held[account, fee.asset] -= fee.quantity
    return dict(held)


def changes(t: Transaction) -> list[tuple[str, Decimal]]:
    """What a row adds to its account, per asset."""
    received, sent, fee = t.received, t.sent, t.fee
    found = [(received.asset, received.quantity)] if received is not None else []
    if sent is not None:
        found.append((sent.asset, -sent.quantity))
    if fee is not None:
        found.append((fee.asset, -fee.quantity))
    return found
