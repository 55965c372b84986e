"""What brokers told of a person's sales on Form 1099-DA (United States), and how that fits the ledger's disposals.

Amounts are dollars, days the broker's. `gains/reported.py` compares, `reports/forms` says what to write.
"""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from pipeline.model import Disposal
from pipeline.money import ZERO

CURRENCY = "USD"
FIRST_YEAR = 2025  # sales effected from then on: Treas. Reg. 1.6045-1(a)(9)(ii) (T.D. 10000)

STABLECOINS, NFTS = "stablecoins", "NFTs"  # box 11a: what the proceeds of one form are the sum of


class Reported(Struct, frozen=True, gc=False):
    """One Form 1099-DA: a sale, part of one, or a year's sum of sales (`aggregate`; `sold` may then be None).

    `year`: the form's; `place`: file and row; `code`: the letter for Form 8949 ("" where none stands there). `asset`:
    by the ledger's name. `acquired` None: several days, or not told. `basis` None: not told. `basis_reported`: to the
    IRS (box 2). `term`: "short", "long" or "" (not told). `ordinary`: the gain may be ordinary (box 6). `transferred`:
    the day on which units came from elsewhere (box 12b). `no_loss`: box 5. `disallowed`: box 1i. `withheld`: box 4.
    """

    account: str
    year: int
    place: str
    asset: str
    quantity: Decimal
    proceeds: Decimal
    sold: date | None = None
    acquired: date | None = None
    basis: Decimal | None = None
    basis_reported: bool = False
    noncovered: bool = False
    term: str = ""
    ordinary: bool = False
    code: str = ""
    transferred: date | None = None
    no_loss: bool = False
    disallowed: Decimal = ZERO
    withheld: Decimal = ZERO
    aggregate: str = ""


class Piece(Struct, frozen=True, gc=False):
    """Units of one part of a disposal that one form tells of: by the ledger, and the form's share. `proceeds` None: no
    price is known here; `told_basis` None: the form tells none."""

    disposal: Disposal
    quantity: Decimal
    proceeds: Decimal | None
    cost: Decimal
    row: Reported
    told_proceeds: Decimal
    told_basis: Decimal | None


class Compared(Struct, frozen=True, gc=False):
    """A year's forms beside its disposals. `pieces`: what fits, in order of the forms. `other_quantity`: forms whose
    sale has other units here. `missing_here`: forms of no sale on record. `missing_there`: disposals, of accounts that
    have forms, that no form tells of."""

    pieces: tuple[Piece, ...]
    missing_here: tuple[Reported, ...]
    missing_there: tuple[Disposal, ...]
    accounts: frozenset[str]
    other_quantity: frozenset[Reported] = frozenset()


NOTHING = Compared((), (), (), frozenset())
