"""Answers that bear on a country's rules: what a choice is for one transaction, and negligible value claims.

One JSON content under (RULE, [transaction, rule]) or (CLAIM, [asset, day]).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from importers.base import RowError
from pipeline.answers import Claim, ClaimGiven, RuleGiven
from pipeline.model import Amount
from pipeline.money import parse, plain
from pipeline.rules.base import Rules, midnight, rules_of

RULE, CLAIM = "rule", "claim"
Said = Iterable[tuple[str, Mapping[str, Any]]]  # key and content of each answer that counts


def rule_key(given: RuleGiven) -> str:
    return json.dumps([given.transaction_id, given.rule])


def rule_content(given: RuleGiven, rules: Rules) -> dict[str, Any] | None:
    """What is kept. Raises RowError for what the country does not know."""
    if not given.choice:
        return None
    try:
        rules_of(rules.country).choose({given.rule: given.choice})
    except ValueError as error:
        raise RowError("Rule", given.rule, f"can't be so: {error}; correct it") from None
    return {"transaction": given.transaction_id, "rule": given.rule, "choice": given.choice, "note": given.note}


def chosen(said: Said) -> dict[str, dict[str, str]]:
    """By transaction: rule -> choice."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for _, one in said:
        found[one["transaction"]][one["rule"]] = one["choice"]
    return dict(found)


def claim_key(given: ClaimGiven) -> str:
    return json.dumps([given.asset, given.day.isoformat()], ensure_ascii=False)


def claim_content(given: ClaimGiven, rules: Rules) -> dict[str, Any] | None:
    """What is kept. Raises RowError where the country knows no such claim."""
    if given.value is None:
        return None
    if not rules.negligible_value:
        raise RowError(
            "Claim Date", given.day.isoformat(), f"{rules.name} knows no negligible value claim: leave it out"
        )
    value = {"value": plain(given.value.quantity), "currency": given.value.asset}
    return {"asset": given.asset, "day": given.day.isoformat(), "note": given.note, **value}


def claims(said: Said, zone: ZoneInfo) -> tuple[Claim, ...]:
    """The claims in order of time, each at the end of its day."""
    found = [
        Claim(
            f"claim {one['asset']} {one['day']}",
            (midnight(date.fromisoformat(one["day"]) + timedelta(1), zone) - timedelta(microseconds=1)).astimezone(UTC),
            one["asset"],
            Amount(parse(one["value"]), one["currency"]),
        )
        for _, one in said
    ]
    return tuple(sorted(found, key=lambda claim: (claim.at, claim.asset)))


def rule_in_words(said: Mapping[str, Any]) -> str:
    return f"{said['rule']} of {said['transaction']} is {said['choice']}"


def claim_in_words(said: Mapping[str, Any]) -> str:
    return f"negligible value claim: all {said['asset']} at {said['value']} {said['currency']} on {said['day']}"
