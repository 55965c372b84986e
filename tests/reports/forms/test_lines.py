"""What all forms keep to: rounding, the room that the workbook has, what README and the folder say."""

import io
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.money import exact
from pipeline.rules.base import countries
from reports.csv_file import write_csv
from reports.forms import every_form, forms_of, is_form_file
from reports.forms.lines import cents, down, dropped, lines, nearest, rounded, up
from reports.summary import figures
from reports.table import Report, Type
from tests.ledgers import Drawn, buy, ledger, ledgers, sell
from tests.reports.forms.made import cells, on, rows

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("how", "amount", "written"),
    [
        (up, "937.50", "938"),  # HMRC's own example
        (up, "937", "937"),
        (up, "0.000000000000000001", "1"),
        (down, "462.5", "462"),
        (down, "-462.5", "-463"),
        (dropped, "-462.9", "-462"),
        (nearest, "0.5", "1"),
        (nearest, "0.49", "0"),
        (cents, "0.125", "0.13"),
        (down, "123456789012345678901234567890.9", "123456789012345678901234567890"),
    ],
)
def test_each_way_to_round(how: object, amount: str, written: str) -> None:
    assert callable(how)
    assert str(how(D(amount))) == written


def test_a_line_shows_what_rounding_did() -> None:
    (row,) = cells(lines("x", [rounded("13.3", "costs", D("937.5000000001"), up, "SA108")]))
    assert (row["amount"], row["exact"], row["difference"]) == (D(938), D("937.5000000001"), D("0.4999999999"))


@pytest.mark.parametrize("form", every_form(), ids=lambda form: form.name)
def test_a_form_has_a_source_a_place_in_the_readme_and_a_sheet(form: object) -> None:
    from reports.forms import Form

    assert isinstance(form, Form)
    assert form.source and 0 < len(form.title) <= 31 and not set(form.title) & set("[]:*?/\\")
    assert f"| `{form.file}` |" in README and form.source in README
    assert is_form_file(form.file)


def test_files_of_a_form_are_told_from_a_persons_own() -> None:
    ours = ("form_8949.csv", "form_8949.txf", "form_8949_turbotax.csv", "form_8949_turbotax_12.csv", "sa108.csv")
    assert all(map(is_form_file, ours))
    assert not any(map(is_form_file, ("form_8949.pdf", "form_8949_turbotax_mine.csv", "sa108.txt", "", "lines.csv")))


def gain_on_forms(report: Report) -> D:
    """The year's gain before rounding, from the forms of a country alone."""

    def total(name: str, column: str, *names: str) -> D:
        found = [r for r in rows(report, name) if not names or names[0] in (r["line"], r["name"])]
        return sum((r[column] for r in found), D(0))

    match report.rules.country:
        case "us":
            return sum((r["exact_gain"] for r in rows(report, "schedule_d") if r["line"] == "16"), D(0))
        case "uk":
            gains = total("sa108", "exact", "13.4") - total("sa108", "exact", "13.5")
            assert gains == total("sa108_computation", "exact_gain")
            return gains
        case "de":
            free = total("anlage_so", "exact", "not filed: gain on units held for more than a year")
            assert total("anlage_so", "exact", "Gewinn / Verlust") == total("anlage_so_list", "exact_gain")
            return free + total("anlage_so_list", "exact_gain")
        case "ca":
            return total("schedule_3", "exact_gain")
        case "au":
            return total("item_18", "exact", "18H") - total("item_18", "exact", "capital losses of the year")
        case "fr":
            return total("form_2086", "exact_gain")
        case "ie":
            apart = total("cg1", "exact", "losses set apart by the four weeks")
            return total("cg1", "exact", "chargeable gains") - total("cg1", "exact", "allowable losses") - apart
        case "es":
            return total("modelo_100", "exact_result")
        case "at":
            return total("e1kv", "exact", "174") - total("e1kv", "exact", "176")  # no coin is of before March 2021
        case "jp":
            return total("misc_income", "exact_income")
        case "se":
            return total("k4", "exact_result")
    return D(0)


@pytest.mark.parametrize("country", [c for c in countries() if c != "generic"])
@given(drawn=ledgers(most=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_forms_hold_the_summarys_gain_and_fit_their_columns(country: str, drawn: Drawn) -> None:
    for year in (2024, 2025):
        report = on(country, year, drawn.transactions, drawn.prices, currency="USD")
        with exact():
            if (country, year) != ("uk", 2024):  # other boxes, the same sums
                assert gain_on_forms(report) == figures(report).gain
        for form in forms_of(report.rules):
            table = form.table(report)
            write_csv(io.StringIO(), table, report.zone)
            assert all(len(row) == len(table.columns) for row in table.rows)
            names = [c.name for c in table.columns]
            assert len(set(names)) == len(names) and set(form.totals_by) <= set(names)
            # the Summary sheet has room for the totals of four
            assert sum(c.type is Type.CENTS for c in table.columns) <= 4
            assert all(note == note.strip() and len(note) < 400 for note in form.notes(report))


@given(number=st.decimals(allow_nan=False, allow_infinity=False, min_value=0, places=9, max_value=10**12))
def test_rounding_in_the_taxpayers_favour_never_costs_a_unit(number: D) -> None:
    with exact():
        assert down(number) <= number <= up(number) and up(number) - down(number) <= 1


@pytest.mark.parametrize(("country", "form", "name"), [
    ("de", "anlage_so", "limit of private sales"), ("ie", "cg1", "personal exemption"),
    ("fr", "form_2042_c", "sales of the year not above"),
])  # fmt: skip
def test_a_limit_in_the_countrys_money_is_no_amount_among_others(country: str, form: str, name: str) -> None:
    drawn = ledger(buy("2025-01-05", "1 BTC", "100 USD"), sell("2025-06-05", "1 BTC", "300 USD"))
    (told,) = [r for r in rows(on(country, 2025, drawn, currency="USD"), form) if r["name"].startswith(name)]
    assert told["amount"] is None and told["entry"].endswith(" EUR: not compared with amounts in USD")
