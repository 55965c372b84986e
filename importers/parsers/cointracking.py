"""CoinTracking's trade table: the types, and that the fee is in what was sold or got.

A fee in the currency of a side is part of that side's amount, and is taken out of it here; one in a third currency is
told for its own sake alone: where it was paid, it stands in a row "Other Fee". An amount that is not there is "-".
Times are in the zone of the account's settings, taken as the person's own.

Source: cointracking.freshdesk.com, "Entering Fees", "Transaction Types" (2026-11); headers as BittyTax and others have
them. From memory: the spelling of types with a slash in older exports ("Gift/Tip", "Reward/Bonus").
"""

from collections.abc import Iterator

from importers.exports import Row, Said
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.sides import Words, chain_hash
from pipeline.model import Amount, Label, Transaction

TIMES = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")

_WORDS = Words(
    trades=frozenset(("trade",)),
    receipts={
        "deposit": None,
        "income": Label.INCOME,
        **dict.fromkeys(("other income", "dividends income"), Label.INCOME),
        **dict.fromkeys(("reward/bonus", "staking", "masternode"), Label.REWARD),
        **dict.fromkeys(("mining", "mining (commercial)"), Label.MINING),
        **dict.fromkeys(("lending income", "interest income"), Label.INTEREST),
        "airdrop": Label.AIRDROP,
        "gift/tip": Label.GIFT,
        **dict.fromkeys(("margin profit", "derivatives/futures profit"), Label.MARGIN),
    },
    outlays={
        "withdrawal": None,
        "spend": Label.SPEND,
        "donation": Label.DONATION,
        "gift": Label.GIFT,
        **dict.fromkeys(("stolen", "stolen/hacked/fraud", "lost"), Label.LOST),
        **dict.fromkeys(("other fee", "other expense"), Label.COST),
        **dict.fromkeys(("margin loss", "margin fee", "derivatives/futures loss", "settlement fee"), Label.MARGIN),
        "borrowing fee": Label.COST,
    },
    loans=frozenset(("receive loan", "repay loan", "send collateral", "receive collateral", "liquidation")),
)


def read(row: Row) -> Iterator[Said]:
    """One row; of the full view, which has no fees, too."""
    yield _told(row, row.amount("Buy", row["Cur."]), row.amount("Sell", row["Cur. (2)"]), row["Cur. (3)"])


def read_template(row: Row) -> Iterator[Said]:
    """One row of a file in the layout that CoinTracking takes."""
    got, given = row.amount("Buy Amount", row["Buy Currency"]), row.amount("Sell Amount", row["Sell Currency"])
    yield _told(row, got, given, row["Fee Currency"])


def _told(row: Row, got: Amount | None, given: Amount | None, fee_in: str) -> Transaction:
    fee = row.amount("Fee", fee_in)
    if fee is not None and given is not None and fee.asset == given.asset:
        if given.quantity < fee.quantity:
            raise Unread("its fee is more than what it sells")
        given = Amount(given.quantity - fee.quantity, given.asset) if given.quantity > fee.quantity else None
    elif fee is not None and got is not None and fee.asset == got.asset and given is not None:
        got = Amount(got.quantity + fee.quantity, got.asset)
    else:
        fee = None  # of a receipt, what came is what stands there; a third currency has a row of its own
    words, hash_ = row["Comment"] or row["Type"], chain_hash(row["Tx-ID"] or row["Tx Hash"])
    if given is None and got is None and fee is not None:  # no more than that was sold
        return row.transaction(fee=fee, description=words, txhash=hash_)
    return _WORDS.told(
        row, row["Type"].replace(" / ", "/"), sent=given, received=got, fee=fee, description=words, txhash=hash_
    )  # fmt: skip


def accounts(row: Cells) -> tuple[str, ...]:
    named = row.get("Exchange", "")
    return ("" if named.casefold() in ("-", "no exchange") else named,)
