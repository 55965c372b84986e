"""How far the fetching of one account has come: told after every page, counted in requests.

    mine: trades ETHUSDT (12 of 300), page 3        done 14, of about 310

The console measures the time of a request, in which the pauses that the exchange's rate limit wants are contained,
and says from that how long it takes still. What is left is what the lists tell of themselves: records in all,
windows of time to go, parts not asked for yet; where a list tells nothing, one request. How many parts a list has is
known when it begins.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import ceil

from importers.base import Stream
from importers.sync import DAY, List, Position

Progress = Callable[[str, int, int | None], None]


def expected(stream: Stream, here: Position | None, begins: Decimal, now: Decimal) -> int:
    """Requests that a stream is likely to take which stands at `here`, or has to be asked for from `begins` on."""
    if not stream.window:
        return 1
    since = here.since if here is not None and here.under_way else None
    if since is None and here is not None and here.newest is not None:
        since = here.newest - stream.overlap * DAY
    earliest = max(begins, now - stream.horizon * DAY) if stream.horizon else begins
    left = now - max(earliest, begins if since is None else since)
    return max(1, ceil(left / (stream.window * DAY)))


class Course:
    """One account's; `tell` is the person's."""

    def __init__(self, account: str, tell: Progress) -> None:
        self._account, self._tell = account, tell
        self._ahead: dict[str, int] = {}
        self._requests = 0
        self._list: List | None = None
        self._part = (1, 1)
        self._pages = self._records = 0
        self._total: int | None = None

    def plan(self, ahead: Mapping[str, int]) -> None:
        """What is to be done: by the name of each stream, the requests that it is likely to take."""
        self._ahead = dict(ahead)

    def reached(self, stream: str) -> None:
        """A stream is next, or left out: its lists tell from now on how long they take."""
        self._ahead.pop(stream, None)

    def begin(self, of: List, number: int, parts: int) -> None:
        """A list begins, the `number`-th of so many parts of its stream."""
        self._list, self._part = of, (number, parts)
        self._pages = self._records = 0
        self._total = None

    def heard(self, _what: str, records: int, total: int | None) -> None:
        """What the page loop says of a page: records of this pass so far, and in all where that is told."""
        self._records, self._total = records, total

    def page(self, here: Position | None, now: Decimal) -> None:
        """A page has come; `here` is where its list stands then."""
        assert self._list is not None
        self._requests += 1
        self._pages += 1
        number, parts = self._part
        where = f" ({number} of {parts})" if parts > 1 else ""
        left = self._left(here, now) + (parts - number) + sum(self._ahead.values())
        what = f"{self._account}: {self._list.name}{where}, page {self._pages}"
        self._tell(what, self._requests, self._requests + left)

    def _left(self, here: Position | None, now: Decimal) -> int:
        """Requests that the list of now is likely to take still."""
        assert self._list is not None
        if here is None or not here.under_way:
            return 0
        if self._total is not None and self._records:
            return max(1, -(-(self._total - self._records) * self._pages // self._records))  # rounded up
        window = self._list.stream.window * DAY
        if window and here.since is not None:
            return max(1, int((now - here.since) // window))
        return 1
