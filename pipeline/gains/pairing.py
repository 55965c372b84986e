"""Which rows of one source are which rows of another: one to one, or one to the sum of several.

    pairing = Pairing(kept, rows, [Telling(...), ...], Telling.of(rows), apart)
    pairing.all()           # [([3], [0]), ([4, 5], [1])]: places in `kept`, and in `rows`
    pairing.doubts([2])     # [(2, 6)]: places in `rows` of what is left, and in `kept` of what it might be

What makes two rows one happening stands in `gains.tie`. Rows are taken in order of time, then of their source, so that
the order of either list makes no difference.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from itertools import accumulate, product

from pipeline.gains.telling import (
    DAY,
    Shape,
    Telling,
    Way,
    inside,
    is_trade,
    nearly,
    overlap,
    plainly,
    same,
    sent_of,
    shape,
    units_of,
    ways,
)
from pipeline.model import Transaction
from pipeline.money import ZERO

BY_ID, BY_HASH = timedelta(days=3), timedelta(days=60)  # how far apart, where more than the time speaks for it
SLACK = timedelta(seconds=2)  # an order and its trade, a movement and its entry in a ledger, are not of one instant
LATE = timedelta(hours=1)  # a movement may be told when it was asked for, or when it was done
ORDER = timedelta(minutes=1)  # within which the fills of an order follow
_NONE = timedelta(0)
_MIDNIGHT = time()

_NO_HASH = frozenset(("", "-", "n/a", "na", "none", "null", "unknown", "internal", "off-chain", "offchain"))
_DIGEST = re.compile(r"[0-9a-f]{32}", re.ASCII)  # of a row of a file that gives no id

Tie = tuple[list[int], list[int]]


class Pairing:
    """Two sources of one account. `tellings`, `telling`: how exactly each row of `kept`, and all of `rows`, are told;
    `apart`: ids of pairs that are not one happening."""

    def __init__(
        self,
        kept: Sequence[Transaction],
        rows: Sequence[Transaction],
        tellings: Sequence[Telling],
        telling: Telling,
        apart: frozenset[frozenset[str]],
    ) -> None:
        self._kept, self._rows, self._tellings, self._telling, self._apart = kept, rows, tellings, telling, apart
        grain = max(telling.grain, *(one.grain for one in tellings))
        self._reach, self._spread = grain + _slack(grain), grain + ORDER
        self._free_kept = dict.fromkeys(sorted(range(len(kept)), key=lambda k: _order(kept[k])))
        self._free = dict.fromkeys(sorted(range(len(rows)), key=lambda b: _order(rows[b])))
        self._ties: list[Tie] = []

    def all(self) -> list[Tie]:
        """The ties, the surest first."""
        self._named(_own_id, BY_ID)
        self._named(_hash, BY_HASH)
        mine, theirs = (
            [[_says(t, way) for t in some] for way in (plainly, inside)] for some in (self._kept, self._rows)
        )
        for wide, k, b in product((False, True), (0, 1), (0, 1)):
            if not k & b:
                self._equal(mine[k], theirs[b], self._reach, partial(self._together, wide=wide))
        self._rounded()
        self._sums()
        for k, b in ((0, 0), (1, 0), (0, 1)):
            self._equal(mine[k], theirs[b], LATE, self._moved)
        return self._ties

    def doubts(self, left: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Of each row that is `left`, what it might be all the same: the nearest of its id, of nearly its amounts and
        its time, or of just its amounts somewhat earlier or later (a day, where it may tell no more than a date), which
        is in no other tie."""
        answered = frozenset[str]().union(*self._apart)
        left = [b for b in left if self._rows[b].id not in answered]
        if not left:
            return
        order = sorted(range(len(self._kept)), key=lambda k: _order(self._kept[k]))
        around, by_id = self._around(order), defaultdict[str, list[int]](list)
        for k in order:
            by_id[_own_id(self._kept[k])].append(k)
        for b in left:
            t = self._rows[b]
            named = by_id[_own_id(t)] if _own_id(t) else []
            found = [k for k in named if self._may_be(k, b) and abs(self._kept[k].at - t.at) <= BY_ID]
            found += [k for k in around(t, self._reach) if self._together(k, b, wide=True) and self._near(k, b)]
            reach = DAY if t.at.time() == _MIDNIGHT else LATE
            late = (k for k in around(t, reach) if k in self._free_kept and self._kept[k].at >= t.at - LATE)
            found += [k for k in late if _same_amounts(self._kept[k], t)]
            found = [k for k in found if self._may_be(k, b)]
            if found:
                yield b, min(found, key=lambda k: (abs(self._kept[k].at - t.at), _order(self._kept[k])))

    # ---- the ways to tie ----------------------------------------------------------------------

    def _named(self, name: Callable[[Transaction], str], within: timedelta) -> None:
        """By a name that both bear, though one may tell only one side of it."""
        names: dict[str, list[int]] = defaultdict(list)
        for k in self._free_kept:
            names[name(self._kept[k])].append(k)
        names.pop("", None)
        for b in list(self._free) if names else ():
            t = self._rows[b]
            found = [
                (plainly(self._kept[k]) != plainly(t), abs(self._kept[k].at - t.at), _order(self._kept[k]), k)
                for k in names.get(name(t), ())
                if k in self._free_kept and overlap(self._kept[k], t) and abs(self._kept[k].at - t.at) <= within
                and self._alike([k], [b]) and not self._are_two(k, b)
            ]  # fmt: skip
            if found:
                self._tie([min(found)[-1]], [b])

    def _equal(
        self, mine: Sequence[object], theirs: Sequence[object], reach: timedelta, timely: Callable[[int, int], bool]
    ) -> None:
        """By equal amounts at the same time, the earliest first; `mine`, `theirs`: what moves in each row (None: not to
        be told in this way); `timely`: whether two rows, not further apart than `reach`, may be of one time."""
        wanted = {theirs[b] for b in self._free} - {None}
        found: dict[object, tuple[list[datetime], list[int]]] = {}
        for k in self._free_kept if wanted else ():
            if mine[k] in wanted:
                times, places = found.setdefault(mine[k], ([], []))
                times.append(self._kept[k].at)
                places.append(k)
        for b in [b for b in self._free if theirs[b] in found]:
            at, (times, places) = self._rows[b].at, found[theirs[b]]
            for k in places[bisect_left(times, at - reach) : bisect_right(times, at + reach)]:
                if k in self._free_kept and timely(k, b) and not self._are_two(k, b):
                    self._tie([k], [b])
                    break

    def _rounded(self) -> None:
        """By amounts that are the same as far as they are told, as many rows as possible."""
        around = self._around(self._free_kept)
        likes = {
            b: [k for k in around(self._rows[b], self._reach) if self._together(k, b, wide=True) and self._may_be(k, b)
                and self._alike([k], [b])]
            for b in self._free
        }  # fmt: skip
        for b, k in matched(likes).items():
            self._tie([k], [b])

    def _sums(self) -> None:
        """A trade and the fills of its order, which follow each other in the other source."""
        around = self._around(self._free_kept)
        for b in [b for b in self._free if is_trade(self._rows[b])]:
            fills = [k for k in around(self._rows[b], self._spread) if k in self._free_kept and self._may_be(k, b)]
            for some in _runs(self._rows[b], [self._kept[k] for k in fills]):
                if self._alike(fills[some], [b]):
                    self._tie(fills[some], [b])
                    break
        back = _by_shape(self._rows, self._free)
        for k in [k for k in self._free_kept if is_trade(self._kept[k])] if self._free else ():
            fills = [b for b in _within(back, self._kept[k], self._spread) if b in self._free and self._may_be(k, b)]
            for some in _runs(self._kept[k], [self._rows[b] for b in fills]):
                if self._alike([k], fills[some]):
                    self._tie([k], fills[some])
                    break

    def _tie(self, mine: list[int], theirs: list[int]) -> None:
        self._ties.append((mine, theirs))
        for k in mine:
            del self._free_kept[k]
        for b in theirs:
            del self._free[b]

    # ---- what is possible ---------------------------------------------------------------------

    def _around(self, places: Iterable[int]) -> Callable[[Transaction, timedelta], list[int]]:
        """Finds the rows of `kept` among `places` of the same assets and about the time of a row, in order."""
        found = _by_shape(self._kept, places)
        return lambda t, reach: _within(found, t, reach)

    def _may_be(self, k: int, b: int) -> bool:
        return shape(self._kept[k]) == shape(self._rows[b]) and not self._are_two(k, b)

    def _are_two(self, k: int, b: int) -> bool:
        """Whether the person says so."""
        return bool(self._apart) and frozenset((self._kept[k].id, self._rows[b].id)) in self._apart

    def _alike(self, mine: Sequence[int], theirs: Sequence[int]) -> bool:
        """Whether rows of one shape move the same, as far as the coarser source tells it."""
        units, count = self._units(mine[0], theirs[0]), max(len(mine), len(theirs))
        both = product(ways([self._kept[k] for k in mine]), ways([self._rows[b] for b in theirs]))
        return any(same(one, other, units, count) for one, other in both)

    def _near(self, k: int, b: int) -> bool:
        """Whether what two rows of one shape move may be the same, told otherwise."""
        both = product(ways([self._kept[k]]), ways([self._rows[b]]))
        return any(nearly(one, other, self._units(k, b)) for one, other in both)

    def _units(self, k: int, b: int) -> Way:
        return units_of(shape(self._rows[b]), self._tellings[k], self._telling)

    def _moved(self, k: int, b: int) -> bool:
        """Whether two rows are movements: one source tells when they were asked for, the other when they were done."""
        both = (self._kept[k], self._rows[b])
        return not any(is_trade(t) or t.label for t in both)

    def _together(self, k: int, b: int, wide: bool) -> bool:
        """Whether two rows may be of one instant, as exactly as both tell it: what is told by the minute was cut off,
        or, `wide`, rounded."""
        mine, theirs = self._tellings[k].grain, self._telling.grain
        grain = max(mine, theirs)
        late = self._kept[k].at - self._rows[b].at if theirs >= mine else self._rows[b].at - self._kept[k].at
        slack = _slack(grain) if wide else _NONE
        return (-grain - slack < late if mine == theirs else -slack <= late) and late < grain + slack


