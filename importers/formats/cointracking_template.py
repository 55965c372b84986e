"""CoinTracking's import layout, which other tools write: "Type,Buy Amount,Buy Currency,Sell Amount,Sell Currency,Fee,
Fee Currency,Exchange,Trade-Group,Comment,Date" and more, some of it "(optional)". See `importers.parsers.cointracking`.

Source: the header as staketaxcsv writes it (ExporterTypes.py, read 2026-11).
"""

import re

from importers.exports import LOCAL, TOOL, export
from importers.parsers import cointracking

FORMAT = export(
    "cointracking_template",
    2,
    needs=("Type", "Buy Amount", "Buy Currency", "Sell Amount", "Sell Currency", "Fee", "Fee Currency", "Exchange",
           "Date"),
    may_have=("Trade-Group", "Comment", "Tx-ID"),
    date="Date",
    times=cointracking.TIMES,
    zone=LOCAL,
    each=cointracking.read_template,
    changing=("Trade-Group", "Comment", "Buy Value in *", "Sell Value in *"),
    labels=("Type",),
    accounts=cointracking.accounts,
    more=re.compile(r"(Liquidity pool|Tx-ID|(Buy|Sell) Value in Account Currency)( \(optional\))?"),
    rank=TOOL,
)  # fmt: skip
