"""The order in which flows are walked: instant, acquisitions first, the source's own order; never a hash, unless all
else is equal. A move is two steps, its departure and its arrival.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from msgspec import Struct

from pipeline.model import Acquire, Convert, Dispose, Flow, Move


class Arrival(Struct, frozen=True):
    """The second half of a Move: its units reach the other account."""

    move: Move
    at: datetime


Step = Flow | Arrival

_IN_YEAR = {Acquire: 0, Convert: 1, Dispose: 2}  # what a coin's other form costs is known once all purchases are


class Years(Struct, frozen=True):
    """A total average: `of` a day, its tax year; `total`: whether an asset has that average in the year of a day."""

    of: Callable[[date], int]
    total: Callable[[str, date], bool]

    def place(self, step: Acquire | Convert | Dispose) -> tuple[int, int]:
        """Year and part of it; in the middle what comes in order of time: new forms of a coin, whatever has no total
        average."""
        part = _IN_YEAR[type(step)] if self.total(step.asset, step.day) else _IN_YEAR[Convert]
        return self.of(step.day), part


def steps(flows: Iterable[Flow], years: Years | None = None) -> list[Step]:
    """Flows and arrivals in their order. `years`: of an asset with a total average the acquisitions of a tax year come
    before all else in it, and new forms of a coin before its disposals."""
    keyed: list[tuple[datetime, int, tuple[int, ...], str, str, int, Step]] = []  # the count: steps have no order
    for flow in flows:
        phase = 0 if isinstance(flow, Acquire) else 2
        if isinstance(flow, Convert):
            phase = 1  # what is received may leave in the same instant
        keyed.append((flow.at, phase, flow.order, flow.account, flow.id, len(keyed), flow))
        if isinstance(flow, Move) and flow.into is not None and flow.arrives is not None:
            arrival = Arrival(flow, flow.arrives)
            keyed.append((flow.arrives, 0, flow.arrives_order, flow.into, flow.id, len(keyed), arrival))
    keyed.sort()
    ordered = [k[-1] for k in keyed]
    if years is not None:  # moves are in no such year: these countries have one queue
        in_years = [step for step in ordered if isinstance(step, Acquire | Convert | Dispose)]
        in_years.sort(key=years.place)
        ordered = [*in_years]
    return ordered
