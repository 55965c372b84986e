"""The taxpayer's day and clock, against what the standard library says, one instant after the other."""

from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.local import Days, local_day, local_text

# New York; days that begin an hour late, half an hour of summer, hours twice a year around Ramadan, a day that was
# skipped, 45 minutes, no summer at all.
ZONES = [
    "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia",
    "Asia/Kathmandu", "UTC",
]  # fmt: skip

DAY = timedelta(1)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(INSTANTS, st.sampled_from(ZONES))
def test_any_instant_has_the_day_and_the_text_of_its_zone(at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    assert local_day(at, zone) == at.astimezone(zone).date()
    assert local_text(at, zone) == at.astimezone(zone).isoformat()


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("day", [date(2025, 3, 9), date(2025, 11, 2), date(2011, 12, 30), date(2018, 11, 4)])
def test_clocks_are_put_forward_and_back_within_a_day(name: str, day: date) -> None:
    zone, midnight = ZoneInfo(name), datetime(day.year, day.month, day.day, tzinfo=UTC)
    days = Days(zone)
    for quarter in range(-96, 192):
        at = midnight + timedelta(minutes=15 * quarter, microseconds=quarter % 3)
        there = at.astimezone(zone)
        assert (local_day(at, zone), local_text(at, zone)) == (there.date(), there.isoformat())
        assert days.of(at) == there.date()


@given(st.lists(INSTANTS, max_size=3), st.lists(st.timedeltas(-DAY, DAY), max_size=9), st.sampled_from(ZONES))
def test_instants_one_after_the_other_have_their_own_days(
    starts: list[datetime], steps: list[timedelta], name: str
) -> None:
    zone, days = ZoneInfo(name), Days(ZoneInfo(name))
    for start in starts:
        for at in accumulate(steps, initial=start):
            assert days.of(at) == at.astimezone(zone).date()


def test_an_instant_of_another_zone_is_read_by_its_own_clock() -> None:
    there, here = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/New_York")
    at = datetime(2026, 1, 1, 3, tzinfo=there)
    assert Days(here).of(at) == local_day(at, here)
    assert (local_day(at, here), local_text(at, here)) == (date(2025, 12, 31), "2025-12-31T13:00:00-05:00")