Placed = Mapping[Shape, tuple[list[datetime], list[int]]]


def _says(t: Transaction, way: Callable[[Transaction], Way | None]) -> tuple[Shape, Way] | None:
    """What a row moves, told in this way; None where it can't be."""
    told = way(t)
    return None if told is None else (shape(t), told)


def _same_amounts(one: Transaction, other: Transaction) -> bool:
    """Whether two rows move just the same, fees beside or inside."""
    return any(mine == theirs for mine, theirs in product(ways([one]), ways([other])))


def _slack(grain: timedelta) -> timedelta:
    """By how much a time may be off besides what its grain cuts: what is told by the minute may be rounded."""
    return max(SLACK, grain / 2) if grain < DAY else _NONE


def _order(t: Transaction) -> tuple[object, ...]:
    """In time, then as the source has them: fills that follow each other do so within a second, too."""
    return (t.at, t.position, t.source_id, t.id)


def _by_shape(rows: Sequence[Transaction], places: Iterable[int]) -> Placed:
    """`places`, which are in order of time, by the assets of their rows."""
    found: dict[Shape, tuple[list[datetime], list[int]]] = {}
    for place in places:
        times, same = found.setdefault(shape(rows[place]), ([], []))
        times.append(rows[place].at)
        same.append(place)
    return found


