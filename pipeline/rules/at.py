"""Austria: moving average in each wallet; one coin for another is no sale; coins of before March 2021 apart.

Sources: EStG § 20(2), § 27b, § 31, § 124b Z 384; KryptowährungsVO § 2, § 3 (in force since 1 January 2023); EStR 6103j,
6103k, 6178v to 6178aa (13 March 2024). State of the law: tax years 2024 to 2026. Of coins bought up to 28 February 2021
(gains/old_stock.py) the term is long after a year: free, and short before; coins bought later have none.
"""

from datetime import date

from pipeline.model import Kind, Label, Term
from pipeline.rules.base import (
    AT_VALUE,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    TRANSFER_FEES,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Choice,
    Dated,
    Fee,
    Rules,
    Scope,
    TaxYear,
    always,
    givers_basis,
)
from pipeline.rules.terms import after_the_anniversary

OLD = date(2021, 2, 28)


def free_when_old(acquired: date, disposed: date) -> Term:
    """Of old stock: whether the year of § 31 EStG is over, counted to the day of the same name (BAO § 108(2))."""
    return after_the_anniversary(acquired, disposed) if acquired <= OLD else Term.NONE


RULES = Rules(
    country="at",
    name="Austria",
    currency="EUR",
    timezone="Europe/Vienna",
    year=TaxYear(1, 1),  # § 2(5) EStG
    methods=("moving-average",),  # KryptowährungsVO § 2(1)
    average_from=date(2023, 1, 1),  # for what flows in after 31 December 2022: EStR 6178aa; before: the choice below
    old_stock=OLD,  # § 124b Z 384 EStG; EStR 6178aa
    term=free_when_old,  # § 31(1) EStG: more than one year
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
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # derivatives: § 27(4) EStG; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # at the value given: § 27b(3) Z 1 EStG; EStR 6178y
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],  # no realisation: § 27(6) Z 2 EStG
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # the same
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # no loss: EStR 6178w
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # other than coin for coin: § 27b(3) Z 1 EStG
    },
    sale_fee=Fee.NOT_DEDUCTIBLE,  # § 20(2) EStG; those of a purchase count: EStR 6178y
    choices=(
        TRANSFER_FEES,
        Choice(
            "before_2023",
            "which units went before the average of 2023, of which there was no rule yet: the first in (practice), or "
            "units at an average, too",
            {"first-in-first-out": {}, "average": {"average_from": None}},
        ),
        Choice(
            "old_stock",
            "which of a wallet's coins go first: in doubt those bought earlier (KryptowährungsVO § 3 Z 2), or, as may "
            "be chosen, those bought from 1 March 2021 on (Z 1)",
            {"first": {}, "last": {"old_first": False}},
        ),
    ),
    forms=("e1kv",),
)
