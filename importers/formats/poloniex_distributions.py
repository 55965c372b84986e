"""Poloniex' export of distributions: coins of forks and airdrops that it gave out. Times are UTC.

Columns as converters have them (2018 to 2021).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from pipeline.model import Label


def read(row: Row) -> Iterable[Said]:
    received = row.amount("amount", row["currency"])
    yield row.transaction(received=received, label=Label.AIRDROP, description=f"distribution, {row['wallet']} wallet")


FORMAT = export(
    "poloniex_distributions",
    1,
    needs=("date", "currency", "amount", "wallet"),
    date="date",
    each=read,
    newest_first=True,
    exactly=True,
)
