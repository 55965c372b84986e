"""Spain: one queue per token over all exchanges, first in first out.

Sources: Ley 35/2006 (LIRPF) art. 33 to 37, 46; DGT rulings V0999-18, V1604-18, V1766-22, V1550-25. State of the law:
tax years 2024 to 2026. Medium outside first in first out.
"""

from pipeline.model import Kind, Label
from pipeline.rules.base import (
    AT_VALUE,
    FOR_NOTHING,
    INCOME_AT_VALUE,
    VALUE_WITHOUT_INCOME,
    WITHOUT_GAIN,
    Choice,
    Gain,
    Outlay,
    Rules,
    Scope,
    TaxYear,
    always,
)

RULES = Rules(
    country="es",
    name="Spain",
    currency="EUR",
    timezone="Europe/Madrid",
    year=TaxYear(1, 1),  # LIRPF art. 12
    methods=("fifo",),  # homogeneous values: LIRPF art. 37.2; DGT V1604-18
    scope=always(Scope.GLOBAL),  # whatever the platform: DGT V1604-18, V1550-25
    scopes=(Scope.GLOBAL,),
    higher_value=True,  # a swap is a permuta, at the higher of both market values: LIRPF art. 37.1.h; V0999-18
    receipts={
        Label.REWARD: INCOME_AT_VALUE,  # capital income in kind: V1766-22
        Label.MINING: INCOME_AT_VALUE,  # a business: LIRPF art. 27
        Label.AIRDROP: INCOME_AT_VALUE,  # a gain without a transmission: LIRPF art. 34.1.b; DGT 0018-23
        Label.FORK: FOR_NOTHING,  # not settled: nothing was paid
        Label.INCOME: INCOME_AT_VALUE,  # LIRPF art. 17, 42
        Label.INTEREST: INCOME_AT_VALUE,  # LIRPF art. 25.2
        Label.CASHBACK: VALUE_WITHOUT_INCOME,  # a rebate
        Label.GIFT: VALUE_WITHOUT_INCOME,  # the value for gift tax: LIRPF art. 36
        Label.MARGIN: VALUE_WITHOUT_INCOME,  # futures: LIRPF art. 37.1.m, boxes of their own; coins cost their value
    },
    outlays={
        Label.SPEND: AT_VALUE[Kind.SPEND],  # a permuta
        Label.COST: AT_VALUE[Kind.FEE],  # the same
        Label.GIFT: Outlay(Kind.GIFT, Gain.NO_LOSS),  # a gain is taxed, a loss is none: LIRPF art. 33.5.c
        Label.DONATION: WITHOUT_GAIN[Kind.DONATION],  # to entities of Ley 49/2002: LIRPF art. 33.4.a
        Label.LOST: WITHOUT_GAIN[Kind.LOST],  # LIRPF art. 33.5.a: only if proven, DGT V1828-24
        Label.MARGIN: AT_VALUE[Kind.SPEND],  # a permuta
    },
    choices=(  # fees lessen the transmission value: LIRPF art. 35.2
        Choice(
            "lost",
            "whether lost and stolen units are a loss: no, or with evidence",
            {"no-loss": {}, "loss": {"outlays": {Label.LOST: Outlay(Kind.LOST, Gain.AT_NOTHING)}}},
        ),
    ),
    forms=("modelo_100", "modelo_100_totals", "modelo_721"),
)
