"""What open problems may do to a tax year's gain: the lowest and the highest it could be, problem by problem.

Outer bounds of one problem at a time, which add up to outer bounds of all: no combination of answers lies beyond.
Units whose cost is not known may have cost what they brought (lower). Units that left for nowhere may have been sold
at their value, at no cost (higher) or at the dearest (lower). Rows that may stand twice may not have been. Where units
may have come, gone or been taken otherwise, the lots of other disposals move too: `sold.Sold.shift`, or, where costs go
from one to the other, `sold.Paid`. A disposal without a price can come to anything, and so can what is missing from the
records: there is no telling then. In no bound is that a unit cost more than it brought where nothing tells what it
cost, or that its date puts a gain into another year or under another law, nor that a price contradicts what a swap was
valued by; nor what the taxpayer may choose otherwise: a fork at cost 0 takes no cost from the old coin.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from pipeline.gains.blame import OF_A_PLACE, OF_AN_ACQUISITION, Blame
from pipeline.gains.change import Change, stakes
from pipeline.gains.change import gains_of as gains_of
from pipeline.gains.forks import as_conversions
from pipeline.gains.forms import forms_of, named, named_flows, named_rows
from pipeline.gains.sold import Paid, Sold, dearest_of
from pipeline.gains.untold import NO_TELLING, untold
from pipeline.gains.untold import weighed_beside as weighed_beside
from pipeline.issues import Issue
from pipeline.model import Acquire, Convert, Disposal, Flow, Move, Rule, Transaction, Values, is_fiat
from pipeline.money import ONE, ZERO, split
from pipeline.rules.base import Dated, Rules, Scope

MOMENT = datetime.resolution
AVERAGES, BY_COST = (Rule.AVERAGE, Rule.POOL), (Rule.HIFO, Rule.LOFO)


class Seen(Struct, frozen=True):
    """What the figures are made of: `disposals` as far as they go, all transactions, and what these were worth."""

    disposals: Sequence[Disposal]
    flows: Sequence[Flow]
    rows: Sequence[Transaction]
    values: Values
    rules: Rules
    scope: Dated[Scope]
    zone: ZoneInfo
    currency: str
    year: Callable[[datetime], int]


def weighed(issues: Sequence[Issue], seen: Seen) -> list[Issue]:
    """The issues, each with its `stakes`: one per tax year whose gain it may change."""
    if not any(i.code in _EFFECTS or i.code in NO_TELLING for i in issues):
        return list(issues)
    forms = forms_of(seen.flows, seen.rules)
    meant = issues
    if forms.coin:  # what is in doubt of one form may bear on the others
        meant = named(issues, forms)
        seen = replace(
            seen, disposals=named(seen.disposals, forms), flows=named_flows(seen.flows, forms),
            rows=named_rows(seen.rows, forms),
        )  # fmt: skip
    scales = _Scales(meant, seen)
    for n, issue in enumerate(meant):
        effect = _EFFECTS.get(issue.code)
        if effect is not None:
            effect(scales, n, issue)
    found = [
        replace(issue, stakes=stakes(scales.changes[n], scales.gains)) if n in scales.changes else issue
        for n, issue in enumerate(issues)
    ]
    return untold(found, scales.gains, seen.rules, seen.zone)


class _Scales:
    """Where the changes of all problems add up: by the problem's place among the issues, and by tax year."""

    def __init__(self, issues: Sequence[Issue], seen: Seen) -> None:
        self.seen = seen
        self.rows = {t.id: t for t in seen.rows}
        self.changes: dict[int, dict[int, Change]] = defaultdict(lambda: defaultdict(Change))
        self.gains = gains_of(seen.disposals, seen.rules, seen.zone)
        self.sold = Sold(seen.disposals, seen.year)
        self.dearest = dearest_of(as_conversions(seen.flows))
        self.averaged = {d.asset for d in seen.disposals if d.rule in AVERAGES}
        self.unsure = {i.asset for i in issues if i.code in OF_AN_ACQUISITION or i.code in OF_A_PLACE}
        codes = _EFFECTS.keys() - {"missing_price"}
        self.moving = {i.asset for i in issues if i.code in codes}  # assets whose lots may be others; "": any
        left = [self.rows.get(i.ref) for i in issues if i.code in ("unmatched_withdrawal", "ambiguous_transfer")]
        self.gone = [(t.sent.asset, t.at) for t in left if t is not None and t.sent is not None]
        self.paid = Paid(seen.flows, seen.disposals, seen.year)
        self._swaps_taxed = all(taxed for _, taxed in seen.rules.swaps_taxed.values)
        rules = seen.rules  # whether costs go from one unit to another, or are one for all
        self.cost_goes_on = rules.portfolio or rules.superficial_days > 0 or not self._swaps_taxed
        last = seen.rules.old_stock
        self._old = {f.asset for f in seen.flows if last and isinstance(f, Acquire) and f.day <= last}
        self._converts: dict[str, list[Convert]] = defaultdict(list)
        for f in as_conversions(seen.flows):
            if type(f) is Convert and f.into != f.asset:
                self._converts[f.asset].append(f)
        self._moved: dict[str, datetime] = {}  # when units of an asset first went from one account to another
        for f in seen.flows:
            if type(f) is Move:
                self._moved[f.asset] = min(f.at, self._moved.get(f.asset, f.at))
        self.by_row: dict[str, list[Disposal]] = defaultdict(list)
        self.sold_from: dict[str, set[int]] = defaultdict(set)  # the years in which units of a row were disposed of
        self.ranked_by_cost = any(d.rule in BY_COST for d in seen.disposals)
        self.blamed: dict[int, list[Disposal]] = defaultdict(list)
        blame = Blame(issues, self.rows, self.worth)
        self.given: dict[int, Decimal] = defaultdict(lambda: ZERO)  # units of a problem that brought no gain by law
        for d in seen.disposals:
            about = blame.of(d)
            if d.taxed:
                self.sold_from[d.acquisition_id].add(seen.year(d.disposed_at))
                self.by_row[d.id.partition(".")[0]].append(d)  # a fee's id is that of its row and a suffix
            elif about is not None:
                self.given[about] += d.quantity
            if about is None or not d.taxed:
                continue
            if d.gain is None:
                self.change(about, d.disposed_at, None, None)
            else:
                self.blamed[about].append(d)

    def worth(self, ref: str) -> Decimal | None:
        """What a row was worth; None: that is not known, or there is no such row."""
        return self.seen.values.of(self.rows[ref])[0] if ref in self.rows else None

    def change(self, n: int, at: datetime, lower: Decimal | None, higher: Decimal | None) -> None:
        self.changes[n][self.seen.year(at)].add(lower, higher)

    def brought(self, n: int, but: str = "") -> None:
        """Units without a cost that hang on the problem may have cost what they brought; those of the asset `but` are
        seen to elsewhere."""
        for d in self.blamed[n]:
            if d.asset != but:
                self.change(n, d.disposed_at, max(ZERO, d.gain or ZERO), ZERO)

    def shift(
        self, n: int, asset: str, units: Decimal | None, dearest: Decimal, since: datetime | None = None,
        until: datetime | None = None, own: Iterable[Disposal] = (), new: bool = False,
    ) -> None:  # fmt: skip
        """What the problem does to the disposals that are not its `own`, by the lots that they take; also to those of
        what the asset became. `new`: and to those that hang on it, which may take lots of others and leave them theirs.
        """
        if new:
            self.brought(n, but=asset)
        rules = self.seen.rules
        became = self.became(asset, since, until)
        if self.cost_goes_on and (became or self._swaps_taxed or rules.portfolio):
            self.in_all(n, asset, ZERO if units is None else units * dearest, since)
            return
        but: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for d in own:
            but[self.seen.year(d.disposed_at)] += d.quantity
        hanging: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for d in self.blamed[n] if new else ():
            if d.asset == asset:
                hanging[self.seen.year(d.disposed_at)] += d.quantity
        earliest = None if since is None else self.earliest(since)
        for year, lower, higher in self.sold.shift(asset, units, dearest, earliest, until, but, hanging):
            self.changes[n][year].add(lower, higher)
        for c in became:
            more = None if units is None else split(min(units, c.quantity) * c.into_quantity, ONE, c.quantity)
            self.shift(n, c.into, more, split(dearest * c.quantity, ONE, c.into_quantity), c.at + MOMENT, until)

    def earliest(self, at: datetime) -> datetime:
        """From when on disposals may be made of units that came at that time: some laws look ahead."""
        rules = self.seen.rules
        if rules.yearly:
            return rules.year.period(self.seen.year(at), self.seen.zone).starts
        return at - timedelta(rules.days_ahead + 1)

    def in_all(self, n: int, asset: str, extra: Decimal | None, since: datetime | None) -> None:
        """The same where costs go from unit to unit, or are one for all: within what was paid in all, and what may have
        been paid besides. Whether a swap was one of coins of before the law changes what is a sale at all: no telling.
        """
        rules, begin = self.seen.rules, None
        if since is not None:
            begin = since - timedelta(rules.days_ahead + 1) if rules.days_ahead else since
        assets = self.paid.assets() if rules.portfolio else self.paid.became(asset, begin)
        no_telling = not self._swaps_taxed and bool(self._old & assets)
        for year, (lower, higher) in self.paid.bounds(assets).items():
            if begin is None or year >= self.seen.year(begin):
                change = self.changes[n][year]
                change.add(*(None, None) if no_telling else (extra, ZERO))
                change.share(_common(assets), lower, higher)

    def became(self, asset: str, since: datetime | None, until: datetime | None = None) -> list[Convert]:
        """The migrations of an asset in that time."""
        return [
            c
            for c in self._converts.get(asset, ())
            if (since is None or c.at >= since) and (until is None or c.at <= until) and c.into_quantity and c.quantity
        ]

    def nothing_left(self, asset: str, at: datetime) -> bool:
        """Whether units of the asset that went short at that time leave all else as it is: they were the last of the
        one queue they could come from, and all that it brought lies in one tax year."""
        alone = len(self.seen.scope.values) == 1 and (asset not in self._moved or self._moved[asset] > at)
        years = len(list(self.sold.units(asset, until=at)))
        if self.seen.rules.portfolio or years > 1 or self.became(asset, None, at):
            return False
        without_figure = any(mixed == asset for mixed, _ in self.sold.mixed)
        return (self.one_queue(at) or alone) and not without_figure

    def most_of(self, asset: str) -> Decimal:
        """What a unit can have cost: the dearest on record; or, where the cost of some is not known, the most that one
        brought."""
        dearest = self.dearest.get(asset, ZERO)
        return max(dearest, self.sold.price[asset]) if asset in self.unsure else dearest

    def most_in_all(self, asset: str, units: Decimal) -> Decimal | None:
        """What so many units can have cost in the one cost of a portfolio; of those that were given for others what
        these were worth, as they bring nothing themselves. None: it can't be told."""
        most: Decimal | None = self.most_of(asset)
        for c in self._converts.get(asset, ()):
            worth = self.worth(c.id)
            each = split(worth, ONE, c.quantity) if worth is not None and c.quantity else None
            most = None if most is None or each is None else max(most, each)
        return None if most is None else units * most

    def fee_of(self, row: Transaction) -> Decimal | None:
        """What the row's fee was worth, which would be a cost of a sale; None: it can't be told."""
        if row.fee is None or row.fee.asset == self.seen.currency:
            return row.fee.quantity if row.fee is not None else ZERO
        paid = [d.proceeds for d in self.by_row[row.id] if d.id == f"{row.id}.fee" and d.proceeds is not None]
        return sum(paid, ZERO) if paid else None

    def years_of_cost(self, n: int, row: Transaction) -> set[int]:
        """The years whose gain may bear a cost of what the row brought; where other problems move lots of it or have
        it leave, also those that would then."""
        assert row.received is not None
        asset, begin = row.received.asset, self.earliest(row.at)
        years = {self.seen.year(d.disposed_at) for d in self.blamed[n]} | self.sold_from[row.id]
        if self.cost_goes_on:
            assets = self.paid.assets() if self.seen.rules.portfolio else self.paid.became(asset, begin)
            years |= {year for year in self.paid.bounds(assets) if year >= self.seen.year(begin)}
        else:
            assets = {asset, *(c.into for c in self.became(asset, begin))}
            if self.ranked_by_cost or asset in self.averaged or assets & self.moving or "" in self.moving:
                years |= {year for one in assets for year, *_ in self.sold.units(one, begin)}
        return years | {self.seen.year(at) for one, at in self.gone if one in assets and at >= begin}

    def one_queue(self, at: datetime) -> bool:
        return self.seen.scope.on(at.astimezone(self.seen.zone).date()) is Scope.GLOBAL


