"""Forms 1099-DA (United States) beside the ledger: what each tells, what the records say, and what to write where.

One row for each form that was imported, in the order of its file; then one for each row of Form 8949 of an account
that has forms, of which none tells. `form_8949.csv` has the boxes, codes and adjustments that stand here. Sources:
Instructions for Form 8949 (2025), columns (f) and (g), and for Form 1099-DA (2026), boxes; the first in a condensed
copy, the second read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec import Struct

from pipeline.model import Disposal, Rule, Term
from pipeline.money import ZERO, exact, plain
from pipeline.reported import CURRENCY, Piece, Reported
from reports.forms import Form, form_8949
from reports.forms.form_8949 import Entry
from reports.forms.lines import cents, exactly
from reports.forms.taxed import day_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("status", Type.TEXT, "matched, differs, missing here (no sale on record), missing there (on no form)"),
    Column("account", Type.TEXT),
    Column("form", Type.TEXT, "file and row of the form"),
    Column("asset", Type.TEXT),
    Column("quantity", Type.QUANTITY, "1c"),
    Column("quantity_here", Type.QUANTITY),
    Column("sold", Type.DAY, "1e"),
    Column("sold_here", Type.DAY, "the first, where there are several"),
    Column("proceeds", Type.CENTS, "1f"),
    Column("proceeds_here", Type.CENTS, "empty where no price is known"),
    Column("basis", Type.CENTS, "1g; empty where it is not told"),
    Column("basis_here", Type.CENTS),
    Column("acquired", Type.DAY, "1d; empty where it is not told, or of several days"),
    Column("acquired_here", Type.TEXT, "or VARIOUS"),
    Column("term", Type.TEXT, "box 6, or by the letter for Form 8949"),
    Column("term_here", Type.TEXT),
    Column("box", Type.TEXT, "of Form 8949; several where the form is several rows of it"),
    Column("reason", Type.TEXT, "why this box"),
    Column("differences", Type.TEXT),
    Column("code", Type.TEXT, "what to write in (f)"),
    Column("adjustment", Type.MONEY, "what to write in (g), of all its rows"),
    Column("to_do", Type.TEXT, "what to write where, and what to look at"),
    Column("disposal_id", Type.ID, "the first of them"),
)
MATCHED, DIFFERS, MISSING_HERE, MISSING_THERE = "matched", "differs", "missing here", "missing there"


@exactly
def table(report: Report) -> Table:
    """The forms in the order of their files, then what none tells of."""
    pieces, rows = defaultdict[Reported, list[Piece]](list), defaultdict[Reported, list[Entry]](list)
    for piece in report.brokers.pieces:
        pieces[piece.row].append(piece)
    listed = form_8949.entries(report) if report.brokers.accounts else ()
    for entry in listed:
        if entry.piece is not None:
            rows[entry.piece.row].append(entry)
    found = [_told(form, of, rows[form], report) for form, of in pieces.items()]
    there = {id(d) for d in report.brokers.missing_there}
    left = [entry for entry in listed if id(entry.disposal) in there]
    near = _near(report.brokers.missing_here, left, report)
    found += [_missing_here(form, near) for form in report.brokers.missing_here]
    found += [_missing_there(entry, report, near) for entry in left]
    return Table("form_1099_da", COLUMNS, found)


def _told(form: Reported, pieces: Sequence[Piece], rows: Sequence[Entry], report: Report) -> tuple[Value, ...]:
    parts = [piece.disposal for piece in pieces]
    differences = list(_differences(form, pieces, rows, report))
    known = [piece.proceeds for piece in pieces if piece.proceeds is not None]
    first = min(parts, key=lambda d: d.disposed_at)
    return (
        DIFFERS if differences else MATCHED, form.account, form.place, form.asset, form.quantity,
        sum((piece.quantity for piece in pieces), ZERO), form.sold, day_of(first.disposed_at, report),
        cents(form.proceeds), cents(sum(known, ZERO)) if len(known) == len(pieces) else None,
        None if form.basis is None else cents(form.basis), cents(sum((piece.cost for piece in pieces), ZERO)),
        form.acquired, _acquired(parts, report), form.term, _joined(d.term.value for d in parts),
        _joined(row.box for row in rows), _joined(row.why for row in rows),
        ", ".join(name for name, _ in differences), "".join(sorted(set("".join(row.code for row in rows)))),
        sum((row.adjustment for row in rows), ZERO), " ".join(what for _, what in differences), first.id,
    )  # fmt: skip


def _joined(words: Iterable[str]) -> str:
    return ", ".join(sorted({word for word in words if word}))


def _acquired(parts: Sequence[Disposal], report: Report) -> str:
    days = {day_of(d.acquired_at, report) if d.acquired_at else None for d in parts}
    if len(days) > 1:
        return "VARIOUS"
    (day,) = days
    return day.isoformat() if day else "" if parts[0].rule is Rule.MISSING else "VARIOUS"


class _Near(Struct, frozen=True):
    """Of what is left over: the units sold of an account's asset about a form's day, and the form about a sale's."""

    units: Mapping[Reported, Decimal]
    form: Mapping[int, Reported]  # by the id of the row of Form 8949