def _within(placed: Placed, t: Transaction, reach: timedelta) -> list[int]:
    times, places = placed.get(shape(t), ([], []))
    return places[bisect_left(times, t.at - reach) : bisect_right(times, t.at + reach)]


def matched(likes: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """As many pairs as possible, each side in one at most: left -> right, of what each left one may have."""
    pair: dict[int, int] = {}
    taken: dict[int, int] = {}
    for start in likes:
        reached: dict[int, int] = {}  # right -> the left one that would have it
        asking: list[int] = [start]
        free: int | None = None
        for left in asking:  # grows: who has what is wanted may take another
            for right in likes[left]:
                if right not in reached:
                    reached[right] = left
                    if right not in taken:
                        free = right
                        break
                    asking.append(taken[right])
            if free is not None:
                break
        while free is not None:
            left, right = reached[free], free
            free = pair.get(left)  # what it gives up; only `start` had none
            pair[left], taken[right] = right, left
    return pair


def _runs(single: Transaction, fills: Sequence[Transaction]) -> Iterator[slice]:
    """The fills that follow each other, two at least, whose sum may be that of a trade: roughly as much is sent."""
    sent = sent_of(single)
    sums = list(accumulate(map(sent_of, fills), initial=ZERO))
    for begin, first in enumerate(fills):
        if first.at - single.at > ORDER:
            break
        for end in range(begin + 2, len(fills) + 1):
            so_far = sums[end] - sums[begin]
            if 10 * so_far > 11 * sent or fills[end - 1].at - first.at > ORDER:
                break
            if 10 * so_far > 9 * sent:
                yield slice(begin, end)


def _own_id(t: Transaction) -> str:
    """The id that the exchange gave, without what tells the parts of one record apart; "" where it gave none."""
    bare = t.source_id.partition("/")[0].partition("#")[0]
    return "" if len(bare) == 32 and _DIGEST.fullmatch(bare) else bare


def _hash(t: Transaction) -> str:
    """The hash of a movement; "" for anything else."""
    bare = t.txhash.strip().casefold()
    return "" if is_trade(t) or bare in _NO_HASH else bare
