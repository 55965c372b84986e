"""Which units a method takes, and that cutting and moving lots loses nothing of quantity or cost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.gains.lots import AVERAGE, METHODS, Units, inventory
from pipeline.model import Rule
from pipeline.money import ZERO, exact, plain, split
from tests.ledgers import at


def lot(name: str, when: str, quantity: str, cost: str, row: int = 0) -> Units:
    units, paid = Decimal(quantity), Decimal(cost)
    return Units(name, at(when), (row, 1), units, paid, split(paid, Decimal(1), units))


def taken(method: str, quantity: str, *lots: Units, named: str = "") -> str:
    """The parts that `quantity` comes from, as 'lot quantity cost, ...'; those of the lot `named` first."""
    with exact():
        queue = inventory(method)
        for one in lots:
            queue.add(one)
        parts = queue.named(named, Decimal(quantity)) if named else []
        parts += queue.take(Decimal(quantity) - sum(u.quantity for _, u in parts))
        return ", ".join(f"{u.acquisition_id} {plain(u.quantity)} {plain(u.cost)}".strip() for _, u in parts)


def four() -> list[Units]:
    """Bought in spring at 10, in summer at 30 and at 20, in autumn at 5; put in out of order."""
    bought = [
        lot("summer", "2024-07-01", "2", "60"),
        lot("autumn", "2024-10-01", "2", "10"),
        lot("spring", "2024-04-01", "2", "20"),
        lot("late", "2024-07-02", "2", "40"),
    ]
    with exact():
        return bought


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("fifo", "spring 2 20, summer 2 60, late 1 20"),
        ("lifo", "autumn 2 10, late 2 40, summer 1 30"),
        ("hifo", "summer 2 60, late 2 40, spring 1 10"),
        ("lofo", "autumn 2 10, spring 2 20, late 1 20"),
        ("average", "5 81.25"),
    ],
)
def test_each_method_takes_its_own_units_first(method: str, expected: str) -> None:
    assert taken(method, "5", *four()) == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("fifo", "row1 1 10, row2 1 10, next 1 10"),
        ("lifo", "next 1 10, row2 1 10, row1 1 10"),
        ("hifo", "row1 1 10, row2 1 10, next 1 10"),  # of equal cost the earlier first
        ("lofo", "row1 1 10, row2 1 10, next 1 10"),
    ],
)
@pytest.mark.parametrize("turn", range(3))
def test_equal_lots_go_by_instant_then_by_row_however_they_were_put_in(method: str, expected: str, turn: int) -> None:
    equal = [
        lot("row2", "2024-04-01", "1", "10", row=2),
        lot("next", "2024-04-02", "1", "10", row=1),
        lot("row1", "2024-04-01", "1", "10", row=1),
    ]
    assert taken(method, "3", *equal[turn:], *equal[:turn]) == expected


def test_cost_ranks_by_the_unit_and_not_by_the_lot() -> None:
    lots = (lot("dear", "2024-04-01", "0.5", "20"), lot("large", "2024-04-02", "10", "300"))
    assert taken("hifo", "1", *lots) == "dear 0.5 20, large 0.5 15"
    assert taken("lofo", "1", *lots) == "large 1 30"


@pytest.mark.parametrize("method", ["hifo", "lofo"])
def test_a_lot_that_was_cut_and_moved_keeps_its_rank(method: str) -> None:
    """Sevenths of 10: a part costs a digit more or less a unit, which must not put it before or behind its twin."""
    with exact():
        here, there = inventory(method), inventory(method)
        here.add(lot("first", "2024-04-01", "7", "10"))
        for quantity in (3, 1, 3):
            for _, part in here.take(Decimal(quantity)):
                there.add(part)
        there.add(lot("second", "2024-04-02", "7", "10"))
        order = [u.acquisition_id for _ in range(14) for _, u in there.take(Decimal(1))]
    assert order == ["first"] * 7 + ["second"] * 7


def test_less_is_given_when_there_is_less() -> None:
    for method in (*METHODS, AVERAGE):
        assert taken(method, "3", lot("only", "2024-04-01", "2", "8")).endswith("2 8")
        assert taken(method, "3") == ""


def test_units_that_are_named_go_before_all_others_and_the_rest_by_the_method() -> None:
    assert taken("fifo", "3", *four(), named="late") == "late 2 40, spring 1 10"
    assert taken("specific", "3", *four(), named="late") == "late 2 40, spring 1 10"
    assert taken("hifo", "0.5", *four(), named="autumn") == "autumn 0.5 2.5"
    assert taken("lifo", "1", *four(), named="unknown") == "autumn 1 5"
    assert taken(AVERAGE, "4", *four(), named="late") == "4 65"
    with exact():
        queue = inventory("fifo")
        for one in four():
            queue.add(one)
        assert [rule for rule, _ in queue.named("late", Decimal(3)) + queue.take(Decimal(1))] == ["specific", "fifo"]
        assert queue.named("late", Decimal(1)) == [], "used up, not taken twice"
        assert queue.take(Decimal(1))[0][1].acquisition_id == "spring"
        assert [u.acquisition_id for u in queue.held()] == ["summer", "autumn"]


def test_parts_of_one_lot_meet_again() -> None:
    with exact():
        here, there = inventory("fifo"), inventory("fifo")
        here.add(lot("one", "2024-04-01", "3", "10"))
        for _ in range(2):
            for _, part in here.take(Decimal(1)):
                there.add(part)
        for _, part in there.take(Decimal(2)):
            here.add(part)
        assert taken_all(here) == [("one", Decimal(3), Decimal(10))]


def taken_all(queue: object) -> list[tuple[str, Decimal, Decimal]]:
    parts = queue.take(Decimal(10**6))  # type: ignore[attr-defined]
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for _, u in parts:
        q, c = sums.get(u.acquisition_id, (ZERO, ZERO))
        sums[u.acquisition_id] = (q + u.quantity, c + u.cost)
    return [(name, q, c) for name, (q, c) in sums.items()]


def test_a_pool_is_renewed_by_each_purchase_and_has_no_dates() -> None:
    with exact():
        pool = inventory(AVERAGE)
        pool.add(lot("a", "2024-04-01", "1", "10"))
        pool.add(lot("b", "2024-04-02", "2", "50"))
        ((rule, sold),) = pool.take(Decimal(1))
        assert (rule, sold.cost, sold.acquired_at, sold.acquisition_id) == (Rule.AVERAGE, 20, None, "")
        pool.add(lot("c", "2024-04-03", "2", "0"))
        assert [(u.quantity, u.cost) for u in pool.held()] == [(4, 40)]
        assert pool.take(Decimal(1))[0][1].cost == 10


AMOUNTS = st.integers(1, 10**24).map(lambda n: Decimal(n).scaleb(-18))


@given(
    st.sampled_from((*METHODS, AVERAGE)),
    st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=6),
    st.lists(AMOUNTS, min_size=1, max_size=8),
)
def test_cutting_conserves_quantity_and_cost_to_the_last_digit(
    method: str, bought: list[tuple[Decimal, Decimal]], sold: list[Decimal]
) -> None:
    with exact():
        queue = inventory(method)
        for n, (quantity, cost) in enumerate(bought):
            queue.add(Units(str(n), at("2024-04-01"), (n,), quantity, cost, split(cost, Decimal(1), quantity)))
        parts = [u for quantity in sold for _, u in queue.take(quantity)] + queue.held()
        assert sum(u.quantity for u in parts) == sum(quantity for quantity, _ in bought)
        assert sum(u.cost for u in parts) == sum(cost for _, cost in bought)
        assert all(u.quantity > ZERO and u.cost >= ZERO for u in parts)


def test_an_average_keeps_apart_what_has_no_known_cost() -> None:
    unknown = lot("found", "2024-01-01", "1", "0")
    unknown.missing = True
    with exact():
        pool = inventory(AVERAGE)
        pool.add(unknown)
        pool.add(lot("bought", "2024-02-01", "3", "300"))
        parts = [(u.missing, u.acquisition_id, u.quantity, u.cost) for _, u in pool.take(Decimal(2))]
        assert parts == [(False, "", Decimal("1.5"), 150), (True, "found", Decimal("0.5"), 0)]
        rest = [(u.missing, u.quantity, u.cost) for _, u in pool.take(Decimal(9))]
        assert rest == [(False, Decimal("1.5"), 150), (True, Decimal("0.5"), 0)]


def test_units_of_no_known_price_and_of_no_acquisition_are_two_things_in_an_average() -> None:
    unpriced = replace(lot("airdrop", "2024-01-01", "1", "0"), missing=True)
    carried = replace(lot("move", "2024-01-02", "1", "0"), missing=True, dated=False)
    with exact():
        pool = inventory(AVERAGE)
        for units in (unpriced, carried, lot("bought", "2024-02-01", "2", "300")):
            pool.add(units)
        parts = [(u.acquisition_id, u.dated, u.quantity, u.cost) for _, u in pool.take(Decimal(2))]
        half = Decimal("0.5")
        assert parts == [("", True, 1, 150), ("move", False, half, 0), ("airdrop", True, half, 0)]


def test_a_known_share_below_the_last_digit_loses_no_cost() -> None:
    unknown = lot("found", "2024-01-01", "1", "0")
    unknown.missing = True
    with exact():
        pool = inventory(AVERAGE)
        pool.add(unknown)
        pool.add(lot("bought", "2024-02-01", "0.000000000000000001", "100"))
        parts = pool.take(Decimal("0.000000000000000001"))
        assert sum(u.cost for _, u in parts) + sum(u.cost for u in pool.held()) == 100
