"""The lowest and the highest that each tax year's gain could be while problems are open, and because of which."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pipeline.issues import Issue, Stake
from pipeline.money import ZERO, exact


@dataclass(frozen=True, slots=True)
class Range:
    """One year's `gain` as it stands and how far it could be off (None: there is no telling). `problems`: each with
    what it alone may do, the widest first. `told_lowest`, `told_highest`: as far as it can be told; `untold`: the
    problems of which there is no telling at all."""

    year: str
    gain: Decimal
    lowest: Decimal | None
    highest: Decimal | None
    problems: list[tuple[Issue, Stake]]
    told_lowest: Decimal
    told_highest: Decimal
    untold: list[Issue]


def ranges(issues: Iterable[Issue]) -> list[Range]:
    """Of every year that a problem bears on, in order; the years' own problems add up."""
    by_year: dict[str, list[tuple[Issue, Stake]]] = defaultdict(list)
    for issue in issues:
        for stake in issue.stakes:
            by_year[stake.year].append((issue, stake))
    found = []
    with exact():
        for year, problems in sorted(by_year.items()):
            problems.sort(key=lambda each: _rank(each[1]))
            gain = Decimal(problems[0][1].gain)
            lows, highs = ([(s.gain, end(s)) for _, s in problems] for end in (_lowest, _highest))
            found.append(
                Range(
                    year=year,
                    gain=gain,
                    lowest=None if any(not after for _, after in lows) else _in_all(gain, lows),
                    highest=None if any(not after for _, after in highs) else _in_all(gain, highs),
                    problems=problems,
                    told_lowest=_in_all(gain, lows),
                    told_highest=_in_all(gain, highs),
                    untold=[issue for issue, s in problems if not s.lowest and not s.highest],
                )
            )
    return found


def _lowest(stake: Stake) -> str:
    return stake.lowest


def _highest(stake: Stake) -> str:
    return stake.highest


def _rank(stake: Stake) -> tuple[bool, Decimal]:
    """What can't be told first, then the widest."""
    if not (stake.lowest and stake.highest):
        return False, ZERO
    return True, Decimal(stake.lowest) - Decimal(stake.highest)


def _in_all(gain: Decimal, changes: Sequence[tuple[str, str]]) -> Decimal:
    """`gain` changed by all of (as it stands, as it could be) that can be told."""
    for before, after in changes:
        if after:
            gain += Decimal(after) - Decimal(before)
    return gain
