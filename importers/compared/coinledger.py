"""CoinLedger: short-term and long-term gains, what it attaches to Form 8949.

Header as told by a public reader of such files: its days name their time zone. What it writes for TurboTax is of that
layout.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="CoinLedger",
    columns={
        "quantity": ("Amount",),
        "asset": ("Asset",),
        "acquired": ("Date Acquired (*)",),
        "sold": ("Date Sold (*)",),
        "basis": ("Cost Basis",),
        "proceeds": ("Proceeds",),
        "gain": ("Gain",),
        "term": ("Term",),
    },
)
