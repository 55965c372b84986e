"""SA108, Capital Gains Summary (United Kingdom): the boxes for cryptoassets.

One disposal is all that was disposed of of one token on one day (TCGA 1992 s105(1)(b)); gains and losses are told apart
by disposal. Whole pounds, each box rounded once, in the taxpayer's favour: proceeds and gains down, costs and losses up
(as HMRC's own examples do with costs: 937.50 is 938). Boxes 13.1 to 13.8: SA108 2026 (HMRC 12/25), read in a public
transcription box by box; the same for 2024-25 by two guides. Box 51: by guides (ICAEW, 24 March 2025). From memory:
code NVC, and before 2024-25 other assets, boxes 14 to 19.
"""

from datetime import date
from decimal import Decimal

from pipeline.model import Disposal, Kind
from pipeline.money import ZERO, exact
from reports.forms import Form
from reports.forms.lines import MEMORY, TOTALS_BY, Line, cents, counted, down, exactly, lines, rounded, up, written
from reports.forms.taxed import day_of, grouped, left_out, sums, taxed_of
from reports.table import Report, Table

_NAMES = (
    "Number of disposals",
    "Disposal proceeds",
    "Allowable costs (including purchase price)",
    "Gains in the year, before losses",
    "Losses in the year",
)
_NEW_RATES = date(2024, 10, 30)  # 18 and 24 % in place of 10 and 20 %: Finance Act 2025
_FIRST_OWN_YEAR = 2025  # 2024-25: cryptoassets get a section of their own
_CRYPTO, _OTHER = ("13.1", "13.2", "13.3", "13.4", "13.5"), ("14", "15", "16", "17", "19")


def by_disposal(report: Report) -> list[list[Disposal]]:
    """The parts of each disposal: of one token on one day, in order of day and token."""
    found = grouped(taxed_of(report), lambda d: (day_of(d.disposed_at, report), d.asset))
    return [parts for _, parts in found]


@exactly
def table(report: Report) -> Table:
    """The five boxes."""
    whole = sums(taxed_of(report))
    gains = [sums(parts).gain for parts in by_disposal(report)]
    gained = sum((g for g in gains if g > ZERO), ZERO)
    lost = sum((-g for g in gains if g < ZERO), ZERO)
    numbers, source = (_CRYPTO, "SA108, 2025-26") if _has_own_section(report) else (_OTHER, f"SA108, {MEMORY}")

    def box(n: int, amount: Decimal) -> Line:
        return rounded(numbers[n], _NAMES[n], amount, up if n in (2, 4) else down, source)

    count = counted(numbers[0], _NAMES[0], len(gains), source)
    claims = [written("13.6", "Code of the claim: negligible value", "NVC", MEMORY)] if _claims(report) else []
    return lines("sa108", [count, box(1, whole.proceeds), box(2, whole.cost), box(3, gained), box(4, lost), *claims])


def _claims(report: Report) -> bool:
    """Whether a negligible value claim (TCGA 1992 s24(2)) is among the disposals, and its box is known."""
    return _has_own_section(report) and any(d.kind is Kind.LOST for d in taxed_of(report))


def _has_own_section(report: Report) -> bool:
    return int(report.period.name) >= _FIRST_OWN_YEAR


def _of_new_rates(report: Report) -> list[str]:
    """What the year in which the rates changed needs besides: the return knows the old rates alone."""
    if int(report.period.name) != 2025:
        return []
    with exact():
        late = [s for parts in by_disposal(report) if day_of(parts[0].disposed_at, report) >= _NEW_RATES
                if (s := sums(parts).gain) > ZERO]  # fmt: skip
        gained = sum(late, ZERO)
    if not late:
        return []
    return [
        f"Of the gains {cents(gained)} are of 30 October 2024 and after, taxed at 18 and 24 %: the return takes the "
        "rates of before, and HMRC's calculator tells the adjustment for box 51."
    ]


def notes(report: Report) -> list[str]:
    """What goes with the boxes."""
    if not taxed_of(report):
        return left_out(report)
    own = _has_own_section(report)
    _, proceeds, costs, gains, losses = _CRYPTO if own else _OTHER
    others = "Boxes 13.6 to 13.8 (other claims, real time returns)" if own else "Boxes of claims"
    told = [
        f"HMRC asks for the computation of each disposal: enclose sa108_computation.csv. {others} and losses brought "
        "forward are yours to add.",
        f"Each box is rounded once, so that {proceeds} - {costs} may differ from {gains} - {losses} by a pound or two.",
    ]
    told += _of_new_rates(report)
    if not own:
        told.append(
            "Before 2024-25 SA108 has no section for cryptoassets: the boxes are those for other property, assets and "
            "gains, told from memory; compare them with the form."
        )
    return told + left_out(report)


FORM = Form(
    "sa108.csv",
    "SA108",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="SA108, 2025-26, boxes 13.1 to 13.5; read in a transcription",
    adds=(("", "sa108_computation"),),
)
