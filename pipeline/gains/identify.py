"""Pairs disposals with acquisitions by their days, also later ones, before the method is asked.

    same day (TCGA 1992 s105), thirty days (s106A)

What a country pairs is `Rules.identify`: one `Match` after the other, each over all disposals, the earliest
first. Both sides are split exactly; what is left of them goes on to the walk. Units are the taxpayer's as
a whole here: such countries have one queue for all accounts. What was bought elsewhere before it came is of the day on
which it was bought.

Two forms of a coin, one for one, are one asset from their first exchange on (`forms`). Other forms are one to the law,
but two here. Where that may change a figure, a problem says so.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from pipeline.gains.forms import Forms
from pipeline.gains.lots import Units, acquired
from pipeline.gains.position import Position
from pipeline.issues import Issue
from pipeline.model import Acquire, Convert, Disposal, Dispose, Flow, Rule
from pipeline.money import ZERO, plain, split
from pipeline.rules.base import Match, Rules

Filed = Mapping[tuple[str, str], Decimal]  # (disposal, acquisition) -> units
Days = dict[int, list[Units]]  # of one asset: day (ordinal) -> what is left of its acquisitions, in their order


class Identified(Struct):
    """The flows with what is left of the acquisitions, and what each disposal has taken, by its id."""

    flows: Sequence[Flow]
    taken: dict[str, list[tuple[Rule, Units]]]


def identify(
    flows: Sequence[Flow], rules: Rules, forms: Forms, zone: ZoneInfo, start: Position | None = None
) -> Identified:
    """Carries out `rules.identify`. What arrived from nowhere on record is no acquisition, and is left alone.

    `start`: disposals before it take of acquisitions after it just what they had taken when they were filed.
    """
    if not rules.identify:
        return Identified(flows, {})
    by_day: dict[str, Days] = defaultdict(lambda: defaultdict(list))
    units: dict[str, Units] = {}
    later: set[str] = set()  # what came after the filed position
    bought = (f for f in flows if type(f) is Acquire and f.dated)  # a fork's units cost what the walk finds
    for f in sorted(bought, key=lambda f: (f.since or f.at, *_order(f))):
        cost, (at, day) = ZERO if f.cost is None else f.cost, acquired(f, zone)
        lot = Units(f.id, at, f.order, f.quantity, cost, missing=f.cost is None, day=day)
        units[f.id] = lot
        by_day[f.asset][day.toordinal()].append(lot)
        if start is not None and f.at >= start.at:
            later.add(f.id)
    if rules.days_are_one:
        same: dict[tuple[str, int], list[Units]] = defaultdict(list)
        for asset, days in by_day.items():
            for ordinal, lots in days.items():
                coin = forms.coin[asset] if forms.one_on(asset, date.fromordinal(ordinal)) else asset
                same[coin, ordinal] += [lot for lot in lots if not lot.missing]
        for lots in same.values():
            _level(lots)
    disposals = sorted((f for f in flows if type(f) is Dispose), key=_order)
    wanted = {d.id: d.quantity for d in disposals}
    taken: dict[str, list[tuple[Rule, Units]]] = defaultdict(list)
    for match in rules.identify:
        for d in disposals:
            others = [by_day[form] for form in forms.others(d.asset) if form in by_day]
            if wanted[d.id] > ZERO and (d.asset in by_day or others):
                days = _in_all(d, by_day[d.asset], others, match, forms) if others else by_day[d.asset]
                filed = start.ahead if start is not None and d.at < start.at else None
                for part in _parts(d, wanted[d.id], match, days, later, filed):
                    wanted[d.id] -= part.quantity
                    taken[d.id].append((match.rule, part))
    return Identified([_rest(f, units) for f in flows], dict(taken))


def _order(f: Acquire | Dispose) -> tuple[object, ...]:
    return (f.at, f.order, f.account, f.id)


def _in_all(d: Dispose, own: Days, others: Sequence[Days], match: Match, forms: Forms) -> Days:
    """What is left of a coin's acquisitions in all its forms, as far as `d` may take them."""
    found: Days = {}
    for day in (d.day.toordinal() + offset for offset in match.days):
        lots = list(own.get(day, ()))
        for days in others:
            lots += (lot for lot in days.get(day, ()) if forms.one_by(d.asset, max(d.at, lot.acquired_at or d.at)))
        found[day] = sorted(lots, key=lambda lot: (lot.acquired_at or d.at, lot.order))
    return found


