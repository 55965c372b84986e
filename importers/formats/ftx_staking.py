"""FTX' export of rewards for staked coins (2021, 2022). Columns as converters have them (BittyTax)."""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from pipeline.model import Label


def read(row: Row) -> Iterable[Said]:
    received = row.amount("Reward", row["Coin"])
    yield row.transaction(received=received, label=Label.REWARD, description=row["Notes"] or "staking")


FORMAT = export(
    "ftx_staking",
    1,
    needs=("Time", "Notes", "Coin", "Reward"),
    date="Time",
    each=read,
    newest_first=True,
    exactly=True,
)
