"""What Bittrex' exports of orders mean, all years alike: an order that was filled, once, with its fee in the quote.

Sources: rows that rotki, BittyTax and other converters have for their tests (2014 to 2023). Times are UTC.
"""

from collections.abc import Callable

from importers.exports import Row, Said
from importers.layout import Cells
from importers.parsers.moved import traded
from pipeline.model import Amount

US_TIMES = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y")  # 12/31/2018 3:22:46 PM


def filled(row: Row, type: str, units: Amount | None, cost: Amount | None, fee: Amount | None) -> Said:
    """`type` is LIMIT_BUY, MARKET_SELL and the like; `cost` is without the fee. Raises Unread."""
    return traded(row, type.rpartition("_")[2], units, cost, fee, type.lower().replace("_", " "))


def unfilled(column: str) -> Callable[[Cells], str]:
    """Why an order counts for nothing of which `column` tells that nothing was filled."""
    return lambda row: "not filled" if row.get(column) and not row[column].strip("0.") else ""
