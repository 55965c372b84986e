"""Australia: parcels, first in first out unless identified; half the gain after twelve months.

Sources: ITAA 1997 parts 3-1 and 3-3; TD 2002/10; TD 2014/26; the tax office's pages on crypto assets. State of the
law: tax years 2024-25 to 2025-26. Gains are shown whole: the discount comes after losses, on the return.
"""

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    DERIVATIVES,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Change,
    Choice,
    Fee,
    Gain,
    Outlay,
    Rules,
    Scope,
    TaxYear,
    always,
)
from pipeline.rules.terms import more_than_one_year

RULES = Rules(
    country="au",
    name="Australia",
    currency="AUD",
    timezone="Australia/Sydney",
    year=TaxYear(7, 1),  # ITAA 1997 s4-10
    # any identified parcel, else first in first out: TD 33; no average
    methods=("fifo", "lifo", "hifo", "lofo", "specific"),
    methods_change=Change.ANY_DAY,  # each disposal's parcels may be identified otherwise: TD 33
    scope=always(Scope.GLOBAL),  # one asset over all wallets; records decide
    scopes=(Scope.GLOBAL, Scope.ACCOUNT),
    term=more_than_one_year,  # s115-25: twelve months, neither day counts (TD 2002/10): long is discountable
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # s6-5: staking rewards
        Label.MINING: INCOME_AT_VALUE,  # s6-5: a business
        Label.AIRDROP: INCOME_AT_VALUE,  # established tokens; an initial allocation: the choice below
        Label.FORK: FOR_NOTHING,  # no income, cost base 0: the tax office's page on chain splits
        Label.INCOME: INCOME_AT_VALUE,  # s6-5
        Label.INTEREST: INCOME_AT_VALUE,  # s6-5
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: VALUE_WITHOUT_INCOME,  # s112-20
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # mostly income, TR 2005/15: the choice below; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # CGT event A1, s104-10
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: AT_VALUE[Kind.GIFT],  # s116-30
        Label.DONATION: AT_VALUE[Kind.DONATION],  # s116-30
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # CGT event C1 if it can be proven: the choice below
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # CGT event A1, s104-10
    },
    sale_fee=Fee.COST,  # incidental costs: s110-35
    choices=(
        DERIVATIVES,
        Choice(
            "airdrops",
            "what airdrops were: established tokens, or the initial allocation of new ones",
            {"established": {}, "initial-allocation": {"receipts": {Label.AIRDROP: FOR_NOTHING}}},
        ),
        Choice(
            "lost",
            "whether lost and stolen units are a loss: no, or with evidence (CGT event C1, s104-20)",
            {"no-loss": {}, "loss": {"outlays": {Label.LOST: Outlay(Kind.LOST, Gain.AT_NOTHING)}}},
        ),
    ),
    forms=("item_18",),
)
