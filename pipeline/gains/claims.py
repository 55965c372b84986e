"""Negligible value claims (TCGA 1992 s24(2); CRYPTO22500): the whole pool is sold and bought back at the value claimed.

Nothing is matched with it by days: it is about the pool alone, as it is at the end of the claim's day, which costs from
then on what was claimed.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pipeline.answers import Claim
from pipeline.gains.answered import not_used
from pipeline.gains.lots import Inventory, Pool
from pipeline.gains.value import PriceBook
from pipeline.issues import Issue
from pipeline.model import Amount, Disposal, Kind, Rule, Term
from pipeline.money import ZERO
from pipeline.rules.base import Rules

_AGAIN = "take it back: the line with `open` as its Note"


def claimed(claims: Sequence[Claim], prices: PriceBook, rules: Rules) -> tuple[tuple[Claim, ...], list[Issue]]:
    """The claims with their values in the reporting currency, and a problem for each that can't be used."""
    found: list[Claim] = []
    issues = []
    for claim in claims:
        worth = prices.value(claim.value, claim.at)
        if not rules.negligible_value:
            issues.append(_unused(claim, f"{rules.name} knows none"))
        elif worth is None:
            issues.append(_unused(claim, f"no rate of {claim.value.asset} is known on that day"))
        else:
            found.append(replace(claim, value=Amount(worth[0], prices.currency)))
    return tuple(found), issues


def _unused(claim: Claim, why: str) -> Issue:
    return not_used(claim.id, "the negligible value claim", why, _AGAIN, "", claim.asset, claim.at)


def revalue(claim: Claim, queue: Inventory, issues: list[Issue]) -> list[Disposal]:
    """The deemed disposal; the pool then costs what was claimed. Where nothing is held: none, and an issue."""
    held = queue.held()
    if not held or not isinstance(queue, Pool):
        issues.append(_unused(claim, f"no {claim.asset} was held at the end of that day"))
        return []
    quantity = sum((units.quantity for units in held), ZERO)
    cost = sum((units.cost for units in held), ZERO)
    value = claim.value.quantity
    queue.raise_cost(value - cost)
    return [_sale(claim, quantity, value, cost)]


def _sale(claim: Claim, quantity: Decimal, value: Decimal, cost: Decimal) -> Disposal:
    return Disposal(
        id=claim.id,
        acquisition_id="",
        account="",
        asset=claim.asset,
        quantity=quantity,
        acquired_at=None,
        disposed_at=claim.at,
        proceeds=value,
        cost_basis=cost,
        gain=value - cost,
        term=Term.NONE,
        rule=Rule.POOL,
        kind=Kind.LOST,
    )
