"""Binance's convert history since 2025: "Time,Wallet,Pair,Type,Sell,Buy,Price,Inverse Price,Date Updated,Status".

Its times are of the zone that was chosen, which the file's name tells alone: "Binance-Convert-Order-History-...(UTC+7).
csv"; without that name they are taken as of the person's own. See `binance_converts`.
"""

from importers.exports import LOCAL, export
from importers.formats.binance_converts import DONE, read

FORMAT = export(
    "binance_converts_2025",
    2,
    needs=("Time", "Wallet", "Pair", "Type", "Sell", "Buy", "Price", "Inverse Price", "Date Updated", "Status"),
    date="Time",
    times=("%y-%m-%d %H:%M:%S",),
    zone=LOCAL,
    exchange="binance",
    each=read,
    changing=("Wallet", "Price", "Inverse Price", "Date Updated", "Status"),
    status=DONE,
    newest_first=True,
)
