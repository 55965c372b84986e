"""The workbook of open questions: its sheets and the words of its answers, for who writes it and who reads it.

A sheet is one kind of question, told by the heading of its first column; a row is one question. What is known stands
first, then what is proposed, then the cells to fill in. Rows of one's own may be added, and rows copied.
"""

from datetime import date
from decimal import Decimal

from msgspec import Struct

DATE, ACCOUNT, ASSET, QUANTITY, KNOWN, EFFECT = "Date", "Account", "Asset", "Quantity", "What is known", "Effect"
PROPOSED, ANSWER, NOTE = "Proposed", "Answer", "Note"
UP_TO = "Changes up to"  # in the reporting currency, which stands behind it
IF_PROPOSED = "If as proposed"
ACQUIRED, UNITS, COST, COST_CURRENCY, CAME_BY = "Acquired", "Units", "Cost", "Cost Currency", "Came by"
CURRENCY = "Currency"
FIRST = "First"  # what a row that may stand twice repeats
LIST, SINCE, UNTIL = "List", "From", "To"  # of a time without records: which list of the account, and its days

# Answers; besides them labels, numbers and codes.
AS_PROPOSED = "as proposed"
FIRST_COUNTS, SECOND_COUNTS, BOTH_COUNT = "count the first", "count the second", "count both"
ONE_ACCOUNT = "one account"
NOTHING_MISSING = "nothing missing"
SETTLED = "settled"  # what a record did stands elsewhere, or is nothing
STILL_MINE = "still mine"  # what left is in a place of one's own that has no records
BOUGHT = "bought"  # when and for how much the other cells say
WORTHLESS = "worthless"  # came unasked, and counts as nothing
TO, FROM = "to ", "from "  # and the id of a transfer's other side
LOT = "lot "  # before the id of an opening lot that was given without its cost, in place of a question's own


class Layout(Struct, frozen=True, gc=False):
    """One sheet: its title, the heading that it is known by, what to do with it, and the cells to fill in besides
    Answer and Note."""

    title: str
    key: str
    about: str
    inputs: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All headings, in order."""
        return (
            self.key, DATE, ACCOUNT, ASSET, QUANTITY, KNOWN, UP_TO, EFFECT, PROPOSED, IF_PROPOSED, ANSWER,
            *self.inputs, NOTE,
        )  # fmt: skip


_LOT = (ACQUIRED, UNITS, COST, COST_CURRENCY)

MOVES = Layout(
    "Deposits and withdrawals",
    "Deposit or withdrawal",
    "What came from nowhere on record, or left to nowhere. Say what it was (a label), `still mine`, or from or to "
    "which row it moved. `bought`: fill in when, and for how much in all; a Note has to say what shows it. Bought at "
    "several times: copy the row, and say how many units each is of.",
    _LOT,
)
TRANSFERS = Layout(
    "Transfers",
    "Transfer",
    "Rows that have more than one possible other side, or one of another amount. Choose it; or say what the row was. "
    "To confirm a transfer of which a part never arrived, take the proposal.",
    _LOT,
)
PURCHASES = Layout(
    "Missing purchases",
    "Missing purchase",
    "Units that were sold or given without a purchase on record. `bought`: fill in when, how many units, and for how "
    "much in all, with fees; a Note has to say what shows it. Bought at several times: copy the row, with its units. "
    "Where nothing shows it any more: Cost 0, and the last day on which it can have been. What came as something else "
    "than its record says: a label.",
    (*_LOT, CAME_BY),
)
PRICES = Layout(
    "Missing prices",
    "Missing price",
    "What one unit was worth that day, in the Currency beside it: type the number as the Answer.",
    (CURRENCY,),
)
AIRDROPS = Layout(
    "Airdrops",
    "Airdrop",
    "What came unasked. `worthless`: it counts as nothing, at no cost. If it was worth something: type what one unit "
    "was worth that day as the Answer, or say what it was: a label, `bought`, or from which row it moved.",
    (CURRENCY, *_LOT),
)
ASSETS = Layout(
    "Assets",
    "Asset question",
    "Codes that may mean another coin than the rest of the ledger, or none that is known. Answer with the code that it "
    "shall have in the ledger (one that you make up keeps it apart), or with its own code, if that is right.",
)
DUPLICATES = Layout(
    "Duplicates",
    "Repeat",
    "What stands twice in the records, in two accounts: a transaction, or all that an account has. Say which of the "
    "two counts, the one in First or this row; or that both do, as both happened. `one account`: its records were "
    "imported under two names, of which First stays.",
    (FIRST,),
)
GAPS = Layout(
    "Gaps",
    "Gap",
    "Times that an exchange does not give any more. Import a file that has them; or, if there was nothing, "
    "`nothing missing`: a Note has to say why (no account yet, ...). List, From and To may be changed.",
    (LIST, SINCE, UNTIL),
)
RECORDS = Layout(
    "Unread records",
    "Record",
    "Records that this version does not understand; they count for nothing. Look them up, and import a file with a row "
    "for what each did. Then, or if one did nothing, `settled`: a Note has to say where that row stands, or why.",
)
LAYOUTS = (MOVES, TRANSFERS, PURCHASES, PRICES, AIRDROPS, ASSETS, DUPLICATES, GAPS, RECORDS)


class Question(Struct, frozen=True, gc=False):
    """One row. `day`: the taxpayer's. `quantity`: exact text. `up_to`: by how much a year's gain may change at most,
    whatever is answered (None: there is no telling), `effect`: the same in words; `if_proposed`: what the proposed
    answer does to figures ("": not computed). `filled`: what stands in the layout's inputs already."""

    layout: Layout
    key: str
    day: date | None
    account: str
    asset: str
    quantity: str
    known: str
    up_to: Decimal | None
    effect: str
    proposed: str
    choices: tuple[str, ...]
    filled: tuple[str, ...] = ()
    if_proposed: str = ""


def rank(question: Question) -> tuple[object, ...]:
    """What there is no telling of first, then by what it may change, then by day."""
    up_to = question.up_to
    return (up_to is not None, -up_to if up_to is not None else 0, str(question.day or ""), question.asset,
            question.account, question.key)  # fmt: skip
