"""The order in which flows are walked: instant, acquisitions first, the source's own order; never a hash, unless all
else is equal. A move is two steps, its departure and its arrival.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from operator import attrgetter

from msgspec import Struct

from pipeline.model import Acquire, Convert, Dispose, Flow, Move


class Arrival(Struct, frozen=True):
    """The second half of a Move: its units reach the other account."""

    move: Move
    at: datetime


Step = Flow | Arrival

_PHASES = {Convert: 1, Dispose: 2, Move: 2}  # what is received by a conversion may leave in the same instant
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
    ordered: list[Step] = []
    for flow in flows:
        ordered.append(flow)
        if type(flow) is Move and flow.into is not None and flow.arrives is not None:
            ordered.append(Arrival(flow, flow.arrives))
    ordered.sort(key=attrgetter("at"))
    begin = 0  # only those of one instant are asked for more: a key for each takes three times as long, and memory
    for end, step in enumerate(ordered):
        if step.at != ordered[begin].at:
            if end - begin > 1:
                ordered[begin:end] = sorted(ordered[begin:end], key=_in_instant)
            begin = end
    ordered[begin:] = sorted(ordered[begin:], key=_in_instant)
    if years is not None:  # moves are in no such year: these countries have one queue
        in_years = [step for step in ordered if isinstance(step, Acquire | Convert | Dispose)]
        in_years.sort(key=years.place)
        ordered = [*in_years]
    return ordered


def _in_instant(step: Step) -> tuple[int, tuple[int, ...], str, str]:
    if isinstance(step, Arrival):
        return 0, step.move.arrives_order, step.move.into or "", step.move.id
    return _PHASES.get(type(step), 0), step.order, step.account, step.id
