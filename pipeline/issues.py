"""Problems of the data: a code, a place, a remedy. Values, not exceptions.

    Issue("missing_acquisition", account="Kraken", asset="BTC", quantity="0.5")

`CODES` holds the wording of every code; `message` and `remedy` fill it with the issue's place.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.stop import Stop as Stop
from pipeline.stop import Usage as Usage


class Severity(StrEnum):
    """ERROR: a tax figure would change when it is settled. WARNING: look at it. INFO: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(Struct, frozen=True):
    """One kind of problem. `message` and `remedy` are templates over the issue's fields and details."""

    severity: Severity
    message: str
    remedy: str


class Stake(Struct, frozen=True):
    """What one open problem may do to the gain of one tax year: `gain` as it stands, and the lowest and the highest
    that it could be; plain text in the reporting currency, "" where there is no telling. `shared`: parts of that, each
    under a name with how much lower and higher, that all problems with a part of that name do together, once."""

    year: str
    gain: str
    lowest: str
    highest: str
    shared: tuple[tuple[str, Decimal, Decimal], ...] = ()


class Issue(Struct, frozen=True):
    """One open problem. `ref` is the id of the transaction or record it is about.

    `at_stake` is what it may cost in tax base, as plain text in the reporting currency, or ""; `stakes` say
    which years' gains it may change.
    """

    code: str
    account: str = ""
    asset: str = ""
    at: datetime | None = None
    ref: str = ""
    at_stake: str = ""
    details: dict[str, str] = field(default_factory=dict)
    stakes: tuple[Stake, ...] = ()

    def __hash__(self) -> int:  # of all but the details, which have none
        return hash((self.code, self.account, self.asset, self.at, self.ref, self.at_stake, self.stakes))

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity

    @property
    def message(self) -> str:
        return CODES[self.code].message.format_map(self._words())

    @property
    def remedy(self) -> str:
        return CODES[self.code].remedy.format_map(self._words())

    def _words(self) -> dict[str, str]:
        day = self.at.strftime("%Y-%m-%d") if self.at else "an unknown day"
        return {"account": self.account, "asset": self.asset, "day": day, "ref": self.ref, **_UNSAID, **self.details}

    def in_zone(self, zone: ZoneInfo) -> "Issue":
        """The same with its day as the taxpayer's; else it is that of UTC."""
        if self.at is None or "day" in self.details:
            return self
        return replace(self, details={**self.details, "day": str(self.at.astimezone(zone).date())})


_UNSAID = {  # what a message does without
    "hint": "", "before": "", "price": "PRICE", "later": "", "because": "", "twin": "ID",
}  # fmt: skip

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

