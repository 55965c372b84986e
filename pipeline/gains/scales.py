"""What open problems are weighed by: the disposals of a year, the rows, what the lots may have cost; and where the
changes of all problems add up (`stakes` says what each kind of problem does).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.gains.blame import OF_A_PLACE, OF_AN_ACQUISITION, Blame
from pipeline.gains.change import Change, gains_of
from pipeline.gains.forks import as_conversions
from pipeline.gains.sold import Paid, Sold, dearest_of
from pipeline.issues import Issue
from pipeline.model import Acquire, Convert, Disposal, Flow, Move, Rule, Transaction, Values
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


class Scales:
    """Where the changes of all problems add up: by the problem's place among the issues, and by tax year."""

    def __init__(self, issues: Sequence[Issue], seen: Seen, moving: Collection[str]) -> None:
        """`moving`: the codes of problems that may have other lots taken."""
        self.seen = seen
        self._converts: dict[str, list[Convert]] = defaultdict(list)
        for f in as_conversions(seen.flows):
            if type(f) is Convert and f.into != f.asset:
                self._converts[f.asset].append(f)
        self.rows = self._asked_for(issues)
        self.changes: dict[int, dict[int, Change]] = defaultdict(lambda: defaultdict(Change))
        self.gains = gains_of(seen.disposals, seen.rules, seen.zone)
        self.sold = Sold(seen.disposals, seen.year)
        self.averaged = {d.asset for d in seen.disposals if d.rule in AVERAGES}
        self.unsure = {i.asset for i in issues if i.code in OF_AN_ACQUISITION or i.code in OF_A_PLACE}
        self.moving = {i.asset for i in issues if i.code in moving}  # assets whose lots may be others; "": any
        left = [self.rows.get(i.ref) for i in issues if i.code in ("unmatched_withdrawal", "ambiguous_transfer")]
        self.gone = [(t.sent.asset, t.at) for t in left if t is not None and t.sent is not None]
        self._swaps_taxed = all(taxed for _, taxed in seen.rules.swaps_taxed.values)
        rules = seen.rules  # whether costs go from one unit to another, or are one for all
        self.cost_goes_on = rules.portfolio or rules.superficial_days > 0 or not self._swaps_taxed
        last = seen.rules.old_stock
        self._old = {f.asset for f in seen.flows if last and isinstance(f, Acquire) and f.day <= last}
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
            about, row = blame.of(d), d.id.partition(".")[0]  # a fee's id is that of its row and a suffix
            if d.taxed:
                if d.acquisition_id in self.rows:
                    self.sold_from[d.acquisition_id].add(seen.year(d.disposed_at))
                if row in self.rows:
                    self.by_row[row].append(d)
            elif about is not None:
                self.given[about] += d.quantity
            if about is None or not d.taxed:
                continue
            if d.proceeds is None:
                self.change(about, d.disposed_at, None, None)
            else:
                self.blamed[about].append(d)

    def _asked_for(self, issues: Sequence[Issue]) -> dict[str, Transaction]:
        """The rows that are looked at, by id: those that problems name, of accounts that may be there twice, that coins
        became others in, and that carried on what is missing. Of a long history all would take much room."""
        accounts = {i.account for i in issues if i.code == "duplicate_account"}
        asked = {name for i in issues for name in (i.ref, i.ref.partition(".")[0])}
        asked |= {c.id for those in self._converts.values() for c in those}
        asked |= {d.acquisition_id for d in self.seen.disposals if d.rule is Rule.MISSING}
        return {t.id: t for t in self.seen.rows if t.id in asked or t.account in accounts}

    @cached_property
    def dearest(self) -> dict[str, Decimal]:
        return dearest_of(as_conversions(self.seen.flows))

    @cached_property
    def paid(self) -> Paid:
        return Paid(self.seen.flows, self.seen.disposals, self.seen.year)

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
                change.share(common(assets), lower, higher)

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
        return (self.one_queue(at) or alone) and not self.sold.of(asset).mixed

    def most_of(self, asset: str) -> Decimal:
        """What a unit can have cost: the dearest on record; or, where the cost of some is not known, the most that one
        brought."""
        dearest = self.dearest.get(asset, ZERO)
        return max(dearest, self.sold.of(asset).price) if asset in self.unsure else dearest

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


def common(assets: Iterable[str]) -> str:
    """The name of what problems of these assets have in common: what was paid for them in all."""
    return " ".join(sorted(assets))
