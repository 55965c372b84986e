"""Bitcoin.de's export of a coin's account in German. See `importers.parsers.bitcoin_de`.

Columns and rows as converters have them (2013 to 2025); those that name the coin ("BTC vor Gebühr") are not read.
"""

import re

from importers.exports import export
from importers.parsers.bitcoin_de import Columns, reader

_AMOUNT = "Menge nach Bitcoin.de-Gebühr"

FORMAT = export(
    "bitcoin_de",
    2,
    needs=("Datum", "Typ", "Währung", "Referenz", "Kurs", _AMOUNT, f"Einheit ({_AMOUNT})", "Zu- / Abgang"),
    may_have=("Adresse", "Einheit (Kurs)", "Kontostand", "Kommentar"),
    more=re.compile(r"\S+ vor Gebühr|\S+ nach Bitcoin\.de-Gebühr|\S+-Adresse|Einheit \(Menge vor Gebühr\)"),
    date="Datum",
    zone="Europe/Berlin",
    together=reader(Columns(("Typ",), "Währung", "Referenz", "Zu- / Abgang", _AMOUNT, f"Einheit ({_AMOUNT})")),
    changing=("Kontostand", "Kommentar"),
    passed=lambda row: "empty" if row.get("Typ") == "Registrierung" else "",
)
