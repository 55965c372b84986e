"""Bittrex' exports of deposits until 2020, and as its support gave them out on request. Times are UTC.

Columns and rows as the tests of converters have them (BittyTax, rotki); of the states, that CONFIRMED counts.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.bittrex import US_TIMES
from importers.parsers.build import Unread


def read(row: Row) -> Iterable[Said]:
    if row["State"].upper() not in ("", "CONFIRMED"):
        raise Unread(f"what the state {row['State']} means is not known")
    received = row.amount("Amount", row["Currency"])
    yield row.transaction(received=received, description="deposit", txhash=row["TxId"])


FORMAT = export(
    "bittrex_deposits",
    1,
    needs=("Amount", "Currency", "Confirmations", "TxId", "CryptoAddress"),
    one_of=("LastUpdated", "LastUpdatedDate"),
    may_have=("Id", "UUID", "Source", "PropertyBagError", "BankInfo", "DepositUuid", "State"),
    date=("LastUpdated", "LastUpdatedDate"),
    times=US_TIMES,
    each=read,
    id=("Id", "UUID"),
    changing=("Confirmations",),
)
