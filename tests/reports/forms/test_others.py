"""The other countries' forms: lines of small years with a known answer, the office's own where there is one."""

from decimal import Decimal as D

import pytest
from msgspec.structs import replace

from pipeline.model import Rule, Term
from tests.ledgers import buy, prices, receive, sell, send, swap
from tests.reports.example import at, disposal, income
from tests.reports.forms.made import filed, form, line, made, rows, written

# ---- Germany ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("year", "numbers"),
    [
        (2024, ("41", "42", "43", "44", "45", "46", "47", "54", "11")),
        (2025, ("45", "46", "47", "48", "49", "50", "51", "58", "15")),
    ],
)
def test_anlage_so_files_the_sales_within_a_year_and_shows_the_free_ones(year: int, numbers: tuple[str, ...]) -> None:
    report = filed(
        "de", year,
        buy(f"{year - 2}-05-10", "1 BTC", "10000 EUR"),
        buy(f"{year - 1}-06-10", "1 BTC", "20000.50 EUR"),
        sell(f"{year}-06-10", "2 BTC", "50000.90 EUR"),  # the first free, the second on its last taxable day
        receive(f"{year}-07-01", "0.01 BTC", "reward", "200.70 EUR"),
    )  # fmt: skip
    days = f"10.06.{year - 1} / 10.06.{year}"
    figures = ("1", "BTC", days, D(25000), D(20001), D(0), D(4999), D(4999), D(200))
    assert written(report, "anlage_so") == dict(zip(numbers, figures, strict=True))
    assert line(report, "anlage_so", "not filed") == D(15000)
    limits = [(r["amount"], r["entry"]) for r in rows(report, "anlage_so") if r["name"].startswith("limit")]
    assert limits == [
        (D(1000), "reached: all of it is taxed"),
        (D(256), "not reached by this alone: free, if there is no more"),
    ]
    (row,) = rows(report, "anlage_so_list")
    assert (row["price"], row["cost"], row["gain"], row["exact_gain"]) == (
        D("25000.45"), D("20000.50"), D("4999.95"), D("4999.95")
    )  # fmt: skip


def test_costs_of_a_sale_have_a_line_and_a_year_without_known_lines_says_so() -> None:
    sold = replace(disposal(proceeds=D(500), cost_basis=D("310.20")), costs=D("10.20"))
    report = made("de", 2025, sold, replace(sold, id="d2"))
    assert [written(report, "anlage_so")[n] for n in ("48", "49", "50", "51")] == [D(1000), D(600), D(21), D(379)]
    assert [r["costs_of_sale"] for r in rows(report, "anlage_so_list")] == [D("10.20"), D("10.20")]
    assert "takes one sale" in form(report, "anlage_so").notes(report)[0]
    later = made("de", 2026, replace(sold, disposed_at=at("2026-03-01 12:00")))
    assert not written(later, "anlage_so")
    assert form(later, "anlage_so").notes(later) == [
        "The lines of Anlage SO 2026 are not known here: go by their names."
    ]


# ---- Canada -----------------------------------------------------------------------------------


def test_schedule_3_has_a_row_for_each_asset_whose_columns_add_up() -> None:
    report = filed(
        "ca", 2023,
        buy("2022-01-01", "2 BTC", "30000 CAD", fee="33.33 CAD"),
        sell("2023-03-01", "1 BTC", "20000.555 CAD", fee="10 CAD"),
        sell("2023-04-01", "0.5 BTC", "9000 CAD"),
    )  # fmt: skip
    (row,) = rows(report, "schedule_3")
    assert (row["period"], row["quantity"], row["proceeds"]) == ("", D("1.5"), D("29000.56"))
    assert row["adjusted_cost_base"] + row["outlays"] == D("22535.00")  # 1.5 x 15,016.665, and 10 of fees
    assert (row["gain"], row["exact_gain"]) == (D("6465.56"), D("6465.5575"))
    assert written(report, "schedule_3_totals") == {"15199": D("29000.56"), "15300": D("6465.56")}
    assert line(report, "schedule_3_totals", "half of the gain") == D("3232.78")


