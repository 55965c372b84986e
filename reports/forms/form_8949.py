"""Form 8949 (United States): the year's taxed disposals, Part I short-term, Part II long-term.

One row per part of a lot. Figures are in dollars and cents, or in whole dollars where the taxpayer has chosen so for
the whole return, rounded half up; the gain comes from the rounded cells, as on the paper. A disposal without a known
price can't be filed: it is left out, and an issue says so. Sources: Form 8949 and its instructions (2025); which box
goes with which Form 1099-DA: Instructions for Form 1099-DA, "Applicable checkbox on Form 8949" (codes G, H, J, K).

Where the account's Forms 1099-DA were imported, (d) is what they tell, in boxes G and J (e) too, and (g) with its code
in (f) makes the ledger's gain of it: B, E, T as the instructions have them ("How To Complete Form 8949, Columns (f) and
(g)"; read in a condensed copy), O for what they have no code for. Else the box is the person's word, per account and
year. Results of margin and derivatives are contracts, no digital assets: boxes C and F.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache, partial
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.local import local_day
from pipeline.model import Disposal, Rule, Term
from pipeline.money import EXACT, ZERO, exact, plain
from pipeline.reported import FIRST_YEAR, Piece
from reports.forms import Form
from reports.forms.lines import cents, nearest, not_yet
from reports.forms.tax_software import NAMES, ForTaxSoftware
from reports.table import Column, Made, Report, Row, Table, Type
from reports.tables import taxed_of

COLUMNS = (
    Column("description", Type.TEXT, "(a) units and asset"),
    Column(
        "date_acquired",
        Type.FORM_DAY,
        "(b) day acquired, MM/DD/YYYY; VARIOUS of an average; empty where no acquisition is on record",
    ),
    Column("date_sold", Type.FORM_DAY, "(c) day sold or disposed of, MM/DD/YYYY"),
    Column("proceeds", Type.CENTS, "(d) proceeds"),
    Column("cost_basis", Type.CENTS, "(e) cost or other basis"),
    Column("code", Type.TEXT, "(f) code of the adjustment"),
    Column("adjustment", Type.CENTS, "(g) amount of the adjustment"),
    Column("gain", Type.CENTS, "(h) gain or loss: (d) - (e) + (g)"),
    Column("box", Type.TEXT, "which box is checked on the row's page"),
    Column("part", Type.TEXT, "I short-term, II long-term"),
)

# Boxes of Parts I and II by what the broker's 1099-DA tells; nobody had one before.
_BOXES = {
    "no": {"I": "I", "II": "L"},
    "proceeds": {"I": "H", "II": "K"},
    "basis": {"I": "G", "II": "J"},
}
_BOXES_BEFORE = {"I": "C", "II": "F"}
_FIRST_FORM, _FIRST_OF_F = 2011, 2013  # the form of 2012 has (A) to (C) in Part II too: the IRS's style sheet


class Entry(Struct, frozen=True, gc=False):
    """One row of the form, its columns (d) to (h) as they are written; `why`: the reason of its box. `piece`: the units
    that one Form 1099-DA tells of, of a disposal that others may tell of too; None: all of it, no form tells of it."""

    disposal: Disposal
    piece: Piece | None
    quantity: Decimal
    box: str
    why: str
    proceeds: Decimal
    cost: Decimal
    code: str
    adjustment: Decimal
    gain: Decimal
    exact_gain: Decimal


@lru_cache(maxsize=1)  # the other forms of the return read it too
def table(report: Report) -> Table:
    """The rows of Part I, then those of Part II, each in order of time."""
    words = {d.id: d.words for d in report.result.derivatives}
    return Table("form_8949", COLUMNS, Made(entries(report), partial(_row, report.zone, words)))


@lru_cache(maxsize=1)
def entries(report: Report) -> Made[Entry]:
    """The rows of the form in their order."""
    paid = {t.id for t in report.result.transactions if t.fee is not None} if report.brokers.pieces else set()
    money, box = unit(report), cache(partial(_box, report))

    def entry(of: Disposal | Piece) -> Entry:
        if isinstance(of, Disposal):
            return _untold(of, box(of.account, _part(of), of.id.endswith(_RESULT)), money)
        with exact():
            return _told(of, money, of.disposal.id.partition(".")[0] in paid)

    return Made(_subjects(report), entry)


@lru_cache(maxsize=1)
def _subjects(report: Report) -> list[Disposal | Piece]:
    """What each row is of: a part of a disposal that a Form 1099-DA tells of, or a disposal of which none does."""
    pieces: dict[int, list[Piece]] = defaultdict(list)
    for piece in report.brokers.pieces:
        pieces[id(piece.disposal)].append(piece)
    return [each for d in sorted(taxed_of(report), key=_part) for each in pieces.get(id(d), [d])]


def unit(report: Report) -> Callable[[Decimal], Decimal]:
    """How amounts are rounded in all forms of the return, by choice: "you must round all amounts" or none
    (Instructions for Form 1040, "Rounding off to whole dollars": 50 cents and more up)."""
    return nearest if report.rules.chosen.get("form_amounts") == "whole-dollars" else cents


def notes(report: Report) -> list[str]:
    """What is to be settled about Forms 1099-DA, and what other programs do not get."""
    listed = filed(report)
    told, setting = report.form_1099_da, f"[form_1099_da.{report.period.name}] in taxsync.toml"
    kinds = {(d.account, d.id.endswith(_RESULT)) for d in listed}
    digital = {account for account, result in kinds if not result}
    accounts = sorted(digital - report.brokers.accounts) if _is_digital(report) else []
    unsaid = [name for name in accounts if name not in told]
    reported = [name for name in accounts if told.get(name, "no") != "no"]
    unknown = sorted(told.keys() - digital) if accounts else []
    found = []
    if unsaid:
        found.append(
            f"No Form 1099-DA is known for {', '.join(unsaid)}: boxes I and L. What a broker reported on one belongs "
            "in H and K, or in G and J where its box 2 says that the basis was reported: import the form, or write "
            f'{json.dumps(unsaid[0])} = "proceeds", "basis" or "no" under {setting}, then run report again.'
        )
    if reported:
        found.append(
            f"For {', '.join(reported)} compare each row with the Form 1099-DA: (d), and in G and J (e), have to be as "
            "on it, a difference goes to (g) with its code in (f); a row that it lacks belongs in I or L."
        )
    if unknown:
        found.append(f"{setting} names {', '.join(unknown)}: no row of this form is of an account with that name.")
    if listed:
        found += not_yet(report, "Form 8949", _FIRST_FORM, "Its rows belong on Schedule D itself, lines 1 and 8.")
        if _FIRST_FORM <= report.period.last.year < _FIRST_OF_F:
            found.append("Before 2013 the boxes of Part II are A to C as in Part I: C in place of F.")
    parts = report.brokers.pieces  # of others no form tells anything that differs
    adjusted = sum(bool(entry.adjustment) for entry in entries(report)) if parts else 0
    if adjusted:
        found.append(
            f"{adjusted} row(s) have an amount in (g), for which the files for tax programs have no place: their cost "
            "is (e) - (g) there, so that the gain is right; enter these rows by hand."
        )
    if any(result for _, result in kinds):
        found.append(
            "Results of margin and derivatives stand in boxes C and F, without the day on which the position was "
            "opened: fill it in. Regulated futures (section 1256) belong on Form 6781 instead."
        )
    return found


def filed(report: Report) -> list[Disposal]:
    """The disposal of each row, in their order; one that several forms tell of has several rows."""
    return [of if isinstance(of, Disposal) else of.disposal for of in _subjects(report)]


def sales(report: Report) -> list[list[Disposal]]:
    """The one disposal of each row."""
    return [[d] for d in filed(report)]


def _is_digital(report: Report) -> bool:
    return report.period.last.year >= FIRST_YEAR


def _part(disposal: Disposal) -> str:
    return "II" if disposal.term is _LONG else "I"


_LONG, _MISSING = Term.LONG, Rule.MISSING  # by these names in a third of the time
_RESULT = ".margin"  # how ids of results of margin and derivatives end
_WHY = {
    "basis": "the account's 1099-DA tells the basis, by taxsync.toml",
    "proceeds": "the account's 1099-DA tells no basis, by taxsync.toml",
    "no": "no 1099-DA, by taxsync.toml",
}


def _box(report: Report, account: str, part: str, result: bool) -> tuple[str, str]:
    """The box of what no imported form tells of, and why. `result`: of margin or derivatives."""
    if result:
        return _BOXES_BEFORE[part], "a contract, no digital asset"
    if not _is_digital(report):
        return _BOXES_BEFORE[part], "before 2025 nobody got a 1099-DA"
    if account in report.brokers.accounts:
        return _BOXES["no"][part], "on no row of the account's 1099-DA"
    told = report.form_1099_da.get(account)
    return _BOXES[told or "no"][part], "no 1099-DA is known" if told is None else _WHY[told]


def _untold(d: Disposal, box_and_why: tuple[str, str], money: Callable[[Decimal], Decimal]) -> Entry:
    assert d.proceeds is not None
    proceeds, cost = money(d.proceeds), money(d.cost_basis)
    box, why = box_and_why
    gain = EXACT.subtract(proceeds, cost)
    return Entry(d, None, d.quantity, box, why, proceeds, cost, "", _nothing(money), gain, d.gain or ZERO)


def _told(piece: Piece, money: Callable[[Decimal], Decimal], paid: bool) -> Entry:
    """The row of units that a Form 1099-DA tells of. `paid`: the transaction had a fee."""
    d, form = piece.disposal, piece.row
    assert piece.proceeds is not None
    told, proceeds, cost = money(piece.told_proceeds), money(piece.proceeds), money(piece.cost)
    reported = form.basis_reported and piece.told_basis is not None
    codes = set()
    if not _differ(piece.told_proceeds, piece.proceeds, money):
        proceeds = told
    else:
        codes.add("E" if proceeds < told and paid else "O")
    basis = cost
    if piece.told_basis is not None:
        basis = money(piece.told_basis) if reported else cost
        if _differ(piece.told_basis, piece.cost, money):
            codes.add("B")
        elif reported:
            cost = basis
    if form.term not in ("", d.term.value):
        codes.add("T")
    gain = proceeds - cost
    why = "1099-DA with basis reported to the IRS (box 2)" if reported else "1099-DA without basis reported to the IRS"
    why += " (noncovered, box 9)" if form.noncovered else ""
    return Entry(
        d, piece, piece.quantity, _BOXES["basis" if reported else "proceeds"][_part(d)], why, told, basis,
        "".join(sorted(codes)), gain - (told - basis), gain, piece.proceeds - piece.cost,
    )  # fmt: skip


@lru_cache
def _nothing(money: Callable[[Decimal], Decimal]) -> Decimal:
    """The 0 of every row without an adjustment."""
    return money(ZERO)


def _differ(told: Decimal, ours: Decimal, money: Callable[[Decimal], Decimal]) -> bool:
    """Whether two amounts differ by more than rounding."""
    return abs(told - ours) >= _CENT and money(told) != money(ours)


_CENT = Decimal("0.01")


def _row(zone: ZoneInfo, words: Mapping[str, str], entry: Entry) -> Row:
    d = entry.disposal
    result = d.id.endswith(_RESULT)
    if result:
        units = f"margin or derivatives: {words.get(d.id.removesuffix(_RESULT), '')}".removesuffix(": ")
    else:
        units = f"{plain(entry.quantity)} {d.asset}"
    unknown = result or d.rule is _MISSING
    acquired = "" if unknown else _day(d.acquired_at, zone) if d.acquired_at else "VARIOUS"
    return (
        units, acquired, _day(d.disposed_at, zone), entry.proceeds, entry.cost, entry.code, entry.adjustment,
        entry.gain, entry.box, _part(d),
    )  # fmt: skip


def _day(at: datetime, zone: ZoneInfo) -> str:
    return _written(local_day(at, zone))


@lru_cache(maxsize=8192)
def _written(day: date) -> str:
    return f"{day.month:02}/{day.day:02}/{day.year:04}"


FORM = Form(
    "form_8949.csv",
    "Form 8949",
    table,
    totals_by=("part", "box"),
    notes=notes,
    sales=sales,
    source="Form 8949 and instructions, 2025; read",
    also=lambda report: ForTaxSoftware(report, COLUMNS),
    also_named=NAMES,
)
