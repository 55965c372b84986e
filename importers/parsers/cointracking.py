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
from pipeline.model import Amount, Label

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
    kind = row["Type"].replace(" / ", "/")
    got, given = row.amount("Buy", row["Cur."]), row.amount("Sell", row["Cur. (2)"])
    fee = row.amount("Fee", row["Cur. (3)"])
    if fee is not None and given is not None and fee.asset == given.asset:
        if given.quantity < fee.quantity:
            raise Unread("its fee is more than what it sells")
        given = Amount(given.quantity - fee.quantity, given.asset) if given.quantity > fee.quantity else None
    elif fee is not None and got is not None and fee.asset == got.asset and given is not None:
        got = Amount(got.quantity + fee.quantity, got.asset)
    else:
        fee = None  # of a receipt, what came is what stands there; a third currency has a row of its own
    if given is None and got is None and fee is not None:
        given, fee = fee, None
    yield _WORDS.told(
        row, kind, sent=given, received=got, fee=fee, description=row["Comment"] or row["Type"],
        txhash=chain_hash(row["Tx-ID"] or row["Tx Hash"]),
    )  # fmt: skip


def accounts(row: Cells) -> tuple[str, ...]:
    named = row.get("Exchange", "")
    return ("" if named.casefold() in ("-", "no exchange") else named,)
