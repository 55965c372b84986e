"""CoinTracking's trade table as CSV: "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date" and, since 2022,
"Tx-ID". See `importers.parsers.cointracking`."""

import re

from importers.exports import LOCAL, TOOL, export
from importers.parsers import cointracking

FORMAT = export(
    "cointracking_trades",
    2,
    needs=("Type", "Buy", "Cur.", "Sell", "Cur. (2)", "Fee", "Cur. (3)", "Exchange", "Group", "Comment", "Date"),
    may_have=("Tx-ID", "LPN", "Trade ID", "Imported From", "Add Date", "From Address", "To Address", "Tx Hash",
              "Sell From Address", "Sell To Address"),
    date="Date",
    times=cointracking.TIMES,
    zone=LOCAL,
    each=cointracking.read,
    changing=("Group", "Comment", "Add Date", "LPN", "Trade ID", "Imported From", "From Address", "To Address",
              "Sell From Address", "Sell To Address", "Buy Value in *", "Sell Value in *"),
    labels=("Type", "Tx-ID", "Tx Hash"),
    accounts=cointracking.accounts,
    newest_first=True,
    more=re.compile(r"(Buy|Sell) Value in \w+"),
    rank=TOOL,
)  # fmt: skip
