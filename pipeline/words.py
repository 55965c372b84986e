"""The words of the contract: what a row was, what a disposal was, and why it took just these units."""

from enum import StrEnum


class Label(StrEnum):
    """What a one-sided transaction was; without a label it is a transfer between own accounts."""

    REWARD = "reward"
    MINING = "mining"
    AIRDROP = "airdrop"
    FORK = "fork"
    INCOME = "income"
    INTEREST = "interest"
    CASHBACK = "cashback"
    GIFT = "gift"
    DONATION = "donation"
    LOST = "lost"
    SPEND = "spend"
    COST = "cost"
    MARGIN = "margin"  # the result of margin or derivatives: a profit received; a loss, interest, funding or fee sent


SENT_LABELS = frozenset((Label.GIFT, Label.DONATION, Label.LOST, Label.SPEND, Label.COST, Label.MARGIN))
RECEIVED_LABELS = frozenset(Label) - SENT_LABELS | {Label.GIFT, Label.MARGIN}


class Kind(StrEnum):
    """What a disposal was; the `kind` column of disposals.csv."""

    SALE = "sale"
    TRADE = "trade"
    SPEND = "spend"
    FEE = "fee"
    GIFT = "gift"
    DONATION = "donation"
    LOST = "lost"


class Rule(StrEnum):
    """Why a disposal took just these units; the `rule` column of disposals.csv."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    SPECIFIC = "specific"
    AVERAGE = "average"
    SAME_DAY = "same-day"
    THIRTY_DAY = "thirty-day"
    POOL = "pool"
    MISSING = "missing"


class Term(StrEnum):
    """Length of the holding period; NONE where the country or the method has none."""

    SHORT = "short"
    LONG = "long"
    NONE = ""
