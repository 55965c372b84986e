"""What the page of a year shows beside the tables: how far the records reach, what was held as time went on, and what
the exchanges say of it.

Nothing but data, as `pipeline.model`. Instants are UTC; quantities and costs are exact.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field

from pipeline.model import RawRecord

Span = tuple[datetime, datetime]


class Stretch(Struct, frozen=True, gc=False):
    """One list of an account behind an API, or one source of files: how many records, and from when to when they are.

    `asked`: when the list was last gone through to its end (files: None). `floor`: nothing before was asked for or
    given (None: all was). `holes`: times between that the exchange did not give. `state`: the same in words.
    """

    account: str
    words: str
    records: int
    first: datetime | None
    last: datetime | None
    asked: datetime | None = None
    floor: datetime | None = None
    holes: tuple[Span, ...] = ()
    state: str = ""


class Course(Struct, frozen=True, gc=False):
    """What was held at the end of each month: `ends` are the first days after them, oldest first; the last is the end
    of the year, or the reference day. `units` and `cost` by asset, as long as `ends`; a cost is None where
    the walk that it comes from does not lead to the lots as they are (a filed position that differs, ...)."""

    ends: Sequence[date] = ()
    units: Mapping[str, Sequence[Decimal]] = field(default_factory=dict)
    cost: Mapping[str, Sequence[Decimal | None]] = field(default_factory=dict)


class Beside(Struct, frozen=True, gc=False):
    """Units of an asset in an account as its exchange said them at an instant, and as the records add up to until then.
    `agrees`: what differs, if anything, is below the last digit that the exchange shows."""

    account: str
    asset: str
    at: datetime
    reported: Decimal
    computed: Decimal
    agrees: bool


# Opens the ledger anew, in whatever process, for all records as they were received.
Texts = Callable[[], AbstractContextManager[Iterator[RawRecord]]]


class Glance(Struct, frozen=True, gc=False):
    """All of it. `texts`: None where the page is to show no records."""

    stretches: Sequence[Stretch] = ()
    course: Course = field(default_factory=Course)
    balances: Sequence[Beside] = ()
    texts: Texts | None = None
