"""Bitcoin.de's export of a coin's account in English, until 2024 and since. See `importers.parsers.bitcoin_de`.

Columns as a converter has them; those that name the coin ("BTC before fee") are not read.
"""

import re

from importers.exports import export
from importers.parsers.bitcoin_de import Columns, reader

_AMOUNT, _CHANGE = "amount after Bitcoin.de-fee", "incoming / outgoing"

FORMAT = export(
    "bitcoin_de_english",
    2,
    needs=("date", "currency", "reference", "unit (rate)", _AMOUNT, f"unit ({_AMOUNT})", _CHANGE),
    one_of=("Type", "Booking type"),
    may_have=("Price", "Rate", "amount before fee", "unit (amount before fee)", "balance", "Account balance"),
    more=re.compile(r"\S+ (?:before fee|incl\. fee|excl\. Bitcoin\.de fee)|\S+-address", re.IGNORECASE),
    date="date",
    zone="Europe/Berlin",
    together=reader(Columns(("Booking type", "Type"), "currency", "reference", _CHANGE, _AMOUNT, f"unit ({_AMOUNT})")),
    changing=("balance", "Account balance"),
    passed=lambda row: "empty" if "Registration" in (row.get("Type"), row.get("Booking type")) else "",
)
