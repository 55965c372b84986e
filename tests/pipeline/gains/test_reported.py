"""Forms 1099-DA find their sales: one with one, with several, several with one; nothing is lost on the way."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.gains.reported import compared
from pipeline.model import Disposal, Kind, Rule, Term
from pipeline.reported import Compared, Reported

NEW_YORK = ZoneInfo("America/New_York")
FIRST = date(2025, 3, 1)


def part(id: str, quantity: str, proceeds: str, day: date = FIRST, unpriced: bool = False, **changes: Any) -> Disposal:
    at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    fields: dict[str, Any] = {
        "acquisition_id": "a", "account": "Kraken", "asset": "BTC", "quantity": D(quantity),
        "acquired_at": datetime(2024, 6, 1, tzinfo=UTC), "disposed_at": at, "proceeds": D(proceeds),
        "cost_basis": D(1), "term": Term.SHORT, "rule": Rule.FIFO, "kind": Kind.SALE,
    }  # fmt: skip
    return Disposal(id, **fields | changes | ({"proceeds": None} if unpriced else {}))


def form(place: str, quantity: str, proceeds: str, sold: date | None = FIRST, **changes: Any) -> Reported:
    return Reported("Kraken", 2025, place, "BTC", D(quantity), D(proceeds), sold, **changes)


def pairs(found: Compared) -> list[tuple[str, str, str, str]]:
    """Of each piece: the form, the disposal, the units, the form's share of the proceeds."""
    return [(p.row.place, p.disposal.id, f"{p.quantity.normalize():f}", f"{p.told_proceeds}") for p in found.pieces]


NEXT = FIRST + timedelta(1)
FEE: Any = {"kind": Kind.FEE}


@pytest.mark.parametrize(
    ("parts", "forms", "fits"),
    [
        ([part("a", "1", "50")], [form("1", "1.0", "50", NEXT)], [("1", "a", "1", "50")]),  # the broker's day is UTC's
        ([part("a", "1", "50")], [form("1", "1", "50", FIRST + timedelta(2))], []),
        ([part("a", "1", "50")], [form("1", "0.9", "50")], []),
        (
            [part("a", "1", "50"), part("b", "1", "70")],
            [form("1", "1", "70.2"), form("2", "1", "49")],  # equal units: by proceeds
            [("1", "b", "1", "70.2"), ("2", "a", "1", "49")],
        ),
        (
            [part("a", "1", "50"), part("a.fee", "0.1", "5", **FEE)],
            [form("1", "1.1", "55")],  # a fee in coins, in the same form as the sale
            [("1", "a", "1", "50.00"), ("1", "a.fee", "0.1", "5.00")],
        ),
        (
            [part("a", "1", "50"), part("a.fee", "0.1", "5", **FEE)],
            [form("1", "1", "50"), form("2", "0.1", "5")],
            [("1", "a", "1", "50"), ("2", "a.fee", "0.1", "5")],
        ),
        (
            [part("a", "3", "100")],  # one lot here, two there
            [form("1", "1", "33.33"), form("2", "2", "66.67")],
            [("1", "a", "1", "33.33"), ("2", "a", "2", "66.67")],
        ),
        (
            [part("a", "1", "10", unpriced=True), part("b", "1.99", "20")],
            [form("1", "1", "12"), form("2", "2", "20.1")],  # no price here; units that differ by half a per cent
            [("1", "a", "1", "12"), ("2", "b", "1.99", "20.1")],
        ),
        (
            [part("a", "1", "10", FIRST), part("b", "2", "20", FIRST + timedelta(90))],
            [form("1", "3", "30", None, aggregate="stablecoins")],
            [("1", "a", "1", "10.00"), ("1", "b", "2", "20.00")],
        ),
    ],
)
def test_what_belongs_together(
    parts: Sequence[Disposal], forms: Sequence[Reported], fits: list[tuple[str, str, str, str]]
) -> None:
    found = compared(parts, forms, NEW_YORK)
    assert pairs(found) == fits
    assert {r.place for r in found.missing_here} == {r.place for r in forms} - {place for place, *_ in fits}
    assert {d.id for d in found.missing_there} == {d.id for d in parts} - {id for _, id, *_ in fits}


lots = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=3)
days = st.lists(
    st.tuples(st.lists(lots, min_size=1, max_size=3), st.sampled_from(("lots", "sales", "day"))), max_size=4
)


@given(drawn=days, order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_however_a_broker_divides_its_sales_all_of_them_fit_and_no_cent_is_lost(drawn: Any, order: Any) -> None:
    parts, forms = list[Disposal](), list[Reported]()
    for number, (sales, how) in enumerate(drawn):
        day = FIRST + timedelta(3 * number)
        sold = [
            [part(f"{number}{n}", f"{q}e-2", f"{p}e-2", day, cost_basis=D(c)) for q, p, c in of]
            for n, of in enumerate(sales)
        ]
        parts += [d for sale in sold for d in sale]
        told = {
            "lots": [[d] for sale in sold for d in sale], "sales": sold, "day": [[d for sale in sold for d in sale]]
        }[how]  # fmt: skip
        for of in told:
            units, proceeds = sum(d.quantity for d in of), sum(d.proceeds or 0 for d in of)
            forms.append(form(f"{len(forms)}", str(units), str(proceeds), day, basis=sum(d.cost_basis for d in of)))
    order.shuffle(forms)
    found = compared(parts, forms, NEW_YORK)
    assert not found.missing_here and not found.missing_there and not found.other_quantity
    for row in forms:
        of_row = [p for p in found.pieces if p.row is row]
        assert sum(p.told_proceeds for p in of_row) == row.proceeds
        assert sum(p.told_basis or 0 for p in of_row) == row.basis
    for d in parts:
        of_part = [p for p in found.pieces if p.disposal is d]
        assert sum(p.quantity for p in of_part) == d.quantity
        assert (sum(p.proceeds or 0 for p in of_part), sum(p.cost for p in of_part)) == (d.proceeds, d.cost_basis)


SOME = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9), st.integers(0, 4), st.integers(0, 3)), max_size=9)


@given(sales=SOME, told=SOME)
@settings(max_examples=80, deadline=None)
def test_whatever_is_told_each_form_and_each_sale_stands_in_one_place(sales: Any, told: Any) -> None:
    parts = [
        part(f"{how // 2}{day}{'.fee' * (how == 3)}", f"{q}e-1", f"{p}", FIRST + timedelta(day), how == 2,
             **(FEE if how == 3 else {}))
        for q, p, day, how in sales
    ]  # fmt: skip
    forms = [
        form(f"{n}", f"{q}e-1", f"{p}", None if how == 3 else FIRST + timedelta(day), aggregate="NFTs" * (how == 3))
        for n, (q, p, day, how) in enumerate(told)
    ]
    found = compared(parts, forms, NEW_YORK)
    fit = {p.row for p in found.pieces}
    assert fit | set(found.missing_here) == set(forms) and not fit & set(found.missing_here)
    assert len(fit) + len(found.missing_here) == len(forms)
    beside = {id(p.disposal) for p in found.pieces}
    if forms:
        assert beside | set(map(id, found.missing_there)) == set(map(id, parts))
        assert not beside & set(map(id, found.missing_there))
    for row in fit:
        assert sum(p.told_proceeds for p in found.pieces if p.row is row) == row.proceeds
    for d in parts:
        of_part = [p for p in found.pieces if p.disposal is d]
        if of_part:
            assert (sum(p.quantity for p in of_part), sum(p.cost for p in of_part)) == (d.quantity, d.cost_basis)
