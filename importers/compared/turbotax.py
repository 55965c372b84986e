"""TurboTax: what it imports of sales of crypto, as other tools write it, too.

Header as told by several public tools alike; the name may have units before it ("0.5 BTC"), days are MM/DD/YYYY.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="TurboTax",
    columns={
        "description": ("Currency Name",),
        "acquired": ("Purchase Date",),
        "basis": ("Cost Basis",),
        "sold": ("Date Sold",),
        "proceeds": ("Proceeds",),
    },
)
