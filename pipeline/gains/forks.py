"""Forks whose cost is a part of what the old coin cost, by market values (BMF 6 March 2025, Rn. 67, 68; TCGA 1992 s43).

Each old unit that the fork was for passes on a part of its cost, the value of what came for it in that of both; the
new units have its date. `assess` has them at cost 0, with a problem: that stays where no price of one of the coins is
known, which old coin it was, or how many units of it each new one was for; and for units that the old coin was not
there for. The values are those of the receipt, which an exchange may have made later than the fork. uk: no way of
dividing is prescribed, this one is customary.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from msgspec.structs import replace

from pipeline.coins import forked
from pipeline.gains.lots import Inventory, Units
from pipeline.gains.value import PriceBook
from pipeline.issues import Issue
from pipeline.model import Acquire, Convert, Flow, Label, Need, Transaction, Valued
from pipeline.money import ONE, ZERO, plain, split
from pipeline.rules.base import Basis, Rules

ZERO_BASIS = "zero_basis"


class Forked(Acquire, frozen=True, gc=False):
    """Units of a fork that `units` of `old` were the reason for, worth `worth` of the `whole` of both."""

    old: str = ""
    units: Decimal = ZERO
    worth: Decimal = ZERO
    whole: Decimal = ONE


def divided(
    flows: list[Flow],
    issues: list[Issue],
    valued: Iterable[Valued],
    prices: PriceBook,
    rules: Rules,
    own: Mapping[str, Rules],
) -> tuple[list[Flow], list[Issue], list[Need]]:
    """The flows with forks that bear a part of the old coin's cost, the problems without theirs, and prices to look up.
    `own`: the rules of transactions that have their own."""
    parts: dict[str, tuple[str, Decimal, Decimal, Decimal]] = {}
    hints: dict[str, str] = {}
    needs = []
    for v in valued:
        t = v.event
        if not isinstance(t, Transaction) or t.label is not Label.FORK or t.received is None:
            continue
        if own.get(t.id, rules).receipts[Label.FORK].basis is not Basis.PART:
            continue
        fork = forked(t.received.asset, t.at)
        if fork is None or fork.each is None:
            hints[t.id] = "which coin it came of, and for how many units, is not known here"
            continue
        units = split(t.received.quantity, ONE, fork.each)
        price = prices.quote(fork.old, t.at)
        if v.value is None or price is None:
            hints[t.id] = f"no price of {fork.old if price is None else fork.new} is known then"
            needs += [Need(t.at, fork.old), Need(t.at, fork.new)]
            continue
        parts[t.id] = (fork.old, units, v.value, v.value + units * price[0])
    if not parts and not hints:
        return flows, issues, []
    found = [
        Forked(
            f.id, f.at, f.day, f.account, f.asset, f.quantity, f.cost, f.position, f.leg, f.dated, f.since, *parts[f.id]
        )
        if isinstance(f, Acquire) and f.id in parts and parts[f.id][-1] > ZERO
        else f
        for f in flows
    ]
    known = {f.id for f in found if isinstance(f, Forked)}
    left = [_told(i, hints) for i in issues if not (i.code == ZERO_BASIS and i.ref in known)]
    return found, left, needs


def as_conversions(flows: Iterable[Flow]) -> Iterator[Flow]:
    """The flows, beside each fork what goes on from the old coin to the new one: no more than if it had become that."""
    for f in flows:
        yield f
        if type(f) is Forked:
            yield Convert(f.id, f.at, f.day, f.account, f.old, f.units, f.asset, f.quantity)


def _told(issue: Issue, hints: Mapping[str, str]) -> Issue:
    if issue.code != ZERO_BASIS or issue.ref not in hints:
        return issue
    return replace(issue, details={**issue.details, "why": f"{issue.details['why']}: {hints[issue.ref]}"})


def passed_on(f: Forked, queue: Inventory, issues: list[Issue]) -> Iterator[Units]:
    """The new units, in lots with the dates of the old ones and their part of the cost, which `queue`, the old coin's,
    loses; what is over costs nothing and is of its own day."""
    left, units_left, fee_left = f.quantity, f.units, f.cost or ZERO
    old = queue.take(f.units)
    for _, units in old:
        if units.missing:  # of no known cost, and maybe date
            continue
        quantity, fee = split(left, units.quantity, units_left), split(fee_left, units.quantity, units_left)
        left -= quantity
        units_left -= units.quantity
        fee_left -= fee
        part = split(units.cost, f.worth, f.whole)
        units.cost -= part
        unit_cost = split(part + fee, ONE, quantity) if quantity else ZERO
        at, day = (f.at, f.day) if units.acquired_at is None else (units.acquired_at, units.day)
        yield Units(f.id, at, f.order, quantity, part + fee, unit_cost, day=day)
    for _, units in old:
        queue.add(units)
    if left > ZERO:
        words = {"quantity": plain(left), "why": f"{plain(units_left)} {f.old} of known cost were not there then"}
        words["cure"] = (
            f"import what is missing of {f.old} in {f.account}; if it lay in another account then, `taxsync label "
            f"{f.id} transfer`, and a file with a row of the fork there and one that sends the {f.asset} on; "
            "else nothing, if cost 0 is what you want"
        )
        issues.append(Issue(ZERO_BASIS, f.account, f.asset, f.at, f.id, details=words))
        yield Units(f.id, f.at, f.order, left, fee_left, day=f.day)
