"""France: form 2086 by the administration's example, the limit of 305 euros, accounts abroad."""

from decimal import Decimal as D
from typing import Any

from msgspec.structs import replace

from pipeline.model import Disposal, Rule, Term, Whole
from reports.table import SourceUsed
from tests.reports.example import at, disposal
from tests.reports.forms.made import form, line, made, rows


def sale(id: str, when: str, proceeds: str, used: str, whole: Whole | None, **changes: Any) -> Disposal:
    fields = {"acquired_at": None, "rule": Rule.AVERAGE, "term": Term.NONE, "disposed_at": at(f"{when} 12:00")}
    made_so = disposal(
        id, asset="TOK", quantity=D("3.75"), proceeds=D(proceeds), cost_basis=D(used), **fields, **changes
    )
    return replace(made_so, whole=whole)


# Notice of form 2086: paid 1,000; worth 1,200 when 450 are sold; then all the rest at 1,300.
FIRST = sale("s1", "2025-03-10", "450", "375", Whole(D(1200), D(1000), D(0)))
REST = sale("s2", "2025-09-10", "1300", "625", Whole(D(1300), D(625), D(375)))


def test_the_notices_example_line_by_line() -> None:
    report = made("fr", 2025, FIRST, REST)
    first, rest = rows(report, "form_2086")
    assert {n: str(first[n]) for n in first if n.isdigit()} == {
        "211": "2025-03-10", "212": "1200", "213": "450", "214": "0", "215": "450", "216": "0", "217": "450",
        "218": "450", "220": "1000", "221": "0", "222": "0", "223": "1000",
    }  # fmt: skip
    assert (first["gain"], rest["gain"]) == (D(75), D(675))
    assert (rest["220"], rest["221"], rest["223"]) == (D(1000), D(375), D(625))
    assert line(report, "form_2042_c", "3AN") == D(750)
    assert line(report, "form_2042_c", "sum of the prices, gross") == D(1750)


def test_fees_lessen_the_price_but_not_the_fraction() -> None:
    report = made("fr", 2025, sale("s", "2025-03-10", "440.40", "375", Whole(D(1200), D(1000), D(0), fees=D("9.60"))))
    (row,) = rows(report, "form_2086")
    assert [row[n] for n in ("213", "214", "215", "217", "218")] == [D(450), D(10), D(440), D(450), D(440)]
    assert (row["gain"], row["exact_gain"]) == (D(65), D("65.40"))
    (box, *_) = rows(report, "form_2042_c")
    assert (box["line"], box["amount"], box["exact"], box["difference"]) == ("3AN", D(65), D("65.40"), D("-0.40"))


def test_a_loss_goes_to_3bn_without_a_sign() -> None:
    report = made("fr", 2025, sale("s", "2025-03-10", "100", "375", Whole(D(1200), D(4500), D(0))))
    assert line(report, "form_2042_c", "3BN") == D(275)


def test_units_without_a_record_and_an_untold_portfolio_are_said() -> None:
    missing = replace(FIRST, quantity=D(1), proceeds=D(50), cost_basis=D(0), rule=Rule.MISSING)
    report = made("fr", 2025, FIRST, missing, replace(REST, whole=None))
    both, untold = rows(report, "form_2086")
    assert (both["what"], both["213"], both["exact_gain"]) == ("4.75 TOK", D(500), D(125))
    assert (untold["212"], untold["223"], untold["gain"]) == (None, None, D(675))
    notes = " ".join(form(report, "form_2086").notes(report))
    assert "without a record" in notes and "are empty" in notes
    assert not any("sum of the prices" in row["name"] for row in rows(report, "form_2042_c"))


def test_every_account_with_a_record_by_the_years_end_is_listed_for_3916_bis() -> None:
    used = [
        SourceUsed("Binance", "binance", 9, at("2024-06-01 12:00"), at("2026-02-01 12:00")),
        SourceUsed("Later", "kraken", 9, at("2026-01-01 12:00"), at("2026-02-01 12:00")),
        SourceUsed("Nothing", "kraken", 0, None, None),
    ]
    report = made("fr", 2025, sources=used)
    assert [(r["account"], r["platform"], str(r["first_record"])) for r in rows(report, "form_3916_bis")] == [
        ("Binance", "binance", "2024-06-01")
    ]
