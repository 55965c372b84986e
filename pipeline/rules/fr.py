"""France: one acquisition price for the whole portfolio; swaps are deferred.

Sources: CGI art. 150 VH bis, 200 C; BOI-RPPM-PVBMC-30-10 to -30. State of the law: tax years 2024 to 2026.
The computation is in gains/portfolio.py.
"""

from decimal import Decimal

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    NEVER,
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
    country="fr",
    name="France",
    currency="EUR",
    timezone="Europe/Paris",
    year=TaxYear(1, 1),  # CGI art. 12
    methods=("average",),  # the fraction of the whole: art. 150 VH bis III
    portfolio=True,
    scope=always(Scope.GLOBAL),  # all digital assets of the household together: art. 150 VH bis III
    scopes=(Scope.GLOBAL,),
    swaps_taxed=NEVER,  # without a cash balance: art. 150 VH bis II-A
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # BNC, art. 92; into the acquisition price at that value (from practice)
        Label.MINING: INCOME_AT_VALUE,  # BNC: BOI-BNC-CHAMP-10-10-20-40
        Label.AIRDROP: FOR_NOTHING,  # not settled: no income, no acquisition price
        Label.FORK: FOR_NOTHING,  # nothing was paid
        Label.INCOME: INCOME_AT_VALUE,  # art. 79, 92
        Label.INTEREST: INCOME_AT_VALUE,  # art. 92
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: VALUE_WITHOUT_INCOME,  # the value declared for gift tax: art. 150 VH bis III-B
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # forward instruments: art. 150 ter; coins count at their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # goods and services: art. 150 VH bis II-A
        Label.COST: AT_VALUE[Kind.FEE],  # a service
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],  # no gain; uses up its fraction: BOI-RPPM-PVBMC-30-20
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # the same
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # not settled: treated alike
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # paid with coins: art. 150 VH bis II-A
    },
    # A swap's fee is a cost of nothing: that is no sale, and nothing is paid for what comes (art. 150 VH bis II-A).
    sale_fee=Fee.COST,  # net in the first term, gross in the fraction: BOI-RPPM-PVBMC-30-20, 20 ff.
    choices=(
        Choice(
            "purchase_fees",
            "whether the fees of purchases are a part of the acquisition price: the law names the prices paid "
            "(art. 150 VH bis III-B) and takes off only the fees of a sale (III-A); in practice they are",
            {"included": {}, "left-out": {"purchase_fee_counts": False}},
        ),
        Choice(
            "airdrops",
            "whether airdrops are income",
            {"for-nothing": {}, "for-a-service": {"receipts": {Label.AIRDROP: INCOME_AT_VALUE}}},
        ),
    ),
    limits=(Limit("sales of the year not above", always(Decimal(305))),),  # art. 150 VH bis II-B
    forms=("form_2086", "form_2042_c", "form_3916_bis"),
)
