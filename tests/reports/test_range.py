"""The lowest and the highest gain while problems are open, in the summary."""

from decimal import Decimal as D

from pipeline.issues import Issue, Stake
from reports.summary import figures, gain_range, summary
from tests.reports.example import at, disposal, report


def problem(*stakes: Stake) -> Issue:
    return Issue(
        "missing_acquisition", "Kraken", "BTC", at("2025-02-01 12:00"), "t9", "", {"quantity": "1"}, stakes=stakes
    )


def test_without_problems_both_are_the_gain() -> None:
    one = report(disposals=[disposal()])
    assert gain_range(one) == (figures(one).gain, figures(one).gain)


def test_what_the_problems_may_do_to_this_year_is_added_up_and_other_years_are_not() -> None:
    gain = disposal().gain
    assert gain is not None
    now = str(gain)
    issues = [
        problem(Stake("2024", "7", "0", "9"), Stake("2025", now, str(gain - 40), now)),
        problem(Stake("2025", now, str(gain - 2), str(gain + 9000))),
    ]
    one = report(disposals=[disposal()], issues=issues)
    assert gain_range(one) == (gain - 42, gain + 9000)
    shown = {row[1]: row[2] for row in summary(one).rows if row[0] == "range"}
    assert shown == {"lowest_gain": gain - 42, "highest_gain": gain + 9000}


def test_an_end_that_one_problem_leaves_open_is_not_told() -> None:
    one = report(
        disposals=[disposal()], issues=[problem(Stake("2025", "1", "", "3")), problem(Stake("2025", "1", "0", "1"))]
    )
    assert gain_range(one) == (None, D(3))


def test_a_disposal_without_a_price_can_come_to_anything() -> None:
    assert gain_range(report(disposals=[disposal(), disposal("b", proceeds=None)])) == (None, None)
