"""Form CG1 and panel L of Form 11 (Ireland): gains and losses on crypto-assets, by the year's two periods of payment.

Disposals to 30 November are paid for by 15 December, those of December by 31 January. A loss on units bought again
within four weeks counts only against a gain on those (TCA 1997 s581(3)): it is in no loss here, on a line of its own.
Whole euros, each figure rounded once, in the taxpayer's favour: consideration and gains down, costs and losses up. The
dates: CG1 of 2021, read in a copy; its line numbers change from year to year and are left empty; rounding from memory.
"""

from collections.abc import Sequence
from datetime import date

from pipeline.model import Disposal
from pipeline.money import ZERO
from reports.forms import Form
from reports.forms.lines import MEMORY, TOTALS_BY, Line, counted, down, exactly, limit, lines, rounded, up
from reports.forms.taxed import day_of, income_of, left_out, sums, taxed_of
from reports.table import Report, Table

_SOURCE = "CG1, 2021"
_EARLY, _LATE = "1 January to 30 November: ", "December: "  # the periods of payment


@exactly
def table(report: Report) -> Table:
    """The year, its two periods, the exemption, and income."""
    sold = taxed_of(report)
    found: list[Line] = []
    if sold:
        found = [counted("", "number of disposals", len({d.id for d in sold}), _SOURCE), *_figures("", sold)]
        for period in (_EARLY, _LATE):
            found += _figures(period, [d for d in sold if _period(d, report) == period])
        found.append(limit(report, 0, "personal exemption, not applied", "TCA 1997 s601"))
    income = income_of(report)
    if income:
        found.append(rounded("", "income, Case IV or V or as the facts are", income, down, MEMORY))
    return lines("cg1", found)


def _period(d: Disposal, report: Report) -> str:
    december = date(report.period.last.year, 12, 1)
    return _EARLY if day_of(d.disposed_at, report) < december else _LATE


def line(d: Disposal, report: Report) -> str:
    """The period's gains, or losses of the kind that it is."""
    if (d.gain or ZERO) >= ZERO:
        return f"{_period(d, report)}chargeable gains"
    return f"{_period(d, report)}{'losses set apart' if d.set_apart else 'allowable losses'}"


def _figures(when: str, of: Sequence[Disposal]) -> list[Line]:
    s = sums(of)
    apart = sum((d.set_apart for d in of), ZERO)
    return [
        rounded("", f"{when}consideration", s.proceeds, down, _SOURCE),
        rounded("", f"{when}allowable costs", s.cost, up, _SOURCE),
        rounded("", f"{when}chargeable gains", s.gains, down, _SOURCE),
        rounded("", f"{when}allowable losses", -s.losses - apart, up, _SOURCE),
        *([rounded("", f"{when}losses set apart by the four weeks", apart, up, "TCA 1997 s581(3)")] if apart else []),
    ]


def notes(report: Report) -> list[str]:
    """What could not be read."""
    if not taxed_of(report):
        return left_out(report)
    return [
        "The lines of CG1 and of panel L of Form 11 change from year to year and are not known here: crypto-assets "
        "stand with other assets. Losses set apart count only against gains on the units bought again.",
        *left_out(report),
    ]


FORM = Form(
    "cg1.csv",
    "CG1 and Form 11",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="CG1, 2021; periods read, lines not",
    adds=(("income", "income"), ("personal", ""), ("", "disposals")),
    line=line,
)
