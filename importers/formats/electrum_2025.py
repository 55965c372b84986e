"""Electrum's history of a wallet since 4.6: on the chain and in its channels, each with its sign.

"oc_transaction_hash,ln_payment_hash,label,confirmations,amount_chain_bc,amount_lightning_bc,fiat_value,
network_fee_satoshi,fiat_fee,timestamp"; since 4.8 the fee is in bitcoin ("network_fee_bc"). Amounts include the fee.
What goes into a channel of one's own leaves the chain and comes to Lightning in one row: no more than the fee of it is
gone. Times are the computer's, taken as the person's own.

Source: a public reader's notes on Electrum's wallet.py, by version (2026-11); Electrum's own file was not to be had.
From memory: that the two amounts of a channel that opens or closes stand in one row.
"""

from collections.abc import Iterator
from decimal import Decimal

from importers.exports import LOCAL, Row, Said, export
from importers.parsers.bitcoins import changed
from importers.parsers.electrum import COIN, TIMES, coin, pending
from pipeline.money import ZERO

_SATOSHI = Decimal("0.00000001")


def read(row: Row) -> Iterator[Said]:
    chain = row.number("amount_chain_bc")
    fee = row.number("network_fee_bc") if row["network_fee_bc"] else row.number("network_fee_satoshi") * _SATOSHI
    on_chain = row["oc_transaction_hash"].strip("-")
    yield changed(
        row, chain + row.number("amount_lightning_bc"), fee if chain < 0 else ZERO, coin(row),
        txhash=on_chain, description=row["label"] or row["ln_payment_hash"],
    )  # fmt: skip


FORMAT = export(
    "electrum_2025",
    2,
    needs=("oc_transaction_hash", "ln_payment_hash", "label", "confirmations", "amount_chain_bc",
           "amount_lightning_bc", "timestamp"),
    one_of=("network_fee_satoshi", "network_fee_bc"),
    may_have=("fiat_value", "fiat_fee"),
    date="timestamp",
    times=TIMES,
    zone=LOCAL,
    each=read,
    changing=("label", "confirmations", "fiat_value", "fiat_fee", "network_fee_satoshi", "network_fee_bc"),
    passed=pending,
    named=COIN,
)  # fmt: skip
