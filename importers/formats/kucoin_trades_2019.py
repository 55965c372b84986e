"""KuCoin's trades of 2019 to 2022: "tradeCreatedAt,orderId,symbol,side,price,size,funds,fee,liquidity,feeCurrency,
orderType", one row per fill. Times without a zone are of UTC+8.

Source: headers as public readers of the file have them (BittyTax, rotki, others; 2026-11), the zone from BittyTax.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.swapped import traded


def read(row: Row) -> Iterable[Said]:
    base, dash, quote = row["symbol"].partition("-")
    if not dash:
        raise Unread("it names no pair such as BTC-USDT")
    fee = row.amount("fee", row["feeCurrency"])
    bought, paid = row.amount("size", base), row.amount("funds", quote)
    yield traded(row, row["side"], bought, paid, fee, f"{row['symbol']} at {row['price']}")


FORMAT = export(
    "kucoin_trades_2019",
    1,
    needs=("tradeCreatedAt", "symbol", "side", "price", "size", "funds", "fee", "feeCurrency"),
    may_have=("orderId", "liquidity", "orderType"),
    date="tradeCreatedAt",
    zone="Asia/Singapore",
    exchange="kucoin",
    each=read,
    changing=("liquidity", "orderType"),
    newest_first=True,
)
