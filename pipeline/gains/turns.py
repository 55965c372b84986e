"""What happens to the lots at an instant, before all that is of that instant.

A claim belongs to the day before; a filed position is what stood then; a change of lot scope or of the lot method finds
the lots as they were filed.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from pipeline.answers import Answers, Claim
from pipeline.gains.orders import Plan
from pipeline.gains.position import Start
from pipeline.model import Allocation
from pipeline.rules.base import Dated, Rules, Scope, midnight

CLAIM, START, SCOPE, METHOD = range(4)


class Walk(Protocol):
    """Whose lots they are."""

    rules: Rules
    zone: ZoneInfo

    def claim(self, claim: Claim) -> None: ...

    def go_on_from(self, start: Start) -> None: ...

    def change_scope(self, at: datetime, to: Scope, opening: Sequence[Allocation]) -> None: ...

    def change_method(self, to: str, account: str = "") -> None: ...


class Turn(Struct, frozen=True):
    """Of one instant the lowest `rank` comes first."""

    at: datetime
    rank: int
    carry_out: Callable[[], None]


def turns_of(
    walk: Walk, plan: Plan, scope: Dated[Scope], opening: Sequence[Allocation], answers: Answers, start: Start | None
) -> list[Turn]:
    """All of them, in their order."""
    found = [Turn(claim.at + datetime.resolution, CLAIM, partial(walk.claim, claim)) for claim in answers.claims]
    if start is not None:
        found.append(Turn(start.position.at, START, partial(walk.go_on_from, start)))
    for since, to in scope.values[1:]:
        if since is not None:
            at = midnight(since, walk.zone)
            found.append(Turn(at, SCOPE, partial(walk.change_scope, at, to, opening)))
    if walk.rules.average_from is not None:
        at = midnight(walk.rules.average_from, walk.zone)
        found.append(Turn(at, METHOD, partial(walk.change_method, plan.methods[0])))
    orders = [(since, "", method) for since, method in plan.general if since is not None]
    orders += [(since, account, method) for account, since, method in plan.own]
    for since, account, method in orders if not walk.rules.yearly else ():  # there only the order of the steps differs
        found.append(Turn(midnight(since, walk.zone), METHOD, partial(walk.change_method, method, account)))
    return sorted(found, key=lambda turn: (turn.at, turn.rank))
