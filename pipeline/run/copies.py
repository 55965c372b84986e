"""A file that was imported twice under two names counts twice, however many rows it has."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from pipeline.issues import Issue
from pipeline.ledger import Ledger


def copies(issues: Sequence[Issue], ledger: Ledger) -> list[Issue]:
    """`issues`, where a possible duplicate is all that an account has, and only its file's name made that account, told
    as the copy that it is. Two rows and more of a copy are known as one without the file's name (`gains.checks`)."""
    of_one_row = cache(lambda account: _is_one_row_of_a_file(account, ledger))
    return [_told(issue, of_one_row) if issue.code == "possible_duplicate" else issue for issue in issues]


def _told(issue: Issue, of_one_row: Callable[[str], bool]) -> Issue:
    first, second = issue.details["first"], issue.details["second"]
    for account, other in ((second, first), (first, second)):
        if account != other and of_one_row(account):
            return replace(
                issue, code="duplicate_account", account=account, ref=account, details={"count": "1", "other": other}
            )
    return issue


def _is_one_row_of_a_file(account: str, ledger: Ledger) -> bool:
    """Whether an account has a single record, of a file that it has its name from."""
    records = list(islice(ledger.records(account), 2))
    return len(records) == 1 and Path(records[0].origin.rpartition(" row ")[0]).stem == account
