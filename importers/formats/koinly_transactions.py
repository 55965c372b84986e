"""Koinly's "Transactions" export, and its report of a year's transaction history: not its import template, which is
the universal file.

A transfer is one row of two wallets, and a record in each. What was sent excludes the fee; where that of a transfer is
the difference of what went and came, it is in what went. Koinly's values are its own prices and are not taken. Times
are UTC. A "Label" is called "Tag" since 2024. A row with a label that makes it no disposal (a swap, a pool, liquidity)
or a loan is an open problem.

Source: headers of both as BittyTax and others have them; support.koinly.io, "What are labels", "What are tags"
(2026-11). From memory: the spelling of labels with two words.
"""

import re
from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.sides import Words, between, chain_hash, plain_word
from pipeline.model import Label

_TRADES = frozenset(("buy", "sell", "exchange", "trade"))
_DEPOSITS = frozenset(("crypto deposit", "fiat deposit", "deposit"))
_WITHDRAWALS = frozenset(("crypto withdrawal", "fiat withdrawal", "withdrawal"))
_MARGIN = dict.fromkeys(("realized gain", "realized pnl", "realized p&l"), Label.MARGIN)
_WORDS = Words(
    trades=frozenset(("",)),
    receipts={
        "": None,
        **dict.fromkeys(("reward", "staking"), Label.REWARD),
        **dict.fromkeys(("income", "other income", "salary"), Label.INCOME),
        **dict.fromkeys(("lending interest", "loan interest", "interest"), Label.INTEREST),
        **dict.fromkeys(("cashback", "fee refund"), Label.CASHBACK),
        "airdrop": Label.AIRDROP,
        "fork": Label.FORK,
        "mining": Label.MINING,
        "gift": Label.GIFT,
        **_MARGIN,
    },
    outlays={
        "": None,
        **dict.fromkeys(("cost", "tax", "loan fee", "interest payment"), Label.COST),
        "gift": Label.GIFT,
        "donation": Label.DONATION,
        "lost": Label.LOST,
        "margin fee": Label.MARGIN,
        **_MARGIN,
    },
    loans=frozenset(("loan", "margin loan", "loan repayment", "margin repayment")),
)


def read(row: Row) -> Iterator[Said]:
    kind = plain_word(row["Type"])
    sent = row.amount("Sent Amount", row["Sent Currency"])
    received = row.amount("Received Amount", row["Received Currency"])
    fee = row.amount("Fee Amount", row["Fee Currency"])
    words, hash_ = row["Description"] or row["Type"], chain_hash(row["TxHash"])
    label = row["Label"] or row["Tag"]
    if kind == "transfer":
        yield from between(
            row, sent=sent, received=received, fee=fee, out_of=row["Sending Wallet"], into=row["Receiving Wallet"],
            txhash=hash_, description=words,
        )  # fmt: skip
    elif not _fits(kind, comes=received is not None, goes=sent is not None):
        raise Unread(f"what the type '{row['Type']}' means for such amounts is not known")
    elif kind in _TRADES and len({row["Sending Wallet"], row["Receiving Wallet"]} - {""}) > 1:
        raise Unread("it is a trade between two wallets")
    else:
        yield _WORDS.told(row, label, sent=sent, received=received, fee=fee, txhash=hash_, description=words)


def _fits(kind: str, *, comes: bool, goes: bool) -> bool:
    if kind in _TRADES:
        return comes and goes
    return (kind in _DEPOSITS and not goes) or (kind in _WITHDRAWALS and not comes)


def accounts(row: Cells) -> tuple[str, ...]:
    kind = plain_word(row.get("Type", ""))
    into, out_of = row.get("Receiving Wallet", ""), row.get("Sending Wallet", "")
    if kind == "transfer":
        return out_of, into
    return (out_of or into,) if kind in _WITHDRAWALS else (into or out_of,)


FORMAT = export(
    "koinly_transactions",
    1,
    needs=("Date", "Type", "Sending Wallet", "Sent Amount", "Sent Currency", "Receiving Wallet", "Received Amount",
           "Received Currency", "Fee Amount", "Fee Currency", "TxHash", "Description"),
    one_of=("Label", "Tag"),
    may_have=("Sent Cost Basis", "Received Cost Basis", "TxSrc", "TxDest"),
    date="Date",
    each=read,
    changing=("Sent Cost Basis", "Received Cost Basis", "Gain (*", "Net Value (*", "Fee Value (*", "Description"),
    labels=("Label", "Tag"),
    accounts=accounts,
    more=re.compile(r"(Gain|Net Value|Fee Value) \(\w+\)"),
    rank=TOOL,
)  # fmt: skip
