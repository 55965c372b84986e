"""Electrum's history of a wallet, until 4.5: "transaction_hash,label,[confirmations,]value,[...,]timestamp".

Values are by how much the balance changed, with the fee; between 2.5 and 3.3 the fee is not told. Times are the
computer's, taken as the person's own. The coin is bitcoin, unless the file's name says that it is of one of
Electrum's kin ("electron-cash", "ltc"). A transaction without a time is not confirmed yet.

Source: spesmilo/electrum, history_list.py of 2019; headers of all years as BittyTax and others have them (2026-11).
"""

from collections.abc import Iterator

from importers.exports import LOCAL, Row, Said, export
from importers.parsers.bitcoins import changed
from importers.parsers.electrum import COIN, TIMES, coin, pending
from pipeline.money import ZERO


def read(row: Row) -> Iterator[Said]:
    change = row.number("value")
    fee = row.number("fee") if change < 0 else ZERO
    yield changed(row, change, fee, coin(row), txhash=row["transaction_hash"], description=row["label"])


FORMAT = export(
    "electrum",
    2,
    needs=("transaction_hash", "label", "value", "timestamp"),
    may_have=("confirmations", "fiat_value", "fee", "fiat_fee", "balance"),
    date="timestamp",
    times=TIMES,
    zone=LOCAL,
    each=read,
    id=("transaction_hash",),
    changing=("label", "confirmations", "fiat_value", "fee", "fiat_fee", "balance"),
    passed=pending,
    named=COIN,
)
