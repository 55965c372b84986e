"""Form 8949: parts, boxes, the form's days and cents."""

from decimal import Decimal as D

import pytest
from msgspec.structs import replace

from pipeline.model import Amount, Rule, Term
from pipeline.reported import Compared, Piece, Reported
from pipeline.rules.base import countries, rules_of
from reports.forms import every_form, form_8949, forms_of
from reports.summary import summary
from reports.table import ReportError
from tests.reports.example import at, derivative, disposal, full, gift, report, transaction


def rows(**parts: object) -> list[dict[str, object]]:
    table = form_8949.table(report(**parts))  # type: ignore[arg-type]
    return [dict(zip([c.name for c in table.columns], row, strict=True)) for row in table.rows]


def test_a_row_as_on_the_form() -> None:
    assert rows(disposals=[disposal()]) == [
        {
            "description": "0.5 BTC",
            "date_acquired": "06/01/2024",
            "date_sold": "03/01/2025",
            "proceeds": D("150.26"),  # 150.255 and 100.125: half a cent up, the gain from these
            "cost_basis": D("100.13"),
            "code": "",
            "adjustment": D("0.00"),
            "gain": D("50.13"),
            "box": "I",
            "part": "I",
        }
    ]


@pytest.mark.parametrize(("year", "short", "long"), [(2024, "C", "F"), (2025, "I", "L"), (2026, "I", "L")])
def test_boxes_without_a_1099_da(year: int, short: str, long: str) -> None:
    sold = at(f"{year}-03-01 12:00")
    listed = rows(
        year=year, disposals=[disposal(disposed_at=sold, term=Term.LONG), disposal(disposed_at=sold, term=Term.SHORT)]
    )
    assert [(r["part"], r["box"]) for r in listed] == [("I", short), ("II", long)]


@pytest.mark.parametrize(
    ("told", "short", "long"),
    [("basis", "G", "J"), ("proceeds", "H", "K"), ("no", "I", "L")],
)
def test_what_a_1099_da_of_the_account_tells_chooses_the_box(told: str, short: str, long: str) -> None:
    sales = [disposal(account=a, term=t) for a in ("Coinbase", "Wallet") for t in (Term.LONG, Term.SHORT)]
    listed = rows(disposals=sales, form_1099_da={"Coinbase": told})
    assert [(r["part"], r["box"]) for r in listed] == [("I", short), ("I", "I"), ("II", long), ("II", "L")]
    before = [disposal(disposed_at=at("2024-03-01 12:00"))]
    assert [r["box"] for r in rows(year=2024, disposals=before, form_1099_da={"Kraken": told})] == ["C"]


def test_the_notes_say_what_is_to_be_settled_about_1099_da() -> None:
    sales = [disposal(account=a) for a in ("Coinbase", 'My "cold" wallet')]

    def notes(told: dict[str, str], year: int = 2025) -> list[str]:
        r = report(year=year, disposals=sales, form_1099_da=told)
        assert [row[2] for row in summary(r).rows if row[:2] == ("form_8949", "note")] == form_8949.notes(r)
        return form_8949.notes(r)

    assert notes({}, 2024) == []
    (both,) = notes({})
    assert both.startswith('No Form 1099-DA is known for Coinbase, My "cold" wallet: boxes I and L.')
    assert 'write "Coinbase" = "proceeds", "basis" or "no" under [form_1099_da.2025] in taxsync.toml' in both
    one, compare = notes({"Coinbase": "proceeds"})
    assert r'"My \"cold\" wallet" = "proceeds"' in one and compare.startswith("For Coinbase compare each row")
    assert notes({"Coinbase": "no", 'My "cold" wallet': "no"}) == []
    *_, unknown = notes({"Conbase": "basis"})
    assert (
        unknown
        == "[form_1099_da.2025] in taxsync.toml names Conbase: no row of this form is of an account with that name."
    )


