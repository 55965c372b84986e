"""The lowest and the highest that each tax year's gain could be while problems are open, and because of which."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from pipeline.issues import Issue, Stake
from pipeline.money import ZERO, exact


class Range(Struct, frozen=True):
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
            low = _together((s.gain, s.lowest, [(name, part) for name, part, _ in s.shared]) for _, s in problems)
            high = _together((s.gain, s.highest, [(name, part) for name, _, part in s.shared]) for _, s in problems)
            found.append(
                Range(
                    year=year,
                    gain=gain,
                    lowest=gain - low if all(s.lowest for _, s in problems) else None,
                    highest=gain + high if all(s.highest for _, s in problems) else None,
                    problems=problems,
                    told_lowest=gain - low,
                    told_highest=gain + high,
                    untold=[issue for issue, s in problems if not s.lowest and not s.highest],
                )
            )
    return found


def _rank(stake: Stake) -> tuple[bool, Decimal]:
    """What can't be told first, then the widest."""
    if not (stake.lowest and stake.highest):
        return False, ZERO
    return True, Decimal(stake.lowest) - Decimal(stake.highest)


def _together(ends: Iterable[tuple[str, str, Sequence[tuple[str, Decimal]]]]) -> Decimal:
    """By how much all problems change the gain: of each the gain as it stands, as it could be (where that can be told),
    and the parts of the change that it has in common with others, which count once."""
    change, common = ZERO, dict[str, Decimal]()
    for gain, end, shared in ends:
        if end:
            change += abs(Decimal(end) - Decimal(gain)) - sum((part for _, part in shared), ZERO)
            common |= {name: max(common.get(name, ZERO), part) for name, part in shared}
    return change + sum(common.values(), ZERO)
