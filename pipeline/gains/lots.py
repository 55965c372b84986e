"""The units held in one queue, and the order in which a method takes them.

A lot method is one entry of METHODS: its rule and its sort key; or of AVERAGES. Units of one acquisition may be taken
by its name, where a queue tells them apart. Whatever is taken out or put in, quantity and cost are conserved exactly: a
part's cost is its share, the rest keeps the remainder.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from pipeline.model import Acquire, Rule
from pipeline.money import ZERO, split


class Units(Struct, gc=False):
    """A lot or a part of one. `acquired_at` None: an average has no date; `day` is the taxpayer's.
    `unit_cost` is fixed at the acquisition (with its fee), so that splitting can't change a lot's rank.
    `missing`: what these units cost is not known, and counts as 0. `dated`: when they were acquired is known.
    `share`: of what was cut out of others, how its cost was found: (cost, units cut, units) of what that was."""

    acquisition_id: str
    acquired_at: datetime | None
    order: tuple[int, ...]
    quantity: Decimal
    cost: Decimal
    unit_cost: Decimal = ZERO
    missing: bool = False
    day: date | None = None
    dated: bool = True
    share: tuple[Decimal, Decimal, Decimal] | None = None

    def cut(self, quantity: Decimal) -> "Units":
        """Takes `quantity` out of these units, with its share of the cost."""
        share = self.cost, quantity, self.quantity
        cost = split(self.cost, quantity, self.quantity)
        self.quantity -= quantity
        self.cost -= cost
        if self.share is not None:  # to set a field takes five times as long as to look
            self.share = None
        return Units(
            self.acquisition_id, self.acquired_at, self.order, quantity, cost, self.unit_cost, self.missing, self.day,
            self.dated, share,
        )  # fmt: skip


def acquired(a: Acquire, zone: ZoneInfo) -> tuple[datetime, date]:
    """When units were acquired, by the taxpayer's clock or elsewhere before they came, and the taxpayer's day of it."""
    return (a.at, a.day) if a.since is None else (a.since, a.since.astimezone(zone).date())


def total(parts: Iterable[tuple[Rule, Units]]) -> Decimal:
    quantity = ZERO  # a loop: parts are one or two, for which `sum` takes twice as long
    for _, units in parts:
        quantity += units.quantity
    return quantity


# What a heap compares: flat tuples, whose last two are the number of the lot, all different, and the lot.
Entry = tuple[Any, ...]

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Method(Struct, frozen=True):
    """How a queue picks units: the rule's name and a lot's entry in its heap (the least goes first)."""

    rule: Rule
    entry: Callable[[Units, int], Entry]
    by_cost: bool = False  # whether a lot's `unit_cost` is to be known


def _before_epoch(units: Units) -> timedelta:
    """Less, the later they were acquired."""
    assert units.acquired_at is not None
    return EPOCH - units.acquired_at


def _is_known(units: Units) -> bool:
    return units.dated and units.day is not None


def _backwards(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-n for n in order)


# Highest and lowest cost rank by the cost per unit including the purchase's fee; of equal ones the
# earlier goes first. What is not picked goes first in, first out (Reg. 1.1012-1(j)(3)(i)): `specific` is no order.
FIFO = Method(Rule.FIFO, lambda u, n: (u.acquired_at, u.order, n, u))
LIFO = Method(Rule.LIFO, lambda u, n: (_before_epoch(u), _backwards(u.order), n, u))
METHODS: dict[str, Method] = {
    "fifo": FIFO,
    "lifo": LIFO,
    "hifo": Method(Rule.HIFO, lambda u, n: (-u.unit_cost, u.acquired_at, u.order, n, u), by_cost=True),
    "lofo": Method(Rule.LOFO, lambda u, n: (u.unit_cost, u.acquired_at, u.order, n, u), by_cost=True),
    "specific": FIFO,
}

# Names of methods under which units have one cost: the rule that their disposals bear.
AVERAGES = {"average": Rule.AVERAGE, "moving-average": Rule.AVERAGE, "pool": Rule.POOL}
AVERAGE = "average"


class Inventory(Protocol):
    """Units of one asset in one scope."""

    def add(self, units: Units) -> None: ...

    def take(self, quantity: Decimal) -> list[tuple[Rule, Units]]:
        """Up to `quantity`, in the method's order; less when there is less."""
        ...

    def named(self, acquisition_id: str, quantity: Decimal) -> list[tuple[Rule, Units]]:
        """Up to `quantity` of one acquisition's units; none where they can't be told apart."""
        ...

    def held(self) -> list[Units]:
        """What is left, oldest first."""
        ...

    def parts(self) -> list[Units]:
        """What makes the same queue when it is added to an empty one."""
        ...

    @property
    def empty(self) -> bool: ...