def test_results_of_margin_are_contracts_with_what_they_were_and_no_day_of_opening() -> None:
    result = derivative("m1", "profit", D(30))
    sale = disposal("m1.margin", asset="USD", quantity=D(30), proceeds=D(30), cost_basis=D(0), rule=Rule.SPECIFIC)
    r = report(disposals=[sale, disposal()], derivatives=[result], form_1099_da={"Kraken": "proceeds"})
    listed = [dict(zip([c.name for c in form_8949.COLUMNS], row, strict=True)) for row in form_8949.table(r).rows]
    assert [(row["description"], row["date_acquired"], row["box"]) for row in listed] == [
        ("margin or derivatives: closed", "", "C"), ("0.5 BTC", "06/01/2024", "H")
    ]  # fmt: skip
    assert form_8949.notes(r)[-1].startswith("Results of margin and derivatives stand in boxes C and F")


@pytest.mark.parametrize(
    ("amounts", "told", "basis", "reported", "cells"),
    [  # ours: 150.255 - 100.125; (d), (e), (f), (g), (h)
        ("cents", "150.25", None, False, ("150.25", "100.13", "", "0.00", "50.12")),  # rounding is no difference
        ("cents", "151", "0", False, ("151.00", "100.13", "BE", "-0.74", "50.13")),
        ("cents", "149", "100.12", True, ("149.00", "100.12", "O", "1.26", "50.14")),
        ("cents", "150.26", "90", True, ("150.26", "90.00", "B", "-10.13", "50.13")),
        ("whole-dollars", "150.4", "99.6", True, ("150", "100", "", "0", "50")),  # the same dollars
        ("whole-dollars", "152", "90", True, ("152", "90", "BE", "-12", "50")),
    ],
)
def test_a_form_of_the_sale_has_its_own_figures_and_an_adjustment_to_the_gain(
    amounts: str, told: str, basis: str | None, reported: bool, cells: tuple[str, ...]
) -> None:
    sale = disposal()
    form = Reported(
        "Kraken", 2025, "f row 2", "BTC", D("0.5"), D(told), basis=None if basis is None else D(basis),
        basis_reported=reported,
    )  # fmt: skip
    piece = Piece(sale, sale.quantity, sale.proceeds, sale.cost_basis, form, form.proceeds, form.basis)
    paid = transaction("d1", sent=Amount(D("0.5"), "BTC"), received=Amount(D(151), "USD"), fee=Amount(D(1), "USD"))
    r = report(disposals=[sale], transactions=[paid])
    rules = rules_of("us").choose({"form_amounts": amounts})
    r = replace(r, rules=rules, brokers=Compared((piece,), (), (), frozenset({"Kraken"})))
    (row,) = form_8949.table(r).rows
    assert tuple(str(value) for value in row[3:8]) == cells and row[8] == ("G" if reported else "H")


def test_days_are_the_taxpayers() -> None:
    [row] = rows(disposals=[disposal(acquired_at=at("2025-01-01 03:30"), disposed_at=at("2025-06-02 03:30"))])
    assert (row["date_acquired"], row["date_sold"]) == ("12/31/2024", "06/01/2025")


@pytest.mark.parametrize(("rule", "day"), [(Rule.MISSING, ""), (Rule.AVERAGE, "VARIOUS")])
def test_an_unknown_day_is_left_empty_and_that_of_an_average_is_various(rule: Rule, day: str) -> None:
    [row] = rows(disposals=[disposal(acquired_at=None, rule=rule, cost_basis=D(0))])
    assert (row["date_acquired"], row["cost_basis"]) == (day, D("0.00"))


def test_gifts_and_unpriced_disposals_are_not_filed() -> None:
    assert not rows(disposals=[gift(), disposal(proceeds=None)])


def test_gain_is_proceeds_less_cost_on_every_row() -> None:
    for row in form_8949.table(full()).rows:
        assert row[7] == row[3] - row[4] + row[6]  # type: ignore[operator]


def test_every_form_loads_and_a_missing_one_is_said() -> None:
    named = [name for country in countries() for name in rules_of(country).forms]
    assert sorted(named) == sorted(f.file.removesuffix(".csv") for f in every_form())
    assert forms_of(rules_of("generic")) == ()
    with pytest.raises(ReportError, match="form 'sa999' that this version can't write"):
        forms_of(replace(rules_of("us"), forms=("sa999",)))
