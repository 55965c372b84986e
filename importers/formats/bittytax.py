"""BittyTax's records, CSV or a workbook: "Type,Buy Quantity,Buy Asset,Buy Value [in GBP],Sell Quantity,...,Note".

Each row is of the account its Wallet names; fees are on top. A value that a row tells in a currency that its column
names ("Buy Value in GBP") is its market value. Times without a zone are UTC.

Source: BittyTax/BittyTax, import_records.py, output_csv.py, bt_types.py (read 2026-11).
"""

import re
from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.sides import Words, plain_word
from pipeline.model import Amount, Label

_WORDS = Words(
    trades=frozenset(("trade",)),
    receipts={
        "deposit": None,
        **dict.fromkeys(("income", "dividend", "referral"), Label.INCOME),
        **dict.fromkeys(("cashback", "fee-rebate"), Label.CASHBACK),
        **dict.fromkeys(("staking", "staking-reward"), Label.REWARD),
        "airdrop": Label.AIRDROP,
        "fork": Label.FORK,
        "gift-received": Label.GIFT,
        "interest": Label.INTEREST,
        "margin-gain": Label.MARGIN,
        "mining": Label.MINING,
    },
    outlays={
        "withdrawal": None,
        **dict.fromkeys(("gift-sent", "gift-spouse"), Label.GIFT),
        **dict.fromkeys(("margin-loss", "margin-fee"), Label.MARGIN),
        "charity-sent": Label.DONATION,
        "lost": Label.LOST,
        "spend": Label.SPEND,
        "loan-interest": Label.COST,
    },
    loans=frozenset(("loan", "loan-repayment")),
)
_VALUE = re.compile(r"(Buy|Sell|Fee) Value in (\w+)", re.ASCII | re.IGNORECASE)


def read(row: Row) -> Iterator[Said]:
    bought, sold = row.amount("Buy Quantity", row["Buy Asset"]), row.amount("Sell Quantity", row["Sell Asset"])
    fee = row.amount("Fee Quantity", row["Fee Asset"])
    if sold is None and bought is None:
        if plain_word(row["Type"]) not in ("spend", "withdrawal", "margin-fee"):
            raise Unread("it moves nothing")
        label = Label.MARGIN if plain_word(row["Type"]) == "margin-fee" else Label.COST
        yield row.transaction(fee=fee, label=label, description=row["Note"] or row["Type"])
        return
    yield _WORDS.told(
        row, row["Type"], sent=sold, received=bought, fee=fee, net_worth=_worth(row, bought, sold),
        description=row["Note"] or row["Type"],
    )  # fmt: skip


def _worth(row: Row, bought: Amount | None, sold: Amount | None) -> Amount | None:
    """The value that the row tells, where it tells one."""
    found = [(match[1].title(), match[2], column) for column in row.cells if (match := _VALUE.fullmatch(column))]
    sides = {side for side, there in (("Buy", bought), ("Sell", sold)) if there is not None}
    told = {row.amount(column, code) for side, code, column in found if side in sides} - {None}
    return told.pop() if len(told) == 1 else None


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("Wallet", ""),)


FORMAT = export(
    "bittytax",
    1,
    needs=("Type", "Buy Quantity", "Buy Asset", "Sell Quantity", "Sell Asset", "Fee Quantity", "Fee Asset", "Wallet",
           "Timestamp"),
    may_have=("Buy Value", "Sell Value", "Fee Value", "Note"),
    date="Timestamp",
    each=read,
    changing=("Note", "Fee Value*"),
    labels=("Type", "Buy Value*", "Sell Value*"),
    accounts=accounts,
    more=_VALUE,
    rank=TOOL,
)  # fmt: skip
