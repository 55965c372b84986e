"""Walks the flows in order of time and books every disposal against lots. The narrow waist's engine.

Knows no exchange, label or price: only units, costs, instants and the taxpayer's days. Quantities
and costs are conserved exactly. The order is: instant, acquisitions first, the source's own order;
never a hash, unless all else is equal.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.answers import NONE, Answers, Claim, DealtLot
from pipeline.gains.claims import disposed, revalue
from pipeline.gains.deal import Drawn, by_lines, deal, of_no_use, totals
from pipeline.gains.forks import Forked
from pipeline.gains.forks import passed_on as of_the_old
from pipeline.gains.forms import Forms, forms_of, in_forms, unite
from pipeline.gains.identify import Identified, across_migrations, identify
from pipeline.gains.losses import Around, ring_fenced, superficial, without_losses
from pipeline.gains.lots import AVERAGE, METHODS, Inventory, Pool, Queue, Units, acquired, inventory, total
from pipeline.gains.missing import Shortfalls, missing_acquisitions, went_short
from pipeline.gains.old_stock import OldStock, passed_on
from pipeline.gains.orders import Plan
from pipeline.gains.picks import Picks
from pipeline.gains.position import Held, Position, Start, position_of, resumed, start_from
from pipeline.gains.steps import Arrival, Step, Years, steps
from pipeline.gains.trace import Took, untold
from pipeline.gains.turns import CLAIM, turns_of
from pipeline.issues import Issue
from pipeline.model import (
    IN_TRANSIT,
    Acquire,
    Allocation,
    Convert,
    Disposal,
    Dispose,
    Flow,
    Lot,
    Move,
    Need,
    Rule,
    Term,
)
from pipeline.money import ONE, ZERO, plain, split
from pipeline.rules.base import Change, Dated, Rules, Scope

# By these names, since each flow asks for them: to look up a member of an enum takes ten times as long.
ACCOUNT, NO_TERM, MISSING, ONE_COST, POOLED = Scope.ACCOUNT, Term.NONE, Rule.MISSING, Rule.AVERAGE, Rule.POOL


class Booked(Struct):
    """What the walk came to."""

    disposals: list[Disposal] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    short: Shortfalls = field(default_factory=dict)
    position: Callable[[], Position] | None = None  # what is left at `until`, for who asks while the walk is there


def book(
    flows: Sequence[Flow],
    rules: Rules,
    plan: Plan,
    scope: Dated[Scope],
    zone: ZoneInfo,
    opening: Sequence[Allocation] = (),
    until: datetime | None = None,
    answers: Answers = NONE,
    start: Position | None = None,
    took: Took = untold,
) -> Booked:
    """Disposals, and the lots open before `until` (None: at the end of the records). `start`: a filed position, from
    which the walk goes on. `took` hears what each flow takes.

    `scope` may change once from global to per account: the open lots are then dealt out, first as the person's
    own allocation has it, then as `opening` (what was settled before), else oldest lot first to the accounts that hold
    units, in the order in which they first held the asset (Rev. Proc. 2024-28, sec. 4.02). `plan`: the lot methods; one
    that begins on a day picks among the lots as they are, or, by the country's law, follows once a queue holds nothing.
    """
    forms = forms_of(flows, rules)
    identified = identify(flows, rules, forms, zone, start)
    walk = _Walk(identified, rules, forms, plan, scope, zone, answers, took)
    begin = start_from(start, flows, walk.lot) if start is not None else None
    turns = turns_of(walk, plan, scope, opening, answers, begin)
    for step in walk.steps:
        if until is not None and step.at >= until:
            if rules.yearly:
                continue
            break
        while turns and step.at >= turns[0].at:
            turns.pop(0).carry_out()
        walk.take(step)
    walk.steps.clear()  # `position` keeps the walk
    for turn in turns:
        if until is None or turn.at < until or (turn.at == until and turn.rank == CLAIM):
            turn.carry_out()
    walk.out.issues += of_no_use(walk.lines, rules, zone, until, walk.changed)
    walk.out.lots = in_forms(walk.open_lots(), flows, forms, until)
    walk.out.issues += missing_acquisitions(walk.out.short) + walk.picks.issues(until)
    walk.out.issues += across_migrations(flows, rules, forms, identified.taken, walk.out.disposals)
    if until is None:
        return walk.out
    # of the walk, and no part of it: in a circle a big history would stay in memory
    return replace(walk.out, position=lambda: position_of(walk.held(), flows, identified.taken, walk.joining, until))


class _Walk:
    """The state of the walk: queues per scope, units per account, units in flight."""

    def __init__(
        self, identified: Identified, rules: Rules, forms: Forms, plan: Plan, scope: Dated[Scope], zone: ZoneInfo,
        answers: Answers, took: Took,
    ) -> None:  # fmt: skip
        self.took = took
        method = plan.methods[0]
        self.rules, self.scope, self.zone = rules, scope.values[0][1], zone
        self.method = method if rules.average_from is None else "fifo"
        self.changed = False  # whether lots have become those of an account on the way
        self._own: dict[str, str] = {}  # the method in force in an account that has its own
        self.picks = Picks(answers.picks, rules, method, identified.flows, zone)
        self.lines: dict[str, list[DealtLot]] = defaultdict(list)  # what the person has dealt out, until it is
        for line in answers.allocation:
            self.lines[line.asset].append(line)
        years = None
        if rules.yearly and AVERAGE in plan.methods:
            years = Years(rules.year.of, lambda asset, day: plan.on(day, asset) == AVERAGE)
        self.steps = steps(identified.flows, years)
        self.out = Booked()
        self._taken = identified.taken
        self._around = Around(self.steps, zone, forms) if rules.superficial_days or rules.ring_fence_days else None
        self.joining: dict[str, Decimal] = defaultdict(Decimal)  # denied losses, by the acquisition they join
        self._queues: dict[tuple[str, str], Inventory] = {}
        self._forms = forms
        self._named: dict[str, str] = {}  # forms of a coin that have one queue by now -> its name
        self._former: set[tuple[str, str]] = set()  # queues of a former method, until they hold nothing
        self._by_cost = any(each in METHODS and METHODS[each].by_cost for each in plan.methods)
        self._places_matter = len(scope.values) > 1 or self.scope is Scope.ACCOUNT
        self._units: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self._places: dict[str, dict[str, None]] = defaultdict(dict)  # where an asset was, the first place first
        # Moves by id: whose units are on the way, or were carried out before their withdrawal's turn;
        # and those whose deposit had its turn first, by (account, asset) that they go to and where from.
        self._on_the_way: set[str] = set()
        self._early: set[str] = set()
        self._announced: dict[tuple[str, str], dict[str, dict[str, Move]]] = defaultdict(lambda: defaultdict(dict))

    def queue(self, account: str, asset: str) -> Inventory:
        key = (account if self.scope is ACCOUNT else "", self._named.get(asset, asset) if self._named else asset)
        found = self._queues.get(key)
        if found is None or (self._former and key in self._former and found.empty):
            self._former.discard(key)
            found = self._queues[key] = self._empty(key[0])
        return found

    def _empty(self, account: str) -> Inventory:
        """A new queue of the method in force."""
        method, old = self._own.get(account, self.method), self.rules.old_stock
        new = inventory(method, self.rules.dated_average)
        return OldStock(old, self.rules.old_first, new) if old else new

    def take(self, step: Step) -> None:
        if type(step) is Dispose:  # where it is another Struct, `isinstance` takes ten times as long
            self._dispose(step)
        elif type(step) is Convert:
            self._convert(step)
        elif type(step) is Move:
            self._depart(step)
        elif type(step) is Arrival:
            self._arrive(step.move)
        elif isinstance(step, Acquire):
            self._acquire(step)

    def claim(self, claim: Claim) -> None:
        day = claim.at.astimezone(self.zone).date()
        rows = revalue(claim, self.queue("", claim.asset), day, self.out.issues)
        if self._around is not None and self.rules.ring_fence_days and rows:
            rows = ring_fenced(disposed(claim, rows, day), rows, self._around, self.rules.ring_fence_days)
        self.out.disposals += rows

    def _acquire(self, a: Acquire) -> None:
        queue = self.queue(a.account, a.asset)
        if type(a) is Forked:
            for units in of_the_old(a, self.queue(a.account, a.old), self.out.issues):
                queue.add(units)
        else:
            queue.add(self.lot(a, self.joining.pop(a.id, ZERO) if self.joining else ZERO))
        if self._places_matter:
            self._hold(a.account, a.asset, a.quantity)

    def lot(self, a: Acquire, more: Decimal = ZERO) -> Units:
        cost, (since, day) = a.cost or ZERO, acquired(a, self.zone)
        cost = cost + more if more else cost  # mostly the flow's own number: another takes 104 bytes
        unit_cost = split(cost, ONE, a.quantity) if self._by_cost else ZERO
        return Units(a.id, since, a.order, a.quantity, cost, unit_cost, a.cost is None, day, a.dated)

    def _hold(self, account: str, asset: str, quantity: Decimal) -> None:
        self._units[asset][account] += quantity
        self._places[asset][account] = None

    def _depart(self, move: Move) -> None:
        if not self._places_matter or move.id in self._early:
            return  # in one queue for all time: where its units are changes nothing
        self._call_in(move.account, move.asset, move.quantity, set())
        announced = self._announced[move.into or "", move.asset][move.account]
        if move.into is not None and announced.pop(move.id, None) is not None:
            self._shift(move.account, move.into, move, move.quantity)
        else:
            self._on_the_way.add(move.id)
            self._shift(move.account, f"{IN_TRANSIT} {move.id}", move, move.quantity)

    def _arrive(self, move: Move) -> None:
        if not self._places_matter or move.into is None:
            return
        if move.id in self._on_the_way:
            self._shift(f"{IN_TRANSIT} {move.id}", move.into, move, move.quantity)
        else:
            self._announced[move.into, move.asset][move.account][move.id] = move

    def _call_in(self, account: str, asset: str, quantity: Decimal, asked: set[str]) -> bool:
        """Makes `quantity` be there, if deposits say that it is: a deposit may be stamped before its
        withdrawal, or stand before it in the same instant. What is not needed waits for the withdrawal.

        `asked`: accounts that are being asked or had too little, so that a circle ends.
        """
        held = self._units[asset]
        if held[account] >= quantity:
            return True
        asked.add(account)
        for source, moves in self._announced[account, asset].items():
            while moves and held[account] < quantity:
                move = next(iter(moves.values()))
                there = held[source] >= move.quantity
                if not there and (source in asked or not self._call_in(source, asset, move.quantity, asked)):
                    break
                del moves[move.id]
                self._early.add(move.id)
                self._shift(source, account, move, move.quantity)
        if held[account] < quantity:
            return False
        asked.discard(account)
        return True

    def _out_of(
        self, step: Dispose | Convert | Move, account: str, quantity: Decimal, units_of: str = ""
    ) -> list[tuple[Rule, Units]]:  # fmt: skip
        """Up to `quantity` out of a queue: whose they are by law, then what was picked, then by the method."""
        queue = self.queue(account, step.asset)
        if self.rules.recent_days and isinstance(step, Dispose) and isinstance(queue, Queue):
            parts = queue.latest(step.day - timedelta(self.rules.recent_days), quantity)
            return parts + queue.take(quantity - total(parts))
        if not (units_of or self.picks.asked):
            return queue.take(quantity)
        parts = queue.named(units_of, quantity) if units_of else []
        parts += self.picks.take(step, queue, quantity - total(parts), lambda ref: self._places_of(ref, account, step))
        return parts + queue.take(quantity - total(parts))

    def _places_of(self, acquisition_id: str, account: str, step: Dispose | Convert | Move) -> list[str]:
        """The other accounts that hold units of an acquisition."""
        found = [
            IN_TRANSIT if other.startswith(IN_TRANSIT) else other
            for (other, asset), queue in self._queues.items()
            if asset == step.asset and other not in ("", account)
            and any(units.acquisition_id == acquisition_id for units in queue.held())
        ]  # fmt: skip
        return sorted(set(found))

    def _shift(self, source: str, target: str, move: Move, quantity: Decimal) -> None:
        """Carries the method's first units on, with date and cost; units nobody has on record go
        along as missing ones, so that what is held still adds up."""
        self._units[move.asset][source] -= quantity
        self._hold(target, move.asset, quantity)
        if self.scope is Scope.GLOBAL:
            return
        destination = self.queue(target, move.asset)
        arrives = source.startswith(IN_TRANSIT)  # what is carried on was settled when it left
        carried = self.queue(source, move.asset).take(quantity) if arrives else self._out_of(move, source, quantity)
        self.took(move, carried)
        for _, units in carried:
            quantity -= units.quantity
            destination.add(units)
        if quantity > ZERO:
            destination.add(Units(move.id, move.at, move.order, quantity, ZERO, missing=True, dated=False))

    def _dispose(self, d: Dispose) -> None:
        rows = self._rows(d, self._take(d, d.units_of))
        if self._around is not None and d.gain:
            if self.rules.superficial_days:
                rows = self._superficial(d, rows, self._around)
            if self.rules.ring_fence_days:
                rows = ring_fenced(d, rows, self._around, self.rules.ring_fence_days)
        if not d.loss:
            rows = without_losses(rows)
        self.out.disposals += rows

    def _take(self, d: Dispose | Convert, units_of: str = "") -> list[tuple[Rule, Units]]:
        """The units that leave, those without an acquisition on record last."""
        if self._places_matter:
            held = self._units[d.asset]
            if held[d.account] < d.quantity:
                self._call_in(d.account, d.asset, d.quantity, set())
            held[d.account] -= d.quantity
        parts = [*self._taken[d.id]] if d.id in self._taken else []
        lacking = d.quantity - total(parts) if parts else d.quantity
        if lacking > ZERO:
            parts += self._out_of(d, d.account, lacking, units_of)
            lacking = d.quantity - total(parts)
        if lacking > ZERO:
            # they must have been there: what comes later is not theirs, at the change of scope neither
            if self._places_matter:
                self._units[d.asset][d.account] += lacking
            parts.append((MISSING, Units("", None, (), lacking, ZERO, missing=True, dated=False)))
            went_short(self.out.short, d, lacking, lambda: self._elsewhere(d))
        self.took(d, parts)
        return parts

    def _elsewhere(self, d: Dispose | Convert) -> str:
        """Which other accounts hold the asset at that time: it may have come from there."""
        held = self._units[d.asset].items() if self._places_matter else ()
        others = sorted(
            f"{IN_TRANSIT if account.startswith(IN_TRANSIT) else account} had {plain(units)}"
            for account, units in held
            if account != d.account and units > ZERO
        )
        return f" ({', '.join(others[:3])} then)" if others else ""

    def _convert(self, c: Convert) -> None:
        if self._forms.exchanged(c):
            c = unite(c, self._forms, self._named, self._queues, lambda asset: self.queue("", asset))
        queue = self.queue(c.account, c.into)
        for units, sold in passed_on(c, self._take(c), self.rules, self._by_cost):
            queue.add(units)
            self.out.disposals += [sold] if sold is not None else []
        if self._places_matter:
            self._hold(c.account, c.into, c.into_quantity)

    def _superficial(self, d: Dispose, rows: Sequence[Disposal], around: Around) -> list[Disposal]:
        found, joins = superficial(d, rows, around, self.rules.superficial_days)
        held = joins.pop("", ZERO)
        if held > ZERO:
            pools = [self.queue(d.account, form) for form in (d.asset, *self._forms.others(d.asset))]
            pool = next((pool for pool in pools if not pool.empty), pools[0])
            assert isinstance(pool, Pool), "a country of superficial losses has averages"
            pool.raise_cost(held)
        for acquisition, loss in joins.items():
            self.joining[acquisition] += loss
        return found

    def _rows(self, d: Dispose, parts: Iterable[tuple[Rule, Units]]) -> list[Disposal]:
        """One row per part; proceeds and costs shared by quantity, the last part takes the rest.

        Units that were acquired at a known time but at no known price are of the method's rule all the same.
        """
        rows, left, proceeds_left, costs_left = [], d.quantity, d.proceeds, d.costs
        for rule, units in parts:
            quantity, dated, day = units.quantity, units.dated, units.day
            proceeds, costs = proceeds_left, costs_left
            if quantity != left:
                if proceeds_left is not None:
                    proceeds = split(proceeds_left, quantity, left)
                    proceeds_left -= proceeds
                if costs_left:
                    costs = split(costs_left, quantity, left)
                    costs_left -= costs
                left -= quantity
            cost_basis = units.cost + costs if costs else units.cost
            if not d.gain:
                proceeds = cost_basis
            no_term = day is None and (rule is ONE_COST or rule is POOLED)
            since = day if dated and day is not None else d.day  # short where they are missing, the dearer side
            term = NO_TERM if no_term else self.rules.term(since, d.day)
            acquired_at = units.acquired_at if dated and rule is not ONE_COST else None
            rows.append(Disposal(
                d.id, units.acquisition_id, d.account, d.asset, quantity, acquired_at, d.at, proceeds, cost_basis,
                term, rule if dated else MISSING, d.kind, d.gain, ZERO, ZERO, costs,
            ))  # fmt: skip
        return rows

    def change_scope(self, at: datetime, to: Scope, opening: Sequence[Allocation]) -> None:
        """Deals the lots of the one queue out to the accounts that hold units."""
        assert (self.scope, to) == (Scope.GLOBAL, Scope.ACCOUNT)
        before, self._queues, self.scope, self.changed = self._queues, {}, to, True
        for (_, asset), queue in sorted(before.items(), key=lambda item: item[0][1]):
            held = self._units[asset]
            claims = {account: held[account] for account in self._places[asset] if held[account] > ZERO}
            lines = self.lines.pop(asset, [])
            settled = [a for a in opening if a.asset == asset] if not lines else []
            lots = queue.held()
            drawn = by_lines(lots, claims, lines, self.zone) if lines else Drawn()
            drawn.dealt += deal(lots, claims, settled)
            assert not any(lot.quantity for lot in lots), "what the accounts hold is never less than the lots"
            for account, units in drawn.dealt:
                self.queue(account, asset).add(units)
                given = bool(lines)
                self.out.allocations.append(Allocation(asset, account, units.acquisition_id, units.quantity, given))
            if drawn.apart:
                why = "; ".join(drawn.apart)
                self.out.issues.append(Issue("allocation_differs", "", asset, at, details={"why": why}))
            if settled and totals(settled) != totals(self.out.allocations, asset):
                why = "units before that day came, went or moved since it was settled"
                self.out.issues.append(Issue("allocation_changed", "", asset, at, details={"why": why}))

    def change_method(self, to: str, account: str = "") -> None:
        """From now on `to` says which of the lots go first: in one account, or in all that have none of their own."""
        if account:
            self._own[account] = to
        else:
            self.method = to
        if self.rules.methods_change is Change.SOLD_OUT:
            self._former |= {key for key in self._queues if not account or key[0] == account}
            return
        before, self._queues = self._queues, {}
        for (place, asset), queue in before.items():
            if account and place != account:
                self._queues[place, asset] = queue
                continue
            found = self.queue(place, asset)
            for units in queue.held():
                found.add(units)

    # ---- from one filed year to the next ------------------------------------------------------

    def held(self) -> list[Held]:
        return [Held(*key, units) for key, queue in sorted(self._queues.items()) for units in queue.parts()]

    def go_on_from(self, start: Start) -> None:
        """From here on the lots are those that were filed, as far as their units are there."""
        lots, issues = resumed(start, self.held(), self._empty)
        for queue in self._queues.values():
            queue.take(total((Rule.MISSING, units) for units in queue.held()))
        for one in lots:
            self.queue(one.place, one.asset).add(one.units)
        self.joining = defaultdict(Decimal, start.position.joins)
        self.out.issues += issues

    def open_lots(self) -> list[Lot]:
        lots = []
        for (account, asset), queue in sorted(self._queues.items()):
            shown = IN_TRANSIT if account.startswith(f"{IN_TRANSIT} ") else account
            for u in queue.held():
                lots.append(Lot(u.acquisition_id, shown, asset, u.quantity, u.acquired_at if u.dated else None, u.cost))
        return lots
