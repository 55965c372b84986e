"""Lot methods from a day on: what taxsync.toml may ask for, and the log of what was chosen when.

The log is answers in the ledger, so that nothing is ever unsaid.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from pipeline.gains.derive import Basis
from pipeline.gains.orders import Order, Plan
from pipeline.issues import Issue, Usage
from pipeline.ledger import Ledger
from pipeline.model import Disposal
from pipeline.rules.base import Change, Dated, Rules, Scope, midnight
from pipeline.settings import FILE

METHODS = "methods"  # the kind of answer; one key per country

Later = tuple[tuple[date, str], ...]
Own = tuple[tuple[str, date, str], ...]


def chosen(asked: Mapping[str, str | Mapping[str, str]], rules: Rules, scope: Dated[Scope]) -> tuple[Later, Own]:
    """[methods] of taxsync.toml: what follows from a day on in all accounts, and in one account alone, or for one asset
    where each has its own (name, from day, method), in order of time. Raises Usage for what the country does not allow,
    and for a method of an account whose lots are in one queue with all others'."""
    later, own = [], []
    for name, value in asked.items():
        if isinstance(value, str):
            later.append((_day("methods", name, value, rules), value))
            continue
        for day, method in value.items():
            since = _day(f"methods.{name}", day, method, rules)
            if not rules.methods_by_asset and scope.on(since) is not Scope.ACCOUNT:
                until = next((f" before {day}" for day, to in scope.values if to is Scope.ACCOUNT), "")
                raise Usage(
                    f"{FILE}: [methods.{name}]: {day}: all accounts have one queue of lots{until}, so that none "
                    'has a method of its own; choose a later day, or lot_scope = "account"'
                )
            own.append((name, since, method))
    return tuple(sorted(later)), tuple(sorted(own, key=lambda one: (one[1], one[0])))


def _day(place: str, day: str, method: str, rules: Rules) -> date:
    if rules.methods_change is Change.NEVER:
        raise Usage(f"{FILE}: [{place}]: a method can't change on a day by choice in {rules.country}: remove it")
    if method not in rules.methods:
        allowed = ", ".join(rules.methods)
        raise Usage(f"{FILE}: [{place}]: {day}: '{method}' is not allowed in {rules.country}; allowed: {allowed}")
    since = date.fromisoformat(day)
    first = (rules.year.month, rules.year.day)
    if rules.methods_change is Change.NEW_YEAR and (since.month, since.day) != first:
        begins = date(since.year, *first)
        raise Usage(
            f"{FILE}: [{place}]: {day}: a method begins with a tax year in {rules.country}: write {begins}, or another"
        )
    return since


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


def late_notices(disposals: Iterable[Disposal], basis: Basis, log: Sequence[Order]) -> list[Issue]:
    """A problem for each method in force for one of `disposals` that was not on record when the tax office had to be
    asked for it: in the year in which it begins, or, for the first one, after the year of the first disposal. That the
    office may hold on to the earlier method is in no range."""
    rules, zone, default = basis.rules, basis.zone, basis.rules.methods[0]
    if rules.notice is None:
        return []
    issues = {}
    for d in disposals:
        day = d.disposed_at.astimezone(zone).date()
        name, since, method = _chosen(basis.plan, d.asset, day)
        if (name, since) in issues or (since is None and method == default):
            continue
        first = since or day
        due = date(first.year + (since is None), *rules.notice)
        known = (order for order in log if order.at < midnight(due + timedelta(1), zone))
        if not any(order.plan.on(first, d.asset) == method for order in known):
            words = {"method": method, "due": str(due), "default": default}
            words["since"] = f"{f'of {name} ' if name else ''}from {since or 'the first purchase'} on"
            issues[name, since] = Issue("late_notice", "", name, d.disposed_at, details=words).in_zone(zone)
    return list(issues.values())


def _chosen(plan: Plan, asset: str, day: date) -> tuple[str, date | None, str]:
    """What is in force for an asset on a day: for which asset alone ("": for all), from when, the method."""
    own = [(name, since, method) for name, since, method in plan.own if name == asset and since <= day]
    general = [("", since, method) for since, method in plan.general if since is None or since <= day]
    return (own or general)[-1]


def _to_json(plan: Plan) -> list[list[str]]:
    """[from day, method] for all accounts, [from day, method, account] for one; "" is from the beginning."""
    general = [[str(since) if since else "", method] for since, method in plan.general]
    return general + [[str(since), method, account] for account, since, method in plan.own]


def _plan(kept: list[list[str]]) -> Plan:
    general = [(date.fromisoformat(one[0]) if one[0] else None, one[1]) for one in kept if len(one) == 2]
    own = [(one[2], date.fromisoformat(one[0]), one[1]) for one in kept if len(one) == 3]
    return Plan(tuple(general), tuple(own))
