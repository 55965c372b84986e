"""Deals the lots of one queue out to accounts, where lots become those of an account (Rev. Proc. 2024-28, sec. 4.02).

Three ways, the first before the others: the person's own lines; what was settled before; the oldest lot first, to the
accounts that hold units, in the order in which they first held the asset. Whatever is asked for, every unit goes to an
account that holds it, and no unit is lost or made.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from pipeline.answers import DealtLot
from pipeline.gains.lots import Units
from pipeline.issues import Issue
from pipeline.model import IN_TRANSIT, Allocation, transaction_id
from pipeline.money import ONE, ZERO, plain, round_to, split
from pipeline.rules.base import Rules, midnight

Claims = dict[str, Decimal]  # account -> the units that it holds and has no lot for yet
CENTS = 2


def of_no_use(
    assets: Iterable[str], rules: Rules, zone: ZoneInfo, until: datetime | None, changed: bool
) -> list[Issue]:  # fmt: skip
    """Problems of the assets whose lines dealt nothing out by `until`, where the country's lots change their scope;
    `changed`: whether they did."""
    day = next((since for since, _ in rules.scope.values if since is not None), None)
    if day is None or (until is not None and until <= midnight(day, zone)):
        return []
    why = "no account held any" if changed else "lots are kept as global for all time by your choice"
    return [
        Issue("allocation_differs", "", asset, midnight(day, zone), details={"why": why}) for asset in sorted(assets)
    ]


def deal(lots: Sequence[Units], claims: Claims, settled: Sequence[Allocation]) -> list[tuple[str, Units]]:
    """Lots to accounts, each up to the units it holds: as settled, then the oldest first. Both arguments lose it."""
    dealt: list[tuple[str, Units]] = []

    def give(lot: Units, account: str, most: Decimal) -> None:
        quantity = min(most, lot.quantity, claims.get(account, ZERO))
        if quantity > ZERO:
            claims[account] -= quantity
            dealt.append((account, lot.cut(quantity)))

    by_id: dict[str, list[Units]] = defaultdict(list)
    for lot in lots:
        by_id[lot.acquisition_id].append(lot)
    for a in settled:
        for lot in by_id[a.acquisition_id]:
            give(lot, a.account, a.quantity)
    waiting = deque(account for account, units in claims.items() if units > ZERO)
    for lot in lots:
        while waiting and lot.quantity > ZERO:
            give(lot, waiting[0], lot.quantity)
            if not claims[waiting[0]]:
                waiting.popleft()
    return dealt


def totals(allocations: Iterable[Allocation], asset: str = "") -> list[tuple[str, str, Decimal]]:
    """Quantities per account and lot, to compare two allocations."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for a in allocations:
        if asset in ("", a.asset):
            sums[a.account, a.acquisition_id] += a.quantity
    return sorted((*key, quantity) for key, quantity in sums.items())


# ---- the person's own lines -------------------------------------------------------------------


class Drawn(Struct):
    """What the person's lines came to. `apart`: how they differ from the records, in words."""

    dealt: list[tuple[str, Units]] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)


def by_lines(lots: Sequence[Units], claims: Claims, lines: Iterable[DealtLot], zone: ZoneInfo) -> Drawn:
    """Lots as the lines of one asset have it; `lots` and `claims` lose it, what is left is dealt as ever.

    A line is tied to lots of its day and its cost per unit, to the cent, which keep their ids and exact costs; or to
    all lots of its day, if those are its units at its cost. What can't be tied is a lot of its own, and stands in place
    of as many units on record: those of its day first, then those of unknown cost, else the oldest.
    """
    drawn = Drawn()
    held, given = dict(claims), defaultdict[str, Decimal](lambda: ZERO)
    untied: list[tuple[DealtLot, Decimal]] = []
    for line in sorted(lines, key=lambda one: (one.acquired_at, one.account, one.cost, one.quantity)):
        given[line.account] += line.quantity
        quantity = min(line.quantity, claims.get(line.account, ZERO))
        if quantity > ZERO:
            claims[line.account] -= quantity
            tied = _tied(lots, line, quantity, _day(line, zone))
            drawn.dealt += [(line.account, units) for units in tied]
            untied.append((line, quantity - _units(tied)))
    moving = sum((units for account, units in held.items() if account.startswith(IN_TRANSIT)), ZERO)
    under_way = f" ({plain(moving)} in transit then, which take what the lines leave over)" if moving else ""
    for account in dict.fromkeys((*held, *given)):
        has = held.get(account, ZERO)
        if given[account] != has and not account.startswith(IN_TRANSIT):
            hint = under_way if given[account] > has else ""
            drawn.apart.append(f"{account} held {plain(has)}, its lines give {plain(given[account])}{hint}")
    units, said, recorded = ZERO, ZERO, ZERO
    for line, quantity in untied:
        replaced = _replaced(lots, quantity, _day(line, zone))
        there = _units(replaced)
        claims[line.account] += quantity - there  # more than all lots are: there is nothing to be replaced
        if there > ZERO:
            own = _own(line, there, zone)
            drawn.dealt.append((line.account, own))
            units, said = units + there, said + own.cost
            recorded += sum((one.cost for one in replaced), ZERO)
    if units > ZERO:
        drawn.apart.append(
            f"{plain(units)} at a cost of {plain(said)} are no lot on record by day and cost (in their place are "
            f"{plain(units)} at {plain(recorded)})"
        )
    return drawn


def _units(lots: Iterable[Units]) -> Decimal:
    return sum((lot.quantity for lot in lots), ZERO)


def _day(line: DealtLot, zone: ZoneInfo) -> date:
    return line.acquired_at.astimezone(zone).date()


def _tied(lots: Sequence[Units], line: DealtLot, quantity: Decimal, day: date) -> list[Units]:
    """The lots that `quantity` units of the line mean, cut out of `lots`; less where there are less."""
    same_day = [lot for lot in lots if lot.day == day and lot.dated and lot.quantity > ZERO]
    alike = [lot for lot in same_day if _cents(split(lot.cost, line.quantity, lot.quantity)) == _cents(line.cost)]
    if not alike and _units(same_day) == line.quantity:
        alike = same_day if _cents(sum((lot.cost for lot in same_day), ZERO)) == _cents(line.cost) else []
    return _cut(alike, quantity)


def _cents(cost: Decimal) -> Decimal:
    return round_to(cost, CENTS)


def _replaced(lots: Sequence[Units], quantity: Decimal, day: date) -> list[Units]:
    """Lots on record that a line which is none of them stands for."""
    same_day = [lot for lot in lots if lot.day == day]
    return _cut((*same_day, *(lot for lot in lots if lot.missing), *lots), quantity)


def _cut(lots: Iterable[Units], quantity: Decimal) -> list[Units]:
    """Up to `quantity` out of the lots, in their order."""
    found = []
    for lot in lots:
        part = min(quantity, lot.quantity)
        if part > ZERO:
            quantity -= part
            found.append(lot.cut(part))
    return found


def _own(line: DealtLot, quantity: Decimal, zone: ZoneInfo) -> Units:
    """A lot of the line's own; its id says the same line however often it is read."""
    day, cost = _day(line, zone), split(line.cost, quantity, line.quantity)
    what = "\x1f".join((line.asset, str(day), plain(line.quantity), plain(line.cost)))
    ref = f"allocation-{transaction_id(line.account, 'allocation', what)}"
    return Units(ref, line.acquired_at, (), quantity, cost, split(cost, ONE, quantity), day=day)
