"""Lot methods that are orders of identification: whether one was on record when it picked the units.

Treas. Reg. 1.1012-1(j)(2), (j)(3)(ii): units are identified no later than the date and time of the sale, a standing
order (the latest acquired, the highest basis) too; else the earliest go first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipeline.issues import Issue
from pipeline.model import Disposal


@dataclass(frozen=True, slots=True)
class Order:
    """A choice of methods as it was recorded at `at`: `plan` is ((None, first), (from day, next), ...)."""

    at: datetime
    plan: tuple[tuple[date | None, str], ...]

    def __str__(self) -> str:
        return ", ".join(f"{method} from {since}" if since else method for since, method in self.plan)

    def on(self, day: date) -> str:
        return next(method for since, method in reversed(self.plan) if since is None or since <= day)


def late_identification(
    disposals: Iterable[Disposal], standing: Sequence[str], log: Sequence[Order], zone: ZoneInfo
) -> list[Issue]:
    """One problem per method of `standing` that took units while it was not on record; `log`: oldest first."""
    late: dict[str, dict[str, datetime]] = {}
    for d in disposals:
        if d.rule.value in standing and _in_force(log, d.disposed_at, zone) != d.rule.value:
            late.setdefault(d.rule.value, {}).setdefault(d.id, d.disposed_at)
    issues = []
    for method, sales in late.items():
        first = min(sales.values())
        count = f"{len(sales)} disposal{'s' * (len(sales) != 1)}"
        issues.append(Issue("late_identification", at=first, details={"count": count, "method": method}).in_zone(zone))
    return issues


def _in_force(log: Sequence[Order], at: datetime, zone: ZoneInfo) -> str:
    """The method of the newest order that was recorded by `at`; "" before the first."""
    known = [order for order in log if order.at <= at]
    return known[-1].on(at.astimezone(zone).date()) if known else ""
