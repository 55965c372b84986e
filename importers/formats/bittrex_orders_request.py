"""Bittrex' orders as its support gave them out on request. Columns and times as rotki's tests have them.

Proceeds are what was paid or got without the fee, as the API calls it. See `importers.parsers.bittrex`.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.bittrex import US_TIMES, filled, unfilled


def read(row: Row) -> Iterable[Said]:
    quote = row["QUOTE"]
    cost, fee = row.amount("PROCEEDS", quote), row.amount("COMISSIONPAID", quote)
    yield filled(row, row["ORDERTYPE"], row.amount("FILLED", row["MARKET"]), cost, fee)


FORMAT = export(
    "bittrex_orders_request",
    1,
    needs=("UUID", "QUOTE", "MARKET", "ORDERTYPE", "LIMIT", "QUANTITY", "FILLED", "PROCEEDS", "COMISSIONPAID", "OPENED",
           "CLOSED"),
    may_have=("CEILING", "TIMEINFORCETYPE", "ISCONDITIONAL", "CONDITION", "CONDITIONTARGET"),
    date=("CLOSED", "OPENED"),
    times=US_TIMES,
    each=read,
    passed=unfilled("FILLED"),
    id=("UUID",),
)  # fmt: skip
