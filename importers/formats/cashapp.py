"""Cash App's export of activity (2020 to 2025): one row per happening, money and bitcoin together.

The amount of a purchase or sale is without the fee, `Net Amount` with it. A withdrawal of bitcoin is an amount in BTC,
or, in older exports, its value in dollars with the bitcoin beside. Times bear the letters of their zone in the United
States. Shares are not read.

Columns and types as converters and people have them (BittyTax and others); of the many words for a status, those of
money are from memory.
"""

from collections.abc import Iterable, Iterator

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from importers.parsers.moved import moved, traded
from pipeline.model import Label
from pipeline.money import ZERO

_BOUGHT, _SOLD = ("bitcoin buy", "bitcoin recurring buy"), ("bitcoin sale", "bitcoin sell")
_IN, _OUT = ("bitcoin deposit", "bitcoin receive"), ("bitcoin withdrawal", "bitcoin send")
_MONEY = frozenset(("p2p", "deposits", "withdrawal", "received p2p", "sent p2p", "cash in", "cash out"))
_CARD = frozenset(("cash card", "cash card debit"))


def read(row: Row) -> Iterable[Said]:
    kind = row["Transaction Type"].casefold()
    if kind.startswith("bitcoin"):
        yield from _bitcoin(row, kind)
        return
    net = row.number("Net Amount")
    about = row["Notes"] or kind
    if kind in _MONEY:
        yield moved(row, net, row["Currency"], description=about)
    elif kind in _CARD:
        yield moved(row, net, row["Currency"], Label.SPEND if net < ZERO else None, description=about)
    elif kind == "boost payment":
        yield moved(row, net, row["Currency"], Label.CASHBACK, description=about)
    else:
        raise Unread(f"type {row['Transaction Type']} is not known")


def _bitcoin(row: Row, kind: str) -> Iterator[Said]:
    if row["Asset Type"] not in ("", "BTC") or (not row["Asset Type"] and row["Currency"] != "BTC"):
        raise Unread("it does not say how much bitcoin moved")
    amount, fee, net = (abs(row.number(column)) for column in ("Amount", "Fee", "Net Amount"))
    paid, units = row.of(fee, row["Currency"]), row.size("Asset Amount", "BTC")
    if kind in _BOUGHT or kind in _SOLD:
        if net != (amount + fee if kind in _BOUGHT else amount - fee):
            raise Unread("the net amount is not the amount with the fee")
        side = "buy" if kind in _BOUGHT else "sell"
        yield traded(row, side, units, row.of(amount, row["Currency"]), paid, kind)
    elif kind == "bitcoin boost":
        yield row.transaction(received=units, fee=paid, label=Label.CASHBACK, description=kind)
    elif kind in _IN or kind in _OUT:
        if row["Currency"] == "BTC":
            units = row.of(amount, "BTC")
            if net != amount + (fee if kind in _OUT else -fee):
                raise Unread("the net amount is not the amount with the fee")
        sent, received = (units, None) if kind in _OUT else (None, units)
        yield row.transaction(sent=sent, received=received, fee=paid, description=kind)
    else:
        raise Unread(f"type {row['Transaction Type']} is not known")


FORMAT = export(
    "cashapp",
    1,
    needs=("Transaction ID", "Date", "Transaction Type", "Currency", "Amount", "Fee", "Net Amount", "Asset Type",
           "Asset Price", "Asset Amount", "Status", "Notes"),
    may_have=("Name of sender/receiver", "Account"),
    date="Date",
    each=read,
    id=("Transaction ID",),
    changing=("Status", "Notes"),
    status=Status.of("Status", ("COMPLETE", "COMPLETED", "PAYMENT SENT", "PAYMENT DEPOSITED", "TRANSFER SENT",
                                "CARD CHARGED", "PAYMENT REFUNDED"),
                     failed=("FAILED", "DECLINED", "PAYMENT FAILED"), cancelled=("CANCELED", "PAYMENT CANCELED"),
                     pending=("PENDING",)),
    passed=lambda row: "no movement" if row.get("Transaction Type") == "Account Notifications" else "",
    newest_first=True,
)  # fmt: skip