def test_in_2024_the_two_periods_stand_apart_and_lines_are_not_guessed() -> None:
    report = filed(
        "ca", 2024,
        buy("2023-01-01", "2 BTC", "20000 CAD"),
        sell("2024-06-24", "1 BTC", "30000 CAD"), sell("2024-06-25", "1 BTC", "40000 CAD"),
    )  # fmt: skip
    assert [(r["period"], r["gain"]) for r in rows(report, "schedule_3")] == [
        ("1", D("20000.00")),
        ("2", D("30000.00")),
    ]
    assert not written(report, "schedule_3_totals")
    assert "could not be read" in form(report, "schedule_3_totals").notes(report)[0]


def test_a_superficial_loss_is_in_no_column_but_its_own() -> None:
    report = filed(
        "ca", 2025,
        buy("2025-01-01", "1 BTC", "1000 CAD"), sell("2025-03-01", "1 BTC", "600 CAD"),
        buy("2025-03-10", "1 BTC", "700 CAD"),
    )  # fmt: skip
    (row,) = rows(report, "schedule_3")
    assert (row["proceeds"], row["adjusted_cost_base"], row["gain"], row["superficial_loss"]) == (600, 600, 0, 400)


# ---- Australia --------------------------------------------------------------------------------


def test_item_18_of_the_offices_example_and_a_year_later_with_the_discount() -> None:
    katrina = (  # the tax office's page on crypto for crypto: proceeds 6,000, here bought at 150 each
        buy("2021-07-05 02:00", "100 COINA", "15000 AUD"),
        swap("2021-11-15 02:00", "20 COINA", "100 COINB", "6000 AUD"),
        sell("2022-07-06 02:00", "20 COINA", "5000.99 AUD"),
    )
    assert written(filed("au", 2022, *katrina), "item_18") == {
        "18G": "Yes", "18H": D(3000), "18A": D(3000), "18V": D(0)
    }  # fmt: skip
    assert written(filed("au", 2023, *katrina), "item_18") == {
        "18G": "Yes", "18H": D(2000), "18A": D(1000), "18V": D(0)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("short", "long", "losses", "net", "carried"),
    [
        (100, 1000, 0, 600, 0),  # 100 + 1,000 / 2
        (100, 1000, 60, 540, 0),  # losses against the gain without the discount first
        (100, 1000, 300, 400, 0),  # 200 of them against the other: (1,000 - 200) / 2
        (100, 1000, 1500, 0, 400),
    ],
)
def test_losses_come_before_the_discount(short: int, long: int, losses: int, net: int, carried: int) -> None:
    sold = {"disposed_at": at("2024-12-01 12:00")}
    gains = ((short, Term.SHORT), (long, Term.LONG), (-losses, Term.LONG))
    parts = [
        disposal(f"d{n}", proceeds=D(2000 + g), cost_basis=D(2000), term=t, **sold) for n, (g, t) in enumerate(gains)
    ]
    lines = written(made("au", 2025, *parts), "item_18")
    assert (lines["18H"], lines["18A"], lines["18V"]) == (D(short + long), D(net), D(carried))


# ---- Ireland ----------------------------------------------------------------------------------


def test_cg1_tells_the_two_periods_apart_and_losses_bought_back() -> None:
    report = filed(
        "ie", 2025,
        buy("2024-01-01", "3 BTC", "30000 EUR"),
        sell("2025-11-30", "1 BTC", "25000.40 EUR"),
        sell("2025-12-01", "1 BTC", "4000 EUR"), buy("2025-12-10", "1 BTC", "5000 EUR"),
    )  # fmt: skip
    assert line(report, "cg1", "chargeable gains") == D(15000)
    assert line(report, "cg1", "1 January to 30 November: consideration") == D(25000)
    assert line(report, "cg1", "December: allowable losses") == D(0)
    assert line(report, "cg1", "December: losses set apart") == D(6000)
    assert line(report, "cg1", "personal exemption") == D(1270)


# ---- Spain ------------------------------------------------------------------------------------


