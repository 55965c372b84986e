"""Which prices the records want: of what, when, and from which exchange first.

The price of a day is the daily close, of UTC, that falls into the taxpayer's day or at most LATE after its end: in the
Americas the day's own close lies inside, in Europe and Africa it comes up to three hours after, and farther east the
close of the day before counts, which falls into the day (in Tokyo at 9 in the morning).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from importers.quotes import venues
from importers.quotes.candles import DAILY, MINUTELY, Want, windows
from pipeline.gains.checks import balances
from pipeline.gains.derive import Basis
from pipeline.gains.value import NEAR, PriceBook
from pipeline.model import Need, Result, Transaction, is_fiat
from pipeline.money import ZERO, exact
from pipeline.run.project import last_ended_year
from pipeline.run.residuals import without_price

LATE = timedelta(hours=3)
A_DAY, A_MOMENT = timedelta(days=1), datetime.resolution
CHEAP = 60  # requests that minutes may take in one run; if they would take more, days do for all
# What such rows were worth bounds what they may change, and shows whether anybody trades it.
_OPEN = ("unmatched_deposit", "unmatched_withdrawal", "ambiguous_transfer", "transfer_grew")
A_PAGE = 300  # minutes that one request gives, at the exchange that gives least


def wants(result: Result, basis: Basis, book: PriceBook, now: datetime, minutes: str = "") -> set[Want]:
    """What is needed and has no price: what the records' figures need, and rows that are an open question; what was
    held when each tax year ended; and what a balance that differs is worth, on the day before it was reported.

    `minutes`: "minute" wants the prices of minutes for the records, "day" never does, "" does where that is cheap.
    """
    zone = basis.zone
    with exact():
        asked = {Need(i.at, i.asset) for i in result.issues if i.code in _OPEN and i.at is not None}
        needs = [need for need in sorted({*result.needs, *asked}) if book.quote(need.asset, need.at) is None]
    found = _of_records(needs, result.transactions, zone)
    if minutes == "day" or (not minutes and _requests(found) > CHEAP):
        found = {Want(w.asset, w.day, w.begin, home=w.home) for w in found}
    found |= _at_year_ends(result.transactions, basis, book, now)
    before = ((asset, at.astimezone(zone).date() - A_DAY) for asset, at in without_price(result.issues))
    return found | {Want(asset, day, candle(day, zone)) for asset, day in before}


def candle(day: date, zone: ZoneInfo) -> int:
    """When the daily candle begins (Unix seconds) whose close is the price of the taxpayer's `day`."""
    ahead = datetime.combine(day, time(12), zone).utcoffset()
    assert ahead is not None
    return _seconds(datetime.combine(day if ahead <= LATE else day - A_DAY, time(), UTC))


def order(rows: Sequence[Transaction], accounts: Iterable[str]) -> list[venues.Venue]:
    """The exchanges as they are asked: the person's own first, by their number of records. `accounts`: those that have
    an account behind their API."""
    own = Counter(venues.home(t.source, t.account) for t in rows)
    own.update(venues.home(exchange, "") for exchange in accounts)
    return sorted(venues.VENUES.values(), key=lambda venue: -own[venue.id])


def _of_records(needs: Iterable[Need], rows: Iterable[Transaction], zone: ZoneInfo) -> set[Want]:
    needs = list(needs)
    instants, homes = {need.at for need in needs}, dict[tuple[datetime, str], str]()
    for t in rows:
        if t.at in instants:
            for side in (t.sent, t.received, t.fee, t.net_worth):
                if side is not None:
                    homes.setdefault((t.at, side.asset), venues.home(t.source, t.account))
    found = set()
    for need in needs:
        day, second = need.at.astimezone(zone).date(), _seconds(need.at)
        minute = 0 if is_fiat(need.asset) else second - second % MINUTELY.seconds
        found.add(Want(need.asset, day, candle(day, zone), minute, home=homes.get((need.at, need.asset), "")))
    return found


def _requests(found: Iterable[Want]) -> int:
    """How many requests their minutes take, if each asset has a market of its own."""
    by_asset: dict[str, set[int]] = defaultdict(set)
    for want in found:
        if want.minute:
            by_asset[want.asset].add(want.minute)
    return sum(sum(1 for _ in windows(minutes, MINUTELY, A_PAGE)) for minutes in by_asset.values())


def _at_year_ends(rows: Sequence[Transaction], basis: Basis, book: PriceBook, now: datetime) -> set[Want]:
    """What was held on the reference day of each tax year that has ended, and has no price then."""
    found: set[Want] = set()
    if not rows:
        return found
    first = basis.rules.year.of(rows[0].at.astimezone(basis.zone).date())
    with exact():
        for year in range(first, last_ended_year(basis, now) + 1):
            period = basis.rules.year.period(year, basis.zone)
            begins = basis.rules.reference_first
            until = period.starts if begins else period.ends
            held = {asset for (_, asset), quantity in balances(rows, until).items() if quantity > ZERO}
            day, at = (period.first, period.starts) if begins else (period.last, period.ends - A_MOMENT)
            missing = (asset for asset in held if book.quote(asset, at) is None)
            found |= {_at_beginning(a, day, at, basis.zone) if begins else Want(a, day, candle(day, basis.zone))
                      for a in missing}  # fmt: skip
    return found


def _at_beginning(asset: str, day: date, at: datetime, zone: ZoneInfo) -> Want:
    """What an asset is worth as a day begins: the close at a midnight of UTC at most an hour away, else the day's."""
    midnight = datetime.combine((at.astimezone(UTC) + A_DAY / 2).date(), time(), UTC)
    if abs(midnight - at) > NEAR or is_fiat(asset):
        return Want(asset, day, candle(day, zone))
    return Want(asset, day, _seconds(midnight) - DAILY.seconds, at=_seconds(midnight))


def _seconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
