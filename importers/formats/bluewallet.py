"""BlueWallet's history of a wallet, in English: "Date,Txid,Amount (BTC),Memo", of a Lightning wallet also "Payment".

Amounts are by how much the balance changed, the fee included and not told. Times are JavaScript's, with their zone. A
payment that is not "Success" has expired.

Source: BlueWallet/BlueWallet, WalletDetails.tsx and loc/en.json (read 2026-11): the heads of the columns are words of
the app's language. From memory: that "date" is called Date; "Transaction ID" in place of Txid in later versions.
"""

from collections.abc import Iterator

from importers.exports import JAVASCRIPT, Row, Said, export
from importers.layout import Cells
from importers.parsers.bitcoins import changed
from importers.parsers.build import Unread
from importers.parsers.sides import chain_hash
from pipeline.money import ZERO


def read(row: Row) -> Iterator[Said]:
    if row["Payment"].casefold() not in ("", "success"):
        raise Unread(f"what Payment '{row['Payment']}' means is not known")
    hash_ = "" if row["Payment"] else chain_hash(row["Txid"] or row["Transaction ID"])
    yield changed(row, row.number("Amount (BTC)"), ZERO, "BTC", txhash=hash_, description=row["Memo"])


def passed(row: Cells) -> str:
    if not row.get("Date"):
        return "pending"
    return "expired" if row.get("Payment", "").casefold() == "expired" else ""


FORMAT = export(
    "bluewallet",
    1,
    needs=("Date", "Amount (BTC)", "Memo"),
    one_of=("Txid", "Transaction ID"),
    may_have=("Payment",),
    date="Date",
    times=(JAVASCRIPT,),
    each=read,
    id=("Txid", "Transaction ID"),
    changing=("Memo",),
    passed=passed,
    newest_first=True,
)
