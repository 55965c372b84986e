"""Japan: total average of the year, or moving average on notice; miscellaneous income.

Sources: Income Tax Act art. 36, 40, 48-2; its ordinance art. 119-2 to 119-5; the tax agency's FAQ on crypto-assets.
State of the law: tax years 2024 to 2026. The agency lets a unit's cost be rounded up to the yen; here it is exact.

Each token has its method (ordinance art. 119-3(1)): told to the tax office by the return's deadline for the year in
which it was first acquired (119-3(2)), else the total average (119-5). Another one begins with a year, if it was
applied for by 15 March of it (119-4; the FAQ, through tax accountants), at what the token cost by the former one as the
year before ended. Until a method has been used for some time, three years (from memory), one that asks for another
is as a rule refused.
"""

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Change,
    Fee,
    Rules,
    Scope,
    TaxYear,
    always,
)

RULES = Rules(
    country="jp",
    name="Japan",
    currency="JPY",
    timezone="Asia/Tokyo",
    year=TaxYear(1, 1),
    methods=("average", "moving-average"),  # ordinance art. 119-2(1), 119-5: total unless the other was notified
    methods_change=Change.NEW_YEAR,  # ordinance art. 119-4
    methods_by_asset=True,  # by kind of crypto-asset: ordinance art. 119-3(1)
    notice=(3, 15),  # ordinance art. 119-3(2), 119-4: the day of the return
    yearly=True,  # (opening + all purchases of the year) / units, also for sales before: ordinance art. 119-2(1) no. 1
    scope=always(Scope.GLOBAL),  # per token over all accounts: FAQ
    scopes=(Scope.GLOBAL,),
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # art. 36; FAQ
        Label.MINING: INCOME_AT_VALUE,  # the same
        Label.AIRDROP: INCOME_AT_VALUE,  # at what it is worth then
        Label.FORK: FOR_NOTHING,  # worth nothing at that time: FAQ
        Label.INCOME: INCOME_AT_VALUE,  # art. 36
        Label.INTEREST: INCOME_AT_VALUE,  # the same
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: VALUE_WITHOUT_INCOME,  # art. 40(2); ordinance art. 119-6
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # miscellaneous income of its own: FAQ; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # FAQ
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: AT_VALUE[Kind.GIFT],  # art. 40(1)
        Label.DONATION: AT_VALUE[Kind.DONATION],  # art. 40(1)
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # not settled: no loss is shown
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # FAQ
    },
    sale_fee=Fee.COST,  # an expense: art. 37
    forms=("misc_income", "misc_income_totals"),
)
