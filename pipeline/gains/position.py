"""What a tax year left behind, as it was filed: the opening position of the next.

Whoever has filed a year goes on from what was filed: its lots with their dates and costs, whatever the records have
come to say of that year since. Units are another matter: only those that are there can leave. So the lots are those
that were filed; what the records have acquired beyond them comes on top, at its own date and cost; and as many units
are left as are there by today's records: what is too much goes by the lot method, as in a sale that comes to light.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pipeline.gains.lots import Inventory, Units
from pipeline.issues import Issue
from pipeline.model import IN_TRANSIT, Acquire, Dispose, Flow, Rule
from pipeline.money import ZERO, plain, split

K = TypeVar("K")
Taken = Mapping[str, Sequence[tuple[Rule, Units]]]


class Held(Struct, frozen=True):
    """Units of `asset` in a queue: that of an account, of units on their way, or (place "") of all accounts."""

    place: str
    asset: str
    units: Units


class Position(Struct, frozen=True):
    """What stood at the instant `at`, at which the tax year `year` ends and the next begins.

    `acquired`: the units of every acquisition until then; what is not among them came to light later. `ahead`: units of
    later acquisitions that the year's disposals had taken, by (disposal, acquisition). `joins`: denied losses that
    join the cost of later acquisitions. `price`, `used`: of a portfolio that is one whole (France), what was paid for
    it, and what disposals have used up of that.
    """

    at: datetime
    held: tuple[Held, ...]
    acquired: Mapping[str, Decimal]
    ahead: Mapping[tuple[str, str], Decimal]
    joins: Mapping[str, Decimal]
    price: Decimal = ZERO
    used: Decimal = ZERO
    year: str = ""  # said by who closes it


class Start(Struct, frozen=True):
    """A filed position, and beside it what today's records say of the time before.

    `came`: units acquired before `position.at` of which it does not know. `gone`: units that it knows and that are not
    there any more, by acquisition.
    """

    position: Position
    came: Mapping[str, Sequence[Held]]
    gone: Sequence[tuple[str, Decimal]] = ()


def acquired_before(flows: Iterable[Flow], at: datetime | None) -> dict[str, Decimal]:
    """The units of each acquisition before `at`; None: of all."""
    return {f.id: f.quantity for f in flows if isinstance(f, Acquire) and (at is None or f.at < at)}


def position_of(
    held: Iterable[Held], flows: Sequence[Flow], taken: Taken, joins: Mapping[str, Decimal], until: datetime
) -> Position:
    """What stands at `until`; `taken`: what disposals, by id, have by law whatever the method says."""
    ahead: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    later = {f.id for f in flows if isinstance(f, Acquire) and f.at >= until} if taken else ()
    for f in flows if later else ():
        for _, units in taken.get(f.id, ()) if isinstance(f, Dispose) and f.at < until else ():
            if units.acquisition_id in later:
                ahead[f.id, units.acquisition_id] += units.quantity
    return Position(until, tuple(held), acquired_before(flows, until), dict(ahead), dict(joins))


def start_from(filed: Position, flows: Sequence[Flow], lot_of: Callable[[Acquire], Units]) -> Start:
    """The position with what today's flows say of the time before it."""
    came: dict[str, list[Held]] = defaultdict(list)
    now: dict[str, Decimal] = {}
    for f in flows:
        if isinstance(f, Acquire) and f.at < filed.at:
            now[f.id] = f.quantity
            more = f.quantity - filed.acquired.get(f.id, ZERO)
            if more > ZERO:
                came[f.asset].append(Held(f.account, f.asset, lot_of(f).cut(more)))
    less = ((key, units - now.get(key, ZERO)) for key, units in filed.acquired.items())
    return Start(filed, came, [(key, units) for key, units in less if units > ZERO])