def test_modelo_100_has_a_row_for_each_currency_and_what_was_given_for_it() -> None:
    report = filed(
        "es", 2025,
        buy("2024-01-01", "4 BTC", "40000 EUR"),
        sell("2025-02-01", "1 BTC", "15000 EUR", fee="100 EUR"),
        swap("2025-03-01", "1 BTC", "10 ETH", "9000 EUR"),
        send("2025-04-01", "1 BTC", "spend", "12000 EUR"),
        receive("2025-05-01", "1 ETH", "reward", "900 EUR"),
        priced=prices("2025-12-31 BTC 20000 EUR", "2025-12-31 ETH 3000 EUR"),
    )  # fmt: skip
    keys = ("currency", "key", "transmission_value", "acquisition_value", "gain", "loss")
    assert [tuple(r[k] for k in keys) for r in rows(report, "modelo_100")] == [
        ("BTC", "B", 12000, 10000, 2000, 0), ("BTC", "F", 14900, 10000, 4900, 0), ("BTC", "N", 9000, 10000, 0, 1000)
    ]  # fmt: skip
    assert written(report, "modelo_100_totals") == {"1814": D("6900.00"), "1813": D("1000.00"), "0033": D("900.00")}
    assert [(r["account"], r["currency"], r["quantity"], r["value"]) for r in rows(report, "modelo_721")] == [
        ("Kraken", "BTC", 1, 20000), ("Kraken", "ETH", 11, 33000)
    ]  # fmt: skip
    assert "53000.00 on 31 December: Modelo 721 is due if" in form(report, "modelo_721").notes(report)[0]


# ---- Austria ----------------------------------------------------------------------------------


def test_e1kv_keeps_gains_losses_and_current_income_apart() -> None:
    report = filed(
        "at", 2025,
        buy("2024-01-01", "2 BTC", "20000 EUR"),
        sell("2025-02-01", "1 BTC", "15000.005 EUR"), sell("2025-03-01", "1 BTC", "4000 EUR"),
        receive("2025-04-01", "1 ETH", "interest", "100 EUR"), receive("2025-05-01", "1 ETH", "reward", "100 EUR"),
    )  # fmt: skip
    assert written(report, "e1kv") == {"172": D("100.00"), "174": D("5000.01"), "176": D("6000.00")}


def test_coins_of_before_march_2021_are_not_on_e1kv() -> None:
    old = {"acquired_at": at("2021-02-01 12:00"), "proceeds": D(300), "cost_basis": D(100)}
    short, long = disposal(term=Term.SHORT, **old), disposal("d2", term=Term.LONG, **old)
    report = made("at", 2025, short, long, disposal("d3", term=Term.NONE, proceeds=D(30), cost_basis=D(10)))
    assert written(report, "e1kv") == {"174": D("20.00"), "176": D("0.00"), "801": D("200.00")}
    assert line(report, "e1kv", "free") == D("200.00")


# ---- Japan ------------------------------------------------------------------------------------


def test_the_sheet_of_the_agencys_example_of_the_total_average() -> None:
    # National Tax Agency, information no. 4 of 2017: 3,600,000 for 6 units, 600,000 each
    report = filed(
        "jp", 2017,
        buy("2017-03-09", "4 BTC", "2000000 JPY"),
        sell("2017-05-20", "0.2 BTC", "110000 JPY"),
        send("2017-09-28", "0.3 BTC", "spend", "155000 JPY"),
        swap("2017-11-02", "1 BTC", "10 XRP", "600000 JPY"),
        buy("2017-11-30", "2 BTC", "1600000 JPY"),
    )  # fmt: skip
    (sheet,) = rows(report, "misc_income")
    assert (sheet["available_quantity"], sheet["available_amount"], sheet["unit_cost"]) == (6, 3600000, 600000)
    assert (sheet["revenue"], sheet["expenses"], sheet["income"]) == (865000, 900000, -35000)
    assert (sheet["closing_quantity"], sheet["closing_amount"]) == (D("4.5"), 2700000)
    assert line(report, "misc_income_totals", "所得金額") == D(-35000)


def test_revenue_is_rounded_down_and_expenses_up_once_for_each_sheet() -> None:
    sold = {"rule": Rule.AVERAGE, "acquired_at": None}
    parts = [disposal(f"d{n}", proceeds=D("100.4"), cost_basis=D("33.4"), **sold) for n in range(3)]
    (sheet,) = rows(made("jp", 2025, *parts), "misc_income")
    assert (sheet["revenue"], sheet["expenses"], sheet["income"], sheet["exact_income"]) == (301, 101, 200, 201)


# ---- Sweden -----------------------------------------------------------------------------------