def _near(forms: Sequence[Reported], left: Sequence[Entry], report: Report) -> _Near:
    days: dict[tuple[str, str, date], list[Entry]] = defaultdict(list)
    for entry in left:
        d = entry.disposal
        days[d.account, d.asset, day_of(d.disposed_at, report)].append(entry)
    units, told = dict[Reported, Decimal](), dict[int, Reported]()
    for form in forms:
        about = [form.sold + timedelta(off) for off in (-1, 0, 1)] if form.sold else []
        for day in about:
            for entry in days.get((form.account, form.asset, day), ()):
                units[form] = units.get(form, ZERO) + entry.quantity
                told.setdefault(id(entry), form)
    return _Near(units, told)


def _missing_here(form: Reported, near: _Near) -> tuple[Value, ...]:
    box = {"long": "J" if form.basis_reported else "K", "short": "G" if form.basis_reported else "H"}.get(form.term, "")
    what = (
        f"Import what is missing from {form.account}. If the form is right and its records are gone, Form 8949 needs a "
        f"row{f' in box {box}' if box else ''} with (d) {plain(cents(form.proceeds))}; if it is wrong, ask for a "
        "corrected one."
    )
    if form in near.units:
        units = plain(near.units[form])
        what += (
            f" About that day {units} {form.asset} were sold by the records, which are on no form: compare the units."
        )
    return (
        MISSING_HERE, form.account, form.place, form.asset, form.quantity, None, form.sold, None, cents(form.proceeds),
        None, None if form.basis is None else cents(form.basis), None, form.acquired, "", form.term, "", "", "",
        "no sale on record" + (f", a sum of {form.aggregate}" if form.aggregate else ""), "", None, what, "",
    )  # fmt: skip


def _missing_there(entry: Entry, report: Report, near: _Near) -> tuple[Value, ...]:
    d = entry.disposal
    other = near.form.get(id(entry))
    why = f": the IRS was not told of it by {d.account}."
    if other is not None:
        why = f", unless it is what {other.place} tells with other units: settle that first."
    return (
        MISSING_THERE, d.account, "", d.asset, None, entry.quantity, None, day_of(d.disposed_at, report), None,
        entry.proceeds, None, entry.cost, None, _acquired([d], report), "", d.term.value, entry.box, entry.why,
        "on no form", "", None, f"Report it in box {entry.box}{why}", d.id,
    )  # fmt: skip


# ---- differences ------------------------------------------------------------------------------


class _Seen(Struct, frozen=True):
    """A form, and all that is on the other side."""

    form: Reported
    pieces: Sequence[Piece]
    codes: frozenset[str]
    report: Report

    def came_in(self) -> bool:
        """Whether box 1d is the day on which units only came in from elsewhere: box 12b, or a transfer on record."""
        if self.form.acquired == self.form.transferred:
            return True
        there = (
            t for t in self.report.result.transactions
            if t.id in self.report.result.transfers and t.received is not None and t.account == self.form.account
        )  # fmt: skip
        days = {day_of(t.at, self.report) for t in there if t.received and t.received.asset == self.form.asset}
        return self.form.acquired in days


def _differences(
    form: Reported, pieces: Sequence[Piece], rows: Sequence[Entry], report: Report
) -> Iterator[tuple[str, str]]:
    """Each with what to do about it."""
    seen = _Seen(form, pieces, frozenset("".join(row.code for row in rows)), report)
    for kind in (_units, _day, _proceeds, _basis, _dates, _term, _checked):
        yield from kind(seen)


def _units(seen: _Seen) -> Iterator[tuple[str, str]]:
    if seen.form in seen.report.brokers.other_quantity:
        yield "quantity", "The units differ: see whether a fee in coins or a record is missing on one side."


def _day(seen: _Seen) -> Iterator[tuple[str, str]]:
    days = {day_of(piece.disposal.disposed_at, seen.report) for piece in seen.pieces}
    if seen.form.sold is not None and days != {seen.form.sold}:
        yield "date sold", f"(c) has the day in {seen.report.zone.key}; the broker's may be that of another time zone."


def _proceeds(seen: _Seen) -> Iterator[tuple[str, str]]:
    if any(piece.proceeds is None for piece in seen.pieces):
        yield (
            "no price here",
            ("It can't stand on Form 8949 before its price is known: put what the form tells into a price file."),
        )
    elif "E" in seen.codes:
        yield "proceeds", "(d) as on the form; code E and (g) take off the costs of sale that it leaves out."
    elif "O" in seen.codes:
        yield "proceeds", "(d) as on the form; (g) corrects it, code O: keep what shows your own value."


