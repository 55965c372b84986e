"""From a disposal down to what was received and paid: its parts, their lots or the pool, transfers, values.

Takes what was computed (`Result`) and what that came by (`Trace`); gives `Step`s. What the ledger holds of a
transaction is the caller's (`Behind`). All in the exact context; instants in the taxpayer's zone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from pipeline.gains.derive import Basis
from pipeline.gains.lots import Units
from pipeline.gains.trace import Taken, Trace
from pipeline.model import Acquire, Convert, Disposal, Dispose, Flow, Move, Result, Rule
from pipeline.money import ONE, ZERO, plain, split
from pipeline.run.moved import Moved
from pipeline.run.pools import AVERAGED, Came, into_pool, into_whole
from pipeline.run.reasons import Step, Sum, Term, known, summed

OWN = "allocation-"  # how the ids of lots begin that are lines of the person's own opening allocation
MOST = 20  # purchases of a pool, uses of a lot, that are listed
TWO = Decimal(2)


class Why(Struct, frozen=True):
    """Answers of one computation. `moved` has the transactions behind it."""

    result: Result
    trace: Trace
    basis: Basis
    moved: Moved
    rows: dict[str, list[Disposal]]
    flows: dict[str, list[Flow]]
    taken: dict[str, int]  # the id of what took units -> its place in `trace.taken`

    @classmethod
    def of(cls, result: Result, trace: Trace, basis: Basis, moved: Moved) -> "Why":
        rows: dict[str, list[Disposal]] = defaultdict(list)
        for row in result.disposals:
            rows[row.id].append(row)
        flows: dict[str, list[Flow]] = defaultdict(list)
        for flow in trace.flows:
            flows[flow.id].append(flow)
        taken = {one.flow.id: n for n, one in enumerate(trace.taken)}
        return cls(result, trace, basis, moved, dict(rows), dict(flows), taken)

    # ---- disposals --------------------------------------------------------------------------------------------------

    def disposal(self, ref: str, only: Sequence[Disposal] | None = None) -> Step:
        """All of a disposal, or only some of its parts."""
        rows = self.rows[ref]
        parts = tuple(
            self._part(n, rows) for n, row in enumerate(rows) if only is None or any(row is one for one in only)
        )
        first, quantity = rows[0], sum((row.quantity for row in rows), ZERO)
        proceeds, cost, gain = _total(rows, "proceeds"), _total(rows, "cost_basis"), _total(rows, "gain")
        sums: list[Sum] = []
        if proceeds is not None and cost is not None:
            sums += summed("gain", gain, Term(proceeds, "proceeds"), Term(cost, "cost basis", less=True))
        if len(rows) > 1:
            sums += summed("gain", gain, *(Term(row.gain or ZERO, f"part {n}") for n, row in enumerate(rows, 1)))
        facts = known(
            ("disposed", self.moved.when(first.disposed_at)),
            ("account", first.account),
            ("kind", first.kind.value),
            ("parts", str(len(rows)) if len(rows) > 1 else ""),
            ("proceeds", "no price is known, so that there is no figure" if proceeds is None else proceeds),
            ("cost basis", cost),
            ("gain", gain),
            ("taxed", "" if first.taxed else "no: no gain is computed, proceeds are set to the cost"),
        )
        base = ref.partition(".")[0]
        because = [*parts, *self._proceeds(ref), *self.moved.transactions(base)]
        return Step(
            f"disposal {ref}: {plain(quantity)} {first.asset}, {first.kind}", facts, tuple(sums), tuple(because), ref
        )

    def _part(self, n: int, rows: Sequence[Disposal]) -> Step:
        row = rows[n]
        units, before = self._units(n, row)
        sums: list[Sum] = []
        sums += self._share_of_proceeds(n, row)
        cost, words = self._cost(row, units)
        sums += cost
        own = row.cost_basis - row.costs + row.denied
        if row.costs or row.denied:
            more = [Term(row.costs, "what was paid to dispose of them")] if row.costs else []
            less = [Term(row.denied, "loss that does not count", less=True)] if row.denied else []
            sums += summed("cost basis", row.cost_basis, Term(own, "cost of the units"), *more, *less)
        if row.proceeds is not None:
            sums += summed(
                "gain", row.gain, Term(row.proceeds, "proceeds"), Term(row.cost_basis, "cost basis", less=True)
            )
        facts = known(
            ("acquired", self.moved.when(row.acquired_at) if row.acquired_at else ""),
            ("proceeds", row.proceeds),
            ("cost basis", row.cost_basis),
            ("gain", row.gain),
            ("term", row.term.value),
            ("rule", _RULES[row.rule]),
            ("cost found by", words),
            ("set apart", row.set_apart or None),
        )
        because = tuple(self._origin(row, units, before))
        what = f"part {n + 1} of {len(rows)}: {plain(row.quantity)} {row.asset}"
        return Step(what, facts, tuple(sums), because, row.acquisition_id)

    def _units(self, n: int, row: Disposal) -> tuple[Units | None, int | None]:
        """The units of a part as they were taken, and when in the walk."""
        at = self.taken.get(row.id)
        if at is None:
            return None, None
        parts = [units for _, units in self.trace.taken[at].parts]
        if isinstance(self.trace.taken[at].flow, Convert):  # only old stock is sold in one
            same = (u for u in parts if (u.acquisition_id, u.quantity) == (row.acquisition_id, row.quantity))
            return next(same, None), at
        return (parts[n] if n < len(parts) else None), at

    def _dispose(self, ref: str) -> Dispose | None:
        return next((f for f in self.flows.get(ref, ()) if isinstance(f, Dispose)), None)

    def _share_of_proceeds(self, n: int, row: Disposal) -> tuple[Sum, ...]:
        d = self._dispose(row.id)
        if d is None:
            return self._share_of_worth(row)
        if d.proceeds is None or not d.gain:
            return ()
        if row.whole is not None:  # France
            net, rest = d.proceeds - d.costs, self.rows[row.id][:n]
            terms = [Term(net, "proceeds less the fee" if d.costs else "proceeds", (row.quantity, d.quantity))]
            if rest:
                terms = [Term(net, "proceeds of all units")]
                terms += [Term(one.proceeds or ZERO, "of units on record", less=True) for one in rest]
            return summed("proceeds", row.proceeds, *terms)
        left, units = d.proceeds, d.quantity
        for one in self.rows[row.id][:n]:
            left -= split(left, one.quantity, units)
            units -= one.quantity
        words = "proceeds of the disposal" if not n else "proceeds left after the parts before"
        return summed("proceeds", row.proceeds, Term(left, words, (row.quantity, units)))

    def _share_of_worth(self, row: Disposal) -> tuple[Sum, ...]:
        """Of old stock that was swapped: its part of what it was worth."""
        at = self.taken.get(row.id)
        flow = self.trace.taken[at].flow if at is not None else None
        if at is None or not isinstance(flow, Convert) or flow.worth is None:
            return ()
        left, lacking = flow.worth, flow.quantity
        for _, units in self.trace.taken[at].parts:
            if (units.acquisition_id, units.quantity) == (row.acquisition_id, row.quantity):
                return summed("proceeds", row.proceeds, Term(left, "value of the swap", (row.quantity, lacking)))
            left -= split(left, units.quantity, lacking)
            lacking -= units.quantity
        return ()

    def _cost(self, row: Disposal, units: Units | None) -> tuple[tuple[Sum, ...], str]:
        """The arithmetic of what the units cost, or in words how it was found."""
        if row.whole is not None and row.rule is not Rule.MISSING:
            d, worth, price = self._dispose(row.id), row.whole.worth, row.whole.price
            if d is None or d.proceeds is None or worth <= ZERO:
                return (), "no value of the whole portfolio"
            gross = min(split(d.proceeds, row.quantity, d.quantity), worth)
            words = "paid for everything, less what earlier disposals used; x price / value of everything"
            return summed("cost", row.cost_basis, Term(price, words, (gross, worth))), ""
        if units is None:
            return (
                (),
                "no acquisition on record: 0" if row.rule is Rule.MISSING else _NO_WHOLE * self.basis.rules.portfolio,
            )
        share = units.share
        if share is not None and units.cost == split(*share):
            pool = row.rule in AVERAGED or not units.acquisition_id
            words = "cost of the pool, by units" if pool else "cost of what was left of the lot, by units"
            return summed("cost of the units", units.cost, Term(share[0], words, share[1:])), ""
        return (), _NO_COST if units.missing else f"all that was left of the lot, at its cost of {plain(units.cost)}"

    def _proceeds(self, ref: str) -> Iterator[Step]:
        """Where the proceeds come from: the value, and what was taken off."""
        d, base = self._dispose(ref), ref.partition(".")[0]
        if d is None or d.proceeds is None:
            return
        value, fee = self.moved.worth_of(ref), self.moved.fee_of(base)
        if value is None or value.value is None:
            return
        off = value.value - d.proceeds
        halves = {fee: "fee", split(fee, ONE, TWO): "half of the fee", fee - split(fee, ONE, TWO): "half of the fee"}
        terms = [Term(value.value, "value")]
        if off in halves and off:
            terms.append(Term(off, halves[off], less=True))
        how = "" if not off or off in halves else "by the country's rules these units left for nothing"
        costs = known(("costs of the disposal", d.costs or None), ("set by", how))
        step = Step(f"proceeds {plain(d.proceeds)}", costs, summed("proceeds", d.proceeds, *terms), (value.step,))
        yield step

    # ---- where the units come from ----------------------------------------------------------------------------------

    def _origin(self, row: Disposal, units: Units | None, before: int | None) -> Iterator[Step]:
        if row.whole is not None:
            d = self._dispose(row.id)
            came, sums = into_whole(d, row, self.trace) if d is not None else ([], ())
            yield Step(
                "everything that was held, as one whole",
                known(
                    ("worth just before", row.whole.worth),
                    ("paid for it, less what was used", row.whole.price),
                    ("used by earlier disposals", row.whole.used),
                    ("taken off the proceeds", row.whole.fees or None),
                ),
                sums,
                self._listed(came),
            )
        if units is not None and units.share is not None and before is not None and row.rule in AVERAGED:
            yield self._pool(row, units, before)
        yield from self._as_filed(row)
        if row.acquisition_id:
            cost = None if units is None else units.cost if units.share is None else units.share[0]
            yield self.lot(row.acquisition_id, row.account, before, cost)
        elif row.rule is Rule.MISSING:
            yield Step("no acquisition of these units is on record: they cost 0, see `taxsync check`")

    def _as_filed(self, row: Disposal) -> Iterator[Step]:
        """That the lots of its asset go on from a filed year which today's records no longer come to: what the units
        cost then is not the sum of those records."""
        for issue in self.result.issues:
            if (issue.code, issue.asset) == ("filed_position", row.asset) and issue.at and issue.at <= row.disposed_at:
                yield Step(issue.message, known(("what to do", issue.remedy)))

    def _pool(self, row: Disposal, units: Units, before: int) -> Step:
        assert units.share is not None
        cost, part, quantity = units.share
        left = cost - units.cost
        facts = known(
            ("before", f"{plain(quantity)} {row.asset} that cost {plain(cost)}"),
            ("after", f"{plain(quantity - part)} {row.asset} that cost {plain(left)}"),
        )
        sums = list(summed("cost after", left, Term(cost, "cost before"), Term(units.cost, "taken", less=True)))
        since, terms = into_pool(row, before, self.trace, self.basis, self.moved.day)
        sums += summed("cost before", cost, *terms)
        return Step("the pool, in which all units cost the same", facts, tuple(sums), self._listed(since))

    def _listed(self, came: Sequence[Came]) -> tuple[Step, ...]:
        """The newest receipts and purchases."""
        listed = tuple(
            Step(f"{self.moved.when(c.at)} {c.id}: {plain(c.quantity)} {c.asset}, cost {plain(c.cost)}", id=c.id)
            for c in came[-MOST:]
        )
        return (*listed, Step(f"and {len(came) - MOST} before them")) if len(came) > MOST else listed

    def lot(self, ref: str, account: str = "", before: int | None = None, left: Decimal | None = None) -> Step:
        """An acquisition, how it cost what it cost, its way to `account`, and what took of it `before`; `left`: what
        its units cost that were there then."""
        acquired = [f for f in self.flows.get(ref, ()) if isinstance(f, Acquire)]
        facts: list[tuple[str, str]] = []
        sums: list[Sum] = []
        what = f"lot {ref}"
        for a in acquired:
            what = f"lot {ref}: {plain(a.quantity)} {a.asset}"
            facts += known(
                ("acquired", self.moved.when(a.at if a.since is None else a.since)),
                ("came", self.moved.when(a.at) if a.since is not None else ""),
                ("account", a.account),
                ("cost", "unknown, counts as 0" if a.cost is None else a.cost),
                ("cost per unit", split(a.cost, ONE, a.quantity) if a.cost else None),
            )
            sums += self._paid(a)
            sums += self._left(a, account, before, left) if before is not None and a.cost is not None else ()
        if ref.startswith(OWN):
            facts.append(("from", "your own opening allocation"))
        base = ref.partition(".")[0]
        worth = self.moved.worth_of(base) if acquired else None
        because = [worth.step] if worth is not None and worth.value is not None else []
        because += self._way(ref, account, before)
        because += self.used(ref, before) if before is not None else ()
        because += self.moved.transactions(base) or self.moved.answers(ref)
        return Step(what, tuple(facts), tuple(sums), tuple(because), ref)

    def _paid(self, a: Acquire) -> tuple[Sum, ...]:
        worth, fee = self.moved.worth_of(a.id), self.moved.fee_of(a.id)
        value = worth.value if worth is not None else None
        if a.cost is None:
            return ()
        half = split(fee, ONE, TWO)
        first = [] if value is None else [Term(value, "value")]
        for terms in (
            first, [*first, Term(fee, "fee")], [*first, Term(half, "half of the fee")],
            [Term(ZERO, "what such a receipt costs by the country's rules"), *([Term(fee, "fee")] if fee else [])],
        ):  # fmt: skip
            found = summed("cost", a.cost, *terms)
            if found:
                return found
        return ()

    def _left(self, a: Acquire, account: str, before: int | None, left: Decimal | None) -> tuple[Sum, ...]:
        """What the rest of a lot cost, where nothing of it came back: less what was taken, and carried away."""
        earlier, cost = self.trace.taken[:before], Term(a.cost or ZERO, "cost of the lot")
        taken = sum((cost for _, _, cost in _uses(earlier, a.id)), ZERO)
        moves = (one for one in earlier if isinstance(one.flow, Move) and one.flow.account == account)
        away = sum((u.cost for one in moves for _, u in one.parts if u.acquisition_id == a.id), ZERO)
        terms = [Term(taken, "of what was taken before", less=True)] if taken else []
        terms += [Term(away, "of what was carried away before", less=True)] if away else []
        return summed("cost of what was left", left, cost, *terms) if terms else ()

    def _way(self, ref: str, account: str, before: int | None) -> Iterator[Step]:
        """What carried units of a lot to `account` before something took them there, the first first."""
        places, found = {account}, []
        for one in reversed(self.trace.taken[:before]):
            units = [u for _, u in one.parts if u.acquisition_id == ref]
            if not units or not account:
                continue
            if isinstance(one.flow, Convert) or (isinstance(one.flow, Move) and one.flow.into in places):
                places.add(one.flow.account)
                found.append(self._carried(one, units))
        yield from reversed(found)
        for dealt in self.result.allocations if self.basis.scope.values[-1][0] is not None else ():
            if dealt.acquisition_id == ref and dealt.account in places:
                since = self.basis.scope.values[-1][0]
                by = "your own allocation" if dealt.given else "as it was settled, else the oldest lot first"
                what = f"dealt to {dealt.account} on {since}, when lots became per account: {plain(dealt.quantity)}"
                yield Step(f"{what} {dealt.asset} ({by})")

    def _carried(self, one: Taken, units: Sequence[Units]) -> Step:
        quantity, cost = sum((u.quantity for u in units), ZERO), sum((u.cost for u in units), ZERO)
        facts = known(("units of this lot", quantity), ("their cost", cost))
        sums: list[Sum] = []
        for u in units:
            if u.share is not None and u.cost == split(*u.share):
                sums += summed("cost of the units", u.cost, Term(u.share[0], "cost of what was left", u.share[1:]))
        flow = one.flow
        if isinstance(flow, Convert):
            what = f"{plain(flow.quantity)} {flow.asset} became {plain(flow.into_quantity)} {flow.into}, no disposal"
            return Step(f"{flow.id}: {what}", facts, tuple(sums), tuple(self.moved.transactions(flow.id)), flow.id)
        assert isinstance(flow, Move)
        return self.moved.transfer(flow, facts, tuple(sums))

    def used(self, ref: str, before: int | None = None) -> list[Step]:
        """What took of a lot before that, or so far; as one step."""
        uses = list(_uses(self.trace.taken[:before], ref))
        listed = []
        for one, quantity, cost in uses[-MOST:]:
            word = "became another coin" if isinstance(one.flow, Convert) else "disposed of"
            what = f"{self.moved.when(one.flow.at)} {one.flow.id}: {plain(quantity)} {one.flow.asset} {word}"
            listed.append(Step(f"{what}, cost {plain(cost)}", id=one.flow.id))
        if len(uses) > MOST:
            listed.append(Step(f"and {len(uses) - MOST} before them"))
        when = "so far" if before is None else "before this"
        return [Step(f"lot {ref} was used {when} by", (), (), tuple(listed))] if listed else []

    # ---- what a transaction did -------------------------------------------------------------------------------------

    def did(self, ref: str) -> Iterator[Step]:
        """All that a transaction came to: disposals, lots and what used them so far, transfers, income, results."""
        for id in sorted(id for id in self.rows if id.partition(".")[0] == ref):
            yield self.disposal(id)
        for flow in self.flows.get(ref, ()):
            if isinstance(flow, Acquire):
                yield self.lot(ref)
            elif isinstance(flow, Move):
                at = self.taken.get(flow.id)
                units = [u for _, u in self.trace.taken[at].parts] if at is not None else []
                carried = (
                    ("carried", f"{plain(u.quantity)} of lot {u.acquisition_id}, cost {plain(u.cost)}") for u in units
                )
                yield self.moved.transfer(flow, tuple(carried), ())
            elif isinstance(flow, Convert):
                at = self.taken.get(flow.id)
                parts = self.trace.taken[at].parts if at is not None else ()
                yield self._carried(Taken(flow, parts), [units for _, units in parts])
        for i in self.result.incomes:
            if i.id == ref:
                facts = known(("received", self.moved.when(i.at)), ("value", i.value), ("kind", i.kind.value))
                yield Step(f"income {ref}: {plain(i.quantity)} {i.asset}", facts, (), self._of_value(ref), ref)
        for r in self.result.derivatives:
            if r.id == ref:
                facts = known(("value", r.value), ("record", r.words))
                yield Step(f"{r.what} of margin or derivatives: {plain(r.quantity)} {r.asset}", facts, id=ref)

    def _of_value(self, ref: str) -> tuple[Step, ...]:
        worth = self.moved.worth_of(ref)
        return () if worth is None or worth.value is None else (worth.step,)


_RULES = {
    Rule.FIFO: "fifo: the oldest units first",
    Rule.LIFO: "lifo: the newest units first",
    Rule.HIFO: "hifo: the units of the highest cost first",
    Rule.LOFO: "lofo: the units of the lowest cost first",
    Rule.SPECIFIC: "specific: as they were picked, or by law",
    Rule.AVERAGE: "average: all units cost the same",
    Rule.SAME_DAY: "same-day: acquired on the day of the disposal",
    Rule.THIRTY_DAY: "thirty-day: acquired within the days around it that the law names",
    Rule.POOL: "pool: all units cost the same",
    Rule.MISSING: "missing: no acquisition is on record",
}
_NO_WHOLE = "what everything held was worth is not known: none of what was paid for it is used up"
_NO_COST = "what these units cost is not known: 0"


def _total(rows: Iterable[Disposal], name: str) -> Decimal | None:
    values: list[Decimal | None] = [getattr(row, name) for row in rows]
    return None if any(value is None for value in values) else sum((v for v in values if v is not None), ZERO)


def _uses(taken: Iterable[Taken], ref: str) -> Iterator[tuple[Taken, Decimal, Decimal]]:
    for one in taken:
        units = [u for _, u in one.parts if u.acquisition_id == ref]
        if units and not isinstance(one.flow, Move):
            yield one, sum((u.quantity for u in units), ZERO), sum((u.cost for u in units), ZERO)
