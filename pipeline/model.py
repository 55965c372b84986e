"""The types that cross the edges between stages: immutable, and nothing but data.

Instants (`at`) are timezone-aware UTC datetimes; days are the taxpayer's. Quantities and values
are exact Decimals; a value is in the reporting currency. `None` means what the field says.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct, field

from pipeline.fiat import is_fiat as is_fiat
from pipeline.issues import Issue
from pipeline.money import EXACT, ZERO
from pipeline.words import RECEIVED_LABELS as RECEIVED_LABELS
from pipeline.words import SENT_LABELS as SENT_LABELS
from pipeline.words import Kind as Kind
from pipeline.words import Label as Label
from pipeline.words import Rule as Rule
from pipeline.words import Term as Term

# ---- fetch / read -> ledger -------------------------------------------------------------------


class RawRecord(Struct, frozen=True, gc=False):
    """One record as received, never changed: an API object or a file row, as JSON text.

    `source` is the plug-in that reads it (an exchange id or a format name), `stream` one list of
    that source, `source_id` its identity there: unique within (source, account, stream).
    `position` is the source's own order (sequence or row number); `origin` says where it came
    from in a person's words ("trades.csv row 7", "kraken Ledgers"). `told` is the digest of what the payload
    says when one fact can be written in several ways ("1" and "1.0" in two savings of one file).
    """

    source: str
    account: str
    stream: str
    source_id: str
    position: int
    payload: str
    origin: str = ""
    told: str = ""

    @property
    def digest(self) -> str:
        """What tells two contents under one identity apart."""
        return self.told or digest_of(self.payload)


class Page(Struct, frozen=True, gc=False):
    """Records that are kept in one commit, and the cursor that then holds for their stream.

    `cursor` is None when the stream keeps none (files). `said`: where each record is a transaction and its reader knows
    already, what these and those before say, as far as it fills pages; else empty.
    """

    records: list[RawRecord]
    cursor: str | None = None
    said: "list[SaidPage]" = field(default_factory=list)


class SaidPage(Struct, frozen=True, gc=False):
    """Some transactions that the records of one account say, in their order, as the ledger caches them: how many, the
    latest instant (`instant_text`), and JSON of their columns, each a list or the one value that all have
    (`pipeline.said`)."""

    account: str
    count: int
    last: str
    content: str


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


# ---- ledger -> parse -> match -----------------------------------------------------------------


class Amount(Struct, frozen=True, gc=False):
    """A positive quantity of an asset."""

    quantity: Decimal
    asset: str


class Transaction(Struct, frozen=True, gc=False):
    """One row of the universal file, inside as outside (see the contract for its meaning).

    Sent and received exclude the fee, which is paid on top. `position` orders rows of one instant.
    """

    id: str
    at: datetime
    account: str
    sent: Amount | None = None
    received: Amount | None = None
    fee: Amount | None = None
    net_worth: Amount | None = None
    label: Label | None = None
    description: str = ""
    txhash: str = ""
    source: str = ""
    source_id: str = ""
    position: int = 0

    def own_money(self, currency: str | None) -> Decimal | None:
        """What it moved in this very currency: the value of most."""
        received, sent = self.received, self.sent
        if received is not None and received.asset == currency:
            return received.quantity
        return sent.quantity if sent is not None and sent.asset == currency else None


# What a transaction says, as exact texts: its instant; quantity and asset of sent, received, fee and net worth
# (None where there is none); label (or None), description, hash.
Said = tuple[str | None, ...]


def instant_text(at: datetime) -> str:
    """`at` as 2025-01-31T12:00:00.000000+00:00: texts sort as the instants do. Raises ValueError without a zone."""
    if at.tzinfo is not UTC:
        if at.tzinfo is None:
            raise ValueError(f"{at.isoformat()} has no time zone")
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")


def transaction_id(account: str, stream: str, source_id: str) -> str:
    """An id that survives a rebuild: 16 hex digits of the record's identity."""
    return hashlib.sha256("\x1f".join((account, stream, source_id)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


# How the `source` of a price begins: from a person's file; far from its neighbours, no figure; 0, for want of a market.
FROM_FILE, DOUBTFUL, NO_MARKET = "file ", "doubtful: ", "no market: "


class Price(Struct, frozen=True, gc=False):
    """One `asset` in `currency` at an instant, or on a whole day of the taxpayer.

    Exactly one of `at` and `day` is set. `source` says where it is from ("file prices.csv row 3",
    "kraken BTC/USD 1d").
    """

    asset: str
    currency: str
    price: Decimal
    source: str
    at: datetime | None = None
    day: date | None = None


class Balance(Struct, frozen=True, gc=False):
    """What the exchange itself says an account holds, at the instant it was asked."""

    account: str
    asset: str
    quantity: Decimal
    at: datetime


class Parsed(Struct, frozen=True, gc=False):
    """What the records of one account say."""

    transactions: list[Transaction] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


class Transfer(Struct, frozen=True, gc=False):
    """A withdrawal and the deposit that is its other side; `fee` units never arrived."""

    out: Transaction
    into: Transaction
    how: str  # "hash", "amount", "answer" (by hand), "migration"
    lost: Amount | None = None  # withheld on the way: sent minus received, when no fee field says it


Event = Transaction | Transfer


# ---- match -> value -> assess -----------------------------------------------------------------


FIAT = "fiat"  # the basis of what a row moved in the reporting currency; other money's begins with it


class Valued(Struct, frozen=True, gc=False):
    """An event with its values in the reporting currency; None: no price is known (an Issue says so).

    `basis` names where `value` is from: "net worth", "fiat", "file ...", or a looked-up source.
    """

    event: Event
    value: Decimal | None = None
    fee_value: Decimal | None = None
    basis: str = ""
    into_fee_value: Decimal | None = None  # of the deposit's own fee, for a Transfer


# ---- assess -> book: the narrow waist ---------------------------------------------------------

# What goes first in one instant: the `position` of the row, then the `leg` of it that a flow is. Kept as two numbers
# where there are as many flows as rows: a pair takes as much memory as the rest of a flow.
Order = tuple[int, ...]


class Acquire(Struct, frozen=True, gc=False):
    """Units that arrive with a cost. `cost` None: not known, an Issue says why (booked at cost 0).
    `dated`: they were acquired then, and not only seen then for the first time. `since`: when they were acquired, by a
    donor or elsewhere, where they came here only at `at`."""

    id: str
    at: datetime
    day: date
    account: str
    asset: str
    quantity: Decimal
    cost: Decimal | None
    position: int = 0
    leg: int = 0
    dated: bool = True
    since: datetime | None = None

    @property
    def order(self) -> Order:
        return (self.position, self.leg)


class Dispose(Struct, frozen=True, gc=False):
    """Units that leave for good. `proceeds` None: no price is known. `gain` False: no gain is
    computed (a gift made): proceeds, here the market value, are set to the cost. `loss` False: a gain
    counts, a loss does not. `units_of`: the acquisition whose units these are by law, whatever the method
    says. `costs` join the lots' cost (a fee, where the country puts it there)."""

    id: str
    at: datetime
    day: date
    account: str
    asset: str
    quantity: Decimal
    proceeds: Decimal | None
    kind: Kind
    gain: bool = True
    units_of: str = ""
    costs: Decimal = ZERO
    position: int = 0
    leg: int = 0
    loss: bool = True

    @property
    def order(self) -> Order:
        return (self.position, self.leg)


class Move(Struct, frozen=True, gc=False):
    """Units that go from one own account to another, keeping date and cost; nobody's in between. `into` and `arrives`
    are None while the other side is not known."""

    id: str
    at: datetime
    account: str
    asset: str
    quantity: Decimal
    into: str | None
    arrives: datetime | None
    order: tuple[int, ...] = ()
    arrives_order: tuple[int, ...] = ()


class Convert(Struct, frozen=True, gc=False):
    """One asset for another where that is no disposal: the cost goes on to what is received. `worth`: of a swap."""

    id: str
    at: datetime
    day: date
    account: str
    asset: str
    quantity: Decimal
    into: str
    into_quantity: Decimal
    order: tuple[int, ...] = ()
    worth: Decimal | None = None


Flow = Acquire | Dispose | Move | Convert


class Income(Struct, frozen=True, gc=False):
    """A receipt that is taxed as income; `value` None: no price is known."""

    id: str
    at: datetime
    day: date
    account: str
    asset: str
    quantity: Decimal
    kind: Label
    value: Decimal | None


class Derivative(Struct, frozen=True, gc=False):
    """What margin or derivatives brought; `quantity` and `value` (None: no price is known) are negative for what they
    took. `what`: "profit", "loss" (interest and funding too) or "fee"; `words`: how the record puts it."""

    id: str
    at: datetime
    day: date
    account: str
    asset: str
    quantity: Decimal
    value: Decimal | None
    what: str
    words: str = ""


IN_TRANSIT = "in transit"  # the account of units that left and have not arrived


# ---- book -> tabulate -------------------------------------------------------------------------


class Whole(Struct, frozen=True, gc=False):
    """How the cost of a sale out of one whole was found (France): cost = price x proceeds before fees / worth. `worth`:
    of everything just before; `price`: what was paid for it all, less what earlier disposals have `used`."""

    worth: Decimal
    price: Decimal
    used: Decimal
    fees: Decimal = ZERO  # taken off the proceeds


class Disposal(Struct, frozen=True, gc=False):
    """One part of one lot, disposed of. gain = proceeds - cost_basis, exactly.

    `proceeds` and `gain` are None where no price is known. `acquired_at` is None for averages
    and missing acquisitions. `denied`: loss that does not count, so that cost_basis is that much less than what
    the units cost. `set_apart`: loss, still in `gain`, that counts only against certain gains. `costs`: what of
    cost_basis was paid to dispose of the units, not for them.
    """

    id: str
    acquisition_id: str
    account: str
    asset: str
    quantity: Decimal
    acquired_at: datetime | None
    disposed_at: datetime
    proceeds: Decimal | None
    cost_basis: Decimal
    term: Term
    rule: Rule
    kind: Kind
    taxed: bool = True
    denied: Decimal = ZERO
    set_apart: Decimal = ZERO
    costs: Decimal = ZERO
    whole: Whole | None = None

    @property
    def gain(self) -> Decimal | None:  # made when it is asked for: kept, it is a fifth of what a disposal takes
        return None if self.proceeds is None else EXACT.subtract(self.proceeds, self.cost_basis)


class Lot(Struct, frozen=True, gc=False):
    """Units still held. `account` is empty under a global scope; `acquired_at` None for a pool."""

    acquisition_id: str
    account: str
    asset: str
    quantity: Decimal
    acquired_at: datetime | None
    cost_basis: Decimal
    market_value: Decimal | None = None


class Allocation(Struct, frozen=True, gc=False):
    """Units of one lot that a change of lot scope gave to one account; `given`: by the person's own allocation."""

    asset: str
    account: str
    acquisition_id: str
    quantity: Decimal
    given: bool = False


class Need(Struct, frozen=True, order=True, gc=False):
    """A price that counts if it is known: of one `asset` at an instant, in the reporting currency."""

    at: datetime
    asset: str


class Values(Struct, frozen=True, gc=False):
    """What rows were worth: the `money` of the reporting currency that they moved (None: that currency is no money);
    by id in `apart` what is worth anything else, so that of most rows there is nothing to keep."""

    apart: Mapping[str, tuple[Decimal | None, str]] = field(default_factory=dict)
    money: str | None = None

    def of(self, t: Transaction) -> tuple[Decimal | None, str]:
        """The value (None: not known), and where it is from."""
        found = self.apart.get(t.id)
        if found is not None:
            return found
        own = t.own_money(self.money)
        return (None, "") if own is None else (own, FIAT)


class Result(Struct, frozen=True, gc=False):
    """Everything the reports need; derived again in seconds, never stored. `transactions` are all of them."""

    disposals: list[Disposal]
    lots: list[Lot]
    incomes: list[Income]
    transactions: list[Transaction]
    values: Values
    transfers: dict[str, str]  # transaction id -> id of its other side
    allocations: list[Allocation]
    issues: list[Issue]
    needs: list[Need] = field(default_factory=list)
    derivatives: list[Derivative] = field(default_factory=list)