def _common(assets: Iterable[str]) -> str:
    """The name of what problems of these assets have in common: what was paid for them in all."""
    return " ".join(sorted(assets))


# ---- what each kind of problem does -----------------------------------------------------------


def _missing(scales: _Scales, n: int, issue: Issue) -> None:
    """Units without an acquisition: had they been there, others might have been taken before."""
    own, given, asset = scales.blamed[n], scales.given[n], issue.asset
    lacking = abs(Decimal(issue.details["quantity"]))  # some may have been swapped on; of a balance it is negative
    if scales.seen.rules.portfolio:
        scales.in_all(n, asset, scales.most_in_all(asset, lacking), None)
    elif own and not given and scales.nothing_left(asset, max(d.disposed_at for d in own)):
        scales.brought(n)
    else:
        units = max(lacking, sum((d.quantity for d in own), given))
        scales.shift(n, asset, units, scales.most_of(asset), new=True)


def _came(scales: _Scales, n: int, issue: Issue) -> None:
    """Units that came from nowhere: when they were bought, and so when they would have been taken, is not known. What
    their row paid as a fee would be a cost, too."""
    row = scales.rows.get(issue.ref)
    if row is None or row.received is None or is_fiat(row.received.asset):
        scales.brought(n)
        return
    asset, units, fee = row.received.asset, row.received.quantity, scales.fee_of(row)
    if scales.seen.rules.portfolio:
        cost = scales.most_in_all(asset, units)
        scales.in_all(n, asset, None if cost is None or fee is None else cost + fee, None)
        return
    since = None if scales.one_queue(row.at) else row.at
    if row.fee is not None:
        taken = {year for year, *_ in scales.sold.units(asset, since)}
        for year in {scales.seen.year(d.disposed_at) for d in scales.blamed[n]} | taken:
            scales.changes[n][year].add(fee, ZERO)
    scales.shift(n, asset, units, scales.most_of(asset), since, new=True)


