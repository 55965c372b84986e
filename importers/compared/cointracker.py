"""CoinTracker: capital gains.

Header as told by a public reader of such files, which also writes them; days are MM/DD/YYYY, a line of totals may end
it. Its Form 8949 is of the generic layout.
"""

from importers.theirs import Layout

LAYOUT = Layout(
    tool="CoinTracker",
    columns={
        "quantity": ("Asset Amount",),
        "asset": ("Asset Name",),
        "acquired": ("Received Date",),
        "sold": ("Date Sold",),
        "proceeds": ("Proceeds (*)",),
        "basis": ("Cost Basis (*)",),
        "gain": ("Gain (*)",),
        "term": ("Type",),
    },
)
