"""No country: one queue over all accounts, everything at market value. For trying out methods."""

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    DERIVATIVES,
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Rules,
    Scope,
    TaxYear,
    always,
)
from pipeline.rules.terms import more_than_one_year

RULES = Rules(
    country="generic",
    name="no particular country",
    currency="USD",
    timezone="UTC",
    year=TaxYear(1, 1),
    methods=("fifo", "lifo", "hifo", "lofo", "average", "specific"),
    scope=always(Scope.GLOBAL),
    scopes=(Scope.GLOBAL, Scope.ACCOUNT),
    term=more_than_one_year,
    receipts={
        Label.REWARD: INCOME_AT_VALUE,
        Label.MINING: INCOME_AT_VALUE,
        Label.AIRDROP: INCOME_AT_VALUE,
        Label.FORK: INCOME_AT_VALUE,
        Label.INCOME: INCOME_AT_VALUE,
        Label.INTEREST: INCOME_AT_VALUE,
        Label.CASHBACK: VALUE_WITHOUT_INCOME,
        Label.GIFT: VALUE_WITHOUT_INCOME,
        Label.MARGIN: VALUE_WITHOUT_INCOME,
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],
        Label.COST: AT_VALUE[Kind.FEE],
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],
        Label.LOST: WITHOUT_GAIN[Kind.LOST],
        Label.MARGIN: AT_VALUE[Kind.SPEND],
    },
    choices=(DERIVATIVES,),
)