def test_k4_of_the_agencys_example_and_a_loss_on_a_row_of_its_own() -> None:
    # The tax agency's page: 0.345 bitcoin that cost 1,380 pay for goods of 2,000: gain 620
    report = filed(
        "se", 2025,
        buy("2025-01-01", "1 BTC", "4000 SEK"),
        send("2025-02-01", "0.345 BTC", "spend", "2000.99 SEK"),
        sell("2025-03-01", "0.6 BTC", "2000 SEK"),
    )  # fmt: skip
    keys = ("units", "currency", "price", "cost", "gain", "loss", "remark")
    assert [tuple(r[k] for k in keys) for r in rows(report, "k4")] == [
        (0, "BTC", 2000, 1380, 620, 0, "0.345 BTC"), (1, "BTC", 2000, 2400, 0, 400, "0.6 BTC")
    ]  # fmt: skip
    assert written(report, "k4_totals") == {"7.5": D(620), "8.4": D(400)}
    assert [r["difference"] for r in rows(report, "k4_totals")] == [D("-0.99"), D(0)]


# ---- Netherlands, Switzerland -----------------------------------------------------------------

HELD = (
    buy("2024-03-01", "2 BTC", "100 EUR"),
    buy("2024-03-01", "3 DUST", "1 EUR"),
    sell("2025-06-01", "1 BTC", "9 EUR"),
)
VALUES = prices("2025-01-01 BTC 1000.45 EUR", "2025-12-31 BTC 2000 EUR", "2024-12-31 BTC 999 EUR")


def test_box_3_is_what_was_held_when_the_year_began() -> None:
    report = filed("nl", 2025, *HELD, priced=VALUES)
    assert line(report, "box_3", "Overige bezittingen") == D(2000)
    assert line(report, "box_3", "free capital") == D(57684)
    assert line(report, "box_3", "3 DUST") == "no price known: not in the sum"
    assert form(report, "box_3").notes(report)[0].startswith("No price on 1 January is known for DUST")


def test_the_securities_register_has_value_and_yield_of_each_coin() -> None:
    report = filed(
        "ch", 2025,
        buy("2024-03-01", "2 BTC", "100 CHF"), receive("2025-02-01", "0.5 BTC", "reward", "12.345 CHF"),
        receive("2025-02-01", "1 ETH", "interest", "7 CHF"), sell("2025-02-02", "1 ETH", "7 CHF"),
        priced=prices("2025-12-31 BTC 2000 CHF"),
    )  # fmt: skip
    assert [(r["asset"], r["quantity"], r["tax_value"], r["gross_yield"]) for r in rows(report, "wertschriften")] == [
        ("BTC", D("2.5"), D("5000.00"), D("12.35")), ("ETH", 0, 0, D("7.00"))
    ]  # fmt: skip


# ---- years without the form -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "year", "name", "told"),
    [
        (
            "us",
            2010,
            "form_8949",
            "There is no Form 8949 for 2010: the first is that of 2011. Its rows belong on Schedule D",
        ),
        ("us", 2012, "form_8949", "C in place of F"),
        ("us", 2017, "schedule_1", "There is no Schedule 1 for 2017"),
        ("fr", 2018, "form_2086", "There is no form 2086 for 2018"),
        ("fr", 2018, "form_2042_c", "There is no box 3AN for 2018"),
        ("es", 2023, "modelo_100", "are those of 2024: compare them with the form of 2023"),
        ("at", 2021, "e1kv", "There is no E1kv with numbers for coins for 2021"),
        ("uk", 2024, "sa108", "15 - 16 may differ from 17 - 19"),
        ("uk", 2024, "sa108", "Before 2024-25 SA108 has no section for cryptoassets"),
    ],
)
def test_a_year_that_the_form_does_not_exist_for_is_told(country: str, year: int, name: str, told: str) -> None:
    sold = disposal(disposed_at=at(f"{year}-03-01 12:00"))
    report = made(country, year, sold)
    report = replace(report, result=replace(report.result, incomes=[income(at=sold.disposed_at)]))
    assert any(told in note for note in form(report, name).notes(report))
    later = replace(report, period=report.rules.year.period(2026, report.zone))
    assert not any("There is no" in note for note in form(later, name).notes(later))


@pytest.mark.parametrize(("year", "number"), [(2025, "8v"), (2024, "8v"), (2023, "8z"), (2020, "8"), (2018, "21")])
def test_schedule_1_has_the_years_own_line(year: int, number: str) -> None:
    report = made("us", year)
    report = replace(report, result=replace(report.result, incomes=[income(at=at(f"{year}-03-01 12:00"))]))
    assert written(report, "schedule_1") == {number: D("25.50")}
