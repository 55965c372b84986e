"""How a pool came to cost what it cost when a disposal drew on it: what was left the last time, and what came since."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pipeline.gains.derive import Basis
from pipeline.gains.lots import AVERAGE
from pipeline.gains.trace import Trace
from pipeline.model import Acquire, Convert, Disposal, Dispose, Move, Rule
from pipeline.money import ZERO, plain
from pipeline.rules.base import Scope
from pipeline.run.reasons import Sum, Term, summed

AVERAGED = (Rule.AVERAGE, Rule.POOL)


class Came(NamedTuple):
    """Units that came into a pool; `cost` is without what a law has paired with a disposal before."""

    at: datetime
    id: str
    quantity: Decimal
    asset: str
    cost: Decimal


def into_pool(
    row: Disposal, before: int, trace: Trace, basis: Basis, day: Callable[[datetime], date]
) -> tuple[list[Came], list[Term]]:
    """What came since it was last drawn on, and the terms that its cost is the sum of; that is as far as nothing else
    (a denied loss, a filed position, a claim) has changed it. `before`: the disposal's place in `trace.taken`."""
    account = None if basis.scope.on(day(row.disposed_at)) is Scope.GLOBAL else row.account
    last, after = _last(row, before, trace, account)
    total = basis.rules.yearly and basis.plan.on(day(row.disposed_at), row.asset) == AVERAGE

    def place(at: datetime) -> int:
        return basis.rules.year.of(day(at))

    def counts(at: datetime) -> bool:
        if total:  # a year's purchases come before its disposals
            return place(at) <= place(row.disposed_at) and (last is None or place(at) > place(last))
        return at <= row.disposed_at and (last is None or at > last)

    found = [one for one in _all(row.asset, account, before, trace) if counts(one.at)]
    found.sort(key=lambda one: one.at)
    terms = [Term(after, "left when it was last drawn on")] if last is not None else []
    return found, [*terms, *(Term(one.cost, one.id) for one in found)]


def _last(row: Disposal, before: int, trace: Trace, account: str | None) -> tuple[datetime | None, Decimal]:
    """When units last left the pool, and what the rest cost then."""
    for one in reversed(trace.taken[:before]):
        drawn = [u for rule, u in one.parts if rule in AVERAGED]
        whole = next((u.share for u in drawn if u.share is not None), None)
        if one.flow.asset == row.asset and whole is not None and account in (None, one.flow.account):
            return one.flow.at, whole[0] - sum((u.cost for u in drawn), ZERO)
    return None, ZERO


def _all(asset: str, account: str | None, before: int, trace: Trace) -> Iterator[Came]:
    paired: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for one in trace.taken:
        for rule, u in one.parts:
            if rule in (Rule.SAME_DAY, Rule.THIRTY_DAY):
                paired[u.acquisition_id][0] += u.quantity
                paired[u.acquisition_id][1] += u.cost
    for a in trace.flows:
        if isinstance(a, Acquire) and a.asset == asset and account in (None, a.account):
            quantity, cost = paired.get(a.id, (ZERO, ZERO))
            yield Came(a.at, a.id, a.quantity - quantity, asset, (a.cost or ZERO) - cost)
    for one in trace.taken[:before]:
        flow, cost = one.flow, sum((u.cost for _, u in one.parts), ZERO)
        if isinstance(flow, Convert) and flow.into == asset and account in (None, flow.account):
            yield Came(flow.at, flow.id, flow.into_quantity, asset, cost)
        elif isinstance(flow, Move) and account is not None and flow.asset == asset and flow.into == account:
            yield Came(max(flow.at, flow.arrives or flow.at), flow.id, flow.quantity, asset, cost)


# ---- everything as one whole (France) -----------------------------------------------------------


def into_whole(d: Dispose, row: Disposal, trace: Trace) -> tuple[list[Came], tuple[Sum, ...]]:
    """What was acquired before, and how its value and its price came about: units by their prices, costs less what
    disposals had used. A filed position that the records have left since, or units that are not on record, leave
    out the sum that they have changed."""
    assert row.whole is not None
    came: list[Came] = []
    held: dict[str, Decimal] = defaultdict(Decimal)
    for f in trace.flows:
        if isinstance(f, Acquire) and f.at <= d.at:
            came.append(Came(f.at, f.id, f.quantity, f.asset, f.cost or ZERO))
            held[f.asset] += f.quantity
        elif isinstance(f, Dispose | Convert) and f.at < d.at:
            held[f.asset] -= f.quantity
            if isinstance(f, Convert):
                held[f.into] += f.into_quantity
    came.sort(key=lambda one: one.at)
    paid = Term(sum((one.cost for one in came), ZERO), f"paid for {len(came)} receipts and purchases")
    less = [Term(row.whole.used, "used by earlier disposals", less=True)] if row.whole.used else []
    sums = summed("paid for it, less what was used", row.whole.price, paid, *less)
    words = f"price of what is sold, for all {plain(held[d.asset])} {d.asset}"
    worth = [Term(d.proceeds or ZERO, words, (held[d.asset], d.quantity))]
    for asset, units in sorted(held.items()):
        if asset != d.asset and units > ZERO:
            quote = trace.prices.quote(asset, d.at) if trace.prices is not None else None
            worth.append(Term(quote[0] if quote else ZERO, f"price of one {asset}", times=units))
    return came, summed("worth just before", row.whole.worth, *worth) + sums
