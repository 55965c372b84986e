"""The method log: which lot methods were chosen, and when; answers in the ledger, so that nothing is ever unsaid."""

import json
from datetime import date

from pipeline.gains.derive import Basis
from pipeline.gains.orders import Order
from pipeline.ledger import Ledger

METHODS = "methods"  # the kind of answer; one key per country


def record(ledger: Ledger, basis: Basis, by: str) -> None:
    """Adds what is chosen to the log, unless it says so already; a default that was never otherwise is no choice."""
    plan = [["", basis.method], *([str(since), method] for since, method in basis.later)]
    country = basis.rules.country
    if plan != [["", basis.rules.methods[0]]] or country in ledger.answers(METHODS):
        ledger.keep_answer(METHODS, country, json.dumps(plan), by)


def log(ledger: Ledger, country: str) -> list[Order]:
    """Every choice for a country's rules, oldest first."""
    kept = (answer for answer in ledger.answer_history() if (answer.kind, answer.key) == (METHODS, country))
    return [
        Order(one.at, tuple((date.fromisoformat(since) if since else None, m) for since, m in json.loads(one.content)))
        for one in kept
    ]
