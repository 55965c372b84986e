"""The stages in their order: the function to read first.

    rows -> renamed, tied, labelled, counted -> match -> migrated -> value -> assess -> book -> check -> Result

A pure function: the same arguments, in any order, give the same Result. It opens nothing, reads no
clock, and computes in the exact decimal context.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from pipeline.answers import NONE, Answers
from pipeline.gains.answered import (
    alone,
    arrived,
    labelled,
    opened,
    renamed,
    renamed_balances,
    settled,
    sides,
    worthless,
)
from pipeline.gains.assess import assess
from pipeline.gains.book import Booked, book
from pipeline.gains.carried import begun, carried, dealt
from pipeline.gains.change import years_of
from pipeline.gains.checks import check
from pipeline.gains.claims import claimed
from pipeline.gains.derivatives import as_disposals
from pipeline.gains.doubts import told
from pipeline.gains.forks import divided
from pipeline.gains.match import in_order, match
from pipeline.gains.migrate import migrated
from pipeline.gains.orders import Plan
from pipeline.gains.own_rules import own_rules
from pipeline.gains.picks import Picks
from pipeline.gains.portfolio import portfolio
from pipeline.gains.position import Position
from pipeline.gains.repeats import counted
from pipeline.gains.repeats import settled as both_count
from pipeline.gains.stakes import Seen, weighed
from pipeline.gains.tie import tied
from pipeline.gains.trace import Trace
from pipeline.gains.value import PriceBook, value
from pipeline.issues import Issue
from pipeline.model import (
    FIAT,
    Allocation,
    Amount,
    Balance,
    Disposal,
    Event,
    Flow,
    Lot,
    Price,
    Result,
    Transaction,
    Transfer,
    Valued,
    Values,
)
from pipeline.money import exact
from pipeline.rules.base import Dated, Rules, Scope


class Basis(Struct, frozen=True):
    """By what the figures are computed: the country's rules and the taxpayer's choices within them. `later`: lot
    methods that follow on `method`, each from a day of the taxpayer's on. `own`: those of one account alone, likewise:
    (account, from day, method). `rank`: where several sources tell of one account, the lowest counts."""

    rules: Rules
    currency: str
    zone: ZoneInfo
    method: str
    scope: Dated[Scope]
    later: tuple[tuple[date, str], ...] = ()
    own: tuple[tuple[str, date, str], ...] = ()
    rank: Callable[[str], int] = lambda _: 0

    @property
    def plan(self) -> Plan:
        return Plan(((None, self.method), *self.later), self.own)

    def method_on(self, day: date) -> str:
        """The method of accounts without one of their own."""
        return self.plan.on(day)


def derive(
    transactions: Iterable[Transaction],
    prices: Iterable[Price],
    basis: Basis,
    *,
    reported: Sequence[Balance] = (),
    opening: Sequence[Allocation] = (),
    until: datetime | None = None,
    answers: Answers = NONE,
    start: Position | None = None,
) -> Result:
    """Everything the reports need, from rows, prices and the person's answers alone.

    `until`: the first instant that no longer counts (a tax year's end); later rows still serve to
    find the other side of a transfer. `opening`: what a change of lot scope gave to the accounts
    when it was first reported. `reported`: balances by the exchanges, to be compared. `start`: the
    position of a filed year, from which the lots go on.
    """
    return derived(
        transactions, prices, basis, reported=reported, opening=opening, until=until, answers=answers, start=start
    )[0]


def derived(
    transactions: Iterable[Transaction],
    prices: Iterable[Price],
    basis: Basis,
    *,
    reported: Sequence[Balance] = (),
    opening: Sequence[Allocation] = (),
    until: datetime | None = None,
    answers: Answers = NONE,
    start: Position | None = None,
    trace: Trace | None = None,
) -> tuple[Result, Callable[[], Position] | None]:
    """The same, and what gives the position at `until`; None where there is no end, or no gains are computed. `trace`
    gets what the figures came by."""
    with exact():
        one = tied(renamed(transactions, answers.assets), basis.rank, answers)
        instead = one.instead
        start = begun(start, answers, instead)
        answers, opening = carried(answers, instead), dealt(opening, answers, instead)
        rows, unused = labelled(in_order(one.rows), answers.labels)
        rows, unfit = counted(rows, answers.repeats, answers.copies)
        by_hand = sides(answers.matches, answers.openings)
        events, unmatched = migrated(*match(rows, by_hand))
        transfers = [e for e in events if type(e) is Transfer]
        unmatched += one.issues + unused + unfit + alone(rows, by_hand)
        held = renamed_balances(reported, answers.assets) if answers.assets else reported
        prices_of = PriceBook(prices, basis.currency, basis.zone)
        rules = basis.rules
        horizon = None if until is None else until + timedelta(rules.days_ahead + 1) if rules.days_ahead else until
        valued = value(_before(horizon, events), prices_of, rules.higher_value)
        valued = worthless(valued, answers.worthless) if answers.worthless else valued
        apart = [v for v in valued if v.basis != FIAT]  # what is not worth the very money that it moved: few, as a rule
        own, refused = own_rules(answers.rules, rules, rows)
        claims, unclaimed, rates = claimed(answers.claims, prices_of, rules)
        unmatched += refused + unclaimed
        assessed = assess(valued, rules, basis.currency, basis.zone, own)
        known = (lot for lot in answers.openings if horizon is None or lot.acquired_at < horizon)
        lots = opened(known, prices_of, basis.zone)
        flows, issues, needs = arrived(assessed.flows, unmatched + assessed.issues, answers.openings, prices_of, rows)
        flows, issues, more = divided(flows, issues, apart, prices_of, rules, own)
        issues = told(issues + lots.issues, apart, prices_of)
        values = _values([*lots.valued, *apart], prices_of.money)
        reference = _reference(basis, until)
        flows = [*lots.flows, *flows] if lots.flows else flows
        trace = Trace() if trace is None else trace.of(instead, flows, [*lots.valued, *valued], prices_of)
        del one, events, valued, apart  # of a long history they take much room, and the walk needs none of them
        booked = _booked(flows, basis, prices_of, opening, reference, replace(answers, claims=claims), start, trace)
        derivatives = [d for d in assessed.derivatives if until is None or d.at < until]
        if rules.derivatives_are_gains:
            booked.disposals += as_disposals(derivatives, rules)
        rows = _with_sides(rows, transfers)
        rows = in_order([*lots.rows, *rows]) if lots.rows else rows
        ahead = _ahead(issues, booked.disposals, until)
        if rules.gains:
            short = {place: one.units for place, one in booked.short.items()}
            issues += told(booked.issues, (), prices_of) + check(rows, held, short)
        else:  # what nobody has to pay tax on need not have a cost; that it is there at all matters
            costs = {lot.id for lot in answers.openings}
            issues = [i for i in issues if i.code != "unknown_basis" and i.ref not in costs]
            issues += check(rows, held, {})
        issues = settled(issues, answers.assets) if answers.assets else issues
        issues = both_count(issues, answers.repeats, answers.copies)
        issues = [i for i in sorted(issues, key=_rank) if until is None or i.at is None or i.at < until or i in ahead]
        if rules.gains:
            year_of = years_of(rules, basis.zone)
            seen = Seen(booked.disposals, flows, rows, values, rules, basis.scope, basis.zone, basis.currency, year_of)
            issues = weighed(issues, seen)
        result = Result(
            disposals=booked.disposals if rules.gains else [],
            lots=[_at_market(lot, prices_of, reference, rules.reference_first) for lot in booked.lots],
            incomes=[i for i in assessed.incomes if until is None or i.at < until],
            transactions=rows,
            values=values,
            transfers=_other_sides(transfers),
            allocations=booked.allocations,
            issues=[i.in_zone(basis.zone) for i in issues],
            needs=sorted({*lots.needs, *needs, *rates, *more, *assessed.needs, *booked.needs}),
            derivatives=derivatives,
        )
        return result, booked.position if rules.gains else None


def _booked(
    flows: Sequence[Flow], basis: Basis, prices: PriceBook, opening: Sequence[Allocation], until: datetime | None,
    answers: Answers, start: Position | None, trace: Trace,
) -> Booked:  # fmt: skip
    if basis.rules.portfolio:

        def price_of(asset: str, at: datetime) -> Decimal | None:
            found = prices.quote(asset, at)
            return None if found is None else found[0]

        booked = portfolio(flows, price_of, basis.currency, until, start)
        booked.issues += Picks(answers.picks, basis.rules, basis.method, flows, basis.zone).issues(until)
        return booked
    return book(flows, basis.rules, basis.plan, basis.scope, basis.zone, opening, until, answers, start, trace.took)


def _reference(basis: Basis, until: datetime | None) -> datetime | None:
    """The instant just before which units are held: the end of the period, or its beginning in some countries."""
    if until is None or not basis.rules.reference_first:
        return until
    year = basis.rules.year
    return year.period(year.of((until - MOMENT).astimezone(basis.zone).date()), basis.zone).starts


def _ahead(issues: Iterable[Issue], disposals: Iterable[Disposal], until: datetime | None) -> set[Issue]:
    """Problems after the period that bear on its figures all the same: of acquisitions that served its disposals."""
    late = [i for i in issues if until is not None and i.at is not None and i.at >= until]
    served = {d.acquisition_id for d in disposals} if late else set()
    return {i for i in late if i.ref in served}


def _before(horizon: datetime | None, events: list[Event]) -> list[Event]:
    """The events that begin before it; None: all."""
    return events if horizon is None else [e for e in events if _begins(e) < horizon]


def _begins(event: Event) -> datetime:
    return event.at if isinstance(event, Transaction) else min(event.out.at, event.into.at)


def _with_sides(rows: list[Transaction], transfers: Iterable[Transfer]) -> list[Transaction]:
    """The rows, those of transfers as these have them; a withdrawal's amount as its other side has shown it to be."""
    sides = {}
    for one in transfers:
        out = one.out
        if one.lost is not None and out.sent is not None:
            out = replace(out, sent=Amount(out.sent.quantity + one.lost.quantity, out.sent.asset))
        sides[out.id], sides[one.into.id] = out, one.into
    return [sides.get(t.id, t) for t in rows] if sides else rows


def _at_market(lot: Lot, prices: PriceBook, reference: datetime | None, first: bool) -> Lot:
    """The lot with its market value just before `reference`, or (`first`) at it, where a price is known."""
    if reference is None:
        return lot
    quote = prices.quote(lot.asset, reference) if first else None
    quote = quote or prices.quote(lot.asset, reference - MOMENT)
    return lot if quote is None else replace(lot, market_value=lot.quantity * quote[0])


MOMENT = datetime.resolution


def _values(apart: Iterable[Valued], money: str | None) -> Values:
    """What the rows were worth; of transfers that is told of none."""
    return Values({v.event.id: (v.value, v.basis) for v in apart if isinstance(v.event, Transaction)}, money)


def _other_sides(transfers: Iterable[Transfer]) -> dict[str, str]:
    pairs = [(e.out.id, e.into.id) for e in transfers]
    return dict(pairs) | {into: out for out, into in pairs}


_ORDER = {"error": 0, "warning": 1, "info": 2}


def _rank(issue: Issue) -> tuple[object, ...]:
    at = issue.at.isoformat() if issue.at else ""
    return (_ORDER[issue.severity], at, issue.code, issue.account, issue.asset, issue.ref)
