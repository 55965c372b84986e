"""Coins of before a law: kept apart from the average, each with its date and cost, and outside the new rules.

Austria: what was bought before 1 March 2021 is no part of the moving average (EStR 6178aa) and free after a year (§ 31
EStG). The taxpayer may choose which go first; in doubt those that were bought earlier (KryptowährungsVO § 3). Given for
another coin they are sold, and the other coin is new, at what it is worth then (EStR 6103k; for the cost from memory).
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from pipeline.gains.lots import METHODS, Inventory, Queue, Units
from pipeline.model import Convert, Disposal, Kind, Rule
from pipeline.money import ONE, ZERO, split
from pipeline.rules.base import Rules


class OldStock:
    """Units bought up to `last`, first in first out, and all others in a queue of their own, `new`, which is empty yet;
    `first`: the old ones go first."""

    def __init__(self, last: date, first: bool, new: Inventory) -> None:
        self._last, self._first = last, first
        self._old, self._new = Queue(METHODS["fifo"]), new

    def add(self, units: Units) -> None:
        (self._old if is_old(units, self._last) else self._new).add(units)

    def take(self, quantity: Decimal) -> list[tuple[Rule, Units]]:
        parts: list[tuple[Rule, Units]] = []
        for queue in (self._old, self._new) if self._first else (self._new, self._old):
            parts += queue.take(quantity - sum((units.quantity for _, units in parts), ZERO))
        return parts

    def named(self, acquisition_id: str, quantity: Decimal) -> list[tuple[Rule, Units]]:
        return self._old.named(acquisition_id, quantity)

    def held(self) -> list[Units]:
        return [*self._old.held(), *self._new.held()]

    def parts(self) -> list[Units]:
        return [*self._old.parts(), *self._new.parts()]

    @property
    def empty(self) -> bool:
        return self._old.empty and self._new.empty


def is_old(units: Units, last: date) -> bool:
    return units.dated and units.day is not None and units.day <= last


def passed_on(
    c: Convert, parts: Iterable[tuple[Rule, Units]], rules: Rules, by_cost: bool
) -> Iterator[tuple[Units, Disposal | None]]:
    """What units become that were given for another asset without a disposal: as many lots in another number, each with
    its id, date and cost; those without an acquisition on record have none in the new form either. Old stock is
    sold: a disposal beside the new units."""
    left, lacking, worth_left = c.into_quantity, c.quantity, c.worth
    for _, units in parts:
        given = units.quantity
        quantity = split(left, given, lacking)
        worth = None if worth_left is None else split(worth_left, given, lacking)
        if worth is not None and worth_left is not None:
            worth_left -= worth
        lacking -= given
        left -= quantity
        sold = None
        if worth is not None and rules.old_stock is not None and is_old(units, rules.old_stock):
            sold = _sale(c, units, worth, rules)
            units = Units(c.id, c.at, c.order, quantity, worth, day=c.day)
        elif units.acquired_at is None and units.missing:
            units = replace(units, acquisition_id=c.id, acquired_at=c.at, order=c.order, day=c.day)
        unit_cost = split(units.cost, ONE, quantity) if by_cost and quantity else ZERO
        yield replace(units, quantity=quantity, unit_cost=unit_cost), sold


def _sale(c: Convert, units: Units, worth: Decimal, rules: Rules) -> Disposal:
    assert units.day is not None
    return Disposal(
        id=c.id,
        acquisition_id=units.acquisition_id,
        account=c.account,
        asset=c.asset,
        quantity=units.quantity,
        acquired_at=units.acquired_at,
        disposed_at=c.at,
        proceeds=worth,
        cost_basis=units.cost,
        term=rules.term(units.day, c.day),
        rule=Rule.FIFO,
        kind=Kind.TRADE,
    )
