"""Bittrex' export of all orders until 2018 (fullOrders.csv, UTF-16): what was filled of each.

`Exchange` is quote and base ("BTC-LTC"), `Price` what was paid or got without the fee. See `importers.parsers.bittrex`.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.bittrex import US_TIMES, filled, unfilled


def read(row: Row) -> Iterable[Said]:
    quote, _, base = row["Exchange"].partition("-")
    cost, fee = row.amount("Price", quote), row.amount("CommissionPaid", quote)
    yield filled(row, row["Type"], row.amount("Quantity", base), cost, fee)


FORMAT = export(
    "bittrex_orders_2017",
    1,
    needs=("OrderUuid", "Exchange", "Type", "Quantity", "Limit", "CommissionPaid", "Price", "Opened", "Closed"),
    date=("Closed", "Opened"),
    times=US_TIMES,
    each=read,
    passed=unfilled("Price"),
    id=("OrderUuid",),
)
