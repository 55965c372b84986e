"""Lot methods from a day on: what taxsync.toml may ask for, and the log of what was chosen when.

The log is answers in the ledger, so that nothing is ever unsaid.
"""

import json
from collections.abc import Mapping
from datetime import date

from pipeline.gains.derive import Basis
from pipeline.gains.orders import Order, Plan
from pipeline.issues import Usage
from pipeline.ledger import Ledger
from pipeline.rules.base import Dated, Rules, Scope
from pipeline.settings import FILE

METHODS = "methods"  # the kind of answer; one key per country

Later = tuple[tuple[date, str], ...]
Own = tuple[tuple[str, date, str], ...]


def chosen(asked: Mapping[str, str | Mapping[str, str]], rules: Rules, scope: Dated[Scope]) -> tuple[Later, Own]:
    """[methods] of taxsync.toml: what follows from a day on in all accounts, and in one account alone (account, from
    day, method), in order of time. Raises Usage for what the country does not allow, and for a method of an account
    whose lots are in one queue with all others'."""
    later, own = [], []
    for name, value in asked.items():
        if isinstance(value, str):
            later.append((_day("methods", name, value, rules), value))
            continue
        for day, method in value.items():
            since = _day(f"methods.{name}", day, method, rules)
            if scope.on(since) is not Scope.ACCOUNT:
                until = next((f" before {day}" for day, to in scope.values if to is Scope.ACCOUNT), "")
                raise Usage(
                    f"{FILE}: [methods.{name}]: {day}: all accounts have one queue of lots{until}, so that none "
                    'has a method of its own; choose a later day, or lot_scope = "account"'
                )
            own.append((name, since, method))
    return tuple(sorted(later)), tuple(sorted(own, key=lambda one: (one[1], one[0])))


def _day(place: str, day: str, method: str, rules: Rules) -> date:
    if not rules.methods_change:
        raise Usage(f"{FILE}: [{place}]: the method can't change on a day of one's own in {rules.country}")
    if method not in rules.methods:
        allowed = ", ".join(rules.methods)
        raise Usage(f"{FILE}: [{place}]: {day}: '{method}' is not allowed in {rules.country}; allowed: {allowed}")
    return date.fromisoformat(day)


def record(ledger: Ledger, basis: Basis, by: str) -> None:
    """Adds what is chosen to the log, unless it says so already; a default that was never otherwise is no choice."""
    plan = _to_json(basis.plan)
    country = basis.rules.country
    if plan != [["", basis.rules.methods[0]]] or country in ledger.answers(METHODS):
        ledger.keep_answer(METHODS, country, json.dumps(plan), by)


def log(ledger: Ledger, country: str) -> list[Order]:
    """Every choice for a country's rules, oldest first."""
    kept = (answer for answer in ledger.answer_history() if (answer.kind, answer.key) == (METHODS, country))
    return [Order(one.at, _plan(json.loads(one.content))) for one in kept]


def _to_json(plan: Plan) -> list[list[str]]:
    """[from day, method] for all accounts, [from day, method, account] for one; "" is from the beginning."""
    general = [[str(since) if since else "", method] for since, method in plan.general]
    return general + [[str(since), method, account] for account, since, method in plan.own]


def _plan(kept: list[list[str]]) -> Plan:
    general = [(date.fromisoformat(one[0]) if one[0] else None, one[1]) for one in kept if len(one) == 2]
    own = [(one[2], date.fromisoformat(one[0]), one[1]) for one in kept if len(one) == 3]
    return Plan(tuple(general), tuple(own))
