"""What the user has said, apart from the records and never changed: the newest answer to a question counts.

Ids are those of transactions, acquisitions and disposals as the reports show them. Days are the taxpayer's, instants
UTC, quantities exact, costs in the reporting currency, or in money that is named.

`Answers` is what the core computes with; the types after it are single answers as a person gives them, one for each
row of a file (`Answer`). An answer that is taken back counts no more; what it was stays kept.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field

from pipeline.model import Amount, Label
from pipeline.reported import Reported

NO_OTHER_SIDE = ""  # in `Answers.matches`: this transfer has none


class OpeningLot(Struct, frozen=True, gc=False):
    """Units that were there before the records begin, or that no record shows. `cost` None: it is not known.
    `evidence`: what shows it, in the person's words. `arrived_by`: the receipt on record by which they came (a gift, a
    deposit from a place that has no records): they are there from then on, with this date and cost; "": none."""

    id: str
    account: str
    asset: str
    quantity: Decimal
    acquired_at: datetime
    cost: Amount | None
    evidence: str
    arrived_by: str = ""


class Pick(Struct, frozen=True, gc=False):
    """Units of one acquisition, as the person has chosen them for a disposal; `recorded`: when that was kept."""

    acquisition_id: str
    quantity: Decimal
    recorded: datetime | None = None


class DealtLot(Struct, frozen=True, gc=False):
    """One line of the person's own allocation at a change of lot scope (Rev. Proc. 2024-28, sec. 4.02): units of
    `asset` in `account`, acquired at that time at that cost."""

    account: str
    asset: str
    quantity: Decimal
    acquired_at: datetime
    cost: Decimal
    evidence: str = ""


class Claim(Struct, frozen=True, gc=False):
    """A negligible value claim: at that instant, the end of its day, all units of `asset` are treated as sold and
    bought back for `value`."""

    id: str
    at: datetime
    asset: str
    value: Amount


class Answers(Struct, frozen=True, gc=False):
    """All answers that bear on figures.

    `labels`: by transaction; None: it is a transfer, whatever its record says. `matches`: withdrawal -> deposit, or
    NO_OTHER_SIDE for either. `openings`: lots, by their own ids. `picks`: disposal -> the units it takes, before the
    method is asked. `allocation`: the lines of each asset that has any. `assets`: (account, code in its records) -> the
    asset that it is; the same code: the records are right. `worthless`: receipts that count as nothing -> why, in the
    person's words. `rules`: transaction -> choices of the country's rules that hold for it alone. `claims`: in order of
    time. `repeats`: (transaction, another that says the same) -> whether only the second one counts; else both do.
    `copies`: the same of accounts. `accounts`: names of accounts that are another one's -> its name. `forms`: what
    brokers reported, by account and year.
    """

    labels: Mapping[str, Label | None] = field(default_factory=dict)
    matches: Mapping[str, str] = field(default_factory=dict)
    openings: tuple[OpeningLot, ...] = ()
    picks: Mapping[str, tuple[Pick, ...]] = field(default_factory=dict)
    allocation: tuple[DealtLot, ...] = ()
    assets: Mapping[tuple[str, str], str] = field(default_factory=dict)
    worthless: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    repeats: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    copies: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    forms: tuple[Reported, ...] = ()


NONE = Answers()


# ---- as a person gives them -------------------------------------------------------------------


class LabelGiven(Struct, frozen=True, gc=False):
    """What a transaction was; `label` None: a transfer between own accounts. `back`: what was said is taken back.
    `worthless`: an airdrop that came unasked and counts as nothing."""

    transaction_id: str
    label: Label | None = None
    back: bool = False
    note: str = ""
    worthless: bool = False


class MatchGiven(Struct, frozen=True, gc=False):
    """The two sides of a transfer; one of the ids is "" where the other row has no other side on record. `back`: what
    was said of these rows is taken back."""

    withdrawal_id: str
    deposit_id: str
    back: bool = False
    note: str = ""


class OpeningGiven(Struct, frozen=True, gc=False):
    """An opening lot. `acquired`: a day of the taxpayer, or an instant. `own_id`: the person's id of it, unique within
    the account, or its id in the reports; "": it is what it says. `arrived_by`: the transaction by which it came.
    `quantity` 0: it is taken back, whatever else is said (`acquired` is then None)."""

    account: str
    asset: str
    quantity: Decimal
    acquired: date | datetime | None
    cost: Amount | None
    evidence: str
    own_id: str = ""
    arrived_by: str = ""


class PickGiven(Struct, frozen=True, gc=False):
    """Units that one disposal takes of one acquisition. All that one file says of a disposal is one answer; `quantity`
    0: it is taken back."""

    disposal_id: str
    acquisition_id: str
    quantity: Decimal
    note: str = ""


class DealtGiven(Struct, frozen=True, gc=False):
    """One line of the person's own allocation. All that one file says of an asset is one answer; `quantity` 0: it is
    taken back, whatever else is said (`acquired` is then None). `cost` is in the reporting currency."""

    account: str
    asset: str
    quantity: Decimal
    acquired: date | datetime | None
    cost: Decimal
    evidence: str = ""


class GapGiven(Struct, frozen=True, gc=False):
    """Of a list of an account (`stream`; "": of any) nothing is missing from one UTC day (None: from the beginning) to
    another, both included, though its exchange gave nothing. `back`: what was said of that time is taken back."""

    account: str
    stream: str
    begin: date | None
    end: date
    note: str
    back: bool = False


class AssetGiven(Struct, frozen=True, gc=False):
    """What `asset`, as the records of `account` have it, is: `name` (the same: what they say is right). `back`: what
    was said of it is taken back."""

    account: str
    asset: str
    name: str
    back: bool = False
    note: str = ""


class RuleGiven(Struct, frozen=True, gc=False):
    """What a choice of the country's rules is for one transaction; `choice` "": it follows the settings again."""

    transaction_id: str
    rule: str
    choice: str
    note: str = ""


class ClaimGiven(Struct, frozen=True, gc=False):
    """A negligible value claim for all units of `asset` on a day of the taxpayer; `value` None: it is taken back."""

    asset: str
    day: date
    value: Amount | None
    note: str = ""


class RepeatGiven(Struct, frozen=True, gc=False):
    """`repeat` says again what `first` says, and does not count: two transactions, or two accounts of which only rows
    that stand in both are meant. `both`: they only look so, and both count. `back`: what was said of the two is taken
    back."""

    repeat: str
    first: str
    both: bool = False
    back: bool = False
    note: str = ""


class SameAccountGiven(Struct, frozen=True, gc=False):
    """`account` is another name of the account `other`. `back`: what was said of it is taken back."""

    account: str
    other: str
    back: bool = False
    note: str = ""


class BrokerGiven(Struct, frozen=True, gc=False):
    """One Form 1099-DA of a year. All that one file says of an account and year is one answer; `form` None: it is taken
    back. `recipient`: whose it is ("": not told)."""

    account: str
    year: int
    form: Reported | None
    recipient: str = ""


class SettledGiven(Struct, frozen=True, gc=False):
    """A record that could not be read is seen to. `back`: what was said of it is taken back."""

    record: str
    note: str = ""
    back: bool = False


Answer = (
    LabelGiven | MatchGiven | OpeningGiven | PickGiven | DealtGiven | GapGiven | AssetGiven | RuleGiven | ClaimGiven
    | RepeatGiven | SameAccountGiven | BrokerGiven | SettledGiven
)  # fmt: skip
