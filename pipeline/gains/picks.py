"""Units that the person has picked: a disposal takes them before the method is asked, as far as they are there.

Who may pick: where the law lets units be identified, which is where `specific` is a method, and while a queue keeps
its lots apart. A transfer carries the units that were picked for it on. A pick that can't be followed is an open
problem; one that was recorded too late is followed, and told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipeline.answers import Pick
from pipeline.gains.lots import METHODS, Inventory, Units
from pipeline.gains.orders import late_picks
from pipeline.issues import Issue
from pipeline.model import Acquire, Convert, Dispose, Flow, Move, Rule
from pipeline.money import ZERO, plain
from pipeline.rules.base import Rules

SPECIFIC = "specific"

Step = Dispose | Convert | Move
Why = tuple[str, str]  # why units were not taken, and the cure

_CORRECT = "correct that line of the picks (Disposal ID, Acquisition ID, Quantity) and import the file again"


class Picks:
    """The picks of one walk: what each disposal takes of them, and what came of the others."""

    def __init__(
        self, asked: Mapping[str, Sequence[Pick]], rules: Rules, method: str, flows: Iterable[Flow], zone: ZoneInfo
    ) -> None:  # fmt: skip
        self.asked, self._rules, self._zone = asked, rules, zone
        self._never = _never(rules, method)
        flows = list(flows) if asked else []
        self._steps = {f.id: f for f in flows if f.id in asked and not isinstance(f, Acquire)}
        self._acquired = {f.id: f for f in flows if isinstance(f, Acquire)}
        self._seen: set[str] = set()
        self._late: dict[int, list[Flow]] = defaultdict(list)
        self._unused: list[Issue] = []

    def take(
        self, step: Step, queue: Inventory, quantity: Decimal, places: Callable[[str], Sequence[str]]
    ) -> list[tuple[Rule, Units]]:  # fmt: skip
        """Up to `quantity` of what was picked for `step`; `places`: which other accounts hold units of an
        acquisition."""
        if step.id not in self.asked or step.id in self._seen or self._never is not None:
            return []
        self._seen.add(step.id)
        parts: list[tuple[Rule, Units]] = []
        late = False
        for pick in self.asked[step.id]:
            found = queue.named(pick.acquisition_id, min(pick.quantity, quantity))
            got = sum((units.quantity for _, units in found), ZERO)
            quantity -= got
            parts += found
            late = late or (got > ZERO and (pick.recorded is None or pick.recorded > step.at))
            if got < pick.quantity:
                why = self._absent(pick, step, places) if quantity > ZERO else "no more units left than those before it"
                self._not_used(step.id, step, pick, pick.quantity - got, (why, _CORRECT))
        if late and self._rules.standing_orders:
            self._late[self._rules.year.of(step.at.astimezone(self._zone).date())].append(step)
        return parts

    def issues(self, until: datetime | None) -> list[Issue]:
        """What was not followed, or recorded too late, of the picks for what happened before `until`."""
        for ref in sorted(self.asked.keys() - self._seen):
            step = self._steps.get(ref)
            if until is not None and (step is None or step.at >= until):
                continue
            why: Why = ("there is no disposal or transfer of that id", _CORRECT)
            if step is not None:
                why = self._never or ("lots have no account then, and a transfer carries none", "take the pick back")
            for pick in self.asked[ref]:
                self._not_used(ref, step, pick, pick.quantity, why)
        return [issue.in_zone(self._zone) for issue in self._unused] + late_picks(self._late, self._zone)

    def _absent(self, pick: Pick, step: Step, places: Callable[[str], Sequence[str]]) -> str:
        others = places(pick.acquisition_id)
        if others:
            return f"they were in {', '.join(others)} then"
        acquired = self._acquired.get(pick.acquisition_id)
        if acquired is None:
            return "no acquisition has that id"
        if acquired.at > step.at:
            return f"they were acquired only on {acquired.day}"
        if acquired.asset != step.asset:
            return f"that is an acquisition of {acquired.asset}"
        return "no more of them were left then"

    def _not_used(self, ref: str, step: Step | None, pick: Pick, quantity: Decimal, why: Why) -> None:
        words = {"acquisition": pick.acquisition_id, "why": why[0], "cure": why[1]}
        words["quantity"] = plain(quantity)
        if step is None:
            self._unused.append(Issue("pick_not_used", ref=ref, details={**words, "what": f"for {ref}"}))
            return
        name = "transfer" if isinstance(step, Move) else "disposal"
        words["what"] = f"for the {name} {ref} of {step.at.astimezone(self._zone).date()} in {step.account}"
        words["quantity"] += f" {step.asset}"
        self._unused.append(Issue("pick_not_used", step.account, step.asset, step.at, ref, details=words))


def _never(rules: Rules, method: str) -> Why | None:
    """Why no pick counts at all; None: they do."""
    if SPECIFIC not in rules.methods:
        return f"units can't be chosen one by one in {rules.country}", "take the pick back"
    if method not in METHODS:
        return f"under {method} all units cost the same", f"choose {SPECIFIC} as the method, or take the pick back"
    return None
