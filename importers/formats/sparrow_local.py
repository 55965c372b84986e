"""Sparrow's transactions of a wallet as earlier versions wrote them, times of the computer, taken as the person's own:
see `importers.parsers.sparrow`."""

import re

from importers.exports import LOCAL, export
from importers.parsers import sparrow

FORMAT = export(
    "sparrow_local",
    2,
    needs=("Date", "Label", "Value", "Balance", "Fee", "Txid"),
    date="Date",
    zone=LOCAL,
    each=sparrow.read,
    id=("Txid",),
    changing=("Label", "Balance", "Value (*"),
    passed=sparrow.passed_local,
    newest_first=True,
    more=re.compile(r"Value \(\w+\)"),
)
