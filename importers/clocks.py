"""Instants out of what a clock on the wall says: some times a zone has twice, when clocks go back, and some it has not,
when they go forward.

    moment("Jan. 02, 2021, 03:04 PM", ("%b. %d, %Y, %I:%M %p",), "Europe/Berlin")       # 14:04 UTC
    skips(datetime(2025, 3, 30, 2, 30), zone_of("Europe/Berlin"))       # True
    twice(datetime(2025, 10, 26, 2, 30), zone_of("Europe/Berlin"))      # True
    folds([2:10, 2:50, 2:05], RISING)                                   # [0, 0, 1]: the clock went back before the last

A time that a zone has not proves that a file is of another zone. One that it has twice is told by the order of the
rows: in a file that goes on in time, the step back is where the clock went back.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from importers import cells
from importers.base import shown
from importers.parsers.build import Unread, milliseconds, seconds

RISING, FALLING, MIXED = 1, -1, 0
HELD = 10_000  # rows of one such hour; of more, each is the first

T = TypeVar("T")

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?)?\s*"
    r"(Z|UTC|GMT|[ECMP][SD]T|[+-]\d\d(?::?\d\d)?(?: UTC)?)?",
    re.ASCII,
)
_OFFSETS = {"Z": "+00", "UTC": "+00", "GMT": "+00", "EST": "-05", "EDT": "-04", "CST": "-06", "CDT": "-05",
            "MST": "-07", "MDT": "-06", "PST": "-08", "PDT": "-07"}  # fmt: skip  # of the United States
_ZONE_NAME = re.compile(r"(?<=GMT[+-]\d{4}) \([^()]*\)$", re.ASCII)


def moment(text: str, times: Sequence[str] = (), zone: str = "UTC", fold: int = 0) -> datetime:
    """An instant in UTC. ISO 8601, or one of the patterns `times` (as strptime has them); a time that names no zone is
    of `zone`, the first or second (`fold`) where that has it twice. What is finer than a microsecond is cut off.
    Raises Unread."""
    at = clock(text, times, zone)
    try:
        at = (at if at.tzinfo else at.replace(tzinfo=zone_of(zone), fold=fold)).astimezone(UTC)
    except NO_TIME:
        raise Unread(_no_time(text)) from None
    if not cells.FIRST_YEAR <= at.year <= cells.LAST_YEAR:
        raise Unread(f"'{shown(text)}' is no date of the years {cells.FIRST_YEAR} to {cells.LAST_YEAR}")
    return at


def clock(text: str, times: Sequence[str] = (), zone: str = "UTC") -> datetime:
    """The same as it is written: without a zone, where it names none. Raises Unread."""
    text = text.strip()
    match = _ISO.fullmatch(text)
    try:
        if match is None:
            return _by_pattern(text, times, zone)
        day, time, fraction, told = match.groups()
        at = datetime.fromisoformat(f"{day}T{time or '00:00'}").replace(
            microsecond=int((fraction or "0")[:6].ljust(6, "0"))
        )
        if told:
            offset = _OFFSETS.get(told, told).removesuffix(" UTC").replace(":", "")
            at = at.replace(tzinfo=datetime.strptime(f"{offset:0<5}", "%z").tzinfo)
    except NO_TIME:
        raise Unread(_no_time(text)) from None
    return at


NO_TIME = (ValueError, OverflowError, KeyError, OSError)  # the last two of a zone that there is not


def _no_time(text: str) -> str:
    return f"'{shown(text.strip())}' is no date and time that this layout has"


_SINCE_1970 = {"seconds": seconds, "milliseconds": milliseconds}


def _by_pattern(text: str, times: Sequence[str], zone: str) -> datetime:
    text = _ZONE_NAME.sub("", text)
    for pattern in times:
        try:
            if pattern.endswith(" %Z"):
                return _in_named_zone(text, pattern, zone)
            since_1970 = _SINCE_1970.get(pattern)
            return since_1970(text) if since_1970 else datetime.strptime(text, pattern)  # noqa: DTZ007  # of `zone`
        except (ValueError, StopIteration):
            continue
    raise ValueError(text)


def _in_named_zone(text: str, pattern: str, zone: str) -> datetime:
    """A time with the short name of its zone, "CEST": UTC, or the one that `zone` has then. Raises ValueError."""
    bare, _, name = text.rpartition(" ")
    at = datetime.strptime(bare, pattern.removesuffix(" %Z"))  # noqa: DTZ007  # of the zone that is found
    places = [at.replace(tzinfo=place, fold=fold) for place in (UTC, zone_of(zone)) for fold in (0, 1)]
    return next(each for each in places if each.tzname() == name)


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo | None:
    """A zone by its IANA name, or as "+08:00". Raises ValueError, OSError and KeyError for what is none."""
    return UTC if name == "UTC" else datetime.strptime(name, "%z").tzinfo if name[:1] in "+-" else ZoneInfo(name)


def skips(at: datetime, there: tzinfo | None) -> bool:
    """Whether clocks never showed this time, which has no zone itself."""
    return _shift(at, there) < 0


def twice(at: datetime, there: tzinfo | None) -> bool:
    return _shift(at, there) > 0


def _shift(at: datetime, there: tzinfo | None) -> int:
    """How clocks are set at that time: 1 back, -1 forward. Midnight may stand for a day without a time."""
    if not isinstance(there, ZoneInfo) or at.tzinfo is not None or at.time() == time.min:
        return 0
    first, second = (at.replace(tzinfo=there, fold=fold).utcoffset() for fold in (0, 1))
    return 0 if first is None or second is None or first == second else 1 if first > second else -1


def direction(times: Iterable[datetime]) -> int:
    """Whether times go on or back; MIXED where they do neither, and where all are one."""
    steps = {RISING if one < other else FALLING for one, other in pairwise(times) if one != other}
    return steps.pop() if len(steps) == 1 else MIXED


def folds(times: Sequence[datetime], way: int) -> list[int | None]:
    """For times of one hour that is there twice, in the order of a file: 0 for the first, 1 for the second; None where
    the order does not say."""
    back = [place for place, (one, other) in enumerate(pairwise(times), 1) if (other < one if way > 0 else other > one)]
    if way == MIXED or len(back) != 1:
        return [None] * len(times)
    first = way == RISING  # whether the rows before the step back are of the first
    return [int((place < back[0]) != first) for place in range(len(times))]


def in_order(rows: Iterable[tuple[T, datetime | None, bool]]) -> Iterator[tuple[T, int | None]]:
    """Rows of a file with their `folds`, as it is read; of each: its time without a zone (None where it has none, or is
    told one), and whether that is there `twice`. Which way the file goes is told by the rows before, and the next one.
    """
    ways, last, held = set[int](), None, list[tuple[T, datetime | None]]()
    for row, at, is_twice in rows:
        if held and len(held) < HELD and (at is None or (is_twice and at.date() == _last(held).date())):
            held.append((row, at))
            continue
        if held:
            yield from _settled(held, ways, last, at)
            last, held = _last(held), []
        if at is not None and is_twice:
            held = [(row, at)]
            continue
        if at is not None:
            if last is not None and at != last:
                ways.add(RISING if at > last else FALLING)
            last = at
        yield row, 0
    yield from _settled(held, ways, last, None)


def _last(held: list[tuple[T, datetime | None]]) -> datetime:
    return next(at for _, at in reversed(held) if at is not None)


def _settled(
    held: list[tuple[T, datetime | None]], ways: set[int], before: datetime | None, after: datetime | None
) -> Iterator[tuple[T, int | None]]:
    if not held:
        return
    times = [at for _, at in held if at is not None]
    if before is not None and before != times[0]:
        ways.add(RISING if before < times[0] else FALLING)
    seen = ways | ({RISING if times[-1] < after else FALLING} if after is not None and after != times[-1] else set())
    way = seen.pop() if len(seen) == 1 else MIXED
    found = iter(folds(times, way if len(held) < HELD else MIXED))
    for row, at in held:
        yield row, 0 if at is None else next(found)
