"""Rows of other tools, which say in a word what was sent, got and paid as a fee.

    WORDS = Words(trades={"trade"}, receipts={"deposit": None, "staking": Label.REWARD}, outlays={"withdrawal": None})
    yield WORDS.told(row, row["Type"], sent=..., received=..., fee=...)

Sent and received exclude the fee here.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from importers.base import shown
from importers.exports import Row
from importers.parsers.build import LOANS, Unread
from pipeline.model import Amount, Label, Transaction
from pipeline.money import ZERO

# Of a chain like Bitcoin's or Ethereum's, of Solana, of Algorand.
_HASH = re.compile(r"(?:0x)?[0-9A-Fa-f]{64}|[1-9A-HJ-NP-Za-km-z]{86,90}|[A-Z2-7]{52}", re.ASCII)


def plain_word(text: str) -> str:
    """The same word for "Loan_Interest", "loan interest" and "Loan Interest"."""
    return " ".join(text.casefold().replace("_", " ").split())


def chain_hash(text: str) -> str:
    """`text` if it can be the hash of a transaction; else "": an exchange's own id is none."""
    return text if _HASH.fullmatch(text) else ""


class Words(Struct, frozen=True):
    """What a tool calls trades, receipts and outlays (`plain_word`), with the label of each (None: a transfer).
    `loans`: words of what is not computed."""

    trades: Collection[str]
    receipts: Mapping[str, Label | None]
    outlays: Mapping[str, Label | None]
    loans: Collection[str] = frozenset()

    def told(
        self,
        row: Row,
        word: str,
        *,
        sent: Amount | None,
        received: Amount | None,
        fee: Amount | None = None,
        **rest: Any,
    ) -> Transaction:
        """What a row says that is called `word`. Raises Unread for a word that is not known, or does not fit."""
        called = plain_word(word)
        if called in self.loans:
            raise Unread(f"it is of a loan ({shown(word)})", LOANS)
        if sent is not None and received is not None:
            known, label = called in self.trades, None
        elif received is not None:
            known, label = called in self.receipts, self.receipts.get(called)
        else:
            known, label = called in self.outlays, self.outlays.get(called)
        if not known:
            way = "trades" if sent and received else "receives" if received else "sends" if sent else "moves nothing"
            raise Unread(f"what '{shown(word)}' means for a row that {way} is not known")
        return row.transaction(sent=sent, received=received, fee=fee, label=label, **rest)


def between(
    row: Row,
    *,
    sent: Amount | None,
    received: Amount | None,
    fee: Amount | None,
    out_of: str,
    into: str,
    txhash: str = "",
    description: str = "",
    at: datetime | None = None,
) -> Iterator[Transaction]:
    """A transfer between two of the person's accounts, as one of them (the row's) sees it; within one account no more
    than its fee. What was sent may include the fee: then it is that much more than what arrived. Raises Unread."""
    if sent is None or received is None or sent.asset != received.asset:
        raise Unread("it is a transfer that does not give what it sends")
    inside = fee.quantity if fee is not None and fee.asset == sent.asset else ZERO
    if sent.quantity - received.quantity == inside:
        sent = received
    elif sent.quantity != received.quantity:
        raise Unread("what it sends, what arrives and the fee do not add up")
    out, inward = (not name or name == row.account for name in (out_of, into))
    if out and inward:
        sent = received = None
    rest: dict[str, Any] = {"txhash": txhash, "description": description, "at": at}
    if out and (sent is not None or fee is not None):
        yield row.transaction(sent=sent, fee=fee, **rest)
    elif inward and received is not None:
        yield row.transaction(received=received, **rest)