def _unpriced(scales: _Scales, n: int, issue: Issue) -> None:
    """Units of known date and unknown cost: others are taken in their place only where the cost decides. What left a
    portfolio without a figure will use up a part of its cost."""
    row, asset = scales.rows.get(issue.ref.partition(".")[0]), issue.asset
    if row is not None and row.fee is not None and row.fee.asset == asset and issue.details.get("what") == "fee":
        _fee_unknown(scales, n, row)
    came = row.received if row is not None else None
    if row is not None and came is not None and came.asset == asset:
        if scales.seen.rules.portfolio:
            scales.in_all(n, asset, scales.most_in_all(asset, came.quantity), row.at)
        elif scales.ranked_by_cost:
            scales.shift(n, asset, came.quantity, scales.most_of(asset), row.at, new=True)
        else:
            scales.brought(n)
        if row.fee is not None and issue.code == "missing_price":
            _fee_besides(scales, n, row)
    elif not scales.seen.rules.portfolio:
        scales.brought(n)
    elif row is not None:
        for year, (_, higher) in scales.paid.bounds(scales.paid.assets()).items():
            if year >= scales.seen.year(row.at):
                scales.changes[n][year].share(_common(scales.paid.assets()), ZERO, higher)


def _fee_besides(scales: _Scales, n: int, row: Transaction) -> None:
    """With the price of what came, the fee of its row becomes a part of the cost too."""
    for year in scales.years_of_cost(n, row):
        scales.changes[n][year].add(scales.fee_of(row), ZERO)


