"""Netherlands: box 3, what is held at the beginning of the year; no gains.

Sources: Wet inkomstenbelasting 2001 art. 5.2, 5.3, 5.5, 5.19. State of the law: tax years 2024 to 2026. The
counter-evidence of an actual return, which needs gains, is not computed. Lots are kept first in first out.
"""

from datetime import date
from decimal import Decimal

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Dated,
    Limit,
    Rules,
    Scope,
    TaxYear,
    always,
)

RULES = Rules(
    country="nl",
    name="Netherlands",
    currency="EUR",
    timezone="Europe/Amsterdam",
    year=TaxYear(1, 1),
    methods=("fifo",),  # no tax depends on it
    scope=always(Scope.ACCOUNT),  # the price of the platform used
    scopes=(Scope.ACCOUNT, Scope.GLOBAL),
    gains=False,  # art. 5.2: the return is a fixed one
    reference_first=True,  # the reference day is 1 January, 00:00: art. 5.2
    receipts=dict.fromkeys(  # private: none is income
        (
            Label.REWARD,
            Label.MINING,
            Label.AIRDROP,
            Label.FORK,
            Label.INCOME,
            Label.INTEREST,
            Label.CASHBACK,
            Label.GIFT,
            Label.MARGIN,
        ),
        VALUE_WITHOUT_INCOME,
    ),
    outlays={
        Label.SPEND: WITHOUT_GAIN[Kind.SPEND],
        Label.COST: WITHOUT_GAIN[Kind.FEE],
        Label.GIFT: WITHOUT_GAIN[Kind.GIFT],
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],
        Label.LOST: WITHOUT_GAIN[Kind.LOST],
        Label.MARGIN: WITHOUT_GAIN[Kind.SPEND],
    },
    limits=(
        Limit(  # art. 5.5, per person; 2024 and 2025
            "free capital",
            Dated(((None, Decimal(57000)), (date(2025, 1, 1), Decimal(57684)))),
        ),
    ),
    forms=("box_3",),
)
