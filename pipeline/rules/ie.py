"""Ireland: first in first out, after units bought in the four weeks before.

Sources: Taxes Consolidation Act 1997 (TCA) s538, s580, s581, and Revenue's Tax Briefing 52 on s538, all read; s534 to
s547 and s552 from general knowledge; Revenue's manual Part 02-01-03 was not to be had. Sections 580 and 581 are written
for shares; s580(4) extends the first, but for its (2), to assets of a nature to be dealt in without identifying them.
"""

from decimal import Decimal

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    DERIVATIVES,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Choice,
    Fee,
    Limit,
    Rules,
    Scope,
    TaxYear,
    always,
)

RULES = Rules(
    country="ie",
    name="Ireland",
    currency="EUR",
    timezone="Europe/Dublin",
    year=TaxYear(1, 1),  # TCA 1997 s5, s31
    methods=("fifo",),  # TCA 1997 s580(1), (4)
    scope=always(Scope.GLOBAL),  # the same
    scopes=(Scope.GLOBAL,),
    recent_days=28,  # TCA 1997 s581(1), the latest first
    ring_fence_days=28,  # TCA 1997 s581(3)
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # Case IV
        Label.MINING: INCOME_AT_VALUE,  # Case I or IV
        Label.AIRDROP: INCOME_AT_VALUE,  # not settled: the dearer side
        Label.FORK: FOR_NOTHING,  # nothing was paid: s552
        Label.INCOME: INCOME_AT_VALUE,  # s112
        Label.INTEREST: INCOME_AT_VALUE,  # Case IV
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: VALUE_WITHOUT_INCOME,  # s547
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # a result of its own: the choice below; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # s534, s535
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: AT_VALUE[Kind.GIFT],  # s547; to a spouse: the choice below
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # to a charity: s611
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # a loss on claim only: s538
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # s534, s535
    },
    sale_fee=Fee.COST,  # s552(1)(c)
    negligible_value=True,  # sold and reacquired at the value in the claim, if the inspector allows it: s538(2)
    choices=(
        DERIVATIVES,
        Choice(
            "four_weeks",
            "whether s581, written for shares, holds for crypto-assets",
            {"holds": {}, "only-shares": {"recent_days": 0, "ring_fence_days": 0}},
        ),
        Choice(
            "gifts",
            "who was given what is labelled gift: someone else, or the spouse or civil partner (s1028)",
            {"to-others": {}, "to-spouse": {"outlays": {Label.GIFT: WITHOUT_GAIN[Kind.GIFT]}}},
        ),
        Choice(
            "airdrops",
            "whether airdrops are income",
            {"income": {}, "for-nothing": {"receipts": {Label.AIRDROP: FOR_NOTHING}}},
        ),
    ),
    limits=(Limit("annual exempt amount", always(Decimal(1270))),),  # s601
    forms=("cg1",),
)