def _fee_unknown(scales: _Scales, n: int, row: Transaction) -> None:
    """A fee of unknown worth would be a cost of its trade: gains are lower, by how much can't be told."""
    years = {scales.seen.year(d.disposed_at) for d in scales.by_row[row.id] if d.id == row.id}
    if row.received is not None and not is_fiat(row.received.asset):
        if scales.cost_goes_on:
            scales.in_all(n, row.received.asset, None, row.at)
        elif scales.ranked_by_cost:
            scales.shift(n, row.received.asset, row.received.quantity, scales.most_of(row.received.asset), row.at)
        years |= scales.years_of_cost(n, row)
    for year in years:
        scales.changes[n][year].add(None, ZERO)


def _free(scales: _Scales, n: int, issue: Issue) -> None:
    """Units at cost 0 that might have one; in an average they can't be told apart any more."""
    _unpriced(scales, n, issue)
    row = scales.rows.get(issue.ref)
    if row is not None and row.received is not None and not scales.seen.rules.portfolio:
        but: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for d in scales.blamed[n]:
            but[scales.seen.year(d.disposed_at)] += d.quantity
        price = scales.sold.price[issue.asset] if issue.asset in scales.averaged else ZERO
        for year, lower, _ in scales.sold.shift(issue.asset, row.received.quantity, price, row.at, but=but):
            scales.changes[n][year].add(lower, ZERO)


