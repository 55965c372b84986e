"""What is not computed, such as futures, is one problem of an account with a count; all else stays a record's."""

import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from importers.elsewhere import MOVED
from importers.formats import gaps as layout
from importers.parsers import build as parsers
from importers.parsers.build import LOANS, MARGIN, Unread
from importers.sync import FINEST
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.model import Parsed, RawRecord
from pipeline.run.answers import LABEL, MATCH
from pipeline.run.coverage import beside
from pipeline.run.gaps import GAP, KINDS, check, content_of, key_of
from pipeline.run.project import basis_of
from pipeline.run.provenance import settings_used
from pipeline.settings import AccountSettings, Settings
from tests.ledgers import at
from tests.pipeline.run.small import opened

SETTINGS = Settings("us", "USD", "America/New_York")
KRAKEN = Settings("us", "USD", "America/New_York", accounts={"mine": AccountSettings("kraken")})
BEHIND_AN_API = Settings("us", "USD", "America/New_York", accounts={"mine": AccountSettings("okx")})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path) as one:
        yield one


def unread(why: str, kind: str = "", account: str = "mine", day: str = "2025-01-10") -> Issue:
    record = RawRecord("small", account, "log", why, int(at(day).timestamp()) * int(FINEST), "{}", "Small log 1")
    return parsers.unread(record, Unread(why, kind))


def told(ledger: Ledger, *issues: Issue) -> list[Issue]:
    for account in sorted({issue.account for issue in issues}):
        ledger.replace_parsed(account, [Parsed(issues=[i for i in issues if i.account == account])], "1")
    return beside(SETTINGS, ledger, ZoneInfo("America/New_York"))


def says(ledger: Ledger, line: str, settings: Settings = BEHIND_AN_API) -> None:
    """What a row of a file of gaps says, kept."""
    given = layout.row({column: cell for column, cell in zip(layout.COLUMNS, line.split(","), strict=True) if cell})
    check(given, settings)
    ledger.keep_answer(GAP, key_of(given), json.dumps(content_of(given)), "gaps.csv")


@pytest.mark.parametrize("kind", ["", *KINDS])
def test_the_kind_that_a_parser_gives_a_record_says_whether_it_is_of_what_is_not_computed(
    ledger: Ledger, kind: str
) -> None:
    """Whatever its words are: those of margin alone make no kind."""
    why = "margin and futures are not supported yet"
    (issue,) = told(ledger, unread(why, kind))
    assert (issue.code, issue.details.get("kind", "")) == ("not_supported" if kind else "unread_record", kind)
    assert why in issue.message and issue.remedy


def test_money_that_moved_to_a_place_that_is_not_read_is_one_problem_until_it_is_settled(ledger: Ledger) -> None:
    details = {"place": "Kraken Futures", "exchange": "kraken"}
    moves = [Issue(MOVED, "mine", "USD", at(day), day, details=details) for day in ("2025-01-10", "2025-03-01")]
    (issue,) = told(ledger, *moves)
    assert issue.message.startswith("mine: 2 transfers to or from Kraken Futures (2025-01-10 to 2025-03-01), which are")
    assert "Derivatives account log" in issue.remedy
    line = "mine,Kraken Futures,2025-01-10,2025-03-01,WHY"
    assert issue.details["line"] == line and line in issue.remedy
    ledger.keep_answer(LABEL, "2025-03-01", json.dumps({"label": "margin", "note": ""}), "by hand")
    (issue,) = told(ledger, *moves)
    assert "1 transfer to or from" in issue.message, "one of which it is said what it was is no such move"
    says(ledger, line.replace("WHY", "in futures.csv"), KRAKEN)
    (issue,) = told(ledger, *moves)
    assert (issue.code, issue.message) == (
        "gap_answered",
        "mine: on 2025-01-10 nothing is missing of 1 transfer to or from Kraken Futures, as you said (in futures.csv)",
    )


def test_the_workbook_says_of_each_account_what_is_not_read() -> None:
    assert ("Not read of mine, if there was any", "Kraken Futures, sub-accounts") in settings_used(
        KRAKEN, basis_of(KRAKEN)
    )


def test_the_line_that_the_remedy_gives_settles_a_kind_up_to_its_day_and_open_takes_it_back(ledger: Ledger) -> None:
    days = ("2025-01-10", "2025-03-01", "2025-06-01")
    issues = [unread(f"futures {day}", MARGIN, day=day) for day in days] + [unread("a loan", LOANS)]
    line = next(i for i in told(ledger, *issues[:2]) if i.code == "not_supported").remedy.split("`")[-4]
    assert line == "mine,margin and futures,2025-01-10,2025-03-01,WHY"
    says(ledger, line.replace("WHY", "in futures.csv"))
    found = told(ledger, *issues)
    assert [(i.code, i.details.get("kind")) for i in found] == [
        ("not_supported", LOANS), ("gap_answered", None), ("not_supported", MARGIN),
    ]  # fmt: skip
    assert found[1].message == (
        "mine: from 2025-01-10 to 2025-03-01 nothing is missing of 2 records of margin and futures, as you said (in "
        "futures.csv)"
    )
    assert "1 record of margin and futures (2025-06-01)" in found[2].message
    says(ledger, line.replace("WHY", "open"))
    assert [i.code for i in told(ledger, *issues)] == ["not_supported", "not_supported"]


def test_a_record_taken_as_moved_is_no_question_any_more_once_it_has_a_label_or_another_side(ledger: Ledger) -> None:
    moved = [Issue("taken_as_moved", "mine", "USD", at("2025-01-10"), id, details={"quantity": "9", "what": "x (y)",
             "moved": "came in"}) for id in ("a", "b", "c")]  # fmt: skip
    ledger.keep_answer(LABEL, "a", json.dumps({"label": "income", "note": ""}), "taxsync label")
    ledger.keep_answer(MATCH, "out", json.dumps({"other": "b"}), "matches.csv")
    assert [i.ref for i in told(ledger, *moved)] == ["c"]
    ledger.keep_answer(LABEL, "a", "null", "taxsync label")
    assert [i.ref for i in told(ledger, *moved)] == ["a", "c"]


def test_each_account_and_kind_is_told_once_with_its_count_and_days(ledger: Ledger) -> None:
    futures, loans = "margin and futures are not supported yet (X)", "loans are not supported yet (BTC)"
    issues = told(
        ledger,
        unread(futures, MARGIN, day="2025-03-01"),
        unread(futures, MARGIN, day="2025-01-10"),
        unread("its side is odd"),
        unread(loans, LOANS),
        unread(futures, MARGIN, account="other"),
    )
    assert [(i.code, i.account, i.details.get("count")) for i in issues] == [
        ("unread_record", "mine", None),
        ("not_supported", "mine", "1 record"),
        ("not_supported", "mine", "2 records"),
        ("not_supported", "other", "1 record"),
    ]
    assert "2 records of margin and futures (2025-01-10 to 2025-03-01) can't be computed" in issues[2].message