CODES: dict[str, Code] = {
    "missing_acquisition": Code(
        _ERROR,
        "{quantity} {asset} left {account} on {day}{later} without any acquisition on record: basis 0{hint}",
        "import the history in which the {asset} was acquired (an older file, another account); if that is gone, a "
        "file `Date,Account,Asset,Quantity,Cost,Cost Currency,Evidence` with a row for each opening lot of {account}",
    ),
    "unmatched_deposit": Code(
        _ERROR,
        "{quantity} {asset} ({ref}) arrived in {account} on {day} from nowhere on record: basis 0 until it is known"
        "{hint}",
        "import the account it came from, or say what it was: `taxsync label ID LABEL` (reward, airdrop, income, gift, "
        "...), ID as above in brackets; if that account is gone, a file "
        "`Date,Account,Asset,Quantity,Cost,Cost Currency,Evidence,Transaction ID` with the purchases",
    ),
    "unmatched_withdrawal": Code(
        _ERROR,
        "{quantity} {asset} ({ref}) left {account} on {day} to nowhere on record: taken as still yours, in transit"
        "{hint}",
        "import the account or wallet it went to, or say what it was: `taxsync label ID LABEL` (spend, gift, donation, "
        "lost), ID as above in brackets; if it is yours still but can't be imported, a file `Withdrawal ID,Deposit ID` "
        "with the line `ID,`",
    ),
    "ambiguous_transfer": Code(
        _ERROR,
        "which transfer {quantity} {asset} ({ref}) of {account} on {day} belongs to can't be told; its other side may "
        "be: {candidates}",
        "import a file `Withdrawal ID,Deposit ID` with a line for the pair, or say what it was if it is no transfer: "
        "`taxsync label ID LABEL`, IDs as above in brackets",
    ),
    "no_other_side": Code(
        _WARNING,
        "{quantity} {asset} ({ref}) left {account} on {day} to a place of yours that is not on record, as you said: "
        "still yours, in transit",
        "when they are spent, sold or given away from there, import that place; if they are not yours any more, say "
        "what it was: `taxsync label ID LABEL`, ID as above in brackets",
    ),
    "answer_not_used": Code(
        _ERROR,
        "{what}, which you gave to {ref}, is not used: {why}",
        "{cure}",
    ),
    "transfer_grew": Code(
        _ERROR,
        "{quantity} {asset} arrived in {account} on {day}, more than the {sent} {asset} sent under the same hash",
        "compare both rows with the exchange's own history; one of the amounts or hashes is wrong",
    ),
    "transfer_shrank": Code(
        _WARNING,
        "of {quantity} {asset} that left {account} on {day}, {lost} never arrived in {other}: taken as the "
        "transfer's fee",
        "if a part went elsewhere, import where it went to; if an amount is wrong, correct it in the file",
    ),
    "missing_price": Code(
        _ERROR,
        "no price in {currency} for {quantity} {asset} on {day} ({what}): no figure is given for it{hint}",
        "run `taxsync import` to look it up; where there is no market, put a line `{day},{asset},{currency},{price}` "
        "under `Date,Asset,Currency,Price` in a CSV file and import that",
    ),
    "worthless_airdrop": Code(
        _INFO,
        "{quantity} {asset} that came unasked into {account} on {day} count as no income, at cost 0: {why}",
        "nothing, if they are worth nothing; else {before}put a line `{day},{asset},{currency},PRICE` under "
        "`Date,Asset,Currency,Price` in a CSV file and import that",
    ),
    "unknown_basis": Code(
        _ERROR,
        "{quantity} {asset} ({ref}) received in {account} on {day}: what it cost is not known ({why}); basis 0",
        "{cure}",
    ),
    "zero_basis": Code(
        _WARNING,
        "{quantity} {asset} received in {account} on {day} count at cost 0: {why}",
        "{cure}",
    ),
    "migration": Code(
        _INFO,
        "{quantity} {asset} became {received} in {account} on {day}: the same coin in another form, so no disposal; "
        "date and cost go on",
        "nothing; if it was a trade on the market after all, ask an adviser how to declare it",
    ),
    "merged_coin": Code(
        _WARNING,
        "{quantity} {asset} became {received} in {account} on {day} as two projects merged: taken as a trade, a "
        "disposal at market value",
        "nothing, if it is taxed so; the alternative is no disposal, with date and cost of the {asset} going on: if "
        "the tax office or an adviser confirms that, correct the return by hand",
    ),
    "forms_not_paired": Code(
        _WARNING,
        "{quantity} {asset} left {account} on {day}, {other} came on {acquired}: one coin in two forms, so near in "
        "time that the law pairs them; each form is paired by itself here",
        "if the migration carried the coin on, have the gain of that day worked out by hand, both forms as one asset",
    ),
    "two_coins": Code(
        _WARNING,
        "{quantity} {asset} that left {account} on {day} and arrived in {other} are taken as one transfer, but {asset} "
        "is {here} at {account} and {there} at {other}",
        "if they are two coins, give one a code of its own, in a CSV file: `ACCOUNT,{asset},CODE` under "
        "`Account,Asset,Is`; if the records name one coin, the same with {asset} as CODE",
    ),
    "allocation_changed": Code(
        _ERROR,
        "the opening allocation of {asset} on {day} no longer fits the records: {why}",
        "if the later records are right and {day} is not filed yet, settle it anew with `taxsync report --reallocate`",
    ),
    "filed_position": Code(
        _WARNING,
        "{filed} was filed as held at the end of {year}; by today's records it is {today}; the years after it go on "
        "from {used}",
        "`taxsync changes {year}` says why: amend that year and close it again with `taxsync close {year} --reopen "
        "--why TEXT`, or leave it as filed; `taxsync report --recompute` shows the other way",
    ),
    "allocation_differs": Code(
        _ERROR,
        "your own allocation of {asset} on {day} is not what the records say: {why}",
        "correct the lines of your allocation, or import what the records lack; until then your lines count as far as "
        "the accounts held units, and the rest is dealt out oldest first",
    ),
    "negative_balance": Code(
        _ERROR,
        "{account} would have held {quantity} {asset} on {day}: something that came in before is missing",
        "import what is missing from {account} before {day} (deposits, purchases, rewards)",
    ),
    "balance_differs": Code(
        _ERROR,
        "{account} reports {reported} {asset}, its history adds up to {computed}: {difference} apart; {when}{likely}",
        "run `taxsync import` again; if it stays, `taxsync import --again {account}` once, which asks every list anew "
        "from its beginning; then look in an export of {account} for what its API leaves out, and import a file with "
        "just those rows",
    ),
    "possible_duplicate": Code(
        _WARNING,
        "{account}, {day}: {what} stands in {first} and again in {second}",
        "say so in a CSV file: `{ref},{twin},once` under `Repeat,First,Counts` if they are one transaction, `twice` in "
        "place of `once` if they are two",
    ),
    "counted_once": Code(
        _INFO,
        "{account}: {count} of {total} transactions in {what} are known from {other}: each counts once",
        "nothing; if one of them is a transaction of its own after all, say so in a CSV file: `{row},{twin},twice` "
        "(the first of them) under `Repeat,First,Counts`",
    ),
    "late_identification": Code(
        _WARNING,
        "{count} from {day} on took units by {method} before that choice was on record: units have to be identified no "
        "later than the sale",
        "keep the order that you gave before {day} (to the broker, or in your own books) with the report; "
        "if there was none, {cure}",
    ),
    "late_notice": Code(
        _WARNING,
        "{method} {since} was not on record by {due}: the tax office has to be asked for a lot method by then",
        "keep what you sent the tax office by {due} with the report; if nothing was sent, the method before it holds, "
        "or where there was none, {default}: change `method` or [methods] in taxsync.toml",
    ),
    "form_1099_da_unmatched": Code(
        _ERROR,
        "{account}: {count} of {rows} rows of the Form 1099-DA of {year} ({proceeds} USD) fit no sale on record: "
        "{first}",
        "import what is missing from {account}; form_1099_da.csv of `taxsync report --year {year}` lists all of them. "
        "If a row is wrong, ask {account} for a corrected form and import that with --revise",
    ),
    "form_1099_da_differs": Code(
        _WARNING,
        "{account}: {count} of {rows} rows of the Form 1099-DA of {year} tell other proceeds than the records, "
        "{difference} in all: {first}",
        "form_1099_da.csv of `taxsync report --year {year}` says for each what to write on Form 8949; if a record is "
        "wrong, correct it",
    ),
    "pick_not_used": Code(
        _ERROR,
        "{quantity} of {acquisition}, picked {what}, are not taken: {why}",
        "{cure}; until then the method takes others in their place",
    ),
    "duplicate_account": Code(
        _ERROR,
        "all that {account} has (transactions: {count}) stands again in {other}: counted twice",
        "say so in a CSV file: `{account},{other}` under `Account,Same As` if they are one account, the name that is "
        "synced by API second; if both happened, `{account},{other},twice` under `Repeat,First,Counts`",
    ),
    "unread_record": Code(
        _ERROR,
        "{account}: a record of {day} could not be read ({why}); it is kept, and counts for nothing yet",
        "look it up at {account}, and import a file with a row for what it did (`taxsync import FILE --account "
        "{account}`), if anything; then say so in a CSV file: `{ref},yes,WHY` under `Record,Settled,Note`; a newer "
        "version of taxsync may read it",
    ),
    "doubtful_time": Code(
        _WARNING,
        "{account}: {what}",
        "{cure}",
    ),
    "record_settled": Code(
        _INFO,
        "{account}, {day}: a record that could not be read is settled, as you said ({note}); {why}",
        "nothing; if it is not so after all, import that line again with `open` as its second cell",
    ),
    "taken_as_moved": Code(
        _WARNING,
        "{account}, {day}: {quantity} {asset} {moved} as {what}, a kind of record that this version does not know: "
        "taken as a plain movement ({ref})",
        "look it up at {account}; if it was income, a cost or anything but a movement of your own money, say so: "
        "`taxsync label {ref} LABEL`",
    ),
    "divided_proceeds": Code(
        _WARNING,
        "{account}, {day}: {received} were paid for {assets} together, and are divided {how}",
        "the sum is right, the parts are not known; if they matter, ask {account} what each brought",
    ),
    "look_alike_asset": Code(
        _WARNING,
        "{asset} in {account} looks like {other} but is written with other characters: kept apart",
        "say so in a CSV file: `{account},{asset},{other}` under `Account,Asset,Is` if it is the same asset, "
        "`{account},{asset},{asset}` if it is not",
    ),
    "future_record": Code(
        _WARNING,
        "{account} has a record of {day}, later than it was imported",
        "check the date in the source; day and month may be swapped",
    ),
    "not_updated": Code(
        _ERROR,
        "{account}: {stream} could not be fetched in the last run; what is newer than {day} may be missing ({why})",
        "run `taxsync import` again; if the list stays out of reach, import a file with what is newer",
    ),
    "market_gone": Code(
        _WARNING,
        "{account}: {stream} can't be asked for what is no longer at the exchange: {parts}",
        "if you ever had a record there, import an export of {account} that holds it",
    ),
    "rests_on_files": Code(
        _INFO,
        "{account}: {when} {stream} is what files say ({file}); the API no longer gives it",
        "nothing, as long as the files hold all of that time",
    ),
    "not_read": Code(
        _INFO,
        "{account}: {what} are not read from {exchange}'s API, nor what moved to and from there: of that, only a "
        "balance that differs would tell",
        "nothing, if you had none of it; else take it {export}; import that (with `--map` where taxsync does not know "
        "its columns), or a file with a row for each (what margin or derivatives brought or took with Label `margin`)",
    ),
    "moved_elsewhere": Code(
        _ERROR,
        "{account}: {count} to or from {place} ({day}{to}), which are not read from {exchange}'s API: what was won, "
        "lost or paid there is missing",
        "take it {export}; import that (with `--map` where taxsync does not know its columns), or a file with a row "
        "for each (what margin or derivatives brought or took with Label `margin`); then, or if nothing is missing, "
        "say so in a CSV file: `{line}` under `Account,Stream,From,To,Note`",
    ),
    "gap_answered": Code(
        _INFO,
        "{account}: {when} nothing is missing of {stream}, as you said ({note})",
        "nothing; if it is not so after all, import that line again with `open` as its Note",
    ),
    "wallet_not_read": Code(
        _WARNING,
        "{account}: {what} could not be read in the last run ({why}); {then}",
        "run `taxsync import` again; where the key lacks the right, add it at {exchange}; if you hold nothing there, "
        "nothing",
    ),
    "not_supported": Code(
        _ERROR,
        "{account}: {count} of {kind} ({day}{to}) can't be computed: kept, but they count for nothing yet (the first: "
        "{first})",
        "take them from a statement of {account}, and import a file with a row for each: {rows}; then, or if none is "
        "missing, say so in a CSV file: `{line}` under `Account,Stream,From,To,Note`",
    ),
    "option_results": Code(
        _WARNING,
        "{account}: {count} of options ({day}{to}): what was paid or had for an option counts on its day, not when the "
        "option ended",
        "if no option was open over the end of a tax year, nothing; if one was, ask which year its premium belongs to: "
        "its rows have the Label `margin` and its name",
    ),
    "key_put_aside": Code(
        _ERROR,
        "{account}: its key is not used any more: nothing new is fetched ({why})",
        "`taxsync keys remove {account}`, revoke the key at the exchange, then add one that only reads",
    ),
    "unverified_exchange": Code(
        _WARNING,
        "{account}: {exchange} is read as ccxt describes it, which was never tried: conversions, rewards, dust and "
        "whatever else it lists apart from trades, deposits and withdrawals may be missing",
        "compare what {account} should hold, and some rows of each kind, with what {exchange} shows; import what is "
        "missing as a file",
    ),
    "short_history": Code(
        _ERROR,
        "{account}: {why}",
        "{cure}",
    ),
    "not_fetched": Code(
        _ERROR,
        "{account}: {stream} was never fetched{because}; its records are missing",
        "run `taxsync import`, which fetches all of it; where the key lacks the right, add it at {exchange} first",
    ),
    "list_not_given": Code(
        _WARNING,
        "{account}: {stream} {happened}{because}; {loss}",
        "run `taxsync import`; where the key lacks the right, add it at {exchange} first; if {exchange} has nothing of "
        "that kind for you, nothing",
    ),
    "stored_in_part": Code(
        _ERROR,
        "{account}: {stream} is not fetched to its end{because}; records are missing",
        "run `taxsync import`; it goes on where it stopped",
    ),
}
