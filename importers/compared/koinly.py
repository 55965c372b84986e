"""Koinly: capital gains report, in English or German.

Header as told by two public readers of such files; days are day first or month first, by the account's country, with a
time; two lines stand above the header.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="Koinly",
    columns={
        "sold": ("Date Sold", "Verkaufsdatum"),
        "acquired": ("Date Acquired", "Erwerbsdatum"),
        "asset": ("Asset", "Vermögenswert"),
        "quantity": ("Amount", "Betrag"),
        "basis": ("Cost (*)", "Kosten (*)"),
        "proceeds": ("Proceeds (*)", "Erlös (*)"),
        "gain": ("Gain / loss", "Gewinn / Verlust"),
        "account": ("Wallet Name", "Name der Brieftasche"),
        "term": ("Holding period", "Haltedauer"),
    },
)
