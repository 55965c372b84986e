"""Bittrex' export of orders of 2019 and 2020, one file a year: what was not filled stands beside what was.

`Exchange` is quote and base ("BTC-LTC"), `Price` what was paid or got without the fee. See `importers.parsers.bittrex`.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.bittrex import US_TIMES, filled, unfilled


def read(row: Row) -> Iterable[Said]:
    quote, _, base = row["Exchange"].partition("-")
    units = row.of(row.number("Quantity") - row.number("QuantityRemaining"), base)
    yield filled(row, row["OrderType"], units, row.amount("Price", quote), row.amount("Commission", quote))


FORMAT = export(
    "bittrex_orders_2020",
    1,
    needs=("Uuid", "Exchange", "TimeStamp", "OrderType", "Limit", "Quantity", "QuantityRemaining", "Commission",
           "Price", "PricePerUnit", "Closed"),
    may_have=("IsConditional", "Condition", "ConditionTarget", "ImmediateOrCancel", "TimeInForceTypeId",
              "TimeInForce"),
    date=("Closed", "TimeStamp"),
    times=US_TIMES,
    each=read,
    passed=unfilled("Price"),
    id=("Uuid",),
    newest_first=True,
)  # fmt: skip
