"""What CoinLedger (until 2022 CryptoTrader.Tax) calls things, in its export and in its import template.

Source: the types as rotki's reader of the export and CoinLedger's template have them (2026-11).
"""

from importers.parsers.sides import Words
from pipeline.model import Label

WORDS = Words(
    trades=frozenset(("trade", "buy", "sell")),
    receipts={
        **dict.fromkeys(("deposit", "transfer"), None),
        **dict.fromkeys(("interest", "interest payment"), Label.INTEREST),
        **dict.fromkeys(("hard fork", "fork"), Label.FORK),
        "airdrop": Label.AIRDROP,
        "gift received": Label.GIFT,
        "income": Label.INCOME,
        "mining": Label.MINING,
        "staking": Label.REWARD,
        "margin gain": Label.MARGIN,
    },
    outlays={
        **dict.fromkeys(("withdrawal", "transfer"), None),
        **dict.fromkeys(("interest", "interest payment", "network fee"), Label.COST),
        **dict.fromkeys(("investment loss", "theft loss"), Label.LOST),
        "gift sent": Label.GIFT,
        "merchant payment": Label.SPEND,
        "margin gain": Label.MARGIN,
    },
)
