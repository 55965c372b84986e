"""TurboTax: what it imported for 2020, as Robinhood wrote it.

Header as told by three public readers of such files, one of which quotes TurboTax; lines may stand above it.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="TurboTax (2020)",
    columns={
        "description": ("Asset Name",),
        "acquired": ("Received Date",),
        "basis": ("Cost Basis(*)", "Cost Basis (*)"),
        "sold": ("Date Sold",),
        "proceeds": ("Proceeds",),
    },
)
