"""Germany: private sales within one year, first in first out in each wallet.

Sources: EStG § 22 Nr. 3, § 23; letter of the Federal Ministry of Finance of 6 March 2025 (Rn. = margin number), read
through quotes; BGB §§ 187, 188. State of the law: tax years 2024 to 2026.
"""

from datetime import date
from decimal import Decimal

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    TRANSFER_FEES,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Basis,
    Change,
    Choice,
    Dated,
    Fee,
    Limit,
    Rules,
    Scope,
    TaxYear,
    always,
    givers_basis,
    part_of_the_old,
)
from pipeline.rules.terms import after_the_anniversary

FORKED = "a part of the old coin's cost, by market values, and its date belong to it, and no part has been moved"

RULES = Rules(
    country="de",
    name="Germany",
    currency="EUR",
    timezone="Europe/Berlin",
    year=TaxYear(1, 1),  # § 2(7) EStG
    # Rn. 61, 62: units that can be told one by one; else first in first out for the period, for the value this or the
    # average
    methods=("fifo", "average", "specific"),
    dated_average=True,  # Rn. 61
    methods_change=Change.SOLD_OUT,  # kept until all of a coin in the wallet is sold: Rn. 62
    scope=always(Scope.ACCOUNT),  # Rn. 61, 62: by wallet
    scopes=(Scope.ACCOUNT,),
    term=after_the_anniversary,  # § 23(1) Nr. 2 EStG, BGB §§ 187(1), 188(2), (3): long is free
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # § 22 Nr. 3; Rn. 48, 65; each a purchase, Rn. 54
        Label.MINING: INCOME_AT_VALUE,  # Rn. 35 ff.: mostly a business
        Label.AIRDROP: FOR_NOTHING,  # Rn. 70 to 75: income only for a service
        Label.FORK: part_of_the_old(FORKED, Basis.PART),  # with the old coin's date: Rn. 67, 68
        Label.INCOME: INCOME_AT_VALUE,  # § 19, § 22 Nr. 3
        Label.INTEREST: INCOME_AT_VALUE,  # lending: § 22 Nr. 3; Rn. 65
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: givers_basis("a gift keeps the giver's cost and date (§ 23(1) sentence 3 EStG)", "EUR"),
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # forward contracts: § 20(2) Nr. 3 EStG, not § 23; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # Rn. 54
        Label.COST: AT_VALUE[Kind.FEE],  # a service is paid with coins: Rn. 54
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],  # no sale: § 23(1) Nr. 2 EStG
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # the same
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # not settled: no loss is shown
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # paid with coins: Rn. 54
    },
    sale_fee=Fee.COST,  # costs of the sale, § 23(3) sentence 1 EStG; Rn. 57, 59
    choices=(
        Choice(
            "airdrops",
            "what airdrops were received for: nothing, or a service (Rn. 70 to 75)",
            {"for-nothing": {}, "for-a-service": {"receipts": {Label.AIRDROP: INCOME_AT_VALUE}}},
        ),
        Choice(
            "forks",
            "what the new coin of a fork costs: a part of what the old one cost, by market values, with its date "
            "(Rn. 67, 68), or nothing",
            {"by-value": {}, "nothing": {"receipts": {Label.FORK: part_of_the_old(FORKED, Basis.ZERO)}}},
        ),
        TRANSFER_FEES,  # the letter is silent
    ),
    limits=(
        Limit(  # § 23(3) sentence 5 EStG: gains of the year below it are free, all of them or none
            "gains of the year below",
            Dated(((None, Decimal(600)), (date(2024, 1, 1), Decimal(1000)))),
        ),
        Limit("income from services of the year below", always(Decimal(256))),  # § 22 Nr. 3 sentence 2 EStG
    ),
    forms=("anlage_so", "anlage_so_list"),
)
