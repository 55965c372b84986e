"""How a pool came to cost what it cost when a disposal drew on it: what was left the last time, and what came since."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pipeline.gains.derive import Basis
from pipeline.gains.lots import AVERAGE
from pipeline.gains.trace import Trace
from pipeline.model import Acquire, Convert, Disposal, Move, Rule
from pipeline.money import ZERO
from pipeline.rules.base import Scope
from pipeline.run.reasons import Term

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
