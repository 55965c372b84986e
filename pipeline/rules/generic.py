"""No country: one queue over all accounts, everything at market value. For trying out methods."""

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    Outlay,
    Rules,
    Scope,
    TaxYear,
    always,
    more_than_one_year,
)

RULES = Rules(
    country="generic",
    name="no particular country",
    currency="USD",
    timezone="UTC",
    year=TaxYear(1, 1),
    methods=("fifo", "lifo", "hifo", "lofo", "average"),
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
    },
    outlays={
        Label.SPEND: Outlay(Kind.SPEND, gain=True),
        Label.COST: Outlay(Kind.FEE, gain=True),
        Label.GIFT: Outlay(Kind.GIFT, gain=False),
        Label.DONATION: Outlay(Kind.DONATION, gain=False),
        Label.LOST: Outlay(Kind.LOST, gain=False),
    },
)
