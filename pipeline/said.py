"""A transaction as exact texts, as files say it and the ledger keeps it, and back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from sys import intern
from typing import Any

from pipeline.model import Amount, Label, Said, Transaction, instant_text
from pipeline.money import exact_text

_LABELS: dict[str | None, Label | None] = {None: None, **{label.value: label for label in Label}}


def said_by(t: Transaction) -> Said:
    """The texts of a transaction. Raises ValueError for what is no exact number or has no time zone."""
    sent, received, fee, worth = t.sent, t.received, t.fee, t.net_worth
    return (
        instant_text(t.at),
        *((exact_text(sent.quantity), sent.asset) if sent else (None, None)),
        *((exact_text(received.quantity), received.asset) if received else (None, None)),
        *((exact_text(fee.quantity), fee.asset) if fee else (None, None)),
        *((exact_text(worth.quantity), worth.asset) if worth else (None, None)),
        t.label.value if t.label else None,
        t.description,
        t.txhash,
    )


def transaction_of(
    said: Sequence[Any], id: str, account: str, source: str, source_id: str, position: int
) -> Transaction:
    """What `said_by` has written, read back. Names, of which there are few, are one text each: a million rows have five
    million of them."""
    at, sent, sent_in, got, got_in, fee, fee_in, worth, worth_in, label, description, txhash = said
    return Transaction(
        id,
        datetime.fromisoformat(at),
        intern(account),
        None if sent is None else Amount(Decimal(sent), intern(sent_in)),
        None if got is None else Amount(Decimal(got), intern(got_in)),
        None if fee is None else Amount(Decimal(fee), intern(fee_in)),
        None if worth is None else Amount(Decimal(worth), intern(worth_in)),
        _LABELS[label],
        description,
        txhash,
        intern(source),
        source_id,
        position,
    )


def transactions_of(columns: Sequence[Sequence[Any]]) -> list[Transaction]:
    """The same of many rows, column by column, those of `said_by` last: in half the time."""
    ids, accounts, sources, source_ids, positions, at, *amounts, labels, descriptions, hashes = columns
    sides = [_amounts(amounts[place], amounts[place + 1]) for place in range(0, 8, 2)]
    return list(
        map(
            Transaction, ids, map(datetime.fromisoformat, at), map(intern, accounts), *sides,
            map(_LABELS.__getitem__, labels), descriptions, hashes, map(intern, sources), source_ids, positions,
        )
    )  # fmt: skip


LOOKED_AT = 500  # amounts of a column, which tell whether many are equal


def _amounts(quantities: Sequence[Any], assets: Sequence[Any]) -> Iterable[Amount | None]:
    if len(set(quantities[:LOOKED_AT])) < LOOKED_AT / 2:  # none, or fees of a few kinds: one each, made once
        made = {pair: _amount(*pair) for pair in set(zip(quantities, assets, strict=True))}
        return [made[pair] for pair in zip(quantities, assets, strict=True)]
    if None not in quantities:
        return map(Amount, map(Decimal, quantities), map(intern, assets))
    return map(_amount, quantities, assets)


def _amount(quantity: str | None, asset: str) -> Amount | None:
    return None if quantity is None else Amount(Decimal(quantity), intern(asset))
