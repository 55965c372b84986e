"""Times that an exchange's API hides: open until files reach over them or the person says that nothing is missing."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from importers.base import Exchange, RowError
from importers.formats import gaps as layout
from importers.sandbox.server import NOW
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.run.coverage import missing
from pipeline.run.gaps import GAP, check, content_of, key_of
from pipeline.settings import AccountSettings, Settings
from tests.pipeline.run.small import EXCHANGE, Small, opened, reaching, record, run

DAY = timedelta(days=1)
FLOOR = NOW - 3 * DAY  # what the exchange below reaches back to on the first day
HEADER = ("Account", "Stream", "From", "To", "Note")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An account whose deposits are whole for 400 days, and whose trades the API gives for three days only."""
    with opened(tmp_path) as one:
        small = Small(deposits=[record("d", 400)], trades={"BTC-USD": [record("t", 1)]}, exchange=reaching(3))
        assert run(one, small).failures == []
        yield one


def told(ledger: Ledger, exchange: Exchange | None = None) -> list[Issue]:
    return list(missing(ledger, "mine", exchange or reaching(3)))


def says(ledger: Ledger, stream: str, begin: str, end: str, note: str = "no account yet") -> None:
    """What a row of a file of gaps says, kept."""
    cells = {name: text for name, text in zip(HEADER, ("mine", stream, begin, end, note), strict=True) if text}
    given = layout.row(cells)
    ledger.keep_answer(GAP, key_of(given), json.dumps(content_of(given)), "gaps.csv")


def filed(ledger: Ledger, *days_ago: int) -> None:
    """Records from files in the account."""
    parsed = EXCHANGE.parse(ledger.records("mine"))
    one = parsed.transactions[0]
    parsed.transactions.extend([replace(one, id=f"{n}", at=NOW - n * DAY, source="universal") for n in days_ago])
    ledger.replace_parsed("mine", [parsed], "1")


def test_the_line_that_the_remedy_gives_settles_the_gap_and_open_takes_it_back(ledger: Ledger) -> None:
    (gap,) = told(ledger)
    assert gap.code == "short_history"
    line = gap.remedy.partition("CSV file: `")[2].partition("`")[0]
    assert line == f"mine,trades,,{FLOOR:%Y-%m-%d},WHY"
    _, stream, begin, end, _ = line.split(",")
    says(ledger, stream, begin, end, "traded nowhere before")
    (settled,) = told(ledger)
    assert settled.code == "gap_answered" and "as you said (traded nowhere before)" in settled.message
    says(ledger, stream, begin, end, "open")
    assert [issue.code for issue in told(ledger)] == ["short_history"]


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([("", "", f"{FLOOR:%Y-%m-%d}")], "gap_answered"),  # all lists
        ([("deposits", "", f"{FLOOR:%Y-%m-%d}")], "short_history"),  # another list
        ([("trades", "", f"{FLOOR - DAY:%Y-%m-%d}")], "short_history"),  # a day too little
        ([("trades", f"{FLOOR - DAY:%Y-%m-%d}", f"{FLOOR:%Y-%m-%d}")], "short_history"),  # not from the beginning
        ([("trades", "2024-06-01", f"{FLOOR:%Y-%m-%d}"), ("trades", "", "2024-05-31")], "gap_answered"),  # in two parts
        (
            [("trades", "2024-06-02", f"{FLOOR:%Y-%m-%d}"), ("trades", "", "2024-05-31")],
            "short_history",
        ),  # a day between
    ],
)
def test_an_answer_settles_what_it_covers_to_the_day(
    ledger: Ledger, answers: list[tuple[str, str, str]], code: str
) -> None:
    for answer in answers:
        says(ledger, *answer)
    assert [issue.code for issue in told(ledger)] == [code]


@pytest.mark.parametrize(
    ("days_ago", "code"),
    [
        ((390, 10), "rests_on_files"),  # from the account's first record to the gap's end
        ((390, 34), "rests_on_files"),  # but for a quiet month
        ((390, 36), "short_history"),  # ends before
        ((300, 10), "short_history"),  # begins long after the account's first record
        ((20,), "short_history"),  # one row that was put right is no history
        ((), "short_history"),
    ],
)
def test_files_close_a_gap_when_they_reach_over_it(ledger: Ledger, days_ago: tuple[int, ...], code: str) -> None:
    filed(ledger, *days_ago)
    (issue,) = told(ledger)
    assert issue.code == code
    if code == "short_history" and days_ago:
        assert f"files of the account reach from {NOW - days_ago[0] * DAY:%Y-%m-%d} to " in issue.message


def test_a_file_and_an_answer_together_close_what_neither_does_alone(ledger: Ledger) -> None:
    filed(ledger, 300, 10)
    says(ledger, "trades", "", f"{NOW - 300 * DAY:%Y-%m-%d}")
    assert [issue.code for issue in told(ledger)] == ["rests_on_files"]


def test_a_list_of_details_is_no_gap_of_its_own(ledger: Ledger) -> None:
    exchange = reaching(3)
    deposits, trades = exchange.streams
    assert told(ledger, replace(exchange, streams=(deposits, replace(trades, details=True)))) == []


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (("", "trades", "", "2025-01-31", "x"), "Account"),
        (("mine", "trades", "", "", "x"), "To"),
        (("mine", "trades", "2025-02-01", "2025-01-31", "x"), "From"),
        (("mine", "trades", "", "31.01.2025", "x"), "To"),
        (("mine", "trades", "", "2025-01-31 12:00", "x"), "To"),
        (("mine", "trades", "", "2025-01-31", ""), "Note"),
    ],
)
def test_a_row_that_does_not_say_what_and_why_is_refused_with_its_column(cells: tuple[str, ...], column: str) -> None:
    with pytest.raises(RowError) as refused:
        layout.row({name: text for name, text in zip(HEADER, cells, strict=True) if text})
    assert refused.value.column == column


@pytest.mark.parametrize(
    ("account", "stream", "column"),
    [("mine", "Ledgers", ""), ("mine", "", ""), ("mine", "ledgers", "Stream"), ("mein", "Ledgers", "Account")],
)
def test_an_account_or_list_that_is_not_there_is_refused_with_those_that_are(
    account: str, stream: str, column: str
) -> None:
    settings = Settings("us", "USD", "America/New_York", accounts={"mine": AccountSettings("kraken")})
    given = layout.row({"Account": account, "Stream": stream, "To": "2025-01-31", "Note": "x"})
    if not column:
        check(given, settings)
        return
    with pytest.raises(RowError, match=r"those are: (mine|Ledgers, )") as refused:
        check(given, settings)
    assert refused.value.column == column


def test_a_day_that_a_spreadsheet_wrote_with_its_midnight_is_that_day() -> None:
    given = layout.row(dict(zip(HEADER, ("mine", "", "2025-01-01 00:00:00", "2025-01-31", "x"), strict=True)))
    assert (given.begin, given.end, given.stream) == (date(2025, 1, 1), date(2025, 1, 31), "")
    assert not isinstance(given.begin, datetime)