def renamed(position: Position, ref: Callable[[str], str], account: Callable[[str], str]) -> Position:
    """The position by other ids and account names, where rows or accounts have been found to be one."""

    def place(name: str) -> str:
        moving = name.startswith(f"{IN_TRANSIT} ")
        return f"{IN_TRANSIT} {ref(name.removeprefix(f'{IN_TRANSIT} '))}" if moving else account(name)

    def units(one: Units) -> Units:
        return replace(one, acquisition_id=ref(one.acquisition_id))

    return replace(
        position,
        held=tuple(Held(place(one.place), one.asset, units(one.units)) for one in position.held),
        acquired=_summed((ref(key), quantity) for key, quantity in position.acquired.items()),
        ahead=_summed(((ref(d), ref(a)), quantity) for (d, a), quantity in position.ahead.items()),
        joins=_summed((ref(key), cost) for key, cost in position.joins.items()),
    )


def _summed(pairs: Iterable[tuple[K, Decimal]]) -> dict[K, Decimal]:
    found: dict[K, Decimal] = {}
    for key, number in pairs:
        found[key] = found.get(key, ZERO) + number
    return found


def by_asset(held: Iterable[Held]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        found[one.asset].append(one)
    return found


def resumed(
    start: Start, today: Sequence[Held], empty: Callable[[str], Inventory]
) -> tuple[list[Held], list[Issue]]:  # fmt: skip
    """The lots to go on from, in the places where `today` holds units; and where that is not what today's records come
    to, a problem for each asset. `empty`: a new queue of the lot method of a place."""
    filed, now = by_asset(start.position.held), by_asset(today)
    lots: list[Held] = []
    issues: list[Issue] = []
    for asset in sorted({*filed, *now}):
        before, there = filed.get(asset, []), now.get(asset, [])
        used = _fitted(before, start.came.get(asset, ()), there, empty, start.gone)
        told = [_told(each) for each in (before, there, used)]
        if len(set(told)) > 1:
            texts = (f"{units} {asset} at {cost}" for units, cost in told)
            words = dict(zip(("filed", "today", "used"), texts, strict=True))
            issues.append(
                Issue("filed_position", "", asset, start.position.at, details={"year": start.position.year, **words})
            )
        lots += used
    return lots, issues


def _told(held: Sequence[Held]) -> tuple[str, str]:
    """Units and cost."""
    return plain(_total(held)), plain(sum((one.units.cost for one in held), ZERO))


def _fitted(
    filed: Sequence[Held], came: Sequence[Held], today: Sequence[Held], empty: Callable[[str], Inventory],
    gone: Sequence[tuple[str, Decimal]],
) -> list[Held]:  # fmt: skip
    """The lots of one asset: filed ones and those that came to light, as many units as there are today."""
    if _undated(filed) and not _undated(today):  # an average, under a method that now tells lots apart
        return _at_cost(today, sum((one.units.cost for one in filed), ZERO))
    lots = [replace(one, units=replace(one.units)) for one in (*filed, *came)]
    lacking = _total(today) - _total(lots)
    if lacking > ZERO:
        lots += _beyond(today, lots, lacking)
    free: dict[str, Decimal] = defaultdict(Decimal)
    for one in today:
        free[one.place] += one.units.quantity
    lots = [one if one.place in free else replace(one, place="") for one in lots]
    if lacking < ZERO:
        lots = _less(lots, -lacking, free, empty, gone)
    return _placed(lots, free)


def _undated(held: Sequence[Held]) -> bool:
    return any(one.units.acquired_at is None for one in held)


def _total(held: Iterable[Held]) -> Decimal:
    return sum((one.units.quantity for one in held), ZERO)


def _at_cost(lots: Sequence[Held], cost: Decimal) -> list[Held]:
    """The lots, at one cost for each unit."""
    left, found = _total(lots), []
    for one in lots:
        share = split(cost, one.units.quantity, left)
        cost -= share
        left -= one.units.quantity
        found.append(replace(one, units=replace(one.units, cost=share)))
    return found


def _beyond(today: Sequence[Held], lots: Sequence[Held], lacking: Decimal) -> list[Held]:
    """Of today's lots as many units as are lacking, of acquisitions that have more left by now, the newest first."""
    there: dict[str, Decimal] = defaultdict(Decimal)
    for one in lots:
        there[one.units.acquisition_id] += one.units.quantity
    found = []
    for one in reversed(today):
        known = min(there[one.units.acquisition_id], one.units.quantity)
        there[one.units.acquisition_id] -= known
        part = min(one.units.quantity - known, lacking)
        if part > ZERO:
            found.append(replace(one, units=replace(one.units).cut(part)))
            lacking -= part
    return found


def _less(
    lots: Sequence[Held], quantity: Decimal, free: Mapping[str, Decimal], empty: Callable[[str], Inventory],
    gone: Sequence[tuple[str, Decimal]],
) -> list[Held]:  # fmt: skip
    """The lots without so many units, out of places that hold less today: what is gone first, then by the method."""
    places: dict[str, list[Held]] = defaultdict(list)
    for one in lots:
        places[one.place].append(one)
    found: list[Held] = []
    for place, here in places.items():
        surplus = min(_total(here) - free.get(place, ZERO), quantity)
        if surplus <= ZERO:
            found += here
            continue
        quantity -= surplus
        queue = empty(place)
        for one in here:
            queue.add(one.units)
        for acquisition, most in gone:
            surplus -= _total(Held(place, "", units) for _, units in queue.named(acquisition, min(most, surplus)))
        queue.take(surplus)
        found += [Held(place, here[0].asset, units) for units in queue.parts()]
    return found


def _placed(lots: Sequence[Held], free: dict[str, Decimal]) -> list[Held]:
    """Each lot where it was, as far as that place holds units, else where others are held, the oldest lot first."""
    found: list[Held] = []

    def put(one: Held, place: str) -> None:
        quantity = min(one.units.quantity, free[place])
        if quantity > ZERO:
            free[place] -= quantity
            found.append(Held(place, one.asset, one.units.cut(quantity)))

    for one in lots:
        if one.place in free:
            put(one, one.place)
    for one in lots:
        for place in free:
            put(one, place)
    return found


# ---- as texts ---------------------------------------------------------------------------------


def to_texts(position: Position) -> dict[str, Any]:
    """The position as JSON can hold it, without loss."""
    return {
        "at": position.at.isoformat(),
        "held": [[one.place, one.asset, *_units_texts(one.units)] for one in position.held],
        "acquired": {key: plain(units) for key, units in position.acquired.items()},
        "ahead": [[*key, plain(units)] for key, units in position.ahead.items()],
        "joins": {key: plain(cost) for key, cost in position.joins.items()},
        "price": plain(position.price),
        "used": plain(position.used),
        "year": position.year,
    }


def of_texts(texts: Mapping[str, Any]) -> Position:
    """The position that `to_texts` wrote."""
    return Position(
        datetime.fromisoformat(texts["at"]),
        tuple(Held(place, asset, _units_of(rest)) for place, asset, *rest in texts["held"]),
        {key: Decimal(units) for key, units in texts["acquired"].items()},
        {(disposal, acquisition): Decimal(units) for disposal, acquisition, units in texts["ahead"]},
        {key: Decimal(cost) for key, cost in texts["joins"].items()},
        Decimal(texts["price"]),
        Decimal(texts["used"]),
        texts["year"],
    )


def _units_texts(u: Units) -> list[Any]:
    at, day = u.acquired_at and u.acquired_at.isoformat(), u.day and u.day.isoformat()
    numbers = (plain(u.quantity), plain(u.cost), plain(u.unit_cost))
    return [u.acquisition_id, at, day, list(u.order), *numbers, u.missing, u.dated]


def _units_of(texts: Sequence[Any]) -> Units:
    ref, at, day, order, quantity, cost, unit_cost, missing, dated = texts
    return Units(
        ref, at and datetime.fromisoformat(at), tuple(order), Decimal(quantity), Decimal(cost), Decimal(unit_cost),
        missing, day and date.fromisoformat(day), dated,
    )  # fmt: skip
