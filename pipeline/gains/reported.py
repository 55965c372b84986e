"""Forms 1099-DA beside the disposals of their year: which tells of which.

    compared(disposals, forms, zone)        # those of one year

A broker may tell of one sale on several forms (each lot, each term), of several sales on one, and of all sales of a
stablecoin in one sum. Within an account and asset, forms and disposals belong together whose units are equal and whose
days are no more than one apart (a broker's day is that of its own time zone): one with one first, the nearest
proceeds before others, then one with several, then all of a day with all of it. Nothing else is guessed: what is left
over is told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.gains.sums import adding_up, by_day, total
from pipeline.issues import Issue
from pipeline.model import Disposal, Kind
from pipeline.money import ZERO, exact, plain, round_to, split
from pipeline.reported import Compared, Piece, Reported
from pipeline.rules.base import midnight

DAYS = 1  # what a broker's time zone may make of a day
UNITS = Decimal("1e-8")  # of one form: brokers write no fewer decimals
CENT = Decimal("0.01")
NEAR = Decimal("0.02")  # units that differ by no more, of all that is left of a day, are one sale with a fee in coins
_PLACES, _MOST, _TRIES = 8, 40, 5_000  # decimals of a key; members that are combined; combinations that are tried

T = TypeVar("T")

DayOf = Callable[[Disposal], date]


class _Sale(Struct, frozen=True):
    """Parts of disposals that a form may tell of together: those of one transaction, with or without its fee."""

    parts: tuple[Disposal, ...]
    quantity: Decimal
    proceeds: Decimal | None
    day: date


Group = tuple[Sequence[Reported], Sequence[Disposal]]


def compared(disposals: Iterable[Disposal], forms: Sequence[Reported], zone: ZoneInfo) -> Compared:
    """What of a year's forms and disposals belongs together. Gifts and the like are no sales."""
    accounts = frozenset(form.account for form in forms)
    places: dict[tuple[str, str], list[Disposal]] = defaultdict(list)
    for d in disposals:
        if d.account in accounts and d.taxed and not d.id.endswith(".margin"):
            places[d.account, d.asset].append(d)
    rows: dict[tuple[str, str], list[Reported]] = defaultdict(list)
    for form in forms:
        rows[form.account, form.asset].append(form)
    pieces, here, other = list[Piece](), list[Reported](), set[Reported]()
    used: set[int] = set()

    def day_of(d: Disposal) -> date:
        return d.disposed_at.astimezone(zone).date()

    with exact():
        for place, of_place in rows.items():
            match = _Match(of_place, places[place], day_of)
            for told, parts in match.groups():
                used.update(map(id, parts))
                pieces += _pieces(told, parts)
                if _differ(told, parts):
                    other.update(told)
            here += match.rows()
    there = tuple(d for listed in places.values() for d in listed if id(d) not in used)
    order = {form: number for number, form in enumerate(forms)}
    pieces.sort(key=lambda piece: order[piece.row])
    here.sort(key=order.__getitem__)
    return Compared(tuple(pieces), tuple(here), there, accounts, frozenset(other))


def _differ(told: Sequence[Reported], parts: Sequence[Disposal]) -> bool:
    return abs(total(r.quantity for r in told) - total(d.quantity for d in parts)) > UNITS * len(told)


# ---- what belongs together --------------------------------------------------------------------


