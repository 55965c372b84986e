"""Accointing's full export: "timeExecuted,type,boughtQuantity,boughtCurrency,...,classification,walletName,...".

A transfer between two wallets is two rows. A coin that the tool does not know has its code in a column of its own
("temporaryBoughtCurrencyTicker"). Fees are on top. Times are UTC, ISO 8601.

Source: headers of 2021 and 2023 and classifications as BittyTax has them; support.accointing.com, "Classifications"
(2026-11). From memory: that times are UTC, and that a fee is not in the quantity.
"""

from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.sides import Words, chain_hash
from pipeline.model import Amount, Label

_WORDS = Words(
    trades=frozenset(("",)),
    receipts={
        **dict.fromkeys(("", "add funds", "internal"), None),
        **dict.fromkeys(("income", "bounty", "gambling income"), Label.INCOME),
        **dict.fromkeys(("staked", "master node"), Label.REWARD),
        "airdrop": Label.AIRDROP,
        "gift received": Label.GIFT,
        "hard fork": Label.FORK,
        "lending income": Label.INTEREST,
        "mined": Label.MINING,
        "margin gain": Label.MARGIN,
    },
    outlays={
        **dict.fromkeys(("", "remove funds", "internal"), None),
        **dict.fromkeys(("payment", "gambling used"), Label.SPEND),
        **dict.fromkeys(("fee", "interest paid"), Label.COST),
        "gift sent": Label.GIFT,
        "lost": Label.LOST,
        **dict.fromkeys(("margin loss", "margin fee"), Label.MARGIN),
    },
)


def read(row: Row) -> Iterator[Said]:
    sent, received, fee = (_amount(row, side) for side in ("sold", "bought", "fee"))
    if row["type"] not in ("order", "deposit", "withdraw"):
        raise Unread(f"what the type '{row['type']}' means is not known")
    if (row["type"] == "order") != (sent is not None and received is not None):
        raise Unread(f"one of type {row['type']} with such sides")
    yield _WORDS.told(
        row, row["classification"], sent=sent, received=received, fee=fee,
        description=row["comments"] or row["classification"] or row["type"], txhash=chain_hash(row["txId"]),
    )  # fmt: skip


def _amount(row: Row, side: str) -> Amount | None:
    code = row[f"{side}Currency"] or row[f"temporary{side.capitalize()}CurrencyTicker"]
    return row.amount(f"{side}Quantity", code)


def accounts(row: Cells) -> tuple[str, ...]:
    return (row.get("walletName", ""),)


def passed(row: Cells) -> str:
    return "ignored in the tool" if row.get("classification") == "ignored" else ""


FORMAT = export(
    "accointing",
    1,
    needs=("timeExecuted", "type", "boughtQuantity", "boughtCurrency", "soldQuantity", "soldCurrency", "feeQuantity",
           "feeCurrency", "classification", "walletName", "walletProvider", "txId", "id"),
    may_have=("boughtCurrencyId", "soldCurrencyId", "feeCurrencyId", "providerId", "primaryAddress", "otherAddress",
              "temporaryCurrencyName", "temporaryFeeCurrencyName", "temporaryBoughtCurrencyTicker",
              "temporarySoldCurrencyTicker", "temporaryFeeCurrencyTicker", "associatedTransferId", "comments",
              "fiatValueOverwrite", "feeFiatValueOverwrite"),
    date="timeExecuted",
    each=read,
    id=("id",),
    changing=("comments", "fiatValueOverwrite", "feeFiatValueOverwrite"),
    labels=("classification",),
    accounts=accounts,
    passed=passed,
    rank=TOOL,
)  # fmt: skip
