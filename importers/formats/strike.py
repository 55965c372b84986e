"""Strike's export of transactions (2022 to 2025). See `importers.parsers.strike`."""

from importers.exports import export
from importers.parsers.strike import MONEY, TIMES, reader

FORMAT = export(
    "strike",
    1,
    needs=("Reference", "Date & Time (UTC)", "Transaction Type", "Amount BTC", "Fee BTC"),
    one_of=[f"Amount {code}" for code in MONEY],
    may_have=(*(f"Fee {code}" for code in MONEY), *(f"Cost Basis ({code})" for code in MONEY), "BTC Price",
              "Destination", "Description", "Transaction Hash", "Note"),
    date="Date & Time (UTC)",
    times=TIMES,
    together=reader("Reference"),
    id=("Reference",),
    changing=("Note",),
)  # fmt: skip