class _Match:
    """The forms and disposals of one asset in one account, and what of them is left over so far."""

    def __init__(self, rows: Sequence[Reported], parts: Sequence[Disposal], day_of: DayOf) -> None:
        self._rows, self._parts, self._day_of = rows, parts, day_of
        self._gone: set[int] = set()

    def rows(self) -> list[Reported]:
        return [row for row in self._rows if id(row) not in self._gone]

    def _left(self) -> list[Disposal]:
        return [d for d in self._parts if id(d) not in self._gone]

    def _is_left(self, *members: Reported | Disposal) -> bool:
        return not any(id(each) in self._gone for each in members)

    def _taken(self, rows: Sequence[Reported], parts: Sequence[Disposal]) -> Group:
        self._gone.update(id(each) for each in (*rows, *parts))
        return rows, parts

    def groups(self) -> Iterator[Group]:
        """Each way in its turn, the surest first."""
        yield from self._one_to_one(self._sales())
        yield from self._one_to_one([self._sale([d]) for d in self._left()])
        yield from self._several_on_one()
        yield from self._one_on_several()
        for near in (False, True):
            yield from self._whole_days(near)
        yield from self._aggregates()

    def _sale(self, parts: Sequence[Disposal]) -> _Sale:
        known = [d.proceeds for d in parts if d.proceeds is not None]
        proceeds = total(known) if len(known) == len(parts) else None
        return _Sale(tuple(parts), total(d.quantity for d in parts), proceeds, self._day_of(parts[0]))

    def _sales(self) -> list[_Sale]:
        """Whole transactions: what was sold, its fee in coins, and both (which brokers may report as one)."""
        found: dict[str, tuple[list[Disposal], list[Disposal]]] = defaultdict(lambda: ([], []))
        for d in self._left():
            found[d.id.partition(".")[0]][d.kind is Kind.FEE].append(d)
        chosen = [(sold, fees, sold + fees) if sold and fees else (sold or fees,) for sold, fees in found.values()]
        return [self._sale(parts) for each in chosen for parts in each]

    def _one_to_one(self, sales: Sequence[_Sale]) -> Iterator[Group]:
        """Equal units: first of the day at about its proceeds, then within a day, then at any; of several the nearest
        in proceeds."""
        by_key: dict[tuple[Decimal, date], list[_Sale]] = defaultdict(list)
        for sale in sales:
            by_key[round_to(sale.quantity, _PLACES), sale.day].append(sale)
        for days, near in ((0, True), (DAYS, True), (DAYS, False)):
            pairs: list[tuple[tuple[Decimal, bool, int], Reported, _Sale]] = []
            for row in self.rows():
                for sale in self._equal(by_key, row, days):
                    apart = ZERO if sale.proceeds is None else abs(sale.proceeds - row.proceeds)
                    if not near or apart * 50 <= abs(row.proceeds):
                        pairs.append(((apart, _other_lot(row, sale), len(pairs)), row, sale))
            for _, row, sale in sorted(pairs, key=lambda pair: pair[0]):
                if self._is_left(row, *sale.parts):
                    yield self._taken((row,), sale.parts)

    def _equal(self, by_key: Mapping[tuple[Decimal, date], list[_Sale]], row: Reported, days: int) -> Iterator[_Sale]:
        if row.sold is None:
            return
        key = round_to(row.quantity, _PLACES)
        for off in range(-days, days + 1):
            day = row.sold + timedelta(off)
            for units in (key - UNITS, key, key + UNITS):
                for sale in by_key.get((units, day), ()):
                    if abs(sale.quantity - row.quantity) <= UNITS and self._is_left(*sale.parts):
                        yield sale

    def _several_on_one(self) -> Iterator[Group]:
        """Several forms of one sale: a form for each lot, or one for each term."""
        days = by_day(self.rows(), lambda row: row.sold)
        for sale in self._sales():
            if self._is_left(*sale.parts):
                near = [row for row in _near(days, sale.day) if self._is_left(row)]
                chosen = _subset(near, sale.quantity, lambda row: row.quantity)
                if chosen:
                    yield self._taken(chosen, sale.parts)

    def _one_on_several(self) -> Iterator[Group]:
        """One form of several sales."""
        found: dict[str, list[Disposal]] = defaultdict(list)
        for d in self._left():
            found[d.id].append(d)
        days = by_day([self._sale(parts) for parts in found.values()], lambda sale: sale.day)
        for row in self.rows():
            if row.sold is not None:
                near = [sale for sale in _near(days, row.sold) if self._is_left(*sale.parts)]
                chosen = _subset(near, row.quantity, lambda sale: sale.quantity)
                if chosen:
                    yield self._taken((row,), [d for sale in chosen for d in sale.parts])

    def _whole_days(self, near: bool) -> Iterator[Group]:
        """All that is left of a day on both sides; `near`: a fee in coins may make the difference."""
        parts_of = by_day(self._left(), self._day_of)
        for day, rows in sorted(by_day(self.rows(), lambda row: row.sold).items()):
            parts = parts_of.get(day, [])
            units, told = total(d.quantity for d in parts), total(row.quantity for row in rows)
            if parts and abs(units - told) <= (NEAR * told if near else UNITS * len(rows)):
                yield self._taken(rows, parts)

    def _aggregates(self) -> Iterator[Group]:
        """A year's sum: of all that is left, or of what was sold for money (a designated sale of a stablecoin)."""
        for row in [row for row in self.rows() if row.aggregate]:
            left = self._left()
            for parts in (left, [d for d in left if d.kind is Kind.SALE]):
                if parts and abs(total(d.quantity for d in parts) - row.quantity) <= UNITS * len(parts):
                    yield self._taken((row,), parts)
                    break