def inventory(method: str, dated: bool = False) -> Inventory:
    """An empty queue for a method of METHODS or AVERAGES; `dated`: the units of an average keep their dates."""
    if method in METHODS:
        return Queue(METHODS[method])
    return DatedAverage() if dated else Pool(AVERAGES[method])


class Queue:
    """Lots in a heap. The key ends in an insertion counter: parts of one lot meet again after moves."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self._heap: list[Entry] = []
        self._by_id: dict[str, list[Units]] | None = None  # from the first time that units are taken by their name
        self._latest: list[Entry] | None = None  # the latest first, from the first time it is asked
        self._count = 0

    def add(self, units: Units) -> None:
        if units.quantity > ZERO:
            self._count += 1
            heappush(self._heap, self._method.entry(units, self._count))
            if self._by_id is not None:
                self._by_id.setdefault(units.acquisition_id, []).append(units)
            if self._latest is not None and _is_known(units):
                heappush(self._latest, LIFO.entry(units, -self._count))

    def take(self, quantity: Decimal) -> list[tuple[Rule, Units]]:
        heap, rule = self._heap, self._method.rule
        parts: list[tuple[Rule, Units]] = []
        while heap and quantity > ZERO:
            lot: Units = heap[0][-1]
            if lot.quantity > quantity:
                parts.append((rule, lot.cut(quantity)))
                break
            heappop(heap)
            if not lot.quantity:  # it was used up by its id, or as one of the latest
                continue
            if self._by_id is not None:
                self._forget(self._by_id, lot)
            if self._latest is not None:
                lot = lot.cut(lot.quantity)
            quantity -= lot.quantity
            parts.append((rule, lot))
        return parts

    def named(self, acquisition_id: str, quantity: Decimal) -> list[tuple[Rule, Units]]:
        parts = []
        if self._by_id is None:
            self._by_id = {}
            for *_, units in sorted(self._heap, key=lambda entry: entry[-2]):
                self._by_id.setdefault(units.acquisition_id, []).append(units)
        for lot in list(self._by_id.get(acquisition_id, ())):
            if quantity > ZERO:
                part = lot.cut(min(quantity, lot.quantity))
                quantity -= part.quantity
                if lot.quantity == ZERO:
                    self._forget(self._by_id, lot)
                parts.append((Rule.SPECIFIC, part))
        return parts

    def latest(self, since: date, quantity: Decimal) -> list[tuple[Rule, Units]]:
        """Up to `quantity` of the units that are known to be acquired on the day `since` or later, the latest first."""
        if self._latest is None:
            self._latest = [LIFO.entry(units, -count) for *_, count, units in self._heap if _is_known(units)]
            heapify(self._latest)
        parts = []
        while quantity > ZERO and self._latest:
            lot: Units = self._latest[0][-1]
            if lot.quantity == ZERO:
                heappop(self._latest)
                continue
            if lot.day is None or lot.day < since:
                break
            part = lot.cut(min(quantity, lot.quantity))
            quantity -= part.quantity
            if lot.quantity == ZERO and self._by_id is not None:
                self._forget(self._by_id, lot)
            parts.append((Rule.LIFO, part))
        return parts

    def _forget(self, by_id: dict[str, list[Units]], lot: Units) -> None:
        same = by_id.pop(lot.acquisition_id)
        if len(same) > 1:
            by_id[lot.acquisition_id] = [u for u in same if u is not lot]

    def held(self) -> list[Units]:
        return sorted(
            (u for *_, u in self._heap if u.quantity > ZERO),
            key=lambda u: (u.acquired_at, u.order, u.acquisition_id, u.quantity),
        )

    parts = held

    @property
    def empty(self) -> bool:
        return not any(units.quantity for *_, units in self._heap)


class Pool:
    """One average cost for all units, renewed at each acquisition."""

    def __init__(self, rule: Rule = Rule.AVERAGE) -> None:
        self._rule = rule
        self._all = Units("", None, (), ZERO, ZERO)
        # Of all, those at no known cost: of no acquisition on record, and acquired at no known price. Each bears the
        # name of the latest that came in.
        self._unknown = [Units("", None, (), ZERO, ZERO, missing=True, dated=dated) for dated in (False, True)]

    def add(self, units: Units) -> None:
        self._all.quantity += units.quantity
        self._all.cost += units.cost
        if units.missing:
            unknown = self._unknown[units.dated]
            unknown.quantity += units.quantity
            unknown.acquisition_id = units.acquisition_id

    def named(self, acquisition_id: str, quantity: Decimal) -> list[tuple[Rule, Units]]:  # noqa: ARG002
        return []

    def take(self, quantity: Decimal) -> list[tuple[Rule, Units]]:
        """The average, and apart from it the share of the units whose cost is not known (at cost 0, as it
        went into the average)."""
        quantity = min(quantity, self._all.quantity)
        if quantity <= ZERO:
            return []
        held = self._all.quantity
        known = self._all.cut(quantity)
        unknowns = [one for one in self._unknown if one.quantity > ZERO]
        if not unknowns:
            return [(self._rule, known)]
        parts = [known]
        for unknown in unknowns:
            share = min(split(unknown.quantity, quantity, held), known.quantity)
            if share > ZERO:
                parts.append(unknown.cut(share))
                known.quantity -= share
        if known.quantity == ZERO:  # the known share is below the last digit; its cost is not lost all the same
            parts[-1].cost += known.cost
            parts[-1].share = known.share
        return [(self._rule, part) for part in parts if part.quantity > ZERO]

    def raise_cost(self, cost: Decimal) -> None:
        """Adds to what the units cost, of which there must be some."""
        self._all.cost += cost

    def held(self) -> list[Units]:
        return [self._all] if self._all.quantity > ZERO else []

    def parts(self) -> list[Units]:
        """The units of known cost, and those of no known cost, as `take` tells them apart."""
        unknown = [replace(one) for one in self._unknown if one.quantity > ZERO]
        known = replace(self._all, quantity=self._all.quantity - sum((one.quantity for one in unknown), ZERO))
        return [one for one in (known, *unknown) if one.quantity > ZERO]

    @property
    def empty(self) -> bool:
        return self._all.quantity == ZERO


class DatedAverage:
    """One average cost for all units, which leave first in first out and keep their dates."""

    def __init__(self) -> None:
        self._lots = Queue(METHODS["fifo"])
        self._quantity, self._cost = ZERO, ZERO

    def add(self, units: Units) -> None:
        self._quantity += units.quantity
        self._cost += units.cost
        self._lots.add(units)

    def named(self, acquisition_id: str, quantity: Decimal) -> list[tuple[Rule, Units]]:  # noqa: ARG002
        return []

    def take(self, quantity: Decimal) -> list[tuple[Rule, Units]]:
        parts = [units for _, units in self._lots.take(quantity)]
        for part in parts:
            part.share = self._cost, part.quantity, self._quantity
            part.cost = split(*part.share)
            self._cost -= part.cost
            self._quantity -= part.quantity
        return [(Rule.AVERAGE, part) for part in parts]

    def held(self) -> list[Units]:
        quantity, cost, lots = self._quantity, self._cost, []
        for lot in self._lots.held():
            share = split(cost, lot.quantity, quantity)
            lots.append(replace(lot, cost=share))
            quantity -= lot.quantity
            cost -= share
        return lots

    @property
    def empty(self) -> bool:
        return self._quantity == ZERO

    parts = held
