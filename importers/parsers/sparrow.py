"""Sparrow's transactions of a wallet: by how much each changed the balance, the fee included.

In bitcoin, with eight decimals (behind a point or a comma), or in satoshi, whole numbers: as the wallet is set to show
them. Where money is shown, too, the last line is a remark.

Source: sparrowwallet/sparrow, WalletTransactions.java of two versions (read 2026-11). From memory: that bitcoin always
have decimals there.
"""

from collections.abc import Iterator
from decimal import Decimal

from importers.exports import Row, Said, number
from importers.layout import Cells
from importers.parsers.bitcoins import changed
from pipeline.money import ZERO

_SATOSHI = Decimal("0.00000001")


def read(row: Row) -> Iterator[Said]:
    change = _bitcoin(row["Value"])
    fee = _bitcoin(row["Fee"]) if change < 0 else ZERO
    yield changed(row, change, fee, "BTC", txhash=row["Txid"], description=row["Label"])


def _bitcoin(text: str) -> Decimal:
    point = "," if "," in text and "." not in text else "."
    return number(text, point) * (_SATOSHI if text.strip("+-").isdigit() else 1)


def passed(date: str) -> str:
    return "pending" if date.casefold() == "unconfirmed" else "a remark" if date.startswith("#") else ""


def passed_utc(row: Cells) -> str:
    return passed(row.get("Date (UTC)", ""))


def passed_local(row: Cells) -> str:
    return passed(row.get("Date", ""))
