"""Rows of another tool's report beside disposals: which belong together.

    together(told, here)        # [(rows, parts), ...], each row and part in exactly one; alone: the other side is empty

Within an asset, the surest first: all alike; the same units and days; the same units within a day (two tools may count
days in two time zones), the nearest in date of purchase and proceeds first; then one sale told in other lots, one row
of several lots, all that is left of a day, and at last units that occur once on each side. Where rows tell no units,
proceeds stand for them. The order in which either side comes changes nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from pipeline.gains.sums import adding_up, by_day, total
from pipeline.money import ZERO, exact, plain, round_to
from pipeline.theirs import Here, Told

UNITS = Decimal("1e-8")  # of one row: tools write no fewer decimals
CENT = Decimal("0.01")
NEAR = 50  # a fiftieth: how far proceeds may be apart, or units of a whole day (a fee in coins)
_PLACES, _MOST, _TRIES = 8, 24, 3_000  # decimals of a key; members that are combined; combinations that are tried
CROWD = 10_000  # pairs of equal units on one day
_DAYS = (0, -1, 1)

T = TypeVar("T")
Group = tuple[tuple[Told, ...], tuple[Here, ...]]


def together(told: Iterable[Told], here: Iterable[Here]) -> list[Group]:
    """Every row and part, with what belongs to it; in order of asset and day."""
    rows: dict[str, list[Told]] = defaultdict(list)
    parts: dict[str, list[Here]] = defaultdict(list)
    for row in sorted(told, key=_row_order):
        rows[row.asset].append(row)
    for part in sorted(here, key=_part_order):
        parts[part.disposal.asset].append(part)
    found: list[Group] = []
    with exact():
        for asset in sorted({*rows, *parts}):
            found += _Asset(rows[asset], parts[asset]).groups()
    return found


def _row_order(row: Told) -> tuple[object, ...]:
    numbers = (row.quantity or ZERO, row.proceeds, row.basis, ZERO if row.gain is None else row.gain)
    return (
        row.sold or date.min, row.acquired or date.min, *numbers, row.quantity is None, row.gain is None, row.term,
        row.box, row.code, row.account, row.various, row.place,
    )  # fmt: skip


def _part_order(part: Here) -> tuple[object, ...]:
    d = part.disposal
    return (part.sold, d.disposed_at, part.acquired or date.min, d.quantity, d.id, d.acquisition_id, d.cost_basis)


class _Asset:
    """The rows and parts of one asset, and which are taken."""

    def __init__(self, rows: Sequence[Told], parts: Sequence[Here]) -> None:
        self._rows, self._parts = rows, parts
        self._gone: set[int] = set()
        self._known = all(row.quantity is not None for row in rows)

    def groups(self) -> list[Group]:
        found: list[Group] = []
        for rows, parts in self._ways():
            self._gone.update(map(id, rows))
            self._gone.update(map(id, parts))
            found.append((tuple(rows), tuple(parts)))
        found += [((row,), ()) for row in self._left(self._rows)]
        found += [((), (part,)) for part in self._left(self._parts)]
        return sorted(found, key=_group_order)

    def _ways(self) -> Iterator[tuple[list[Told], list[Here]]]:
        """Each way in its turn, the surest first: those at about the same proceeds before all others."""
        yield from self._alike()
        for far in (False, True):
            yield from self._crowds(far)
            yield from self._pairs(far)
            yield from self._sales(far)
            yield from self._of_several(far)
            if not far:
                yield from self._days()
        yield from self._once()

    def _left(self, members: Iterable[T]) -> list[T]:
        return [each for each in members if id(each) not in self._gone]

    def _size(self, each: Told | Here) -> Decimal:
        """What rows and parts are added up by: units, else proceeds."""
        if isinstance(each, Told):
            return each.proceeds if each.quantity is None or not self._known else each.quantity
        return each.disposal.quantity if self._known else each.proceeds

    @property
    def _slack(self) -> Decimal:
        return UNITS if self._known else CENT

    def _alike(self) -> Iterator[tuple[list[Told], list[Here]]]:
        """All that both tell is the same, to the cent."""
        by_key: dict[object, list[Here]] = defaultdict(list)
        for part in reversed(self._parts):
            by_key[self._key(part, part.sold, part.acquired)].append(part)
        for row in self._rows:
            listed = by_key.get(self._key(row, row.sold, row.acquired))
            if listed:
                yield [row], [listed.pop()]

    def _key(self, each: Told | Here, sold: date | None, acquired: date | None) -> object:
        units = plain(round_to(self._size(each), _PLACES)) if self._known else ""
        return units, sold, acquired, round_to(each.proceeds, 2), round_to(each.basis, 2)

    def _crowds(self, far: bool) -> Iterator[tuple[list[Told], list[Here]]]:
        """The same units on one day by the hundred, where every pair would be too many: in order of purchase and
        proceeds."""
        rows, parts = defaultdict[object, list[Told]](list), defaultdict[object, list[Here]](list)
        for row in self._left(self._rows):
            rows[self._crowd(row), row.sold].append(row)
        for part in self._left(self._parts):
            parts[self._crowd(part), part.sold].append(part)
        for key, some in rows.items():
            others = parts.get(key, [])
            if len(some) * len(others) > CROWD:
                some.sort(key=lambda row: (row.acquired or date.min, row.proceeds, row.basis))
                others.sort(key=lambda part: (part.acquired or date.min, part.proceeds, part.basis))
                pairs = (([row], [part]) for row, part in zip(some, others, strict=False))
                yield from (pair for pair in pairs if far or _about_as_dear(*pair))

    def _crowd(self, each: Told | Here) -> object:
        return self._short(each) if self._known else round_to(each.proceeds, 2)

    def _pairs(self, far: bool) -> Iterator[tuple[list[Told], list[Here]]]:
        """The same units within a day: those bought on the same day before others, then the nearest in proceeds."""
        if far and not self._known:
            return
        by_key: dict[object, list[Here]] = defaultdict(list)
        for part in self._left(self._parts):
            by_key[self._short(part), part.sold].append(part)
        ranked: list[tuple[tuple[int, bool, Decimal, Decimal, int], int, Told, Here]] = []
        for number, row in enumerate(self._left(self._rows)):
            for days, part in self._near(by_key, row):
                if far or _about_as_dear([row], [part]):
                    apart = abs(row.proceeds - part.proceeds), abs(row.basis - part.basis)
                    ranked.append(((_lots_apart(row, part), days != 0, *apart, number), len(ranked), row, part))
        taken: set[int] = set()
        for _, _, row, part in sorted(ranked, key=lambda each: each[:2]):
            if id(row) not in taken and id(part) not in taken:
                taken |= {id(row), id(part)}
                yield [row], [part]

    def _short(self, each: Told | Here) -> object:
        return round_to(self._size(each), _PLACES) if self._known else None

    def _near(self, by_key: dict[object, list[Here]], row: Told) -> Iterator[tuple[int, Here]]:
        if row.sold is None:
            return
        key = self._short(row)
        keys = [key] if not isinstance(key, Decimal) else [key, key - UNITS, key + UNITS]
        for off in _DAYS:
            for each in keys:
                for part in by_key.get((each, row.sold + timedelta(off)), ()):
                    yield off, part

    def _sales(self, far: bool) -> Iterator[tuple[list[Told], list[Here]]]:
        """One sale told by other rows: in one, or in other lots."""
        rows = by_day(self._left(self._rows), lambda row: row.sold)
        sales: dict[str, list[Here]] = defaultdict(list)
        for part in self._left(self._parts):
            sales[part.disposal.id].append(part)
        taken: set[int] = set()
        for most in (1, _MOST):
            for name, parts in list(sales.items()):
                whole = total(map(self._size, parts))
                for days in _DAYS[:1], _DAYS:
                    near = [row for row in _about(rows, parts[0].sold, days) if id(row) not in taken]
                    chosen = self._subset(near, whole, most, lambda some: far or _about_as_dear(some, parts))  # noqa: B023
                    if chosen:
                        taken.update(map(id, chosen))
                        del sales[name]
                        yield chosen, parts
                        break

    def _of_several(self, far: bool) -> Iterator[tuple[list[Told], list[Here]]]:
        """One row of several lots or sales."""
        parts = by_day(self._left(self._parts), lambda part: part.sold)
        taken: set[int] = set()
        for row in self._left(self._rows):
            for days in _DAYS[:1], _DAYS:
                near = [part for part in _about(parts, row.sold, days) if id(part) not in taken]
                chosen = self._subset(
                    near, self._size(row), _MOST, lambda some: far or _about_as_dear([row], some)  # noqa: B023
                )  # fmt: skip
                if chosen:
                    taken.update(map(id, chosen))
                    yield [row], chosen
                    break

    def _days(self) -> Iterator[tuple[list[Told], list[Here]]]:
        """All that is left of a day on both sides; a fee in coins may make the difference."""
        parts = by_day(self._left(self._parts), lambda part: part.sold)
        for day, rows in sorted(by_day(self._left(self._rows), lambda row: row.sold).items()):
            of_day = parts.get(day, [])
            told = total(map(self._size, rows))
            if of_day and abs(told - total(map(self._size, of_day))) * NEAR <= abs(told):
                yield rows, of_day

    def _once(self) -> Iterator[tuple[list[Told], list[Here]]]:
        """Units that only one row and one part have, at about the same proceeds, on whatever days."""
        if not self._known:
            return
        rows, parts = self._left(self._rows), self._left(self._parts)
        counts = (Counter(map(self._short, rows)), Counter(map(self._short, parts)))
        by_key = {self._short(part): part for part in parts}
        for row in rows:
            key = self._short(row)
            if counts[0][key] == counts[1][key] == 1 and row.sold is not None:
                part = by_key[key]
                if abs(row.proceeds - part.proceeds) * NEAR <= abs(row.proceeds):
                    yield [row], [part]

    def _subset(self, members: Sequence[T], whole: Decimal, most: int, fits: Callable[[list[T]], bool]) -> list[T]:
        """Members that add up to `whole` and `fits`, no more than `most` of them, the first such found; where there are
        too many to try, all or none."""
        sizes = [self._size(each) for each in members]  # type: ignore[arg-type]
        if len(sizes) > _MOST and most > 1:
            every = list(members)
            return every if abs(total(sizes) - whole) <= self._slack * len(sizes) and fits(every) else []
        chosen = adding_up(
            sizes, whole, self._slack, _TRIES, most=most, fits=lambda places: fits([members[n] for n in places])
        )
        return [members[n] for n in chosen]


def _about_as_dear(rows: Sequence[Told], parts: Sequence[Here]) -> bool:
    """Whether proceeds are near: a fee may make the difference, or a price list."""
    told = total(row.proceeds for row in rows)
    return abs(told - total(part.proceeds for part in parts)) * NEAR <= abs(told)


def _lots_apart(row: Told, part: Here) -> int:
    """0: bought on one day; 1: a day apart, or both don't know; 2: one does not know; 3: other lots."""
    if row.acquired is None or part.acquired is None:
        return 1 if row.acquired is part.acquired is None else 2
    apart = abs((row.acquired - part.acquired).days)
    return 0 if not apart else 1 if apart == 1 else 3


def _group_order(group: Group) -> tuple[object, ...]:
    rows, parts = group
    day = min([row.sold or date.min for row in rows] + [part.sold for part in parts])
    return day, not rows, _row_order(rows[0]) if rows else (), _part_order(parts[0]) if parts else ()


def _about(by_day: dict[date, list[T]], day: date | None, days: Iterable[int]) -> list[T]:
    """Those of the day, then those of the days beside it, as `days` has them; none of no day."""
    return [] if day is None else [each for off in days for each in by_day.get(day + timedelta(off), ())]
