"""How far the history of each account behind an API is kept, and what is known to be missing from it.

Takes the ledger's cursors and what the last import learned of the key; gives Issues.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import importers
from importers.sync import position
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.settings import Settings

KEY_LIMITS = "key_limits"  # the kind of answer that keeps what an account's key can't see


def unfinished(settings: Settings, ledger: Ledger) -> list[Issue]:
    """What is missing from the history of API accounts, as far as that is known."""
    return [issue for name, account in settings.accounts.items() for issue in _of(ledger, name, account.exchange)]


def _of(ledger: Ledger, name: str, exchange: str) -> list[Issue]:
    if exchange not in importers.exchange_names():
        return []
    issues = []
    floors = set()
    for stream in importers.exchange(exchange).streams:
        here = position(ledger.cursor(name, exchange, stream.name))
        if here is None:
            if not stream.optional:
                issues.append(_issue("not_fetched", name, stream.name, stream=stream.name))
        else:
            if here.under_way:
                issues.append(_issue("stored_in_part", name, stream.name, stream=stream.name))
            floors |= {here.floor} - {None}
    if floors:
        why = f"nothing before {_day(max(f for f in floors if f is not None))} was fetched, as --since asked"
        issues.append(_issue("short_history", name, "since", why=why, cure="run `taxsync import` without --since"))
    for limit in json.loads(ledger.answers(KEY_LIMITS).get(name, "[]")):
        cure = "make a key without that limit and add it in place of this one"
        issues.append(_issue("short_history", name, limit, why=f"the key sees {limit}", cure=cure))
    return issues


def _day(seconds: Decimal) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds)):%Y-%m-%d}"


def _issue(code: str, account: str, ref: str, **details: str) -> Issue:
    return Issue(code, account, ref=f"{account}/{ref}", details=details)
