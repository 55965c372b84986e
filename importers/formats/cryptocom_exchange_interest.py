"""The Crypto.com Exchange's export of rewards for staked (status 1) and held coins (status 2), before November 2022.

Times are UTC. Columns and status as converters have them (2020 to 2022).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from pipeline.model import Label


def read(row: Row) -> Iterable[Said]:
    how = "staking" if row["status"] == "1" else "soft staking"
    received = row.amount("interest_amount", row["interest_currency"])
    yield row.transaction(received=received, label=Label.REWARD, description=f"{how} of {row['stake_currency']}")


FORMAT = export(
    "cryptocom_exchange_interest",
    1,
    needs=("create_time_utc", "stake_currency", "stake_amount", "apr", "interest_currency", "interest_amount",
           "status"),
    date="create_time_utc",
    exchange="cryptocom",
    each=read,
    status=Status.of("status", ["1", "2"]),
)  # fmt: skip
