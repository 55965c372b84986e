"""FTX' export of deposits with the API's names (the claims portal). Columns and status as converters have them."""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export


def read(row: Row) -> Iterable[Said]:
    yield row.transaction(received=row.amount("size", row["coin"]), description="deposit", txhash=row["txid"])


FORMAT = export(
    "ftx_deposits",
    1,
    needs=("id", "time", "coin", "size", "status", "txid"),
    may_have=("additionalInfo", "_delete"),
    date="time",
    each=read,
    id=("id",),
    changing=("status", "_delete"),
    status=Status.of("status", ["complete", "confirmed"], cancelled=["cancelled"], pending=["unconfirmed"]),
    newest_first=True,
    exactly=True,
)
