"""Which open deposits may be the other side of which open withdrawals, and which pairs are proposed."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from heapq import nsmallest
from typing import NamedTuple

from pipeline.gains.match import side_of
from pipeline.model import Transaction
from pipeline.run.pairs import EARLY

FEW = 5  # other sides that are offered
_NEAREST = 20  # of those of one withdrawal, that are looked at
_LATE = timedelta(days=60)  # by which a deposit may stand after its withdrawal
_LIKE, _ALIKE = Decimal("0.8"), Decimal("0.95")  # of what left has to arrive: to be offered, to be proposed


class OtherSides(NamedTuple):
    """By the id of a row: the rows that may be its other side, the likeliest first; and the one that is proposed: each
    row is a side of one transfer at most."""

    offered: dict[str, list[Transaction]]
    proposed: dict[str, str]


class _Pair(NamedTuple):
    """What did not arrive, and how far apart in time the two are; the nearest first."""

    lost: Decimal
    apart: timedelta
    out: int
    into: int


def other_sides(rows: Iterable[Transaction]) -> OtherSides:
    """Of open one-sided rows, in order of time. Call it in the exact context."""
    by_asset: dict[str, tuple[list[Transaction], list[Transaction]]] = defaultdict(lambda: ([], []))
    for t in rows:
        by_asset[side_of(t).asset][t.sent is None].append(t)
    found = OtherSides(defaultdict(list), {})
    for outs, ins in by_asset.values():
        for pair in sorted(_near(outs, ins)):
            out, into = outs[pair.out], ins[pair.into]
            for one, other in ((out, into), (into, out)):
                if len(found.offered[one.id]) < FEW:
                    found.offered[one.id].append(other)
            taken = found.proposed.keys() & {out.id, into.id}
            if not taken and side_of(into).quantity >= side_of(out).quantity * _ALIKE:
                found.proposed[out.id], found.proposed[into.id] = into.id, out.id
    return found


def _near(outs: Sequence[Transaction], ins: Sequence[Transaction]) -> Iterator[_Pair]:
    """The nearest deposits of each withdrawal: elsewhere, in its time, and not more than left."""
    times, amounts = [into.at for into in ins], [side_of(into).quantity for into in ins]
    for n, out in enumerate(outs):
        left = side_of(out).quantity
        least, begin, end = left * _LIKE, bisect_left(times, out.at - EARLY), bisect_right(times, out.at + _LATE)
        yield from nsmallest(
            _NEAREST,
            (
                _Pair(left - amounts[m], abs(times[m] - out.at), n, m)
                for m in range(begin, end)
                if least <= amounts[m] <= left and ins[m].account != out.account
            ),
        )
