"""Items 18 and 24 of the individual tax return (Australia): capital gains with the discount, and other income.

Losses are set off first, against gains without the discount before those with it, as the taxpayer may choose; half of
what is left of the discountable gains is taxed (ITAA 1997 s102-5, s115-100). Whole dollars, cents left off. Labels G,
H, A, V: the tax office's instructions for 2025, question 18. Item 24 for staking and the like: from memory.
"""

from decimal import Decimal

from pipeline.model import Disposal, Label, Term
from pipeline.money import ZERO, split
from reports.forms import Form
from reports.forms.lines import MEMORY, TOTALS_BY, Line, dropped, exactly, lines, rounded, written
from reports.forms.taxed import income_of, left_out, sums, taxed_of
from reports.table import Report, Table

_SOURCE = "item 18, supplementary return 2025"
_HALF = (Decimal(1), Decimal(2))  # s115-100(a)


@exactly
def table(report: Report) -> Table:
    """Item 18, the steps to it, and item 24."""
    sold = taxed_of(report)
    long, short = (sums(d for d in sold if (d.term is Term.LONG) is is_long) for is_long in (True, False))
    losses = -(long.losses + short.losses)
    against_short = min(losses, short.gains)
    against_long = min(losses - against_short, long.gains)
    discountable = long.gains - against_long
    discount = split(discountable, *_HALF)
    net = short.gains - against_short + discountable - discount
    carried = losses - against_short - against_long
    found: list[Line] = []
    if sold:
        found = [
            written("18G", "Did you have a capital gains tax event during the year?", "Yes", _SOURCE),
            rounded("18H", "Total current year capital gains", long.gains + short.gains, dropped, _SOURCE),
            rounded("", "of which discountable (held for at least 12 months)", long.gains, dropped, "s115-25"),
            rounded("", "capital losses of the year", losses, dropped, "s102-10"),
            rounded("", "losses set off against gains without the discount", against_short, dropped, "s102-5"),
            rounded("", "losses set off against discountable gains", against_long, dropped, "s102-5"),
            rounded("", "CGT discount, half of what is left", discount, dropped, "s115-100"),
            rounded("18A", "Net capital gain", net, dropped, _SOURCE),
            rounded("18V", "Net capital losses carried forward to later income years", carried, dropped, _SOURCE),
        ]
    income = income_of(report, *(kind for kind in Label if kind is not Label.INCOME))
    if income:
        found.append(rounded("24", "Other income: staking, airdrops, interest", income, dropped, MEMORY))
    pay = income_of(report, Label.INCOME)
    if pay:
        found.append(rounded("", "pay and other income: where it belongs", pay, dropped, MEMORY))
    return lines("item_18", found)


def line(d: Disposal, _report: Report) -> str:
    """Gains by whether the discount is theirs, losses together."""
    if (d.gain or ZERO) < ZERO:
        return "capital losses"
    return "of which discountable" if d.term is Term.LONG else "Total current year"


def notes(report: Report) -> list[str]:
    """What the person has to add."""
    if not taxed_of(report):
        return left_out(report)
    return [
        "Losses of earlier years and gains on other assets are not known here: they come before the discount, so work "
        "out 18A and 18V again if there are any.",
        *left_out(report),
    ]


FORM = Form(
    "item_18.csv",
    "Item 18",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="Supplementary return 2025, item 18; labels read in the instructions. Item 24 from memory",
    adds=(("Other income", "income"), ("pay", "income"), ("", "disposals")),
    line=line,
)
