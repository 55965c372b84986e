"""Sweden: genomsnittsmetoden, one average per token over all wallets.

Sources: Inkomstskattelagen (IL) 44 kap. 7, 13, 14 §, 52 kap.; HFD 2018 ref. 72; the tax agency's page on
cryptocurrencies. State of the law: tax years 2024 to 2026. Gains are shown whole; 70 % of losses count (48, 52 kap.).
"""

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    TRANSFER_FEES,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Rules,
    Scope,
    TaxYear,
    always,
    givers_basis,
)

RULES = Rules(
    country="se",
    name="Sweden",
    currency="SEK",
    timezone="Europe/Stockholm",
    year=TaxYear(1, 1),  # IL 1 kap. 13 §
    methods=("average",),  # IL 44 kap. 7 §; HFD 2018 ref. 72
    scope=always(Scope.GLOBAL),  # the same
    scopes=(Scope.GLOBAL,),
    receipts={
        # staking: capital, once it can be disposed of, and that value is its cost: IL 41 kap. 8 §, 42 kap. 1 §; the
        # agency's statement of 14 December 2021, through a law firm
        Label.REWARD: INCOME_AT_VALUE,
        Label.MINING: INCOME_AT_VALUE,  # service or business, by the facts
        Label.AIRDROP: FOR_NOTHING,  # from memory: no income, cost 0
        Label.FORK: FOR_NOTHING,  # from memory: no income, cost 0
        Label.INCOME: INCOME_AT_VALUE,  # IL 11 kap. 1 §
        Label.INTEREST: INCOME_AT_VALUE,  # IL 42 kap. 1 §
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: givers_basis("a gift keeps the giver's cost (IL 44 kap. 21 §)", "SEK"),
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # a result of its own: IL 44 kap. 11, 12 §; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # IL 44 kap. 3 §
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],  # no disposal
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # no disposal
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # no loss: the tax agency's page
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # IL 44 kap. 3 §
    },
    choices=(TRANSFER_FEES,),  # fees of a sale lessen its price: IL 44 kap. 13 §
    forms=("k4", "k4_totals"),
)
