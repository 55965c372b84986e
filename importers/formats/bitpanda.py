"""Bitpanda's export of the transaction history (since 2020), one row per trade, movement or reward, below some lines.

What is paid or got for a trade (Amount Fiat) is all of it, the spread within; a fee in money is in it too, one in BEST
or another coin is on top. A deposit's amount is what came in after its fee, a withdrawal's fee is on top. Metals,
shares and funds stand beside coins, each under its code at Bitpanda. Times have their zone.

Columns as converters have them (BittyTax, CoinTaxman) and people show them. A transfer in was the form of a reward
until June 2022, and of other gifts: it comes without a label, to be told. Taxes withheld (Tax Fiat) are not read where
they are not 0.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from pipeline.model import Amount, Label
from pipeline.money import ZERO

_LABELS = {"reward": Label.REWARD, "rewards": Label.REWARD}
_STAKING = ("transfer(stake)", "transfer(unstake)")


def read(row: Row) -> Iterable[Said]:
    kind = row["Transaction Type"].casefold()
    if row.number("Tax Fiat"):
        raise Unread("a tax was withheld")
    money, asset = row.amount("Amount Fiat", row["Fiat"]), row.amount("Amount Asset", row["Asset"])
    fee = row.amount("Fee", row["Fee asset"])
    if kind in ("buy", "sell"):
        yield _trade(row, kind, money, asset, fee)
        return
    moved = money if asset is None and row["Asset"].casefold() in ("", "-", row["Fiat"].casefold()) else asset
    incoming = row["In/Out"].casefold() == "incoming"
    if row["In/Out"].casefold() not in ("incoming", "outgoing"):
        raise Unread("it is neither incoming nor outgoing")
    if kind not in ("deposit", "withdrawal", "transfer", "refund", *_LABELS) or (kind in _LABELS and not incoming):
        raise Unread(f"type {kind} is not known")
    if incoming and moved is not None and fee is not None and fee.asset == moved.asset:
        moved = Amount(moved.quantity + fee.quantity, moved.asset)
    yield row.transaction(
        sent=None if incoming else moved,
        received=moved if incoming else None,
        fee=fee,
        label=_LABELS.get(kind),
        description=kind,
    )


def _trade(row: Row, kind: str, money: Amount | None, asset: Amount | None, fee: Amount | None) -> Said:
    if money is None or asset is None:
        raise Unread("one of its two sides is missing")
    if fee is not None and fee.asset == money.asset:
        money = Amount(money.quantity + (fee.quantity if kind == "sell" else -fee.quantity), money.asset)
        if money.quantity <= ZERO:
            raise Unread("the fee is more than what was paid")
    return row.transaction(
        sent=money if kind == "buy" else asset,
        received=asset if kind == "buy" else money,
        fee=fee,
        description=f"{kind} {row['Asset']} at {row['Asset market price']} {row['Asset market price currency']}",
    )


FORMAT = export(
    "bitpanda",
    1,
    needs=("Transaction ID", "Timestamp", "Transaction Type", "In/Out", "Amount Fiat", "Fiat", "Amount Asset", "Asset",
           "Asset market price", "Asset market price currency", "Asset class", "Product ID", "Fee", "Fee asset",
           "Spread", "Spread Currency"),
    may_have=("Tax Fiat", "Address", "Comment"),
    date="Timestamp",
    each=read,
    passed=lambda row: "internal" if row.get("Transaction Type", "").casefold() in _STAKING else "",
    id=("Transaction ID",),
    newest_first=True,
)  # fmt: skip
