"""What the year's page tells of the time before: units and cost at the end of each month, and how far lists reach."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from pathlib import Path

import pytest

from pipeline.glance import Course
from pipeline.run import importing, project, reporting
from reports.table import Report

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
SILENT = importing.Notes(say=lambda _: None, progress=lambda *_: None)
HEADER = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,"
    "Net Worth Amount,Net Worth Currency,Label\n"
)
MONEY = {"us": "USD", "uk": "GBP", "de": "EUR", "fr": "EUR"}


def reported(folder: Path, country: str, rows: str, year: str = "2025") -> Report:
    project.init(folder / "data", project.Choices(country))
    (folder / "rows.csv").write_text(HEADER + rows.replace("USD", MONEY[country]))
    assert importing.files(folder / "data", [folder / "rows.csv"], "", SILENT).failures == []
    return reporting.report(folder / "data", NOW, year=year).report


def at(course: Course, asset: str, end: date) -> tuple[D, D | None]:
    number = list(course.ends).index(end)
    return course.units[asset][number], course.cost[asset][number]


BUYS = """2024-09-10T12:00:00Z,A,100,USD,2,BTC,,,,,
2024-10-10T12:00:00Z,A,300,USD,2,BTC,,,,,
2025-01-15T12:00:00Z,A,1,BTC,500,USD,,,,,
2025-02-15T12:00:00Z,A,1,BTC,,,,,,,
2025-02-15T13:00:00Z,B,,,1,BTC,,,,,
2025-03-20T12:00:00Z,B,0.5,BTC,10,ETH,,,400,USD,
"""


@pytest.mark.parametrize(("country", "after"), [("us", ("350", "325")), ("uk", ("300", "250"))])
def test_the_cost_of_what_is_held_goes_with_the_countrys_lots(
    country: str, after: tuple[str, str], tmp_path: Path
) -> None:
    """First in, first out of 50 each and 150 each; and out of a pool of 100 each."""
    course = reported(tmp_path, country, BUYS, "2025").glance.course
    assert course.ends[0] == date(2024, 10, 1)
    assert at(course, "BTC", date(2024, 10, 1)) == (D(2), D(100))
    assert at(course, "BTC", date(2025, 1, 1)) == (D(4), D(400))
    assert at(course, "BTC", date(2025, 2, 1)) == (D(3), D(after[0]))
    assert at(course, "BTC", date(2025, 3, 1)) == (D(3), D(after[0]))  # a move is no matter
    last = course.ends[-1]
    assert last == (date(2026, 1, 1) if country == "us" else date(2025, 4, 6))
    assert at(course, "BTC", last) == (D("2.5"), D(after[1]))
    assert at(course, "ETH", last) == (D(10), D(400))


def test_where_the_walk_does_not_lead_to_the_lots_the_cost_is_not_told_and_the_units_are(tmp_path: Path) -> None:
    course = reported(tmp_path, "fr", BUYS).glance.course  # one cost for the whole portfolio
    assert course.units["BTC"][-1] == D("2.5")
    assert course.cost["BTC"][0] is None and course.cost["BTC"][-1] is not None


def test_what_was_never_bought_is_not_held_and_files_are_told_by_their_account(tmp_path: Path) -> None:
    one = reported(
        tmp_path, "us", "2025-01-15T12:00:00Z,A,1,LTC,500,USD,,,,,\n2025-01-16T12:00:00Z,B,9,USD,1,LTC,,,,,\n"
    )
    assert at(one.glance.course, "LTC", date(2025, 2, 1)) == (D(1), D(9))
    told = [(s.account, s.words, s.records, s.first, s.holes) for s in one.glance.stretches]
    assert told == [
        ("A", "universal", 1, datetime(2025, 1, 15, 12, tzinfo=UTC), ()),
        ("B", "universal", 1, datetime(2025, 1, 16, 12, tzinfo=UTC), ()),
    ]
