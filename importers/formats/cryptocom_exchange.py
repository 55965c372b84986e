"""The Crypto.com Exchange's export of transactions (OEX_TRANSACTION.csv, since 2022): a row per change of a balance.

The two sides of a trade and its fee share a Trade ID. SOL.staked is SOL, USD_Stable_Coin the bundle that leaves as
USDC. Contracts have their own instruments and are not read, nor is what margin did to a coin. Times are UTC.

Columns and journal types as converters have them (2022 to 2025), the types beyond these as in the API's journal
(exchange-docs.crypto.com, private/get-transactions).
"""

from collections.abc import Iterable
from decimal import Decimal

from importers.exports import Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.moved import moved
from importers.parsers.swapped import Change, swapped
from pipeline.model import Label

_TRADE = frozenset(("TRADING", "TRADE_FEE"))
_DUST = "CRYPTO_DUSTING"
_LABELS = {"SOFT_STAKE_REWARD": Label.REWARD, "CORRECTION_REWARD": Label.REWARD}
_CAME, _WENT = ("ONCHAIN_DEPOSIT", "OFFCHAIN_DEPOSIT"), ("ONCHAIN_WITHDRAWAL", "OFFCHAIN_WITHDRAWAL")


def read(rows: list[Row]) -> Iterable[Said]:
    yield from grouped(rows, _happening, _read)


def _happening(row: Row) -> object:
    kind, trade = row["Journal Type"], row["Trade ID"]
    if "-" in row["Instrument"]:
        raise Unread("it is of a contract")
    if kind in _TRADE and trade:
        if "E+" in trade.upper():
            raise Unread("its Trade ID was rounded by a spreadsheet program; export it again")
        return trade
    return (kind, row.at) if kind == _DUST else row.record.source_id


def _read(group: list[Row]) -> Iterable[Said]:
    first = group[0]
    kind, quantity = first["Journal Type"], first.number("Transaction Quantity")
    if kind in _TRADE or kind == _DUST:
        yield from swapped([_change(row) for row in group], "trade" if kind in _TRADE else "dust conversion")
    elif kind in _CAME or kind in _WENT:
        quantity = abs(quantity) if kind in _CAME else -abs(quantity)
        yield moved(first, quantity, _code(first), description=kind.lower().replace("_", " "))
    elif kind in _LABELS:
        yield moved(first, quantity, _code(first), _LABELS[kind], description=kind.lower().replace("_", " "))
    else:
        raise Unread(f"journal type {kind} is not known")


def _change(row: Row) -> Change:
    """A fee is a row of its own, of which all is fee."""
    quantity = row.number("Transaction Quantity")
    return row, row.asset(_code(row)), quantity, -quantity if row["Journal Type"] == "TRADE_FEE" else Decimal(0)


def _code(row: Row) -> str:
    return row["Instrument"].upper().removesuffix(".STAKED")


def passed(row: Cells) -> str:
    """Rows that only keep the books of positions."""
    return "empty" if not row.get("Transaction Quantity", "").strip("-+0. ") and row.get("Journal Type") else ""


FORMAT = export(
    "cryptocom_exchange",
    1,
    needs=("Time (UTC)", "Journal Type", "Instrument", "Side", "Transaction Quantity", "Trade ID"),
    may_have=("Order", "Journal ID", "Event Date", "Taker Side", "Transaction Cost", "USD Balance", "Realized PNL",
              "Order ID", "Trade Match ID", "Client Order Id"),
    date="Time (UTC)",
    exchange="cryptocom",
    together=read,
    id=("Journal ID",),
    changing=("Order", "USD Balance", "Realized PNL"),
    passed=passed,
)  # fmt: skip
