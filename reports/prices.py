"""The table of values: what each was worth and where that is from, for whoever has to show it."""

from reports.table import Column, Report, Table, Type

TRANSACTION, FEE, HOLDING = "transaction", "fee", "holding"

_PRICES = (
    Column("transaction_id", Type.ID, "empty for what was held on the reference day"),
    Column("at", Type.INSTANT),
    Column("account", Type.TEXT),
    Column("asset", Type.TEXT, "what was received, else sent; of the fee; what was held"),
    Column("quantity", Type.QUANTITY),
    Column("what", Type.TEXT, f"{TRANSACTION}, {FEE} or {HOLDING}"),
    Column("value", Type.MONEY),
    Column(
        "source", Type.TEXT, "net worth (the row's own), fiat (the money in it), a row of a price file, or a market"
    ),
)


def prices(report: Report) -> Table:
    """One row per value of the year: of a transaction, of a fee, of what was held; with where it is from."""
    return Table("prices", _PRICES, report.origins)
