"""Switzerland: wealth tax on what is held on 31 December; private gains are free.

Sources: DBG art. 16(3), 20, 23; StHG art. 13, 14; the federal tax administration's paper on cryptocurrencies and its
list of year-end prices. State of the law: tax years 2024 to 2026. For private wealth; a trader (KS 36) is taxed
otherwise. Lots are kept first in first out.
"""

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Choice,
    Rules,
    Scope,
    TaxYear,
    always,
)

RULES = Rules(
    country="ch",
    name="Switzerland",
    currency="CHF",
    timezone="Europe/Zurich",
    year=TaxYear(1, 1),
    methods=("fifo",),  # no tax depends on it
    scope=always(Scope.ACCOUNT),
    scopes=(Scope.ACCOUNT, Scope.GLOBAL),
    gains=False,  # DBG art. 16(3)
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # staking: DBG art. 20, 23
        Label.MINING: INCOME_AT_VALUE,  # DBG art. 18, 23
        Label.AIRDROP: INCOME_AT_VALUE,  # DBG art. 16(1), 20
        Label.FORK: VALUE_WITHOUT_INCOME,  # a change in the form of private wealth
        Label.INCOME: INCOME_AT_VALUE,  # DBG art. 17
        Label.INTEREST: INCOME_AT_VALUE,  # DBG art. 20(1)(a)
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: VALUE_WITHOUT_INCOME,  # DBG art. 24(a)
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # a capital gain (DBG art. 16(3)); leverage is a sign of trading: KS 36
    },
    outlays={
        Label.SPEND: WITHOUT_GAIN[Kind.SPEND],
        Label.COST: WITHOUT_GAIN[Kind.FEE],
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],
        Label.LOST: WITHOUT_GAIN[Kind.LOST],
        Label.MARGIN: WITHOUT_GAIN[Kind.SPEND],
    },
    choices=(
        Choice(
            "airdrops",
            "whether airdrops are income",
            {"income": {}, "for-nothing": {"receipts": {Label.AIRDROP: VALUE_WITHOUT_INCOME}}},
        ),
    ),
    forms=("wertschriften",),
)
