"""Coinbase: gain/loss report, a row for each lot.

Header as told by four public readers of such files; days are MM/DD/YYYY, five lines stand above it. The holding period
is a number of days, and not read.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="Coinbase",
    columns={
        "asset": ("Asset name",),
        "quantity": ("Amount",),
        "acquired": ("Date Acquired",),
        "basis": ("Cost basis (*)",),
        "sold": ("Date of Disposition",),
        "proceeds": ("Proceeds (*)",),
        "gain": ("Gains (Losses) (*)",),
        "account": ("Data source",),
    },
)
