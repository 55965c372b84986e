"""Austria: moving average in each wallet; one coin for another is no sale.

Sources: EStG § 20(2), § 27b, § 124b Z 384; KryptowährungsVO § 2; EStR 6178 ff. State of the law: tax years 2024 to
2026, for coins bought after 28 February 2021. Older ones are free after a year, and are not told apart here.
"""

from datetime import date

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    TRANSFER_FEES,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Dated,
    Fee,
    Rules,
    Scope,
    TaxYear,
    always,
    givers_basis,
)

RULES = Rules(
    country="at",
    name="Austria",
    currency="EUR",
    timezone="Europe/Vienna",
    year=TaxYear(1, 1),  # § 2(5) EStG
    methods=("moving-average",),  # KryptowährungsVO § 2(1); § 27a(4) Z 3 EStG
    scope=always(Scope.ACCOUNT),  # per address, or the custodian's wallet: KryptowährungsVO § 2(1)
    scopes=(Scope.ACCOUNT, Scope.GLOBAL),
    swaps_taxed=Dated(((None, True), (date(2022, 3, 1), False))),  # § 27b(3) Z 2, § 124b Z 384 EStG
    receipts={
        Label.REWARD: FOR_NOTHING,  # staking: § 27b(2) last sentence EStG
        Label.MINING: INCOME_AT_VALUE,  # § 27b(2) Z 2 EStG
        Label.AIRDROP: FOR_NOTHING,  # § 27b(2) last sentence EStG
        Label.FORK: FOR_NOTHING,  # the same
        Label.INCOME: INCOME_AT_VALUE,  # § 15(2) EStG
        Label.INTEREST: INCOME_AT_VALUE,  # lending: § 27b(2) Z 1 EStG
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: givers_basis("a gift keeps the giver's cost (§ 27a(4) Z 1 EStG)", "EUR"),
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # at the value given: § 27b(3) Z 1 EStG; EStR 6178y
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],  # no realisation: § 27(6) Z 2 EStG
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # the same
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # no loss: EStR 6178w
    },
    sale_fee=Fee.NOT_DEDUCTIBLE,  # § 20(2) EStG
    choices=(TRANSFER_FEES,),
)
