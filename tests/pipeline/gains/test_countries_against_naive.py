"""Countries that pair, average or deny, against second computations that share nothing with the engine: one asset,
whole units, fractions for money, plain lists by day. Both read the same random stories; each disposal must agree.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gains.derive import derive
from pipeline.model import Amount, Transaction
from tests.ledgers import basis

NEARLY = Fraction(1, 10**12)
START = date(2024, 11, 1)


@dataclass(frozen=True)
class Deal:
    """A purchase (`units` > 0) for, or a sale (< 0) at, `cents` each."""

    day: date
    units: int
    cents: int


@st.composite
def stories(draw: st.DrawFn) -> list[Deal]:
    day, story = START, []
    for buys in draw(st.lists(st.booleans(), min_size=2, max_size=16)):
        day += timedelta(draw(st.sampled_from((0, 0, 1, 5, 27, 28, 29, 30, 31, 90))))
        units = draw(st.integers(1, 9))
        story.append(Deal(day, units if buys else -units, draw(st.integers(1, 50))))
    return story


def rows(story: Sequence[Deal], currency: str) -> list[Transaction]:
    listed = []
    for n, deal in enumerate(story):
        money, units = Amount(Decimal(deal.cents * abs(deal.units)), currency), Amount(Decimal(abs(deal.units)), "TOK")
        at = datetime(deal.day.year, deal.day.month, deal.day.day, 12, n, tzinfo=UTC)  # noon is that day in each zone
        sent, received = (money, units) if deal.units > 0 else (units, money)
        listed.append(Transaction(str(n), at, "Kraken", sent, received, position=n, source="story"))
    return listed


Costs = dict[int, Fraction]  # sale, by its place in the story -> what its units cost


class Pool:
    """One average; what is not there costs nothing."""

    def __init__(self) -> None:
        self.units, self.cost = 0, Fraction(0)

    def add(self, units: int, cost: Fraction | int) -> None:
        self.units += units
        self.cost += cost

    def take(self, units: int) -> Fraction:
        taken = min(units, self.units)
        cost = self.cost * taken / self.units if taken else Fraction(0)
        self.add(-taken, -cost)
        return cost


def united_kingdom(story: Sequence[Deal]) -> Costs:
    bought: dict[date, Pool] = defaultdict(Pool)
    for deal in story:
        if deal.units > 0:
            bought[deal.day].add(deal.units, deal.units * deal.cents)
    left = {n: -deal.units for n, deal in enumerate(story) if deal.units < 0}
    costs: Costs = dict.fromkeys(left, Fraction(0))
    for reach in (range(1), range(1, 31)):
        for n in left:
            for days in reach:
                lot = bought[story[n].day + timedelta(days)]
                taken = min(left[n], lot.units)
                costs[n] += lot.take(taken)
                left[n] -= taken
    pool, seen = Pool(), set()
    for n, deal in enumerate(story):
        if deal.day not in seen:
            seen.add(deal.day)
            pool.add(bought[deal.day].units, bought[deal.day].cost)
        if n in left:
            costs[n] += pool.take(left[n])
    return costs


def ireland(story: Sequence[Deal]) -> Costs:
    held: list[Deal] = []  # one unit each, the first bought first
    costs: Costs = {}
    for n, deal in enumerate(story):
        if deal.units > 0:
            held += [deal] * deal.units
            continue
        costs[n] = Fraction(0)
        for _ in range(-deal.units):
            if held:
                recent = (deal.day - held[-1].day).days <= 28
                costs[n] += held.pop(-1 if recent else 0).cents
    return costs


def japan(story: Sequence[Deal]) -> Costs:
    pool = Pool()
    costs: Costs = {}
    for year in sorted({deal.day.year for deal in story}):
        for deal in story:
            if deal.day.year == year and deal.units > 0:
                pool.add(deal.units, deal.units * deal.cents)
        for n, deal in enumerate(story):
            if deal.day.year == year and deal.units < 0:
                costs[n] = pool.take(-deal.units)
    return costs


def canada(story: Sequence[Deal]) -> Costs:
    held, balance = [], 0
    for deal in story:
        balance = max(0, balance + deal.units)
        held.append(balance)
    pool, joins = Pool(), defaultdict(Fraction)
    costs: Costs = {}
    for n, deal in enumerate(story):
        if deal.units > 0:
            pool.add(deal.units, deal.units * deal.cents + joins[n])
            continue
        sold, cost = -deal.units, pool.take(-deal.units)
        loss = cost - sold * deal.cents
        near = [m for m, d in enumerate(story) if d.units > 0 and abs((d.day - deal.day).days) <= 30]
        at_end = [h for h, d in zip(held, story, strict=True) if (d.day - deal.day).days <= 30][-1]
        units = min(sold, sum(story[m].units for m in near), at_end)
        denied = max(Fraction(0), loss) * units / sold
        costs[n] = cost - denied
        for m in (m for m in near if m > n):
            part = min(units, story[m].units)
            joins[m] += denied * part / units if part else 0
            denied -= denied * part / units if part else 0
            units -= part
        pool.add(0, denied)
    return costs


def average(story: Sequence[Deal]) -> Costs:
    pool = Pool()
    costs: Costs = {}
    for n, deal in enumerate(story):
        if deal.units > 0:
            pool.add(deal.units, deal.units * deal.cents)
        else:
            costs[n] = pool.take(-deal.units)
    return costs


SECOND: list[tuple[str, str, Callable[[Sequence[Deal]], Costs]]] = [
    ("uk", "pool", united_kingdom),
    ("ie", "fifo", ireland),
    ("jp", "average", japan),
    ("jp", "moving-average", average),
    ("ca", "average", canada),
    ("se", "average", average),
    ("at", "moving-average", average),
]


@pytest.mark.parametrize(("country", "method", "second"), SECOND, ids=[f"{c}-{m}" for c, m, _ in SECOND])
@given(story=stories())
def test_a_second_computation_comes_to_the_same_costs(
    story: list[Deal], country: str, method: str, second: Callable[[Sequence[Deal]], Costs]
) -> None:
    result = derive(rows(story, "USD"), [], basis(country, method))
    costs: Costs = defaultdict(Fraction)
    for d in result.disposals:
        costs[int(d.id)] += Fraction(d.cost_basis)
    expected = second(story)
    assert costs.keys() == expected.keys()
    for n, cost in expected.items():
        assert abs(costs[n] - cost) < NEARLY, (n, float(costs[n]), float(cost))


@given(stories())
def test_the_french_fraction_of_one_asset_is_its_average(story: list[Deal]) -> None:
    """Price paid x price / value: of one asset the share of the units, whatever the price."""
    result = derive(rows(story, "USD"), [], basis("fr", "average"))
    costs: Costs = defaultdict(Fraction)
    for d in result.disposals:
        costs[int(d.id)] += Fraction(d.cost_basis)
    for n, cost in average(story).items():
        assert abs(costs[n] - cost) < NEARLY
