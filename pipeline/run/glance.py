"""What the page of a year shows beside the tables (`pipeline.glance`), out of the ledger and of what the walk did.

walked = Walked(basis, period)
result = computed(..., trace=walked).report.result  # it hears of each flow once, and keeps sums alone
walked.course(result.disposals, result.lots)
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import accumulate
from pathlib import Path

from pipeline.gains.checks import balances, changes, differs, digits, told
from pipeline.gains.derive import Basis
from pipeline.gains.lots import Units
from pipeline.gains.trace import Leaving, Trace
from pipeline.gains.value import PriceBook
from pipeline.glance import Beside, Course, Glance, Stretch
from pipeline.ledger import Ledger
from pipeline.local import local_day
from pipeline.model import (
    Acquire,
    Balance,
    Convert,
    Disposal,
    Flow,
    Lot,
    Move,
    RawRecord,
    Rule,
    Transaction,
    Valued,
    is_fiat,
)
from pipeline.money import ZERO, exact
from pipeline.rules.base import Period
from pipeline.run.coverage import lists
from pipeline.settings import Settings
from reports.table import Report, SourceUsed

DAY = timedelta(1)
Change = tuple[int, str]  # month, counted from year 0; asset


def glance(settings: Settings, ledger: Ledger, report: Report) -> Glance:
    """All of it, with the course of a report that was computed and knows what exchanges reported; the records are read
    once the page is made."""
    reach = stretches(settings, ledger, list(report.sources))
    return Glance(reach, report.glance.course, beside(report, report.reported), partial(_texts, ledger.folder))


@contextmanager
def _texts(folder: Path) -> Iterator[Iterator[RawRecord]]:
    """By a connection of its own: two processes can't share one."""
    with Ledger.open(folder, create=False) as ledger:
        yield (record for account in ledger.accounts() for record in ledger.records(account))


# ---- how far the records reach --------------------------------------------------------------------------------------


def stretches(settings: Settings, ledger: Ledger, sources: Sequence[SourceUsed]) -> list[Stretch]:
    """Every list of each account behind an API, then what came by files, account by account."""
    found = [
        Stretch(r.account, r.words, r.records, r.first, r.last, r.run.asked, r.floor, r.holes, r.state.value)
        for r in lists(settings, ledger)
        if r.records or not r.stream.optional
    ]
    by_api = {(name, account.exchange) for name, account in settings.accounts.items()}
    found += [
        Stretch(s.account, s.source, s.records, s.first, s.last)
        for s in sources
        if (s.account, s.source) not in by_api and s.records
    ]
    return sorted(found, key=lambda s: s.account)


# ---- what the exchanges say ------------------------------------------------------------------------------------------


def beside(report: Report, reported: Sequence[Balance]) -> list[Beside]:
    """Each balance that an exchange or the records tell of an account that was asked, as of that instant, before or
    after the year's end. `reported`: as of one instant an account."""
    asked, shown, ends = {b.account: b.at for b in reported}, told(reported), report.period.ends
    if not asked:
        return []
    with exact():
        units: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        rows = report.result.transactions
        units |= {key: quantity for key, quantity in balances(rows, ends).items() if key[0] in asked}
        said = {(a, asset): quantity for a, at in asked.items() for asset, quantity in shown[a][at].items()}
        instants = [*asked.values(), ends]
        begin, end = bisect_left(rows, min(instants), key=_when), bisect_right(rows, max(instants), key=_when)
        for t in rows[begin:end]:
            if t.account in asked:
                times = (t.at <= asked[t.account]) - (t.at < ends)
                for asset, change in changes(t) if times else ():
                    units[t.account, asset] += times * change
        return [
            Beside(account, asset, asked[account], quantity, units[account, asset],
                   not differs(quantity, units[account, asset], digits(shown[account], asset)))
            for account, asset in sorted({*units, *said})
            for quantity in (said.get((account, asset), ZERO),)
        ]  # fmt: skip


def _when(t: Transaction) -> datetime:
    return t.at


# ---- what was held as time went on ----------------------------------------------------------------------------------


class Walked(Trace):
    """Hears of each flow and keeps only by how much the units and the cost of each asset changed in each month."""

    def __init__(self, basis: Basis, period: Period) -> None:
        super().__init__()
        first = basis.rules.reference_first
        self._zone, self._whole = basis.zone, basis.rules.portfolio
        self._end, self._until = (period.starts, period.first) if first else (period.ends, period.last + DAY)
        self._units: dict[Change, Decimal] = defaultdict(lambda: ZERO)
        self._cost: dict[Change, Decimal] = defaultdict(lambda: ZERO)

    def of(  # of what it is told it wants the flows alone
        self, _instead: Mapping[str, str], flows: Sequence[Flow], _valued: Sequence[Valued], _prices: PriceBook
    ) -> Trace:
        for flow in flows:
            if flow.at >= self._end:
                continue
            if isinstance(flow, Acquire):
                self._change(flow.at, flow.asset, flow.quantity, flow.cost or ZERO)
            elif self._whole and not isinstance(flow, Move):  # no units are taken one by one there
                self._heard(flow, [(Rule.POOL, Units("", None, (), flow.quantity, ZERO))])
        self.took = self._heard
        return self

    def _heard(self, flow: Leaving, parts: Sequence[tuple[Rule, Units]]) -> None:
        there = [units for rule, units in parts if rule is not Rule.MISSING or units.acquisition_id]
        quantity, cost = sum((u.quantity for u in there), ZERO), sum((u.cost for u in there), ZERO)
        if isinstance(flow, Move):  # units that nobody has on record go along
            if quantity < flow.quantity:
                self._change(flow.at, flow.asset, flow.quantity - quantity, ZERO)
            return
        self._change(flow.at, flow.asset, -quantity, -cost)
        if isinstance(flow, Convert):
            self._change(flow.at, flow.into, flow.into_quantity, cost)

    def _change(self, at: datetime, asset: str, quantity: Decimal, cost: Decimal) -> None:
        key = _month(local_day(at, self._zone)), asset
        self._units[key] += quantity
        self._cost[key] += cost

    def course(self, disposals: Sequence[Disposal], lots: Sequence[Lot]) -> Course:
        """`lots` are what is left. Losses that do not count stay in the cost. An asset is left out where its units do
        not lead to its lots."""
        with exact():
            for d in disposals:
                if d.denied:
                    self._change(d.disposed_at, d.asset, ZERO, d.denied)
            changes = {key for key in self._units if not is_fiat(key[1])}
            if not changes:
                return Course()
            months = range(min(month for month, _ in changes), _month(self._until - DAY) + 1)
            units, cost = {}, {}
            for asset in sorted({asset for _, asset in changes}):
                held = [lot for lot in lots if lot.asset == asset]
                run = _sums(self._units, asset, months)
                if run[-1] == sum((lot.quantity for lot in held), ZERO):
                    units[asset] = run
                    cost[asset] = _leading(_sums(self._cost, asset, months), sum((x.cost_basis for x in held), ZERO))
        return Course([*map(_begin, months[1:]), self._until], units, cost)


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _begin(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _sums(changes: Mapping[Change, Decimal], asset: str, months: range) -> list[Decimal]:
    """What stands at the end of each month."""
    return list(accumulate(changes.get((month, asset), ZERO) for month in months))


def _leading(run: Sequence[Decimal], to: Decimal) -> list[Decimal | None]:
    """`run`, if it leads to what is there; else its end alone."""
    return list(run) if run[-1] == to else [*[None] * (len(run) - 1), to]
