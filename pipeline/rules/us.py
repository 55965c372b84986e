"""United States: property, calendar year, lots per account from 2025.

Sources: Treas. Reg. 1.1001-7 and 1.1012-1(h), (j) (T.D. 10000, 89 FR 56480); Rev. Proc. 2024-28;
Notice 2014-21; Instructions for Form 8949 (2025). State of the law: tax years 2024 to 2026.
"""

from datetime import date

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    DERIVATIVES,
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Change,
    Choice,
    Dated,
    Rules,
    Scope,
    TaxYear,
    givers_basis,
)
from pipeline.rules.terms import more_than_one_year

RULES = Rules(
    country="us",
    name="United States",
    currency="USD",
    timezone="America/New_York",
    year=TaxYear(1, 1),  # 26 USC 441
    # Reg. 1.1012-1(j)(3)(i); lifo, hifo, lofo as standing orders, (j)(3)(ii); units named one by one, (j)(2), (j)(3)
    methods=("fifo", "lifo", "hifo", "lofo", "specific"),
    methods_change=Change.ANY_DAY,
    standing_orders=("lifo", "hifo", "lofo"),  # no methods of accounting: they may change, Reg. 1.1012-1(j)(4)
    scope=Dated(((None, Scope.GLOBAL), (date(2025, 1, 1), Scope.ACCOUNT))),  # Rev. Proc. 2024-28; Reg. 1.1012-1(j)(1)
    scopes=(Scope.ACCOUNT, Scope.GLOBAL),
    term=more_than_one_year,  # 26 USC 1222; Instructions for Form 8949, "Short-Term or Long-Term"
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # Rev. Rul. 2023-14
        Label.MINING: INCOME_AT_VALUE,  # Notice 2014-21, A-8
        Label.AIRDROP: INCOME_AT_VALUE,  # Rev. Rul. 2019-24
        Label.FORK: INCOME_AT_VALUE,  # Rev. Rul. 2019-24
        Label.INCOME: INCOME_AT_VALUE,  # Notice 2014-21, A-3
        Label.INTEREST: INCOME_AT_VALUE,  # 26 USC 61(a)(4)
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate: an adjustment of the price paid (Rev. Rul. 76-96)
        Label.GIFT: givers_basis("a gift keeps the donor's basis and date", "USD"),  # 26 USC 1015
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # a result of its own: 26 USC 1234A, 1256; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # Reg. 1.1001-7(b)(1)(i)
        Label.COST: AT_VALUE[Kind.FEE],  # Reg. 1.1001-7(b)(1)(iii)
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],  # IRS FAQ on virtual currency: no gain for the giver
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # the same
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # 26 USC 165(h)(5): no deduction
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # property given in payment: Reg. 1.1001-7(b)(1)(i)
    },
    withheld_fee_from_receipt=Dated(((None, False), (date(2025, 1, 1), True))),  # Reg. 1.1012-1(j)(3)(iii)
    choices=(
        DERIVATIVES,  # 26 USC 1234A: mostly capital, by the contract
        Choice(
            "form_amounts",
            "how amounts stand in the forms: dollars and cents, or whole dollars throughout (Form 1040)",
            {"cents": {}, "whole-dollars": {}},
        ),
    ),
    forms=("form_8949", "form_1099_da", "schedule_d", "schedule_1"),
)
