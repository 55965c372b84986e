"""Results of margin and derivatives as gains, for countries and taxpayers that count them so.

They stand in a table of their own anyway. As disposals they have no lot: a profit is a price for which nothing was
paid, a loss or a fee a cost that brought nothing.
"""

from collections.abc import Iterable

from pipeline.model import Derivative, Disposal, Kind, Rule, Term
from pipeline.money import ZERO
from pipeline.rules.base import Rules


def as_disposals(results: Iterable[Derivative], rules: Rules) -> list[Disposal]:
    """One disposal for each result, named TRANSACTION.margin; short where the country has terms."""
    term = Term.SHORT if rules.has_terms else Term.NONE
    return [_disposal(result, term) for result in results]


def _disposal(d: Derivative, term: Term) -> Disposal:
    proceeds = None if d.value is None else max(d.value, ZERO)
    cost = ZERO if d.value is None else max(-d.value, ZERO)
    return Disposal(
        id=f"{d.id}.margin",
        acquisition_id="",
        account=d.account,
        asset=d.asset,
        quantity=abs(d.quantity),
        acquired_at=d.at,
        disposed_at=d.at,
        proceeds=proceeds,
        cost_basis=cost,
        term=term,
        rule=Rule.SPECIFIC,
        kind=Kind.SALE,
    )
