"""Which of some numbers add up to another: what rows of two reports tell of one sale. Asked in the exact context."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from pipeline.money import ZERO

T = TypeVar("T")


def total(numbers: Iterable[Decimal]) -> Decimal:
    return sum(numbers, ZERO)


def adding_up(
    sizes: Sequence[Decimal], whole: Decimal, slack: Decimal, tries: int, *, least: int = 1, most: int | None = None,
    fits: Callable[[Sequence[int]], bool] = lambda _: True,
) -> list[int]:  # fmt: skip
    """The places of the first numbers found that add up to `whole`, `slack` for each of them aside, and that `fits`;
    none where `tries` combinations hold none. `least`, `most`: how many they may be."""
    chosen, tried = list[int](), 0

    def search(start: int, left: Decimal) -> bool:
        nonlocal tried
        tried += 1
        if len(chosen) >= least and abs(left) <= slack * len(chosen) and fits(chosen):
            return True
        if left < -slack * max(1, len(chosen)) or tried > tries or len(chosen) == most:
            return False
        for place in range(start, len(sizes)):
            chosen.append(place)
            if search(place + 1, left - sizes[place]):
                return True
            chosen.pop()
        return False

    return chosen if search(0, whole) else []


def by_day(members: Iterable[T], day_of: Callable[[T], date | None]) -> dict[date, list[T]]:
    """The members by their day, in their order; without those of no day."""
    found: dict[date, list[T]] = defaultdict(list)
    for each in members:
        day = day_of(each)
        if day is not None:
            found[day].append(each)
    return dict(found)