def _left(scales: _Scales, n: int, issue: Issue) -> None:
    """Units that left for nowhere: kept, or sold at their value."""
    row = scales.rows.get(issue.ref)
    if row is None or row.sent is None:
        return
    asset, units, value = row.sent.asset, row.sent.quantity, scales.worth(row.id)
    dearest, fee, year = scales.most_of(asset), scales.fee_of(row), scales.seen.year(row.at)
    portfolio = scales.seen.rules.portfolio
    most = (ZERO if portfolio else units * dearest) + (fee or ZERO) - (value or ZERO)
    scales.change(n, row.at, None if fee is None else max(ZERO, most), value)
    if scales.cost_goes_on:  # these units may have had a part in what was paid for others
        assets = scales.paid.assets() if portfolio else {asset}
        paid = scales.paid.until(year, assets)
        scales.changes[n][year].share(_common(assets), max(ZERO, paid + min(ZERO, most)), ZERO)
    if portfolio:
        scales.in_all(n, asset, ZERO, row.at)
    elif scales.one_queue(row.at):  # with a queue for each account they are out of it anyway
        scales.shift(n, asset, units, dearest, row.at)


def _ambiguous(scales: _Scales, n: int, issue: Issue) -> None:
    _came(scales, n, issue)
    _left(scales, n, issue)


def _undone(scales: _Scales, n: int, rows: Iterable[Transaction], ids: frozenset[str] = frozenset()) -> None:
    """Rows that may not have happened: their disposals vanish, their units are there or not. `ids`: only these of
    their disposals."""
    moved: dict[str, Decimal] = defaultdict(lambda: ZERO)
    since: dict[str, datetime] = {}
    own: dict[str, list[Disposal]] = defaultdict(list)
    for t in rows:
        for d in scales.by_row[t.id]:
            if ids and d.id not in ids:
                continue
            own[d.asset].append(d)
            known = d.gain is not None
            gain = d.gain or ZERO
            scales.change(n, d.disposed_at, max(ZERO, gain) if known else None, max(ZERO, -gain) if known else None)
        for side in (t.sent, t.received, t.fee):
            if side is not None and not is_fiat(side.asset):
                moved[side.asset] += side.quantity
                since[side.asset] = min(t.at, since.get(side.asset, t.at))
    for asset, units in moved.items():
        scales.shift(n, asset, units, scales.most_of(asset), since[asset], own=own[asset])


def _twice(scales: _Scales, n: int, issue: Issue) -> None:
    row = scales.rows.get(issue.ref)
    _undone(scales, n, [row] if row is not None else [])


def _account_twice(scales: _Scales, n: int, issue: Issue) -> None:
    _undone(scales, n, [t for t in scales.seen.rows if t.account == issue.account])


def _shrank(scales: _Scales, n: int, issue: Issue) -> None:
    """What was withheld on the way may have gone elsewhere."""
    row = scales.rows.get(issue.ref)
    _undone(scales, n, [row] if row is not None else [], frozenset((f"{issue.ref}.lost",)))


def _merged(scales: _Scales, n: int, issue: Issue) -> None:
    """A trade that may have been none: its gain moves into what was received."""
    row = scales.rows.get(issue.ref)
    gains = [d.gain for d in scales.by_row[issue.ref] if d.id == issue.ref]
    if row is None or row.received is None:
        return
    known = None if None in gains else sum((g for g in gains if g is not None), ZERO)
    more, less = (None, None) if known is None else (max(ZERO, known), max(ZERO, -known))
    scales.change(n, row.at, more, less)
    for year, *_ in scales.sold.units(row.received.asset, since=row.at):
        scales.changes[n][year].add(less, more)
    if scales.ranked_by_cost:
        scales.shift(n, row.received.asset, row.received.quantity, scales.most_of(row.received.asset), row.at)


def _retaken(scales: _Scales, n: int, issue: Issue) -> None:
    """Lots that may be others: from a day on, any of the asset."""
    scales.shift(n, issue.asset, None, scales.most_of(issue.asset), issue.at)


_EFFECTS: dict[str, Callable[[_Scales, int, Issue], None]] = {
    "missing_acquisition": _missing,
    "negative_balance": _missing,
    "unmatched_deposit": _came,
    "transfer_grew": _came,
    "unknown_basis": _came,
    "zero_basis": _free,
    "missing_price": _unpriced,
    "unmatched_withdrawal": _left,
    "ambiguous_transfer": _ambiguous,
    "transfer_shrank": _shrank,
    "possible_duplicate": _twice,
    "duplicate_account": _account_twice,
    "merged_coin": _merged,
    "allocation_changed": _retaken,
    "allocation_differs": _retaken,
    "pick_not_used": _retaken,
    "forms_not_paired": _retaken,
}