def _basis(seen: _Seen) -> Iterator[tuple[str, str]]:
    if "B" in seen.codes and seen.form.basis_reported:
        yield "basis", "(e) as on the form, since the IRS was told it; code B, and (g) corrects it."
    elif "B" in seen.codes:
        yield (
            "basis",
            "(e) has your own basis with code B: the form's was not reported to the IRS, so (g) has 0 for it.",
        )


def _dates(seen: _Seen) -> Iterator[tuple[str, str]]:
    told, near = seen.form.acquired, timedelta(days=1)
    days = [day_of(p.disposal.acquired_at, seen.report) for p in seen.pieces if p.disposal.acquired_at]
    if told is None or any(abs(day - told) <= near for day in days):
        return
    if days and max(days) < told and seen.came_in():
        yield (
            "date acquired is the transfer-in",
            (
                "The broker took the day on which the units came in for that of their purchase, which (b) has; what "
                "they were worth that day is no basis."
            ),
        )
    else:
        yield "date acquired", "(b) has the day by your records: keep what shows which lot was sold."


def _term(seen: _Seen) -> Iterator[tuple[str, str]]:
    form = seen.form
    if "T" in seen.codes:
        parts = _joined("II" if p.disposal.term is Term.LONG else "I" for p in seen.pieces)
        yield "term", f"Report it in Part {parts}, where it belongs, with code T; (g) has 0 for it."
    elif form.code == "Y":
        yield "term not known there", "The broker does not know how long the units were held (Y): your records say it."
    if form.ordinary:
        yield (
            "ordinary",
            (
                "Box 6 says that the gain may be ordinary: as far as it is, it does not belong on Form 8949; ask an "
                "adviser."
            ),
        )


def _checked(seen: _Seen) -> Iterator[tuple[str, str]]:
    form = seen.form
    if form.code in ("G", "J") and not (form.basis_reported and form.basis is not None):
        yield "checkbox", f"The form names box {form.code}, and yet tells no basis reported to the IRS (box 2)."
    if form.code in ("H", "K") and form.basis_reported and form.basis is not None:
        yield "checkbox", f"The form names box {form.code}, and yet box 2 says that the basis was reported."
    if form.no_loss:
        yield "loss not allowed", "Box 5: a loss is not allowed: add code L, with it as a positive amount in (g)."
    if form.disallowed:
        yield "wash sale", f"Box 1i: add code W and {plain(form.disallowed)} in (g), if it is a security."


# ---- how much is matched ----------------------------------------------------------------------


def figures(report: Report) -> list[tuple[str, int | Decimal]]:
    """For the summary: how many forms there are, how many fit, and the proceeds on both sides; none without forms."""
    found = report.brokers
    if not found.accounts:
        return []
    pieces = defaultdict[Reported, Decimal](Decimal)
    with exact():
        for piece in found.pieces:
            pieces[piece.row] += piece.proceeds or ZERO
        matched, here = list(pieces), found.missing_here
        differing = sum(row[0] == DIFFERS for row in table(report).rows)
        told, missing = (sum((form.proceeds for form in forms), ZERO) for forms in (matched, here))
        there = [d.proceeds for d in found.missing_there if d.proceeds is not None]
        return [
            ("rows", len(matched) + len(here)), ("matched_rows", len(matched)), ("differing_rows", differing),
            ("missing_here_rows", len(here)), ("missing_there_rows", len(there)),
            ("proceeds", told + missing), ("matched_proceeds", told),
            ("matched_proceeds_here", sum(pieces.values(), ZERO)), ("missing_here_proceeds", missing),
             ("missing_there_proceeds", sum(there, ZERO)),
        ]  # fmt: skip


def notes(report: Report) -> list[str]:
    """How much of the year is matched, and what else the forms tell."""
    told = dict(figures(report))
    if not told:
        return []
    found = [
        f"{told['matched_rows']} of {told['rows']} rows of Forms 1099-DA are matched, with "
        f"{_dollars(told['matched_proceeds'])} of {_dollars(told['proceeds'])} {CURRENCY} of proceeds; "
        f"{told['differing_rows']} of them differ in something. Of these accounts' sales here "
        f"{told['missing_there_rows']} ({_dollars(told['missing_there_proceeds'])} {CURRENCY}) are on no form."
    ]
    forms = {piece.row for piece in report.brokers.pieces} | set(report.brokers.missing_here)
    with exact():
        withheld = sum((form.withheld for form in forms), ZERO)
    if withheld:
        found.append(
            f"Box 4: {_dollars(withheld)} {CURRENCY} of federal income tax were withheld: Form 1040, line 25b."
        )
    return found


def _dollars(amount: Decimal | int) -> str:
    return f"{cents(Decimal(amount)):,}"


FORM = Form(
    "form_1099_da.csv",
    "Form 1099-DA",
    table,
    totals_by=("status",),
    notes=notes,
    source="Form 1099-DA and instructions, 2026; read. Line 25b of Form 1040 from memory",
)