def _other_lot(row: Reported, sale: _Sale) -> bool:
    first = sale.parts[0].acquired_at
    return row.acquired is None or first is None or abs((first.date() - row.acquired).days) > DAYS


def _near(by_day: Mapping[date, list[T]], day: date) -> list[T]:
    """Those of the day, then those of the days beside it."""
    days = sorted((day + timedelta(off) for off in range(-DAYS, DAYS + 1)), key=lambda each: abs(each - day))
    return [each for one in days for each in by_day.get(one, ())]


def _subset(members: Sequence[T], whole: Decimal, units: Callable[[T], Decimal]) -> list[T]:
    """Two or more members that add up to `whole`, the first such found; none where there are too many to try."""
    sizes = [units(each) for each in members]
    if len(sizes) > _MOST or total(sizes) < whole - UNITS * len(sizes):
        return []
    return [members[n] for n in adding_up(sizes, whole, UNITS, _TRIES, least=2)]


# ---- which units of which ---------------------------------------------------------------------


def _pieces(told: Sequence[Reported], parts: Sequence[Disposal]) -> list[Piece]:
    """The units cut wherever a form or a part of a disposal ends; both the oldest first. What forms and parts say goes
    to their pieces by what the other side says of these, cents to cents, so that it adds up to the whole."""
    rows = sorted(told, key=lambda r: r.acquired or (date.min if r.term == "long" else date.max))
    lots = sorted(parts, key=lambda d: d.acquired_at.date() if d.acquired_at else date.max)
    whole, of_rows = total(d.quantity for d in lots), total(r.quantity for r in rows)
    cuts: list[tuple[Reported, Disposal, Decimal]] = []
    number, left_of_lot, given = 0, lots[0].quantity, ZERO
    for position, row in enumerate(rows, 1):
        units = split(whole, row.quantity, of_rows) if position < len(rows) else whole - given
        given += units
        while units > ZERO and number < len(lots):
            last = abs(units - left_of_lot) <= UNITS
            take = left_of_lot if last else min(units, left_of_lot)
            cuts.append((row, lots[number], take))
            units, left_of_lot = ZERO if last else units - take, left_of_lot - take
            if left_of_lot <= ZERO:
                number += 1
                left_of_lot = lots[number].quantity if number < len(lots) else ZERO
        if not any(cut[0] is row for cut in cuts):  # what rounding left nothing for
            before = cuts[-1]
            cuts.append((row, before[1], ZERO))
    return _shared(cuts)


