"""What holds for every ledger, country, method and scope."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.gains.assess import assess
from pipeline.gains.checks import Facts, balances, negative_balance
from pipeline.gains.derive import Basis, derive
from pipeline.gains.lots import METHODS
from pipeline.gains.match import in_order, match, sort_key
from pipeline.gains.migrate import migrated
from pipeline.gains.value import PriceBook, fee_value, value
from pipeline.model import (
    IN_TRANSIT,
    Acquire,
    Allocation,
    Convert,
    Dispose,
    Flow,
    Lot,
    Result,
    Rule,
    Term,
    Transaction,
    Transfer,
    is_fiat,
)
from pipeline.money import ZERO, exact, plain
from pipeline.rules.base import Scope
from reports.ranges import ranges
from tests.ledgers import ALL, ASSETS, FIXED, NEW_YEAR, Drawn, basis, codes, ledgers

# Another method in the very instant in which lots become those of an account, and again after it; in one account alone.
CHANGING = replace(
    basis("us"),
    later=((NEW_YEAR.date(), "hifo"), (NEW_YEAR.date() + timedelta(1), "lifo")),
    own=(("Coinbase", NEW_YEAR.date(), "lofo"), ("Coinbase", NEW_YEAR.date() + timedelta(9), "specific")),
)
EVERY = [*ALL, CHANGING]
BASES = st.sampled_from(EVERY)
GAINING = st.sampled_from([b for b in EVERY if b.rules.gains])
CUTS = st.sampled_from([datetime(2024, 1, 1, tzinfo=NEW_YEAR.tzinfo), NEW_YEAR, NEW_YEAR + timedelta(minutes=3)])


def result_of(drawn: Drawn, by: Basis, until: datetime | None = None, opening: Iterable[Allocation] = ()) -> Result:
    return derive(drawn.transactions, drawn.prices, by, until=until, opening=list(opening))


def flows_of(drawn: Drawn, by: Basis) -> list[Flow]:
    events, _ = match(drawn.transactions)
    book = PriceBook(drawn.prices, by.currency, by.zone)
    valued = value(events, book, by.rules.higher_value)
    for v in valued:  # what the table of prices shows of a fee is what the figures were made of
        if isinstance(v.event, Transaction):
            assert fee_value(v.event, book, by.rules.higher_value) == v.fee_value
    return assess(valued, by.rules, by.currency, by.zone).flows


def total(numbers: Iterable[Decimal | None]) -> Decimal:
    return sum((n for n in numbers if n is not None), ZERO)


@given(ledgers(), GAINING)
def test_units_are_conserved_to_the_last_digit(drawn: Drawn, by: Basis) -> None:
    """What came and what was missing is what went and what is held; a move may carry units without a record along."""
    with exact():
        result, flows = result_of(drawn, by), flows_of(drawn, by)
        swaps = [f for f in flows if isinstance(f, Convert)]
        for asset in ASSETS:
            came = total(f.quantity for f in flows if isinstance(f, Acquire) and f.asset == asset)
            came += total(f.into_quantity for f in swaps if f.into == asset)
            gone = total(d.quantity for d in result.disposals if d.asset == asset)
            gone += total(f.quantity for f in swaps if f.asset == asset)
            held = total(lot.quantity for lot in result.lots if lot.asset == asset)
            short = (i for i in result.issues if i.code == "missing_acquisition" and i.asset == asset)
            extra = gone + held - came - total(Decimal(i.details["quantity"]) for i in short)
            assert extra >= ZERO if by.scope.values[-1][1] is Scope.ACCOUNT else extra == ZERO


@given(ledgers(), st.sampled_from([b for b in EVERY if b.method in METHODS and b.rules.gains]))
def test_every_unit_stays_in_its_lot(drawn: Drawn, by: Basis) -> None:
    with exact():
        result = result_of(drawn, by)
        came = {f.id: f.quantity for f in flows_of(drawn, by) if isinstance(f, Acquire)}
        parts: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for p in (*result.disposals, *result.lots):
            parts[p.acquisition_id] += p.quantity
        assert {ref: parts[ref] for ref in came} == came
        unknown = {p.acquisition_id for p in (*result.disposals, *result.lots)} - came.keys()
        assert all(p.cost_basis == ZERO for p in result.lots if p.acquisition_id in unknown)


@given(ledgers(), BASES)
def test_what_is_held_is_what_the_rows_add_up_to(drawn: Drawn, by: Basis) -> None:
    """Unless units are missing. What left for nowhere is held in transit; under one queue nothing has a place."""
    with exact():
        result = result_of(drawn, by)
        if {"missing_acquisition", "negative_balance"} & set(codes(result)):
            return
        apart = by.scope.values[-1][1] is Scope.ACCOUNT
        listed: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for (account, asset), quantity in balances(result.transactions).items():
            listed[account if apart else "", asset] += ZERO if is_fiat(asset) else quantity
        for t in result.transactions:
            if t.sent and not (t.received or t.label or t.id in result.transfers or is_fiat(t.sent.asset)):
                listed[IN_TRANSIT if apart else "", t.sent.asset] += t.sent.quantity
        held: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for lot in result.lots:
            held[lot.account, lot.asset] += lot.quantity
        assert held == {place: quantity for place, quantity in listed.items() if quantity}


@given(ledgers(), GAINING)
def test_every_gain_on_units_of_unknown_cost_is_in_the_range_of_its_year(drawn: Drawn, by: Basis) -> None:
    with exact():
        result = result_of(drawn, by)
        found = {one.year: one for one in ranges(result.issues)}
        gains: dict[str, Decimal] = defaultdict(lambda: ZERO)
        unknown: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for d in result.disposals:
            year = str(by.rules.year.of(d.disposed_at.astimezone(by.zone).date()))
            gains[year] += d.gain or ZERO
            if d.rule is Rule.MISSING and d.gain is not None and d.gain > ZERO:
                unknown[year] += d.gain
        assert unknown.keys() <= found.keys()
        for year, one in found.items():
            assert one.gain == gains[year]
            assert one.lowest is None or one.lowest <= one.gain - unknown[year]
            assert one.highest is None or one.highest >= one.gain


@given(ledgers(), GAINING)
def test_nothing_is_disposed_of_before_it_was_acquired(drawn: Drawn, by: Basis) -> None:
    for d in result_of(drawn, by).disposals:
        days = 0 if d.rule not in (Rule.SAME_DAY, Rule.THIRTY_DAY) else 1 if d.rule is Rule.SAME_DAY else 31
        assert d.acquired_at is None or d.acquired_at <= d.disposed_at + timedelta(days)
        assert (d.acquired_at is None) == (d.rule in (Rule.MISSING, Rule.AVERAGE, Rule.POOL))
        if d.acquired_at is not None and by.rules.has_terms:
            held = d.disposed_at - d.acquired_at
            assert (
                d.term is Term.LONG
                if held > timedelta(days=368)
                else held > timedelta(days=364) or d.term is Term.SHORT
            )


@given(ledgers(), GAINING)
def test_cost_is_conserved_to_the_last_digit(drawn: Drawn, by: Basis) -> None:
    """What was paid, fees of sales where they are a cost, and no cent more. A superficial loss joins other units."""
    with exact():
        result, flows = result_of(drawn, by), flows_of(drawn, by)
        kept_apart = by.rules.portfolio or any(isinstance(f, Convert) for f in flows)  # cost goes from asset to asset
        for assets in [ASSETS] if kept_apart else [(asset,) for asset in ASSETS]:
            paid = total(f.cost for f in flows if isinstance(f, Acquire) and f.asset in assets)
            if not by.rules.portfolio:
                paid += total(f.costs for f in flows if isinstance(f, Dispose) and f.asset in assets)
            parts = [p.cost_basis for p in (*result.disposals, *result.lots) if p.asset in assets]
            if not by.rules.superficial_days:
                parts += [d.denied for d in result.disposals if d.asset in assets]
            if by.rules.portfolio and not result.lots:
                assert total(parts) <= paid  # what is left of the price when all is gone
            else:
                assert total(parts) == paid


@given(ledgers(), GAINING)
def test_every_row_is_proceeds_less_cost_and_parts_add_up_to_the_disposal(drawn: Drawn, by: Basis) -> None:
    with exact():
        disposals = result_of(drawn, by).disposals
        parts = defaultdict(list)
        for d in disposals:
            assert d.gain == (None if d.proceeds is None else d.proceeds - d.cost_basis)
            assert d.quantity > ZERO and d.cost_basis >= ZERO
            assert ZERO <= d.set_apart <= max(ZERO, -(d.gain or ZERO)) and d.denied >= ZERO
            parts[d.id].append(d)
        whole = {f.id: f for f in flows_of(drawn, by) if isinstance(f, Dispose)}
        assert parts.keys() == whole.keys()
        for ref, rows in parts.items():
            one = whole[ref]
            assert total(d.quantity for d in rows) == one.quantity
            if not one.gain:
                assert all(d.gain == ZERO and not d.taxed for d in rows)
            elif one.proceeds is None or (by.rules.portfolio and rows[0].proceeds is None):
                assert all(d.proceeds is None for d in rows)
            else:
                assert total(d.proceeds for d in rows) == one.proceeds - (one.costs if by.rules.portfolio else ZERO)
            if not one.loss:
                assert all(d.gain is None or d.gain >= ZERO for d in rows)


@given(ledgers(), BASES, st.integers(0, 10**6))
def test_the_order_of_the_input_means_nothing(drawn: Drawn, by: Basis, seed: int) -> None:
    mixed = random.Random(seed)
    rows, listed = drawn.transactions[:], drawn.prices[:]
    mixed.shuffle(rows)
    mixed.shuffle(listed)
    assert derive(rows, listed, by) == result_of(drawn, by)


@given(ledgers(), st.sampled_from([b for b in FIXED if b.scope.values[0][1] is Scope.GLOBAL]))
def test_a_transfer_without_fee_changes_nothing_under_a_global_scope(drawn: Drawn, by: Basis) -> None:
    """But for those whose hash other rows bear, too: without them it tells what the others are."""
    events, _ = match(drawn.transactions)
    bears = Counter(t.txhash for t in drawn.transactions)
    pairs = [
        e
        for e in events
        if isinstance(e, Transfer) and e.how == "hash" and not (e.lost or e.out.fee or e.into.fee)
        if bears[e.out.txhash] == 2
    ]
    moved = {t.id for e in pairs for t in (e.out, e.into)}
    rest = replace(drawn, transactions=[t for t in drawn.transactions if t.id not in moved])
    assert result_of(rest, by).disposals == result_of(drawn, by).disposals
    assert result_of(rest, by).lots == result_of(drawn, by).lots


@pytest.mark.parametrize("method", ["fifo", "lifo", "hifo", "lofo", "average"])
@given(drawn=ledgers(accounts=1, transfers=False, most=10))
def test_one_account_without_transfers_is_the_same_under_both_scopes(drawn: Drawn, method: str) -> None:
    apart, together = (result_of(drawn, basis("generic", method, scope)) for scope in (Scope.ACCOUNT, Scope.GLOBAL))
    assert apart.disposals == together.disposals
    assert [replace(lot, account="") for lot in apart.lots] == together.lots
    assert codes(apart) == codes(together)


@given(ledgers(), BASES, CUTS)
def test_what_comes_later_changes_no_earlier_disposal_or_income(drawn: Drawn, by: Basis, until: datetime) -> None:
    """Later rows may be the other side of an earlier one: that is known in both runs, so nothing is excepted. Where a
    year has one average, no later year changes it."""
    if by.rules.yearly:
        until = by.rules.year.period(until.year - 1, by.zone).ends
    cut, full = result_of(drawn, by, until), result_of(drawn, by)
    assert cut.disposals == [d for d in full.disposals if d.disposed_at < until]
    assert cut.incomes == [i for i in full.incomes if i.at < until]


@given(ledgers(), st.sampled_from(["fifo", "lifo", "hifo", "lofo"]))
def test_the_change_to_accounts_in_2025_loses_and_invents_nothing(drawn: Drawn, method: str) -> None:
    by = basis("us", method)
    with exact():
        before = result_of(drawn, by, NEW_YEAR)
        after = result_of(drawn, by, NEW_YEAR + timedelta(microseconds=1))
        if not any(t.at == NEW_YEAR for t in drawn.transactions):
            assert _sums(before.lots) == _sums(after.lots)
        held: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO, balances(before.transactions, NEW_YEAR))
        for d in before.disposals:  # what was disposed of must have been there, on record or not
            if d.rule is Rule.MISSING and not d.acquisition_id:
                held[d.account, d.asset] += d.quantity
        given_to: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for a in after.allocations:
            assert a.quantity > ZERO
            given_to[a.account, a.asset] += a.quantity
        for (account, asset), quantity in given_to.items():
            if not account.startswith(IN_TRANSIT):
                assert quantity <= held[account, asset]
        full = result_of(drawn, by)
        assert full.allocations == after.allocations


@given(ledgers(), st.sampled_from(["fifo", "hifo"]))
def test_what_the_change_has_settled_stays_settled(drawn: Drawn, method: str) -> None:
    by = basis("us", method)
    first = result_of(drawn, by)
    again = result_of(drawn, by, opening=first.allocations)
    assert again == first
    if first.allocations:
        one = first.allocations[0]
        more = [replace(one, quantity=one.quantity + 1), *first.allocations[1:]]
        assert "allocation_changed" in codes(result_of(drawn, by, opening=more))


def _sums(lots: Iterable[Lot]) -> dict[str, tuple[Decimal, Decimal]]:
    sums: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for lot in lots:
        quantity, cost = sums[lot.acquisition_id]
        sums[lot.acquisition_id] = (quantity + lot.quantity, cost + lot.cost_basis)
    return dict(sums)


@given(ledgers(), BASES)
def test_every_problem_can_be_told(drawn: Drawn, by: Basis) -> None:
    for issue in result_of(drawn, by).issues:
        assert issue.message and issue.remedy and "\n" not in issue.message + issue.remedy


@given(ledgers())
def test_what_is_kept_of_values_is_what_each_row_was_valued_at(drawn: Drawn) -> None:
    by = basis("us")
    with exact():
        kept = result_of(drawn, by).values
        events, _ = migrated(*match(drawn.transactions))
        for v in value(events, PriceBook(drawn.prices, by.currency, by.zone), by.rules.higher_value):
            assert isinstance(v.event, Transfer) or kept.of(v.event) == (v.value, v.basis)


@given(ledgers())
def test_an_account_is_first_short_at_the_end_of_the_instant_in_which_its_rows_add_up_to_less_than_nothing(
    drawn: Drawn,
) -> None:
    rows, short = in_order(drawn.transactions), dict[tuple[str, str], tuple[datetime, str]]()
    assert rows == sorted(drawn.transactions, key=sort_key)
    with exact():
        for at in sorted({t.at for t in rows}):
            for (account, asset), units in balances([t for t in rows if t.at <= at]).items():
                if units < ZERO and not is_fiat(asset):
                    short.setdefault((account, asset), (at, plain(units)))
        told = negative_balance(Facts(rows, [], {}))
    assert {(i.account, i.asset): (i.at, i.details["quantity"]) for i in told} == short
