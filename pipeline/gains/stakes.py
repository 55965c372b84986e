"""What open problems may do to a tax year's gain: the lowest and the highest it could be, problem by problem.

Outer bounds of one problem at a time, which add up to outer bounds of all: no combination of answers lies beyond.
Units whose cost is not known may have cost what they brought (lower). Units that left for nowhere may have been sold
at their value, at no cost (higher) or at the dearest (lower). Rows that may stand twice may not have been. Where units
may have come, gone or been taken otherwise, the lots of other disposals move too: `sold.Sold.shift`, or, where costs go
from one to the other, `sold.Paid`. A disposal without a price can come to anything, and so can what is missing from the
records: there is no telling then. In no bound is that a unit cost more than it brought where nothing tells what it
cost, or that its date puts a gain into another year or under another law; nor what the taxpayer may choose otherwise: a
fork at cost 0 takes no cost from the old coin.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipeline.gains.blame import OF_A_PLACE, OF_AN_ACQUISITION, Blame
from pipeline.gains.forks import as_conversions
from pipeline.gains.forms import forms_of, named, named_flows, named_rows
from pipeline.gains.sold import Paid, Sold, dearest_of
from pipeline.issues import Issue, Stake
from pipeline.local import local_day
from pipeline.model import Acquire, Convert, Disposal, Flow, Lot, Move, Result, Rule, Transaction, is_fiat
from pipeline.money import ONE, ZERO, exact, plain, split
from pipeline.rules.base import Dated, Rules, Scope

# Whatever is missing or wrong there, nothing says how much it is.
NO_TELLING = frozenset(
    (
        "balance_differs", "look_alike_asset", "two_coins", "answer_not_used", "unread_record", "not_supported",
        "future_record", "not_updated", "market_gone", "key_put_aside", "unverified_exchange", "short_history",
        "not_fetched", "list_not_given", "stored_in_part", "form_1099_da_unmatched",
    )
)  # fmt: skip
_AT_ITS_DAY = ("balance_differs", "unread_record", "not_supported", "not_updated", "two_coins")  # not before


MOMENT = datetime.resolution


@dataclass(frozen=True, slots=True)
class Seen:
    """What the figures are made of. `disposals`: as far as they go. `rows`: all transactions, with their values by id
    in `values`."""

    disposals: Sequence[Disposal]
    flows: Sequence[Flow]
    rows: Sequence[Transaction]
    values: Mapping[str, tuple[Decimal | None, str]]
    rules: Rules
    scope: Dated[Scope]
    zone: ZoneInfo
    currency: str

    def year(self, at: datetime) -> int:
        return self.rules.year.of(local_day(at, self.zone))


@dataclass(slots=True)
class _Change:
    """By how much a year's gain may come out lower and higher; None: there is no telling."""

    lower: Decimal | None = ZERO
    higher: Decimal | None = ZERO

    def add(self, lower: Decimal | None, higher: Decimal | None) -> None:
        self.lower = None if self.lower is None or lower is None else self.lower + lower
        self.higher = None if self.higher is None or higher is None else self.higher + higher


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
        replace(issue, stakes=_stakes(scales.changes[n], scales.gains)) if n in scales.changes else issue
        for n, issue in enumerate(issues)
    ]
    return untold(found, scales.gains, seen.rules, seen.zone)


def gains_of(disposals: Iterable[Disposal], rules: Rules, zone: ZoneInfo) -> dict[int, Decimal]:
    """The gain of each tax year, as it stands."""
    gains: dict[int, Decimal] = {}
    for d in disposals:
        if d.taxed:
            year = rules.year.of(local_day(d.disposed_at, zone))
            gains[year] = gains.get(year, ZERO) + (d.gain or ZERO)
    return gains


def weighed_beside(issues: Iterable[Issue], result: Result, rules: Rules, zone: ZoneInfo, year: int = 0) -> list[Issue]:
    """All issues of a ledger or report: those that are not the engine's with their `stakes` too. `year`: one that is
    reported, though it may have no disposal."""
    issues = list(issues)
    if not any(i.code in NO_TELLING or i.code == _LATE for i in issues):
        return issues
    with exact():
        gains = gains_of(result.disposals, rules, zone)
        if year:
            gains.setdefault(year, ZERO)
        found = untold(issues, gains, rules, zone)
        return [replace(i, stakes=_taken_late(i, result, rules, zone)) if i.code == _LATE else i for i in found]


_LATE = "late_identification"


def _taken_late(issue: Issue, result: Result, rules: Rules, zone: ZoneInfo) -> tuple[Stake, ...]:
    """Units that may be others, since they were chosen too late: any that the asset's lots show."""
    chosen = issue.details["method"] if issue.details["method"] in tuple(Rule) else Rule.SPECIFIC.value
    begins = issue.at
    assets = {
        d.asset for d in result.disposals if d.rule.value == chosen and (begins is None or d.disposed_at >= begins)
    }
    dearest: dict[str, Decimal] = defaultdict(lambda: ZERO)
    parts: list[Disposal | Lot] = [*result.disposals, *result.lots]
    for part in parts:
        if part.asset in assets and part.quantity:
            dearest[part.asset] = max(dearest[part.asset], split(part.cost_basis, ONE, part.quantity))
    changes: dict[int, _Change] = defaultdict(_Change)
    for d in result.disposals:
        if d.asset in assets and d.taxed and d.gain is not None and (begins is None or d.disposed_at >= begins):
            year = rules.year.of(local_day(d.disposed_at, zone))
            changes[year].add(max(ZERO, d.quantity * dearest[d.asset] - d.cost_basis), max(ZERO, d.cost_basis))
    return _stakes(changes, gains_of(result.disposals, rules, zone))


