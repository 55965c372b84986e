"""Binance's history of purchases and sales by card or bank account: "Date(UTC+1),Method,Spend Amount,Receive Amount,
Fee,Price,Status,Transaction ID", since 2025 with "Time".

What was paid holds the fee; what comes from a sale is after it. The money was never in the account: it comes in, or
goes out, in the same instant, unless the method is the cash balance. "Time" is of the zone that the file's name tells,
else of the person's own.

Source: headers and a row as public readers of the file have them (2026-11); what holds the fee: as the API has it.
From memory: words of statuses besides Successful.
"""

from collections.abc import Iterable
from decimal import Decimal

from importers.exports import LOCAL, Row, Said, export
from importers.formats.binance_fiat import DONE
from importers.parsers.build import Unread
from pipeline.model import Amount, is_fiat


def read(row: Row) -> Iterable[Said]:
    (paid, given), (came, got) = row.with_unit("Spend Amount"), row.with_unit("Receive Amount")
    buys, fee, method = is_fiat(given), _fee(row, given, got), row["Method"]
    if paid <= 0 or came <= 0 or is_fiat(given) == is_fiat(got) or fee >= (paid if buys else came):
        raise Unread("it is no money for a coin, or a coin for money")
    money = Amount(paid, given) if buys else Amount(came, got)
    charge = Amount(fee, money.asset) if fee else None
    words = f"{'purchase' if buys else 'sale'} by {method}".strip()
    outside = method.casefold() not in ("cash balance", "wallet", "wallet balance")
    if buys:
        sent, received = Amount(paid - fee, given), Amount(came, got)
    else:
        sent, received = Amount(paid, given), Amount(came + fee, got)
    yield row.transaction(sent=sent, received=received, fee=charge, description=words)
    if outside:
        yield row.transaction(
            sent=None if buys else money, received=money if buys else None, description=f"paid by {method}", leg="paid"
        )


def _fee(row: Row, given: str, got: str) -> Decimal:
    """In money, with its unit or without."""
    if not any(sign.isalpha() for sign in row["Fee"]):
        return abs(row.number("Fee"))
    fee, asset = row.with_unit("Fee")
    if asset not in (given, got) or not is_fiat(asset):
        raise Unread("its fee is in another asset")
    return fee


FORMAT = export(
    "binance_purchases",
    2,
    needs=("Method", "Spend Amount", "Receive Amount", "Fee", "Price", "Status", "Transaction ID"),
    one_of=("Date(UTC*)", "Time"),
    date=("Date(UTC*)", "Time"),
    times=("%y-%m-%d %H:%M:%S",),
    zone=LOCAL,
    exchange="binance",
    each=read,
    id=("Transaction ID",),
    changing=("Status",),
    status=DONE,
    newest_first=True,
)
