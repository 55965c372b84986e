"""Binance's spot trade history since 2025: "Time,Pair,Side,Price,Executed,Amount,Fee", years of two digits.

Its times are of the zone that was chosen, which the file's name tells alone: "Binance-Spot-Trade-History-...(UTC+7).
csv"; without that name they are taken as of the person's own. Newest exports have the order's number, too.

Source: the header and rows as public readers of the file have them (several, 2026-11). See
`importers.parsers.binance_fills`.
"""

from importers.exports import LOCAL, export
from importers.parsers.binance_fills import fill

FORMAT = export(
    "binance_trades_2025",
    2,
    needs=("Time", "Pair", "Side", "Price", "Executed", "Amount", "Fee"),
    may_have=("Order No", "AOR Conversion Pair", "AOR Conversion Rate"),
    date="Time",
    times=("%y-%m-%d %H:%M:%S",),
    zone=LOCAL,
    exchange="binance",
    each=fill,
    changing=("Order No", "AOR Conversion Pair", "AOR Conversion Rate"),
    newest_first=True,
)
