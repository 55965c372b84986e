"""Sparrow's transactions of a wallet, times in UTC: see `importers.parsers.sparrow`."""

import re

from importers.exports import export
from importers.parsers import sparrow

FORMAT = export(
    "sparrow",
    1,
    needs=("Date (UTC)", "Label", "Value", "Balance", "Fee", "Txid"),
    date="Date (UTC)",
    each=sparrow.read,
    id=("Txid",),
    changing=("Label", "Balance", "Value (*"),
    passed=sparrow.passed_utc,
    newest_first=True,
    more=re.compile(r"Value \(\w+\)"),
)
