"""HTX's export of trades ("Time,Type,Pair,Side,Price,Amount,Total,Fee"), newest first. See
`importers.parsers.htx_files`."""

from importers.exports import LOCAL, export
from importers.parsers.htx_files import trades

_COLUMNS = ("Time", "Type", "Pair", "Side", "Price", "Amount", "Total", "Fee")

FORMAT = export(
    "htx_trades",
    2,
    needs=_COLUMNS,
    date=_COLUMNS[0],
    zone=LOCAL,
    exchange="htx",
    each=trades(*_COLUMNS[1:]),
    newest_first=True,
    exactly=True,
)
