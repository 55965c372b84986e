"""Negligible value claims: at the end of its day all units of an asset are sold and bought back at the value claimed.

Nothing is matched with a claim by days. In the uk (TCGA 1992 s24(2); CRYPTO22500) it is about the pool, which costs
from then on what was claimed. In Ireland (TCA 1997 s538(2)) each lot is sold, and what is held is one new lot of that
day; the loss is set apart as far as units were bought in the four weeks after it (s581(3) names s538).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from pipeline.answers import Claim
from pipeline.gains.answered import not_used
from pipeline.gains.lots import Inventory, Pool, Units
from pipeline.gains.value import PriceBook
from pipeline.issues import Issue
from pipeline.model import Amount, Disposal, Dispose, Kind, Need, Rule, Term
from pipeline.money import ZERO, split
from pipeline.rules.base import Rules

_AGAIN = "take it back: the line with `open` as its Note"
_LOOK_UP = "run `taxsync import`, which looks the rate up, or import it in a file of prices"


def claimed(
    claims: Sequence[Claim], prices: PriceBook, rules: Rules
) -> tuple[tuple[Claim, ...], list[Issue], list[Need]]:
    """The claims with their values in the reporting currency, a problem for each that can't be used, and the rates that
    would let them be."""
    found: list[Claim] = []
    issues, needs = [], []
    for claim in claims:
        worth = prices.value(claim.value, claim.at)
        if not rules.negligible_value:
            issues.append(_unused(claim, f"{rules.name} knows none"))
        elif worth is None:
            issues.append(_unused(claim, f"no rate of {claim.value.asset} is known on that day", _LOOK_UP))
            needs.append(Need(claim.at, claim.value.asset))
        else:
            found.append(replace(claim, value=Amount(worth[0], prices.currency)))
    return tuple(found), issues, needs


def _unused(claim: Claim, why: str, cure: str = _AGAIN) -> Issue:
    return not_used(claim.id, "the negligible value claim", why, cure, "", claim.asset, claim.at)


def revalue(claim: Claim, queue: Inventory, day: date, issues: list[Issue]) -> list[Disposal]:
    """The deemed disposal on the taxpayer's `day`; what is held then costs what was claimed. Where nothing is held:
    none, and an issue."""
    held = queue.held()
    if not held:
        issues.append(_unused(claim, f"no {claim.asset} was held at the end of that day"))
        return []
    quantity = sum((units.quantity for units in held), ZERO)
    value = claim.value.quantity
    if isinstance(queue, Pool):
        cost = sum((units.cost for units in held), ZERO)
        queue.raise_cost(value - cost)
        return [_sale(claim, Units("", None, (), quantity, cost), Rule.POOL, value)]
    sold = list(_sales(claim, queue.take(quantity), quantity))
    queue.add(Units(claim.id, claim.at, (), quantity, value, day=day))
    return sold


def disposed(claim: Claim, rows: Sequence[Disposal], day: date) -> Dispose:
    """The deemed disposal as a flow."""
    quantity = sum((row.quantity for row in rows), ZERO)
    return Dispose(claim.id, claim.at, day, "", claim.asset, quantity, claim.value.quantity, Kind.LOST)


def _sales(claim: Claim, parts: Sequence[tuple[Rule, Units]], quantity: Decimal) -> Iterator[Disposal]:
    """Each lot with its share of the value claimed, the last one takes the rest."""
    left = claim.value.quantity
    for rule, units in parts:
        value = split(left, units.quantity, quantity)
        left -= value
        quantity -= units.quantity
        yield _sale(claim, units, rule if units.dated else Rule.MISSING, value)


def _sale(claim: Claim, units: Units, rule: Rule, value: Decimal) -> Disposal:
    return Disposal(
        id=claim.id,
        acquisition_id=units.acquisition_id,
        account="",
        asset=claim.asset,
        quantity=units.quantity,
        acquired_at=units.acquired_at if units.dated else None,
        disposed_at=claim.at,
        proceeds=value,
        cost_basis=units.cost,
        term=Term.NONE,
        rule=rule,
        kind=Kind.LOST,
    )
