"""The taxpayer's day and clock at an instant in UTC: what `astimezone` says, in a quarter of the time."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The day in `zone`."""
    ahead = _ahead(at.toordinal(), zone) if at.tzinfo is UTC else None
    return at.astimezone(zone).date() if ahead is None else (at + ahead[0]).date()


def local_text(at: datetime, zone: ZoneInfo) -> str:
    """The instant in `zone` as ISO 8601, such as 2025-03-31T10:05:00-04:00."""
    ahead = _ahead(at.toordinal(), zone) if at.tzinfo is UTC else None
    if ahead is None:
        return at.astimezone(zone).isoformat()
    return (at + ahead[0]).isoformat()[:_NO_ZONE] + ahead[1]


_NO_ZONE = -len("+00:00")


@lru_cache(maxsize=8192)
def _ahead(day: int, zone: ZoneInfo) -> tuple[timedelta, str] | None:
    """How far the zone is ahead of UTC all through one day of UTC, also as ISO 8601 has it; None where that changes."""
    begin = datetime.fromordinal(day).replace(tzinfo=UTC)
    first, last = (at.astimezone(zone) for at in (begin, begin + timedelta(days=1) - datetime.resolution))
    ahead = first.utcoffset()
    if ahead is None or ahead != last.utcoffset():
        return None
    return ahead, first.isoformat()[len("2025-03-31T10:05:00") :]
