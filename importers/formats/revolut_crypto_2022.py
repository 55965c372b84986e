"""Revolut's account statement of a coin until 2023. Times are UTC, also where an hour has one digit.

What was paid or got is the value with fees; the fee is taken out of it again. A card payment with a coin is spent at
its value. A move of the balance to another of Revolut's companies is none. Columns and rows as people show them (2018
to 2023).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from importers.parsers.moved import traded
from pipeline.model import Label
from pipeline.money import ZERO


def read(row: Row) -> Iterable[Said]:
    kind, quantity, code = row["Type"].upper(), row.number("Amount"), row["Currency"]
    paid, fee, money = abs(row.number("Fiat amount (inc. fees)")), row.number("Fee"), row["Base currency"]
    if kind == "EXCHANGE":
        buys = quantity > ZERO
        cost, charged = (paid - fee if buys else paid + fee), fee
        if cost <= ZERO:
            cost, charged = paid, ZERO  # of a cent or two, where the fee was rounded
        units = row.of(abs(quantity), code)
        about = row["Description"]
        yield traded(row, "buy" if buys else "sell", units, row.of(cost, money), row.of(charged, money), about)
    elif kind == "CARD_PAYMENT" and quantity < ZERO:
        worth = row.of(paid, money)
        yield row.transaction(
            sent=row.of(-quantity, code), label=Label.SPEND, net_worth=worth, description=row["Description"]
        )
    else:
        raise Unread(f"type {row['Type']} is not known")


FORMAT = export(
    "revolut_crypto_2022",
    1,
    needs=("Type", "Product", "Started Date", "Completed Date", "Description", "Amount", "Currency", "Fiat amount",
           "Fiat amount (inc. fees)", "Fee", "Base currency", "State", "Balance"),
    date=("Completed Date", "Started Date"),
    times=("%Y-%m-%d %H:%M:%S",),
    each=read,
    changing=("Balance", "State"),
    status=Status.of("State", ["COMPLETED"], failed=["FAILED", "DECLINED"], cancelled=["REVERTED"],
                     pending=["PENDING"]),
    passed=lambda row: "internal" if row.get("Description", "").startswith("Balance migration") else "",
)  # fmt: skip