def untold(issues: Iterable[Issue], gains: Mapping[int, Decimal], rules: Rules, zone: ZoneInfo) -> list[Issue]:
    """The issues; those of which there is no telling with a stake of no bounds in each year of `gains` that they may
    reach."""
    if not rules.gains:
        return list(issues)
    return [
        replace(i, stakes=tuple(Stake(str(y), plain(gains[y]), "", "") for y in _reached(i, gains, rules, zone)))
        if i.code in NO_TELLING
        else i
        for i in issues
    ]


def _reached(issue: Issue, years: Iterable[int], rules: Rules, zone: ZoneInfo) -> list[int]:
    """The years that a problem may reach; what comes later can change earlier disposals in some countries."""
    at = issue.at if issue.code in _AT_ITS_DAY else None
    if issue.code == "balance_differs":
        after = issue.details.get("after")
        at = datetime.fromisoformat(after) if after else None
    if at is None:
        return sorted(years)
    first = rules.year.of((at - timedelta(rules.days_ahead)).astimezone(zone).date())
    return sorted(year for year in years if year >= first)


class _Scales:
    """Where the changes of all problems add up: by the problem's place among the issues, and by tax year."""

    def __init__(self, issues: Sequence[Issue], seen: Seen) -> None:
        self.seen = seen
        self.rows = {t.id: t for t in seen.rows}
        self.worth = {ref: value for ref, (value, _) in seen.values.items()}
        self.changes: dict[int, dict[int, _Change]] = defaultdict(lambda: defaultdict(_Change))
        self.gains = gains_of(seen.disposals, seen.rules, seen.zone)
        self.sold = Sold(seen.disposals, seen.year)
        self.dearest = dearest_of(as_conversions(seen.flows))
        self.averaged = {d.asset for d in seen.disposals if d.rule in (Rule.AVERAGE, Rule.POOL)}
        self.unsure = {i.asset for i in issues if i.code in OF_AN_ACQUISITION or i.code in OF_A_PLACE}
        self.paid = Paid(seen.flows, seen.disposals, seen.year)
        self._swaps_taxed = all(taxed for _, taxed in seen.rules.swaps_taxed.values)
        rules = seen.rules  # whether costs go from one unit to another, or are one for all
        self.cost_goes_on = rules.portfolio or rules.superficial_days > 0 or not self._swaps_taxed
        last = seen.rules.old_stock
        self._old = {f.asset for f in seen.flows if last and isinstance(f, Acquire) and f.day <= last}
        self._converts: dict[str, list[Convert]] = defaultdict(list)
        for f in as_conversions(seen.flows):
            if isinstance(f, Convert) and f.into != f.asset:
                self._converts[f.asset].append(f)
        self._moved: dict[str, datetime] = {}  # when units of an asset first went from one account to another
        for f in seen.flows:
            if isinstance(f, Move):
                self._moved[f.asset] = min(f.at, self._moved.get(f.asset, f.at))
        self.by_row: dict[str, list[Disposal]] = defaultdict(list)
        self.ranked_by_cost = any(d.rule in (Rule.HIFO, Rule.LOFO) for d in seen.disposals)
        self.blamed: dict[int, list[Disposal]] = defaultdict(list)
        blame = Blame(issues, self.rows, self.worth)
        self.given: dict[int, Decimal] = defaultdict(lambda: ZERO)  # units of a problem that brought no gain by law
        for d in seen.disposals:
            about = blame.of(d)
            if d.taxed:
                self.by_row[d.id.partition(".")[0]].append(d)  # a fee's id is that of its row and a suffix
            elif about is not None:
                self.given[about] += d.quantity
            if about is None or not d.taxed:
                continue
            if d.gain is None:
                self.change(about, d.disposed_at, None, None)
            else:
                self.blamed[about].append(d)
                self.change(about, d.disposed_at, max(ZERO, d.gain), ZERO)

    def change(self, n: int, at: datetime, lower: Decimal | None, higher: Decimal | None) -> None:
        self.changes[n][self.seen.year(at)].add(lower, higher)

    def shift(
        self, n: int, asset: str, units: Decimal | None, dearest: Decimal, since: datetime | None = None,
        until: datetime | None = None, own: Iterable[Disposal] = (),
    ) -> None:  # fmt: skip
        """What the problem does to the disposals that are not its `own`, by the lots that they take; also to those of
        what the asset became."""
        rules = self.seen.rules
        became = self.became(asset, since, until)
        if self.cost_goes_on and (became or self._swaps_taxed or rules.portfolio):
            self._in_all(n, asset, ZERO if units is None else units * dearest, since)
            return
        but: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for d in own:
            but[self.seen.year(d.disposed_at)] += d.quantity
        earliest = None if since is None else since - timedelta(rules.days_ahead + 1)
        if since is not None and rules.yearly:
            earliest = rules.year.period(self.seen.year(since), self.seen.zone).starts
        for year, lower, higher in self.sold.shift(asset, units, dearest, earliest, until, but):
            self.changes[n][year].add(lower, higher)
        for c in became:
            more = None if units is None else split(min(units, c.quantity) * c.into_quantity, ONE, c.quantity)
            self.shift(n, c.into, more, split(dearest * c.quantity, ONE, c.into_quantity), c.at + MOMENT, until)

    def _in_all(self, n: int, asset: str, extra: Decimal, since: datetime | None) -> None:
        """The same where costs go from unit to unit, or are one for all: within what was paid in all. Whether a swap
        was one of coins of before the law changes what is a sale at all: no telling."""
        rules, begin = self.seen.rules, None
        if since is not None:
            begin = since - timedelta(rules.days_ahead + 1) if rules.days_ahead else since
        assets = self.paid.assets() if rules.portfolio else self.paid.became(asset, begin)
        no_telling = not self._swaps_taxed and bool(self._old & assets)
        for year, (lower, higher) in self.paid.bounds(assets, extra).items():
            if begin is None or year >= self.seen.year(begin):
                self.changes[n][year].add(*(None, None) if no_telling else (lower, higher))

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
        alone = len(self.seen.scope.values) == 1 and self._moved.get(asset, at) >= at
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

    def fee_of(self, row: Transaction) -> Decimal | None:
        """What the row's fee was worth, which would be a cost of a sale; None: it can't be told."""
        if row.fee is None or row.fee.asset == self.seen.currency:
            return row.fee.quantity if row.fee is not None else ZERO
        paid = [d.proceeds for d in self.by_row[row.id] if d.id == f"{row.id}.fee" and d.proceeds is not None]
        return sum(paid, ZERO) if paid else None

    def one_queue(self, at: datetime) -> bool:
        return self.seen.scope.on(at.astimezone(self.seen.zone).date()) is Scope.GLOBAL


