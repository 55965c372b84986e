"""KuCoin's "Spot Orders_Filled Orders": one row per order, with all that it brought until its last fill.

The list of fills says more; where an account has both, each counts once. An order of which nothing was filled is none.

Source: headers and rows as public readers of the file have them (BittyTax, others; 2026-11).
"""

from importers.exports import export
from importers.formats.kucoin_deposits import nothing
from importers.formats.kucoin_fills import read
from importers.layout import Cells


def passed(row: Cells) -> str:
    """Not filled at all; of a part of it the amounts tell."""
    filled = row.get("Filled Amount", "0")
    return nothing(row) or ("cancelled" if "0" in filled and not filled.strip("0.") else "")


FORMAT = export(
    "kucoin_orders",
    1,
    needs=("UID", "Account Type", "Order ID", "Symbol", "Side", "Order Type", "Order Price", "Order Amount",
           "Avg. Filled Price", "Filled Amount", "Filled Volume", "Filled Volume (USDT)", "Fee", "Fee Currency",
           "Status"),
    one_of=("Filled Time(UTC*)", "Filled Time"),
    may_have=("Order Time(UTC*)", "Order Time", "Tax", "Account Mode"),
    date=("Filled Time(UTC*)", "Filled Time"),
    zone="Asia/Singapore",
    exchange="kucoin",
    each=read,
    id=("Order ID",),
    changing=("UID", "Order Time(UTC*)", "Order Time", "Tax", "Account Mode"),
    passed=passed,
    newest_first=True,
)  # fmt: skip
