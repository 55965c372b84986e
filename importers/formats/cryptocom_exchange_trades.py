"""The Crypto.com Exchange's export of spot trades before November 2022 (SPOT_TRADE.csv): one row per fill.

The fee is on top, in the coin that the row names. Times are UTC. Columns as converters have them (2020 to 2022).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.moved import traded


def read(row: Row) -> Iterable[Said]:
    base, _, quote = row["symbol"].partition("_")
    if row["account_type"] != "SPOT":
        raise Unread(f"account type {row['account_type']} is not known")
    if not quote:
        raise Unread("it does not say what was traded")
    cost = row.of(row.number("traded_quantity") * row.number("traded_price"), quote)
    fee = row.amount("fee", row["fee_currency"])
    words = f"{row['side'].lower()} {row['symbol']} at {row['traded_price']}"
    yield traded(row, row["side"], row.amount("traded_quantity", base), cost, fee, words)


FORMAT = export(
    "cryptocom_exchange_trades",
    1,
    needs=("account_type", "order_id", "trade_id", "create_time_utc", "symbol", "side", "traded_price",
           "traded_quantity", "fee", "fee_currency"),
    may_have=("liquditiy_indicator", "liquidity_indicator"),
    date="create_time_utc",
    exchange="cryptocom",
    each=read,
    id=("trade_id",),
)  # fmt: skip
