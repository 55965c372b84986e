"""Which lot method picks units when and where, and whether that choice was on record in time.

Treas. Reg. 1.1012-1(j)(2), (j)(3)(ii): units are identified no later than the date and time of the sale, by naming
them or by a standing order (the latest acquired, the highest basis); else the earliest go first, (j)(3)(i). What was
recorded too late is told and not undone: an order may have been given to a broker, or stand in the taxpayer's books.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.gains.change import Change, stakes, years_of
from pipeline.gains.sold import Highest
from pipeline.issues import Issue, Stake
from pipeline.model import Disposal, Dispose, Flow, Lot, Result, Rule
from pipeline.money import ZERO
from pipeline.rules.base import Rules


class Plan(Struct, frozen=True):
    """Lot methods: `general` for all accounts, ((None, first), (from day, next), ...); `own`, (account, from day,
    method): from its first day on an account follows its own alone. Both in order of time."""

    general: tuple[tuple[date | None, str], ...]
    own: tuple[tuple[str, date, str], ...] = ()

    def __str__(self) -> str:
        said = [_step(since, method) for since, method in self.general]
        said += [f"{account}: {_step(since, method)}" for account, since, method in self.own]
        return ", ".join(said)

    @property
    def methods(self) -> tuple[str, ...]:
        return (*(method for _, method in self.general), *(method for _, _, method in self.own))

    def on(self, day: date, account: str = "") -> str:
        """The method of an account on a day; of those without one of their own if none is named."""
        for other, since, method in reversed(self.own):
            if other == account and since <= day:
                return method
        return next(method for since, method in reversed(self.general) if since is None or since <= day)


def _step(since: date | None, method: str) -> str:
    return f"{method} from {since}" if since else method


class Order(Struct, frozen=True):
    """A choice of methods as it was recorded at `at`."""

    at: datetime
    plan: Plan

    def __str__(self) -> str:
        return str(self.plan)


def late_identification(
    disposals: Iterable[Disposal], standing: Sequence[str], log: Sequence[Order], zone: ZoneInfo
) -> list[Issue]:
    """One problem per method of `standing` that took units while it was not on record; `log`: oldest first."""
    late: dict[str, dict[str, datetime]] = {}
    rules = tuple(rule for rule in Rule if rule.value in standing)
    for d in disposals:
        if d.rule in rules and _in_force(log, d, zone) != d.rule.value:
            late.setdefault(d.rule.value, {}).setdefault(d.id, d.disposed_at)
    return [
        _late(min(sales.values()), len(sales), "disposal", method, "choose fifo for that time", zone)
        for method, sales in late.items()
    ]


def late_picks(late: Mapping[int, Sequence[Flow]], zone: ZoneInfo) -> list[Issue]:
    """One problem per tax year whose disposals and transfers took units that were picked only afterwards."""
    issues = []
    for _, flows in sorted(late.items()):
        what = "disposal" if all(isinstance(f, Dispose) for f in flows) else "disposal or transfer"
        cure = "take the picks back"
        issues.append(_late(min(f.at for f in flows), len(flows), what, "lots that you picked", cure, zone))
    return issues


def taken_late(
    issue: Issue, result: Result, rules: Rules, zone: ZoneInfo, gains: Mapping[int, Decimal]
) -> tuple[Stake, ...]:  # fmt: skip
    """What such a problem may do: units may be others, any that the asset's lots show. `gains`: of each tax year. To be
    asked in the exact context."""
    chosen = issue.details["method"] if issue.details["method"] in tuple(Rule) else Rule.SPECIFIC.value
    begins, rule, year_of = issue.at, Rule(chosen), years_of(rules, zone)
    late = result.disposals if begins is None else [d for d in result.disposals if d.disposed_at >= begins]
    assets = {d.asset for d in late if d.rule is rule}
    highest: dict[str, Highest] = defaultdict(Highest)
    parts: list[Disposal | Lot] = [*result.disposals, *result.lots]
    for part in parts:
        if part.asset in assets and part.quantity:
            highest[part.asset].see(part.cost_basis, part.quantity)
    dearest = {asset: most.each for asset, most in highest.items()}
    lower: dict[int, Decimal] = defaultdict(Decimal)
    higher: dict[int, Decimal] = defaultdict(Decimal)
    for d in late:
        if d.asset in assets and d.taxed and d.proceeds is not None:
            year, cost = year_of(d.disposed_at), d.cost_basis
            dearer = d.quantity * dearest.get(d.asset, ZERO) - cost
            lower[year] += dearer if dearer > ZERO else ZERO
            higher[year] += cost if cost > ZERO else ZERO
    return stakes({year: Change(lower[year], higher[year]) for year in lower}, gains)


def _late(first: datetime, count: int, what: str, method: str, cure: str, zone: ZoneInfo) -> Issue:
    counted = f"{count} {what}" if count == 1 else f"{count} {what.replace(' or ', 's or ')}s"
    words = {"count": counted, "method": method, "cure": cure}
    return Issue("late_identification", at=first, details=words).in_zone(zone)


def _in_force(log: Sequence[Order], d: Disposal, zone: ZoneInfo) -> str:
    """The method of the newest order that was recorded by the disposal; "" before the first."""
    known = [order for order in log if order.at <= d.disposed_at]
    return known[-1].plan.on(d.disposed_at.astimezone(zone).date(), d.account) if known else ""
