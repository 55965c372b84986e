"""Form 8949: parts, boxes, the form's days and cents."""

from decimal import Decimal as D

import pytest

from pipeline.model import Rule, Term
from reports.forms import every_form, form_8949, forms_of
from reports.table import ReportError
from tests.reports.example import at, disposal, full, gift, report


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
    from dataclasses import replace

    from pipeline.rules.base import rules_of

    assert [f.file for f in every_form()] == ["form_8949.csv"]
    assert forms_of(rules_of("generic")) == ()
    with pytest.raises(ReportError, match="form 'sa999' that this version can't write"):
        forms_of(replace(rules_of("us"), forms=("sa999",)))
