"""Canada: adjusted cost base, an average over all wallets; superficial losses.

Sources: Income Tax Act (ITA) 38 to 40, 47, 53, 54, 69; Canada Revenue Agency's guide on crypto-assets (not read in
full). State of the law: tax years 2024 to 2026. Gains as capital, not as business income.
"""

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
    Gain,
    Outlay,
    Rules,
    Scope,
    TaxYear,
    always,
)

RULES = Rules(
    country="ca",
    name="Canada",
    currency="CAD",
    timezone="America/Toronto",
    year=TaxYear(1, 1),  # ITA 249(1)
    methods=("average",),  # ITA 47(1): identical properties
    scope=always(Scope.GLOBAL),  # ITA 47(1)
    scopes=(Scope.GLOBAL,),
    superficial_days=30,  # ITA 54 "superficial loss", 40(2)(g)(i), 53(1)(f)
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # ITA 9, 12(1)(x): income from property or business
        Label.MINING: INCOME_AT_VALUE,  # a business; as a hobby: the choice below
        Label.AIRDROP: FOR_NOTHING,  # no income, cost 0
        Label.FORK: FOR_NOTHING,  # the same
        Label.INCOME: INCOME_AT_VALUE,  # ITA 5, 9
        Label.INTEREST: INCOME_AT_VALUE,  # ITA 12(1)(c)
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: VALUE_WITHOUT_INCOME,  # ITA 69(1)(c)
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # income or capital by the facts: the choice below; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # a barter
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: AT_VALUE[Kind.GIFT],  # ITA 69(1)(b)
        Label.DONATION: AT_VALUE[Kind.DONATION],  # ITA 69(1)(b); the exemption of 38(a.1) is for securities
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # a loss once it can't be recovered: the choice below
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # a barter
    },
    sale_fee=Fee.COST,  # outlays and expenses: ITA 40(1)(a)(i); a column of its own on Schedule 3
    choices=(
        DERIVATIVES,
        Choice(
            "mining",
            "whether mining is a business or a hobby",
            {"business": {}, "hobby": {"receipts": {Label.MINING: FOR_NOTHING}}},
        ),
        Choice(
            "lost",
            "whether lost and stolen units are a loss: no, or once it is certain that they can't be recovered",
            {"no-loss": {}, "loss": {"outlays": {Label.LOST: Outlay(Kind.LOST, Gain.AT_NOTHING)}}},
        ),
    ),
    forms=("schedule_3", "schedule_3_totals"),
)
