"""Strike's account statements (since 2025). See `importers.parsers.strike`."""

from importers.exports import Status, export
from importers.parsers.strike import MONEY, TIMES, reader

FORMAT = export(
    "strike_statement",
    1,
    needs=("Transaction ID", "Time (UTC)", "Status", "Transaction Type", "Amount BTC", "Fee BTC"),
    one_of=[f"Amount {code}" for code in MONEY],
    may_have=(*(f"Fee {code}" for code in MONEY), "Description", "Exchange Rate", "Transaction Hash"),
    date="Time (UTC)",
    times=TIMES,
    together=reader("Transaction ID"),
    id=("Transaction ID",),
    changing=("Status",),
    status=Status.of("Status", ["Completed"], pending=["Pending"], failed=["Failed"], cancelled=["Canceled"]),
)
