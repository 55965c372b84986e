"""CoinTracking's trade list with values: "Type,Buy,Cur.,Value in BTC,Value in EUR,Sell,Cur.,...,Spread,Exchange,Group,
Date". It does not tell fees: they are in the amounts. See `importers.parsers.cointracking`."""

import re

from importers.exports import LOCAL, TOOL, export
from importers.parsers import cointracking

FORMAT = export(
    "cointracking_full",
    2,
    needs=("Type", "Buy", "Cur.", "Value in BTC", "Sell", "Cur. (2)", "Value in BTC (2)", "Spread", "Exchange",
           "Group", "Date"),
    date="Date",
    times=cointracking.TIMES,
    zone=LOCAL,
    each=cointracking.read,
    changing=("Group", "Spread", "Value in *"),
    labels=("Type",),
    accounts=cointracking.accounts,
    newest_first=True,
    more=re.compile(r"Value in \w+( \(2\))?", re.IGNORECASE),
    rank=TOOL,
)  # fmt: skip
