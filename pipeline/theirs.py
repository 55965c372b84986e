"""Another tool's report of gains beside ours: its rows, what here belongs to them, and why they differ.

Days are as each side writes them; amounts are in the reporting currency. `gains/theirs.py` ties, `gains/causes.py` says
why.
"""

from datetime import date
from decimal import Decimal
from itertools import chain

from msgspec import Struct

from pipeline.model import Disposal
from pipeline.money import ZERO, exact


class Told(Struct, frozen=True, gc=False):
    """One row of the other tool. `place`: file and row. `asset`: by the ledger's name. `quantity` None: not told.
    `acquired` None: not told, or several days (`various`). `gain` None: not told, so proceeds less basis. `term`:
    "short", "long" or "". `box`: of Form 8949, "" where not told; `code`: of its adjustment."""

    place: str
    asset: str
    quantity: Decimal | None
    sold: date | None
    acquired: date | None
    proceeds: Decimal
    basis: Decimal
    gain: Decimal | None = None
    term: str = ""
    box: str = ""
    code: str = ""
    account: str = ""
    various: bool = False

    @property
    def adjustment(self) -> Decimal:
        """What its gain is beyond proceeds less basis. In the exact context."""
        return ZERO if self.gain is None else self.gain - (self.proceeds - self.basis)


class Here(Struct, frozen=True, gc=False):
    """One part of a disposal. `box`: of Form 8949, "" where there is none. `sale_fee`, `purchase_fee`: what of the fees
    of its sale and of its purchase falls on these units; 0 where none is known in the reporting currency. `guessed`,
    `guessed_basis`: proceeds or cost rest on a price, not on money that was paid."""

    disposal: Disposal
    sold: date
    acquired: date | None
    box: str = ""
    sale_fee: Decimal = ZERO
    purchase_fee: Decimal = ZERO
    guessed: bool = False
    guessed_basis: bool = False

    @property
    def proceeds(self) -> Decimal:
        """0 where no price is known: it is in no total."""
        return self.disposal.proceeds or ZERO

    @property
    def basis(self) -> Decimal:
        return ZERO if self.disposal.proceeds is None else self.disposal.cost_basis


class Beside(Struct, frozen=True, gc=False):
    """What else is on record here, to say why a row stands alone. `moved`, `untaxed`: units by asset and day that left
    or came without being sold, or that were disposed of without a gain. `named`: the other tool's assets."""

    first: date
    last: date
    assets: frozenset[str]
    named: frozenset[str]
    moved: dict[tuple[str, date], tuple[Decimal, ...]]
    untaxed: dict[tuple[str, date], tuple[Decimal, ...]]
    unit: Decimal  # the least that their amounts can differ by: a cent, or a dollar where all are whole


class Share(Struct, frozen=True, gc=False):
    """What one cause adds to theirs less ours."""

    cause: str
    proceeds: Decimal = ZERO
    basis: Decimal = ZERO
    gain: Decimal = ZERO


EQUAL, DIFFERING, ONLY_THEIRS, ONLY_OURS = "equal", "differing", "only_theirs", "only_ours"


class Tied(Struct, frozen=True, gc=False):
    """Rows that belong together, of one class. `differences`: in what; `shares` add up to theirs less ours."""

    status: str
    told: tuple[Told, ...]
    here: tuple[Here, ...]
    differences: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    causes: tuple[str, ...] = ()


class Comparison(Struct, frozen=True, gc=False):
    """A whole report beside a year of ours. `sums`: proceeds, basis and gain of theirs, then of ours."""

    tied: tuple[Tied, ...]
    theirs: Share
    ours: Share

    def of(self, status: str) -> list[Tied]:
        return [each for each in self.tied if each.status == status]


def by_cause(comparison: Comparison) -> list[tuple[Share, int]]:
    """What each cause comes to in all, and in how many places; the widest in gain first."""
    sums: dict[str, tuple[Decimal, Decimal, Decimal, int]] = {}
    with exact():
        for share in chain.from_iterable(each.shares for each in comparison.tied):
            p, b, g, n = sums.get(share.cause, (ZERO, ZERO, ZERO, 0))
            sums[share.cause] = p + share.proceeds, b + share.basis, g + share.gain, n + 1
        found = [(Share(cause, p, b, g), n) for cause, (p, b, g, n) in sums.items()]
        return sorted(found, key=lambda each: (-abs(each[0].gain), -abs(each[0].basis), each[0].cause))


def difference(comparison: Comparison) -> Share:
    """Theirs less ours."""
    with exact():
        return less(comparison.theirs, comparison.ours)


def less(one: Share, other: Share) -> Share:
    """One less the other, of no cause."""
    return Share("", one.proceeds - other.proceeds, one.basis - other.basis, one.gain - other.gain)


# Cause -> what a person is told of it.
CAUSES: dict[str, str] = {
    "rounding": "rounding of single rows",
    "lot_method": "other lots: another method, or queues per account in place of one for all",
    "no_purchase_there": "cost 0 there: it lacks a purchase, or the transfer that brought the units",
    "no_purchase_here": "no purchase on record here: see missing_acquisition in `taxsync check`",
    "fee": "a fee that is counted on the other side, or only in one of the two",
    "fee_in_coins": "units of a fee in coins that only one of the two counts in",
    "price_source": "a value from a price list: another source, or another minute",
    "no_price_here": "no price is known here, so it is in no total",
    "wash_sale": "a loss that the other tool denies (wash sale)",
    "denied_loss": "a loss that the country's rules deny here",
    "adjustment": "an adjustment in the other report",
    "time_zone": "another day: the other tool counts days in another time zone",
    "date": "another date for the same units",
    "term": "another term for the same dates",
    "box": "another box of Form 8949: what is known of a 1099-DA",
    "another_year": "sold outside the tax year",
    "transfer_here": "taken for a sale there; here the units were moved or sent, not sold",
    "not_taxed_here": "a disposal here, without a gain by the country's rules (a gift, a donation, money)",
    "asset_not_here": "an asset that is not on record here",
    "not_here": "no such sale on record here: a missing file or account",
    "twice_there": "the same row stands more than once there: counted twice, or a file or account is missing here",
    "asset_not_there": "an asset that the other report does not have",
    "fee_not_there": "a fee paid in coins is a disposal here",
    "not_there": "no such sale there: it lacks a file or an account, or takes it for a transfer",
    "other": "no likely cause was found: look at the records with `taxsync explain`",
}
