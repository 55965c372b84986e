"""The lowest and the highest gain while problems are open."""

from decimal import Decimal as D

from pipeline.issues import Issue
from pipeline.model import Amount, Rule, Transaction
from reports.summary import figures, gain_range
from reports.table import Report
from tests.reports.example import at, disposal, report

WHEN = at("2025-02-01 12:00")


def left_for_nowhere(value: str) -> Report:
    row = Transaction("t9", WHEN, "Kraken", Amount(D(1), "BTC"))
    issue = Issue("unmatched_withdrawal", "Kraken", "BTC", WHEN, "t9", details={"quantity": "1", "hint": ""})
    one = report(disposals=[disposal()], transactions=[row], issues=[issue])
    one.result.values["t9"] = (D(value) if value else None, "")
    return one


def test_without_problems_both_are_the_gain() -> None:
    one = report(disposals=[disposal()])
    assert gain_range(one) == (figures(one).gain, figures(one).gain)


def test_a_missing_cost_may_be_what_the_units_were_sold_for() -> None:
    known, missing = disposal("a"), disposal("b", rule=Rule.MISSING, cost_basis=D(0))
    assert missing.gain is not None and missing.gain > 0
    both = report(disposals=[known, missing])
    assert gain_range(both) == (known.gain, figures(both).gain)


def test_what_left_for_nowhere_may_have_been_sold() -> None:
    one = left_for_nowhere("90000")
    gain = figures(one).gain
    assert gain_range(one) == (gain, gain + 90000)
    assert gain_range(left_for_nowhere("")) == (gain, None)


def test_a_disposal_without_a_price_can_come_to_anything() -> None:
    assert gain_range(report(disposals=[disposal(), disposal("b", proceeds=None)])) == (None, None)
