"""What figures came by, for who asks why: filled by `derived` where somebody asks, and by nobody else.

trace = Trace()
derived(rows, prices, basis, trace=trace)
trace.taken             # which units each disposal, conversion and move took, in the walk's order
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from pipeline.gains.lots import Units
from pipeline.gains.value import PriceBook
from pipeline.model import Convert, Dispose, Flow, Move, Rule, Transfer, Valued

Leaving = Dispose | Convert | Move
Took = Callable[[Leaving, Sequence[tuple[Rule, Units]]], None]


def untold(_flow: Leaving, _parts: Sequence[tuple[Rule, Units]]) -> None:
    """Nobody asks."""


class Taken(NamedTuple):
    """What one flow took: units as they left."""

    flow: Leaving
    parts: tuple[tuple[Rule, Units], ...]


class Trace:
    """`instead`: the id of a row that counts no more -> that of the row that counts. `flows`: as they were assessed,
    before anything is paired. `taken`: in the order of the walk, a move as it departs."""

    def __init__(self) -> None:
        self.instead: Mapping[str, str] = {}
        self.flows: Sequence[Flow] = ()
        self.valued: Mapping[str, Valued] = {}
        self.prices: PriceBook | None = None
        self.taken: list[Taken] = []
        self.took: Took = untold
        self._departed: set[str] = set()

    def of(
        self, instead: Mapping[str, str], flows: Sequence[Flow], valued: Sequence[Valued], prices: PriceBook
    ) -> "Trace":
        """Itself, with what comes before the walk, and open for what the walk takes."""
        self.instead, self.flows, self.prices = instead, flows, prices
        self.valued = {id: v for v in valued for id in _ids(v)}
        self.took = self._keep
        return self

    def _keep(self, flow: Leaving, parts: Sequence[tuple[Rule, Units]]) -> None:
        if isinstance(flow, Move):  # what arrives was settled when it left
            if flow.id in self._departed:
                return
            self._departed.add(flow.id)
        self.taken.append(Taken(flow, tuple((rule, replace(units)) for rule, units in parts)))


def _ids(v: Valued) -> tuple[str, ...]:
    return (v.event.out.id, v.event.into.id) if isinstance(v.event, Transfer) else (v.event.id,)
