"""FTX' export of deposits with the names of its page (2019 to 2022). Columns and status as converters have them."""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export


def read(row: Row) -> Iterable[Said]:
    received = row.amount("Amount", row["Coin"])
    yield row.transaction(received=received, description="deposit", txhash=row["Transaction ID"])


FORMAT = export(
    "ftx_deposits_page",
    1,
    needs=("Time", "Coin", "Amount", "Status", "Additional info", "Transaction ID"),
    date="Time",
    each=read,
    changing=("Status",),
    status=Status.of("Status", ["complete", "confirmed"], cancelled=["cancelled"], pending=["unconfirmed"]),
    newest_first=True,
    exactly=True,
)
