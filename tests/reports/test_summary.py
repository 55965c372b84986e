"""The figures: exact, complete, and the same as the detail rows."""

from datetime import date
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from pipeline.issues import Issue
from pipeline.model import Kind, Term
from pipeline.money import exact
from reports.summary import figures, gain_by_month, summary
from tests.reports.example import at, disposal, full, gift, income, report

money = st.decimals(min_value=0, max_value=10**12, allow_nan=False, places=24)


def test_figures_of_a_small_year() -> None:
    f = figures(full())
    assert (f.proceeds, f.cost_basis) == (D("160.26"), D("133.458333333333333333333333"))
    assert (f.short_term_gain, f.long_term_gain) == (D("50.13"), D("-23.328333333333333333333333"))
    assert f.gain == f.short_term_gain + f.long_term_gain == f.gains + f.losses
    assert f.income == {"mining": D("1.25"), "reward": D("25.5")}
    assert f.income_total == D("26.75")
    assert (f.without_gain, f.unpriced_disposals, f.unpriced_income, f.unpriced_holdings) == (1, 1, 1, 0)


def test_results_of_derivatives_are_summed_apart_and_only_where_there_are_any() -> None:
    told = [row[1:] for row in summary(full()).rows if row[0] == "derivatives"]
    assert told == [("profits", D(30)), ("losses", D(0)), ("fees", D(-2)), ("result", D(28))]
    assert ("left_out", "unpriced_derivatives", 1) in summary(full()).rows
    without = [row[:2] for row in summary(report()).rows if row[0] in ("derivatives", "left_out")]
    assert without and not [row for row in without if "derivatives" in f"{row}"]


def test_a_gift_that_the_country_taxes_counts() -> None:
    assert figures(report(disposals=[disposal(kind=Kind.GIFT)])).gain == D("50.13")
    assert figures(report(disposals=[gift()])).proceeds == 0


def test_income_of_unknown_value_is_unknown_not_zero() -> None:
    f = figures(report(incomes=[income(value=None)]))
    assert f.income == {"reward": None}
    assert ("income", "reward", None) in summary(report(incomes=[income(value=None)])).rows


def test_open_problems_are_counted() -> None:
    lost = Issue("missing_acquisition", "Kraken", "BTC", at("2025-02-01 12:00"), details={"quantity": "2"})
    alike = Issue("look_alike_asset", "Kraken", "ВТС", details={"other": "BTC"})
    f = figures(report(issues=[lost, alike, lost]))
    assert (f.errors, f.warnings) == (2, 1)


def test_the_summary_has_what_the_contract_names() -> None:
    items = {(row[0], row[1]) for row in summary(full()).rows}
    named = "proceeds cost_basis gain short_term_gain long_term_gain gains losses".split()
    assert {("capital_gains", item) for item in named} | {("income", "total"), ("income", "reward")} <= items


@given(st.lists(st.tuples(money, money, st.sampled_from(Term), st.integers(0, 364)), max_size=12))
def test_months_add_up_to_the_year(rows: list[tuple[D, D, Term, int]]) -> None:
    from datetime import timedelta

    with exact():
        disposals = [
            disposal(str(n), proceeds=p, cost_basis=c, term=t, disposed_at=at("2025-01-01 12:00") + timedelta(days=day))
            for n, (p, c, t, day) in enumerate(rows)
        ]
        r = report(disposals=disposals)
        f, months = figures(r), gain_by_month(r)
        assert [m.first for m in months] == [date(2025, n, 1) for n in range(1, 13)]
        for name in ("proceeds", "cost_basis", "gain", "short_term_gain", "long_term_gain"):
            assert sum(getattr(m, name) for m in months) == getattr(f, name)
        assert f.gain == f.proceeds - f.cost_basis == f.gains + f.losses
        assert f.losses <= 0 <= f.gains
