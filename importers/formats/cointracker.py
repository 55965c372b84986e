"""CoinTracker's export of all transactions: "Date,Type,Transaction ID,Received Quantity,...,Sent Quantity,...".

A transfer is one row of two wallets, and a record in each; a wallet of one coin ("Coinbase - BTC Wallet") is of the
account before the dash. Times are UTC, month first. Values are CoinTracker's own prices and are not taken. The free
plan cuts the export off with a row of dots.

Source: headers of 2023 (with tags) and 2025 (with fees' values and a hash) as BittyTax and others have them (2026-11),
also that the month is first. From memory: types other than buy, sell, trade, send, receive, transfer, staking reward.
"""

import re
from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.sides import Words, between, chain_hash, plain_word
from pipeline.model import Label

_WORDS = Words(
    trades=frozenset(("buy", "sell", "trade")),
    receipts={
        "receive": None,
        "deposit": None,
        **dict.fromkeys(("staking reward", "staked", "reward"), Label.REWARD),
        **dict.fromkeys(("interest", "interest payment"), Label.INTEREST),
        **dict.fromkeys(("mined", "mining"), Label.MINING),
        **dict.fromkeys(("income", "payment received"), Label.INCOME),
        **dict.fromkeys(("fork", "hard fork"), Label.FORK),
        "airdrop": Label.AIRDROP,
        "gift received": Label.GIFT,
        "margin gain": Label.MARGIN,
    },
    outlays={
        "send": None,
        "withdrawal": None,
        **dict.fromkeys(("gift", "gift sent"), Label.GIFT),
        **dict.fromkeys(("donation", "donated"), Label.DONATION),
        **dict.fromkeys(("lost", "stolen"), Label.LOST),
        **dict.fromkeys(("payment", "spend"), Label.SPEND),
        "fee": Label.COST,
        **dict.fromkeys(("margin loss", "margin fee"), Label.MARGIN),
    },
)
_COUNTS = frozenset(("", "false", "no", "0"))


def read(row: Row) -> Iterator[Said]:
    if row["Ignored"].casefold() not in _COUNTS:
        raise Unread(f"what Ignored '{row['Ignored']}' means is not known")
    sent = row.amount("Sent Quantity", row["Sent Currency"])
    received = row.amount("Received Quantity", row["Received Currency"])
    fee = row.amount("Fee Amount", row["Fee Currency"])
    words, hash_ = row["Received Comment"] or row["Sent Comment"] or row["Type"], chain_hash(row["Transaction Hash"])
    out_of, into = _wallet(row["Sent Wallet"]), _wallet(row["Received Wallet"])
    if plain_word(row["Type"]) == "transfer":
        yield from between(
            row, sent=sent, received=received, fee=fee, out_of=out_of, into=into, txhash=hash_, description=words
        )
    elif sent is not None and received is not None and len({out_of, into} - {""}) > 1:
        raise Unread("it is a trade between two wallets")
    else:
        yield _WORDS.told(row, row["Type"], sent=sent, received=received, fee=fee, txhash=hash_, description=words)


def _wallet(name: str) -> str:
    return name.partition(" - ")[0].strip()


def accounts(row: Cells) -> tuple[str, ...]:
    out_of, into = _wallet(row.get("Sent Wallet", "")), _wallet(row.get("Received Wallet", ""))
    return (out_of, into) if plain_word(row.get("Type", "")) == "transfer" else (into or out_of,)


def passed(row: Cells) -> str:
    if row.get("Date") == "...":
        return "where the tool's plan cuts the export off"
    return "ignored in the tool" if row.get("Ignored", "").casefold() in ("true", "yes", "1") else ""


FORMAT = export(
    "cointracker",
    1,
    needs=("Date", "Type", "Transaction ID", "Received Quantity", "Received Currency", "Received Wallet",
           "Received Address", "Received Comment", "Sent Quantity", "Sent Currency", "Sent Wallet", "Sent Address",
           "Sent Comment", "Fee Amount", "Fee Currency"),
    may_have=("Received Tag", "Sent Tag", "Ignored", "Transaction Hash", "Block Explorer URL",
              "Received Currency Balance", "Sent Currency Balance"),
    date="Date",
    times=("%m/%d/%Y %H:%M:%S",),
    each=read,
    changing=("Received Cost Basis (*", "Sent Cost Basis (*", "Fee Cost Basis (*", "Realized Return (*",
              "Fee Realized Return (*", "Received Comment", "Sent Comment", "Received Tag", "Sent Tag",
              "Received Currency Balance", "Sent Currency Balance", "Block Explorer URL"),
    labels=("Type", "Ignored", "Transaction Hash"),
    accounts=accounts,
    passed=passed,
    newest_first=True,
    more=re.compile(r"((Received|Sent|Fee) Cost Basis|(Fee )?Realized Return) \(\w+\)"),
    rank=TOOL,
)  # fmt: skip