def _shared(cuts: Sequence[tuple[Reported, Disposal, Decimal]]) -> list[Piece]:
    ours = _parted(cuts)
    told: dict[int, list[int]] = defaultdict(list)
    for number, (row, _, _) in enumerate(cuts):
        told[id(row)].append(number)
    proceeds, basis = dict[int, Decimal](), dict[int, Decimal | None]()
    for numbers in told.values():
        row = cuts[numbers[0]][0]
        worth, cost = [ours[n][0] for n in numbers], [ours[n][1] for n in numbers]
        units = [cuts[n][2] for n in numbers]
        known = [w for w in worth if w is not None]
        by_worth = known if len(known) == len(worth) and total(known) > ZERO else units
        proceeds |= dict(zip(numbers, _in_cents(row.proceeds, by_worth), strict=True))
        if row.basis is None:
            basis |= dict.fromkeys(numbers)
        else:
            basis |= dict(zip(numbers, _in_cents(row.basis, cost if total(cost) > ZERO else units), strict=True))
    return [
        Piece(lot, units, ours[n][0], ours[n][1], row, proceeds[n], basis[n])
        for n, (row, lot, units) in enumerate(cuts)
    ]


def _parted(cuts: Sequence[tuple[Reported, Disposal, Decimal]]) -> list[tuple[Decimal | None, Decimal]]:
    """Proceeds and cost of each piece by the ledger; those of a part add up to it exactly."""
    left: dict[int, tuple[Decimal, Decimal]] = {}
    last = {id(lot): number for number, (_, lot, _) in enumerate(cuts)}
    found: list[tuple[Decimal | None, Decimal]] = []
    for number, (_, lot, units) in enumerate(cuts):
        worth, cost = left.get(id(lot), (lot.proceeds or ZERO, lot.cost_basis))
        one, paid = worth, cost
        if number != last[id(lot)]:
            one, paid = (split(whole, units, lot.quantity) for whole in (lot.proceeds or ZERO, lot.cost_basis))
        left[id(lot)] = worth - one, cost - paid
        found.append((None if lot.proceeds is None else one, paid))
    return found


def _in_cents(whole: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`whole` in parts as `weights` are, each but the last in whole cents."""
    of, sofar, given = total(weights), ZERO, ZERO
    parts = []
    for weight in weights[:-1]:
        sofar += weight
        until = round_to(split(whole, sofar, of), 2) if of else ZERO
        parts.append(until - given)
        given = until
    return [*parts, whole - given]


# ---- what is open -----------------------------------------------------------------------------


def problems(found: Compared, forms: Sequence[Reported], year: str, zone: ZoneInfo) -> list[Issue]:
    """One problem for the forms of an account and year that no sale on record fits, one for those that tell other
    proceeds than the records."""
    issues = []
    for account in sorted(found.accounts):
        rows = str(sum(form.account == account for form in forms))
        here = [form for form in found.missing_here if form.account == account]
        with exact():
            apart = _apart([piece for piece in found.pieces if piece.row.account == account])
            told, by = total(form.proceeds for form in here), round_to(total(apart.values()), 2)
            more = f"{plain(abs(by))} USD {'more' if by >= ZERO else 'less'}"
        for code, some, details in (
            ("form_1099_da_unmatched", here, {"proceeds": plain(told)}),
            ("form_1099_da_differs", list(apart), {"difference": more}),
        ):
            if some:
                day = min((form.sold for form in some if form.sold), default=date(int(year), 12, 31))
                details |= {"year": year, "rows": rows, "count": str(len(some)), "first": _in_words(some[0])}
                issues.append(Issue(code, account, at=midnight(day, zone), ref=f"{account} {year}", details=details))
    return issues


def _in_words(form: Reported) -> str:
    day = f" sold on {form.sold}" if form.sold else ""
    return f"{plain(form.quantity)} {form.asset}{day} for {plain(form.proceeds)} USD, {form.place}"


def _apart(pieces: Iterable[Piece]) -> dict[Reported, Decimal]:
    """Forms whose proceeds are a cent or more from those here, and by how much."""
    found: dict[Reported, Decimal] = defaultdict(Decimal)
    for piece in pieces:
        if piece.proceeds is not None:
            found[piece.row] += piece.told_proceeds - piece.proceeds
    return {form: by for form, by in found.items() if abs(by) >= CENT}
