"""staketaxcsv's own CSV ("default"), for the chains of Cosmos, Solana, Algorand and others: one row per movement.

A transaction's fee stands in its first row, on top of what it sent. Types with a low line in front are what the tool
gives to no other: delegations and the like move nothing but the fee, what it does not understand is an open problem,
and so are loans and liquidity. Times are UTC; the newest row is the first.

Source: hodgerpodger/staketaxcsv, ExporterTypes.py, Exporter.py, make_tx.py (read 2026-11). Amounts below 0.001 are
rounded there to nine decimals.
"""

from collections.abc import Iterator

from importers.exports import TOOL, Row, Said, export
from importers.layout import Cells
from importers.parsers.build import LOANS, Unread
from importers.parsers.sides import Words, chain_hash
from pipeline.model import Label

_WORDS = Words(
    trades=frozenset(("trade",)),
    receipts={"staking": Label.REWARD, "airdrop": Label.AIRDROP, "income": Label.INCOME, "transfer": None},
    outlays={"spend": Label.SPEND, "transfer": None, "margin trade fee": Label.MARGIN},
    loans=frozenset(("borrow", "repay", "deposit collateral", "withdraw collateral")),
)
# What moves nothing out of the person's hands; the fee is paid.
_STAYS = frozenset(
    "_STAKING_DELEGATE _STAKING_UNDELEGATE _STAKING_REDELEGATE _STAKING_WITHDRAW_REWARD _NOOP _LP_STAKE _LP_UNSTAKE "
    "_STAKE _UNSTAKE _SELF_TRANSFER _TRANSFER_SELF _VOTE _GOV _GOV_STAKE _GOV_UNSTAKE _STAKING_SPLIT "
    "_STAKING_WITHDRAW _STAKING_DEACTIVATE _STAKING_CREATE _INIT_ACCOUNT _CLOSE_ACCOUNT _SETTLE_FUNDS _REWARD_ZERO "
    "_WORMHOLE_NOOP _WITHDRAW_DELEGATOR_REWARD _WITHDRAW_COMMISSION _SET_WITHDRAW_ADDRESS _SUBMIT_PROPOSAL".split()
)
_PASSED = {"_FAILED_NO_FEE": "failed", "_EXCLUDED": "excluded by the tool"}


def read(row: Row) -> Iterator[Said]:
    kind = row["tx_type"]
    fee = row.amount("fee", row["fee_currency"])
    words, hash_ = row["comment"] or kind, chain_hash(row["txid"])
    if kind in _STAYS or kind in _PASSED:
        yield row.transaction(fee=fee, description=words, txhash=hash_)
        return
    if kind.startswith("_") and kind[1:].replace("_", " ").casefold() in _WORDS.loans:
        raise Unread(f"it is of a loan ({kind})", LOANS)
    sent = row.amount("sent_amount", row["sent_currency"])
    received = row.amount("received_amount", row["received_currency"])
    if kind == "SPEND" and received is None and fee is None and "fee" in row["comment"].split():  # no more than that
        yield row.transaction(fee=sent, description=words, txhash=hash_)
    else:
        yield _WORDS.told(row, kind, sent=sent, received=received, fee=fee, description=words, txhash=hash_)


def passed(row: Cells) -> str:
    kind = row.get("tx_type", "")
    if kind in _PASSED and row.get("fee", "0") in ("0", "0.0"):
        return _PASSED[kind]
    return "internal" if kind in _STAYS and row.get("fee", "0") in ("0", "0.0") else ""


FORMAT = export(
    "staketaxcsv",
    1,
    needs=("timestamp", "tx_type", "received_amount", "received_currency", "sent_amount", "sent_currency", "fee",
           "fee_currency", "comment", "txid", "url", "exchange", "wallet_address"),
    date="timestamp",
    each=read,
    changing=("comment", "url"),
    labels=("tx_type",),
    passed=passed,
    newest_first=True,
    rank=TOOL,
)  # fmt: skip
