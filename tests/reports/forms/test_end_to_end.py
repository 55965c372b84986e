"""Forms that need what only the engine knows: the portfolio's cost behind a French cession, costs of sale in Canada."""

from tests.ledgers import buy, prices, sell
from tests.reports.forms.made import filed, line, rows


def test_lines_212_to_223_are_those_of_the_portfolio_behind_each_cession() -> None:
    report = filed(
        "fr", 2025,
        buy("2025-01-10", "10 TOK", "1000 EUR"),
        sell("2025-03-10", "3.75 TOK", "450 EUR"),
        sell("2025-09-10", "6.25 TOK", "1300 EUR"),
        priced=prices("2025-03-10 TOK 120 EUR"),
    )  # fmt: skip
    first, second = rows(report, "form_2086")
    assert [first[n] for n in ("212", "213", "217", "220", "221", "223", "gain")] == [1200, 450, 450, 1000, 0, 1000, 75]
    assert [second[n] for n in ("212", "220", "221", "223", "gain")] == [1300, 1000, 375, 625, 675]
    assert line(report, "form_2042_c", "3AN") == 750


def test_outlays_of_a_sale_have_their_own_column_in_canada() -> None:
    report = filed(
        "ca", 2023,
        buy("2022-01-01", "2 BTC", "30000 CAD"),
        sell("2023-03-01", "1 BTC", "20000 CAD", fee="10 CAD"),
    )  # fmt: skip
    (row,) = rows(report, "schedule_3")
    assert (row["adjusted_cost_base"], row["outlays"], row["gain"]) == (15000, 10, 4990)
