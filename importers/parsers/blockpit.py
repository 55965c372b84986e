"""Blockpit's labels, of all years. Fees are on top of what comes and goes; times are UTC.

Source: help.blockpit.io, "Basics on Labeling and Merging of Transactions", "Transaction Label Interest" (2026-11); the
words of the old export as BittyTax and rotki have them.
"""

from collections.abc import Iterator

from importers.exports import Row, Said
from importers.parsers.build import Unread
from importers.parsers.sides import Words, chain_hash, plain_word
from pipeline.model import Label

TIMES = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")

_WORDS = Words(
    trades=frozenset(("trade",)),
    receipts={
        **dict.fromkeys(("deposit", "unlabeled deposit", "transfer", "non-taxable", "non-taxable in"), None),
        **dict.fromkeys(("staking", "masternode"), Label.REWARD),
        **dict.fromkeys(("interest", "lending"), Label.INTEREST),
        **dict.fromkeys(("bounty", "bounties", "income"), Label.INCOME),
        **dict.fromkeys(("derivative profit", "margin trading profit", "margin profit"), Label.MARGIN),
        **dict.fromkeys(("hard fork", "hardfork"), Label.FORK),
        "airdrop": Label.AIRDROP,
        "cashback": Label.CASHBACK,
        "gift": Label.GIFT,
        "mining": Label.MINING,
    },
    outlays={
        **dict.fromkeys(("withdrawal", "unlabeled withdrawal", "transfer", "non-taxable", "non-taxable out"), None),
        **dict.fromkeys(
            ("derivative loss", "derivative fee", "margin trading loss", "margin trading fee", "margin loss",
             "margin fee"),
            Label.MARGIN,
        ),
        "fee": Label.COST,
        "gift": Label.GIFT,
        "lost": Label.LOST,
        "payment": Label.SPEND,
    },
)  # fmt: skip
_SPELT = {"nontaxablein": "non-taxable in", "nontaxableout": "non-taxable out"}


def told(row: Row, label: str, *, fee: str, fee_in: str, note: str, txid: str) -> Iterator[Said]:
    """One row; the names are those of its columns, `label` is its label."""
    sent = row.amount("Outgoing Amount", row["Outgoing Asset"])
    received = row.amount("Incoming Amount", row["Incoming Asset"])
    if sent is not None and received is not None and plain_word(label) == "transfer":
        raise Unread("it is a transfer whose two accounts are not told")
    word = _SPELT.get(plain_word(label), label)
    yield _WORDS.told(
        row, word, sent=sent, received=received, fee=row.amount(fee, row[fee_in]), description=row[note] or label,
        txhash=chain_hash(row[txid]),
    )  # fmt: skip
