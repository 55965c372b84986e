"""Problems of which there is no telling how far they may move a year's gain, and those that are not the engine's.

What is missing from the records, or not known to be whole, has no bounds: the years that it may reach say so.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from pipeline.gains.change import gains_of
from pipeline.gains.orders import taken_late
from pipeline.issues import Issue, Stake
from pipeline.model import Result
from pipeline.money import ZERO, exact, plain
from pipeline.rules.base import Rules

# Whatever is missing or wrong there, nothing says how much it is.
NO_TELLING = frozenset(
    (
        "balance_differs", "look_alike_asset", "two_coins", "answer_not_used", "unread_record", "not_supported",
        "future_record", "not_updated", "market_gone", "key_put_aside", "unverified_exchange", "short_history",
        "not_fetched", "list_not_given", "stored_in_part", "form_1099_da_unmatched", "moved_elsewhere",
    )
)  # fmt: skip
_AT_ITS_DAY = (  # not before
    "balance_differs", "unread_record", "not_supported", "moved_elsewhere", "not_updated", "two_coins",
)  # fmt: skip


def weighed_beside(issues: Iterable[Issue], result: Result, rules: Rules, zone: ZoneInfo, year: int = 0) -> list[Issue]:
    """All issues of a ledger or report: those that are not the engine's with their `stakes` too. `year`: one that is
    reported, though it may have no disposal."""
    issues = list(issues)
    if not any(i.code in NO_TELLING or i.code == _LATE for i in issues):
        return issues
    with exact():
        gains = gains_of(result.disposals, rules, zone)
        if year:
            gains.setdefault(year, ZERO)
        found = untold(issues, gains, rules, zone)
        return [replace(i, stakes=taken_late(i, result, rules, zone, gains)) if i.code == _LATE else i for i in found]


_LATE = "late_identification"


def untold(issues: Iterable[Issue], gains: Mapping[int, Decimal], rules: Rules, zone: ZoneInfo) -> list[Issue]:
    """The issues; those of which there is no telling with a stake of no bounds in each year of `gains` that they may
    reach."""
    if not rules.gains:
        return list(issues)
    return [
        replace(i, stakes=tuple(Stake(str(y), plain(gains[y]), "", "") for y in _reached(i, gains, rules, zone)))
        if i.code in NO_TELLING
        else i
        for i in issues
    ]


def _reached(issue: Issue, years: Iterable[int], rules: Rules, zone: ZoneInfo) -> list[int]:
    """The years that a problem may reach; what comes later can change earlier disposals in some countries."""
    at = issue.at if issue.code in _AT_ITS_DAY else None
    if issue.code == "balance_differs":
        after = issue.details.get("after")
        at = datetime.fromisoformat(after) if after else None
    if at is None:
        return sorted(years)
    first = rules.year.of((at - timedelta(rules.days_ahead)).astimezone(zone).date())
    return sorted(year for year in years if year >= first)
