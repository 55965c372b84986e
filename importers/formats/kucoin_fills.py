"""KuCoin's "Spot Orders_Filled Orders (Show Order-Splitting)": one row per fill, of the zone in the column's name.

"UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,Filled Volume,Filled Volume (USDT),
Filled Time(UTC+08:00),Fee,Tax,Maker/Taker,Fee Currency", at first without Tax; some have "Filled Time" alone, which is
of UTC+8. Fee and tax are on top.

Source: headers and rows as public readers of the file have them (BittyTax, others; 2026-11). From memory: that a tax is
taken in the currency of the fee.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.formats.kucoin_deposits import nothing
from importers.parsers.build import Unread
from importers.parsers.swapped import traded


def read(row: Row) -> Iterable[Said]:
    """A fill, or all that an order brought."""
    base, dash, quote = row["Symbol"].partition("-")
    if not dash:
        raise Unread("it names no pair such as BTC-USDT")
    fee = row.number("Fee") + row.number("Tax")
    if fee < 0:
        raise Unread("a fee that gives something")
    bought, paid = row.amount("Filled Amount", base), row.amount("Filled Volume", quote)
    charged = row.of(fee, row["Fee Currency"])
    yield traded(row, row["Side"], bought, paid, charged, f"{row['Symbol']} at {row['Avg. Filled Price']}")


FORMAT = export(
    "kucoin_fills",
    1,
    needs=("UID", "Account Type", "Order ID", "Symbol", "Side", "Order Type", "Avg. Filled Price", "Filled Amount",
           "Filled Volume", "Filled Volume (USDT)", "Fee", "Maker/Taker", "Fee Currency"),
    one_of=("Filled Time(UTC*)", "Filled Time"),
    may_have=("Tax", "Account Mode"),
    date=("Filled Time(UTC*)", "Filled Time"),
    zone="Asia/Singapore",
    exchange="kucoin",
    each=read,
    changing=("UID", "Tax", "Account Mode"),
    passed=nothing,
    newest_first=True,
)  # fmt: skip
