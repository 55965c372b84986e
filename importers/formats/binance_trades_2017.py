"""Binance's trade history of 2017 to 2021 (XLSX): "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin".

The market is written without a sign between its coins; the quote coins of those years are below. Times are UTC.

Source: the header as public readers of the file have it (BittyTax, others; 2026-11). From memory: the quote coins.
"""

from collections.abc import Iterable

from importers.base import shown
from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.swapped import traded

_QUOTES = (
    "BTC ETH BNB USDT BUSD USDC TUSD PAX USDS USDP UST DAI XRP TRX DOGE VAI EUR GBP AUD TRY RUB BRL NGN UAH ZAR IDRT "
    "BIDR BKRW BVND"
).split()


def read(row: Row) -> Iterable[Said]:
    market = row["Market"].upper()
    quote = max((each for each in _QUOTES if market.endswith(each) and market != each), key=len, default="")
    if not quote:
        raise Unread(f"the market {shown(row['Market'])} is not known")
    base, total = row.amount("Amount", market.removesuffix(quote)), row.amount("Total", quote)
    fee = row.amount("Fee", row["Fee Coin"])
    yield traded(row, row["Type"], base, total, fee, f"{market} at {row['Price']}")


FORMAT = export(
    "binance_trades_2017",
    1,
    needs=("Date(UTC)", "Market", "Type", "Price", "Amount", "Total", "Fee", "Fee Coin"),
    date="Date(UTC)",
    exchange="binance",
    each=read,
    newest_first=True,
)