def _level(lots: list[Units]) -> None:
    """Gives every unit the same cost: acquisitions of one day are one."""
    cost = sum((lot.cost for lot in lots), ZERO)
    quantity = sum((lot.quantity for lot in lots), ZERO)
    for lot in lots:
        lot.cost = split(cost, lot.quantity, quantity)
        cost -= lot.cost
        quantity -= lot.quantity


def _parts(
    d: Dispose, quantity: Decimal, match: Match, days: Days, later: Collection[str], filed: Filed | None
) -> list[Units]:
    """What one disposal takes by one match; `filed`: of what came `later`, no other units than these."""
    found = []
    day = d.day.toordinal()
    for offset in match.days:
        lots = days.get(day + offset)
        if not lots:
            continue
        for lot in lots:
            most = lot.quantity
            if filed is not None and lot.acquisition_id in later:
                most = min(most, filed.get((d.id, lot.acquisition_id), ZERO))
            if most == ZERO:
                continue
            part = lot.cut(min(quantity, most))
            found.append(part)
            quantity -= part.quantity
            if quantity == ZERO:
                break
        days[day + offset] = [lot for lot in lots if lot.quantity > ZERO]
        if quantity == ZERO:
            break
    return found


def _rest(flow: Flow, units: dict[str, Units]) -> Flow:
    """An acquisition as far as it is not taken; it may be of no units."""
    lot = units.get(flow.id) if type(flow) is Acquire else None
    if lot is None or not isinstance(flow, Acquire):
        return flow
    return replace(flow, quantity=lot.quantity, cost=None if lot.missing else lot.cost)


def across_migrations(
    flows: Sequence[Flow], rules: Rules, forms_of_one: Forms, taken: Mapping[str, Sequence[tuple[Rule, Units]]],
    disposals: Iterable[Disposal],
) -> list[Issue]:  # fmt: skip
    """A problem for each disposal of a coin that has, within the days that the country looks at, an acquisition of the
    same coin in another form, if the two are not taken for one. For those at a loss, as `disposals` says, more days may
    count."""
    matched = {day for match in rules.identify for day in match.days}
    matched |= {-days for days in range(rules.recent_days + 1)} if rules.recent_days else set()
    at_a_loss = {*range(-rules.superficial_days, rules.superficial_days + 1), *range(rules.ring_fence_days + 1)}
    forms = _forms(flows) if matched or len(at_a_loss) > 1 else {}
    if not forms:
        return []
    losses = {d.id for d in disposals if d.gain is not None and d.gain < ZERO}
    acquired: dict[str, list[Acquire]] = defaultdict(list)
    for f in flows:
        if isinstance(f, Acquire) and f.dated and f.asset in forms:
            acquired[forms[f.asset]].append(f)
    issues = []
    for d in flows:
        if not isinstance(d, Dispose) or not d.gain or d.asset not in forms:
            continue
        open_units = d.quantity - sum((units.quantity for _, units in taken.get(d.id, ())), ZERO)
        days = (matched if open_units > ZERO else set()) | (at_a_loss if d.id in losses else set())
        near = (
            a
            for a in acquired[forms[d.asset]]
            if a.asset != d.asset and (a.day - d.day).days in days
            if a.asset not in forms_of_one.others(d.asset) or not forms_of_one.one_by(d.asset, max(a.at, d.at))
        )
        first = min(near, key=_order, default=None)
        if first is not None:
            words = {"quantity": plain(d.quantity), "other": f"{plain(first.quantity)} {first.asset}"}
            words |= {"acquired": str(first.day)}
            issues.append(Issue("forms_not_paired", d.account, d.asset, d.at, d.id, details=words))
    return issues


def _forms(flows: Iterable[Flow]) -> dict[str, str]:
    """Assets that became one another -> one name for all forms of a coin."""
    name: dict[str, str] = {}
    for f in flows:
        if type(f) is Convert and f.asset != f.into:
            old, new = name.get(f.asset, f.asset), name.get(f.into, f.into)
            name |= dict.fromkeys((f.asset, f.into, *(a for a, n in name.items() if n == old)), new)
    return name
