"""Small cases whose figures a law's own example or a hand calculation gives, through the real program.

A case is a folder `tests/countries/<country>/<name>`: `transactions.csv`, `prices.csv` and `picks.csv` are imported
into a new ledger, the year is reported, and the files that are written must hold the expected rows: all of them,
no other ones, every figure exact to the last digit. A file that is not there expects no row. `case.toml`
says by what it is computed (`rules`: choices of taxsync.toml), the `source` of its figures, the `issues` that stay
open, and rows of the `summary`.
"""

import csv
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from pipeline import settings
from pipeline.rules.base import countries, rules_of
from pipeline.run import importing, project, reporting

HERE = Path(__file__).parent / "countries"
CASES = sorted(path.parent for path in HERE.glob("*/*/case.toml"))
IMPORTED = ("transactions.csv", "prices.csv", "picks.csv")
TABLES = ("disposals", "income", "holdings")
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
SILENT = importing.Notes(say=lambda text: None, progress=lambda name, done, total: None)

Row = tuple[object, ...]


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def rows(path: Path, columns: list[str] | None, zone: ZoneInfo) -> tuple[list[str], list[Row]]:
    """The columns of a CSV file and its rows in any order; instants become days of `zone`, numbers Decimals."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file)
        wanted = columns or list(table.fieldnames or ())
        found = [tuple(value(row[column], zone) for column in wanted) for row in table]
    return wanted, sorted(found, key=str)


def value(text: str, zone: ZoneInfo) -> object:
    try:
        return Decimal(text)
    except InvalidOperation:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return at.date() if at.tzinfo is None else at.astimezone(zone).date()


@pytest.fixture(scope="module", params=CASES, ids=name_of)
def case(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


def reported(case: Path, facts: dict[str, object], folder: Path, *, xlsx: bool = False) -> Path:
    """The files of the case's year, from an empty folder."""
    choices = project.Choices(str(facts["country"]), timezone=str(facts["timezone"]), method=str(facts["method"]))
    project.init(folder, choices)
    if "rules" in facts:
        chosen = facts["rules"]
        assert isinstance(chosen, dict)
        settings.save(folder, replace(settings.load(folder), rules=chosen))
    files = [path for path in (case / name for name in IMPORTED) if path.exists()]
    outcome = importing.files(folder, files, "", SILENT)
    assert outcome.failures == []
    asked = project.Choices(lot_scope=str(facts["scope"]))
    return reporting.report(folder, NOW, year=str(facts["year"]), choices=asked, xlsx=xlsx).folder


def test_the_report_of_a_case_is_the_expected_one(case: Path, tmp_path: Path) -> None:
    facts = tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))
    zone = ZoneInfo(facts["timezone"])
    written = reported(case, facts, tmp_path / "data")
    for table in TABLES:
        expected = case / f"expected_{table}.csv"
        columns, wanted = rows(expected, None, zone) if expected.exists() else (["asset"], [])
        assert rows(written / f"{table}.csv", columns, zone)[1] == wanted, f"{table} by {facts['source']}"
    assert sorted(str(row[0]) for row in rows(written / "issues.csv", ["code"], zone)[1]) == facts.get("issues", [])
    assert_figures_follow_from_rows(written, zone)
    told = {f"{row[0]}/{row[1]}": str(row[2]) for row in rows(written / "summary.csv", None, zone)[1]}
    for item, figure in facts.get("summary", {}).items():
        assert told[item] == figure, item


def assert_figures_follow_from_rows(written: Path, zone: ZoneInfo) -> None:
    """The summary and the form say what the rows add up to."""
    summary = {(section, item): number for section, item, number in rows(written / "summary.csv", None, zone)[1]}
    listed = rows(written / "disposals.csv", ["gain", "kind", "term"], zone)[1]
    taxed = [(gain, term) for gain, _, term in listed if gain != ""]  # where there is none by law it is 0
    assert summary["capital_gains", "gain"] == total(gain for gain, _ in taxed)
    for term in ("short", "long"):
        assert summary["capital_gains", f"{term}_term_gain"] == total(gain for gain, t in taxed if t == term)
    assert summary["income", "total"] == total(row[0] for row in rows(written / "income.csv", ["value"], zone)[1])
    if (written / "form_8949.csv").exists():
        filed = rows(written / "form_8949.csv", ["gain"], zone)[1]
        taxable = [gain for gain, kind, _ in listed if kind not in ("gift", "donation", "lost") and gain != ""]
        assert len(filed) == len(taxable)
        assert abs(total(row[0] for row in filed) - total(taxable)) <= Fraction(len(taxable), 100)


def total(numbers: Iterable[object]) -> Fraction:
    return sum((Fraction(n) for n in numbers if isinstance(n, Decimal)), Fraction(0))


def test_a_case_names_its_source_and_reason(case: Path) -> None:
    facts = tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))
    assert facts["country"] == case.parent.name
    assert facts["source"] and facts["why"]


def test_every_country_has_cases_and_every_method_has_one() -> None:
    facts = [tomllib.loads((case / "case.toml").read_text(encoding="utf-8")) for case in CASES]
    assert {f["country"] for f in facts} == set(countries())
    used = {f["method"] or rules_of(f["country"]).methods[0] for f in facts}
    assert used == {method for country in countries() for method in rules_of(country).methods}
