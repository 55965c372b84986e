"""CoinTracking: gains as it writes them for German tax programs (WISO Steuer and others take them).

Header as told by five public writers of such files; days are DD.MM.YYYY, a line "Identifier:Capital_Gains,..." stands
above it.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="CoinTracking",
    columns={
        "quantity": ("Amount",),
        "asset": ("Currency",),
        "sold": ("Date Sold",),
        "acquired": ("Date Acquired",),
        "term": ("Short/Long",),
        "account": ("Sell/Output at",),
        "proceeds": ("Proceeds",),
        "basis": ("Cost Basis",),
        "gain": ("Gain/Loss",),
    },
)