# ---- what each kind of problem does -----------------------------------------------------------


def _missing(scales: _Scales, n: int, issue: Issue) -> None:
    """Units without an acquisition: had they been there, others might have been taken before."""
    own, given = scales.blamed[n], scales.given[n]
    if (own or given) and (given or not scales.nothing_left(issue.asset, max(d.disposed_at for d in own))):
        lacking = Decimal(issue.details["quantity"])  # some may have been swapped on
        units = max(lacking, sum((d.quantity for d in own), given))
        scales.shift(n, issue.asset, units, scales.most_of(issue.asset), own=own)


def _came(scales: _Scales, n: int, issue: Issue) -> None:
    """Units that came from nowhere: when they were bought, and so when they would have been taken, is not known. What
    their row paid as a fee would be a cost, too."""
    row = scales.rows.get(issue.ref)
    if row is not None and row.received is not None and not is_fiat(row.received.asset):
        own, since = scales.blamed[n], None if scales.one_queue(row.at) else row.at
        for year in {scales.seen.year(d.disposed_at) for d in own} if row.fee is not None else ():
            scales.changes[n][year].add(scales.fee_of(row), ZERO)
        asset = row.received.asset
        scales.shift(n, asset, row.received.quantity, scales.most_of(asset), since, own=own)


def _unpriced(scales: _Scales, n: int, issue: Issue) -> None:
    """Units of known date and unknown cost: others are taken in their place only where the cost decides."""
    row = scales.rows.get(issue.ref)
    ranked = scales.ranked_by_cost or scales.seen.rules.portfolio
    if ranked and row is not None and row.received is not None and row.received.asset == issue.asset:
        most = scales.most_of(issue.asset)
        scales.shift(n, issue.asset, row.received.quantity, most, row.at, own=scales.blamed[n])


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
    asset, units, value = row.sent.asset, row.sent.quantity, scales.worth.get(row.id)
    dearest, fee = scales.most_of(asset), scales.fee_of(row)
    most = units * dearest
    if scales.cost_goes_on:  # these units may have had a part in what was paid for others
        assets = scales.paid.assets() if scales.seen.rules.portfolio else {asset}
        most += scales.paid.until(scales.seen.year(row.at), assets)
    scales.change(n, row.at, None if fee is None else max(ZERO, most + fee - (value or ZERO)), value)
    if scales.one_queue(row.at):  # with a queue for each account they are out of it anyway
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


def _stakes(changes: Mapping[int, _Change], gains: Mapping[int, Decimal]) -> tuple[Stake, ...]:
    found = []
    for year, change in sorted(changes.items()):
        gain = gains.get(year, ZERO)
        lowest = "" if change.lower is None else plain(gain - change.lower)
        highest = "" if change.higher is None else plain(gain + change.higher)
        if not lowest == highest == plain(gain):
            found.append(Stake(str(year), plain(gain), lowest, highest))
    return tuple(found)
