"""United Kingdom: same day, thirty days, then the Section 104 pool; over all wallets.

Sources: TCGA 1992; HMRC Cryptoassets Manual (CRYPTO), by page. State of the law: tax years 2024-25 to 2025-26.
"""

from datetime import date
from decimal import Decimal

from pipeline.model import Kind, Label, Rule
from pipeline.rules.base import (
    AT_VALUE,
    DERIVATIVES,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Basis,
    Choice,
    Dated,
    Fee,
    Gain,
    Limit,
    Match,
    Outlay,
    Rules,
    Scope,
    TaxYear,
    always,
    part_of_the_old,
)

FORKED = "a part of the old token's cost may be moved to it, on a just and reasonable basis, and no part has been"

RULES = Rules(
    country="uk",
    name="United Kingdom",
    currency="GBP",
    timezone="Europe/London",
    year=TaxYear(4, 6),  # TMA 1970; ITA 2007 s4: 6 April to 5 April
    methods=("pool",),  # TCGA 1992 s104; CRYPTO22200
    scope=always(Scope.GLOBAL),  # one pool per token, whatever the wallet: CRYPTO22200
    scopes=(Scope.GLOBAL,),
    identify=(
        Match(Rule.SAME_DAY, (0,)),  # TCGA 1992 s105(1)(b); CRYPTO22252
        Match(Rule.THIRTY_DAY, tuple(range(1, 31))),  # TCGA 1992 s106A(5); CRYPTO22253
    ),
    days_are_one=True,  # all acquisitions of a day are one transaction: TCGA 1992 s105(1)(a)
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # CRYPTO21200; its value is the cost: TCGA 1992 s17, s37
        Label.MINING: INCOME_AT_VALUE,  # CRYPTO21150
        Label.AIRDROP: FOR_NOTHING,  # for nothing done: no income, CRYPTO21250; cost nil, TCGA 1992 s17(2)
        Label.FORK: part_of_the_old(FORKED, Basis.ZERO),  # CRYPTO22300, 41600; TCGA 1992 s43, s52(4): a choice
        Label.INCOME: INCOME_AT_VALUE,  # pay: ITEPA 2003 s62; CRYPTO21100
        Label.INTEREST: INCOME_AT_VALUE,  # a return known in advance: CRYPTO61214
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a discount on what was bought
        Label.GIFT: VALUE_WITHOUT_INCOME,  # TCGA 1992 s17
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # a result of its own (TCGA 1992 s143); tokens cost their value, s17
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # CRYPTO22100
        Label.COST: AT_VALUE[Kind.FEE],  # CRYPTO22280
        Label.GIFT: AT_VALUE[Kind.GIFT],  # TCGA 1992 s17; to a spouse: the choice below
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # to a charity: TCGA 1992 s257
        Label.LOST: Outlay(Kind.LOST, Gain.STAYS),  # no disposal: CRYPTO22400 (keys), CRYPTO22450 (theft)
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # tokens given in payment: CRYPTO22100
    },
    sale_fee=Fee.COST,  # TCGA 1992 s38(1)(c); CRYPTO22150
    negligible_value=True,  # of the whole pool, at the value and on the day claimed: TCGA 1992 s24(2); CRYPTO22500
    swap_fee_halved=True,  # attributable to both tokens, half and half is accepted: CRYPTO22150
    choices=(
        DERIVATIVES,
        Choice(
            "gifts",
            "who was given what is labelled gift: someone else, or the spouse or civil partner (TCGA 1992 s58)",
            {"to-others": {}, "to-spouse": {"outlays": {Label.GIFT: WITHOUT_GAIN[Kind.GIFT]}}},
        ),
        Choice(
            "airdrops",
            "what airdrops were received for: nothing, or something done for them (CRYPTO21250)",
            {"for-nothing": {}, "for-a-service": {"receipts": {Label.AIRDROP: INCOME_AT_VALUE}}},
        ),
        Choice(
            "forks",
            "what the new token of a fork costs: nothing, or a part of what the old one cost, by market values, as one "
            "just and reasonable basis (TCGA 1992 s52(4); CRYPTO22300)",
            {"nothing": {}, "by-value": {"receipts": {Label.FORK: part_of_the_old(FORKED, Basis.PART)}}},
        ),
        Choice(
            "swap_fees",
            "what the fee of token for token is a cost of: half of each (CRYPTO22150), or of the token given up",
            {"halved": {}, "of-the-given": {"swap_fee_halved": False}},
        ),
    ),
    limits=(
        Limit(  # TCGA 1992 s1K
            "annual exempt amount",
            Dated(((None, Decimal(12300)), (date(2023, 4, 6), Decimal(6000)), (date(2024, 4, 6), Decimal(3000)))),
        ),
    ),
    forms=("sa108", "sa108_computation"),
)
