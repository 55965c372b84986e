"""What is not computed, such as futures, is one problem of an account with a count; all else stays a record's."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.model import Parsed
from pipeline.run.coverage import beside
from pipeline.settings import Settings
from tests.ledgers import at
from tests.pipeline.run.small import opened

SETTINGS = Settings("us", "USD", "America/New_York")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path) as one:
        yield one


def unread(why: str, account: str = "mine", day: str = "2025-01-10") -> Issue:
    return Issue("unread_record", account, at=at(day), ref=why, details={"why": f"Small futures log 1: {why}"})


def told(ledger: Ledger, *issues: Issue) -> list[Issue]:
    for account in sorted({issue.account for issue in issues}):
        ledger.replace_parsed(account, [Parsed(issues=[i for i in issues if i.account == account])], "1")
    return beside(SETTINGS, ledger, ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("margin and futures are not supported yet (BTC-USDT-SWAP)", "margin and futures"),
        ("BTCUSDT: margin trades are not supported yet", "margin and futures"),
        ("fcm futures: results of futures are not supported yet", "margin and futures"),
        ("Liability: margin, loans and futures are not supported yet", "margin and futures"),
        ("loans are not supported yet (BTC)", "loans"),
        ("bots and copied trades are not supported yet (USDT)", "bots and copied trades"),
        ("an account change of type margin-like is not known", ""),
        ("type sale is not supported yet", ""),
        ("a trade without an amount or a side", ""),
    ],
)
def test_the_reason_of_a_record_says_whether_it_is_of_a_kind_that_is_not_computed(
    ledger: Ledger, why: str, kind: str
) -> None:
    (issue,) = told(ledger, unread(why))
    assert (issue.code, issue.details.get("kind", "")) == ("not_supported" if kind else "unread_record", kind)
    assert why in issue.message


def test_each_account_and_kind_is_told_once_with_its_count_and_days(ledger: Ledger) -> None:
    futures, loans = "margin and futures are not supported yet (X)", "loans are not supported yet (BTC)"
    issues = told(
        ledger,
        unread(futures, day="2025-03-01"),
        unread(futures, day="2025-01-10"),
        unread("its side is odd"),
        unread(loans),
        unread(futures, account="other"),
    )
    assert [(i.code, i.account, i.details.get("count")) for i in issues] == [
        ("unread_record", "mine", None),
        ("not_supported", "mine", "1 record"),
        ("not_supported", "mine", "2 records"),
        ("not_supported", "other", "1 record"),
    ]
    assert "2 records of margin and futures (2025-01-10 to 2025-03-01) can't be computed" in issues[2].message
