"""How far the history of each account behind an API is kept, and what is known to be missing from it.

Takes the ledger's cursors and what the last import learned of the key; gives Issues.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import importers
from importers.base import Stream
from importers.sync import position
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.settings import Settings

KEY_RIGHTS = "key_rights"  # the kind of answer that keeps what a key was seen to be allowed, and on which day
PUT_ASIDE = "key_put_aside"  # why an account's key is not used any more; "" when it is
KEY_LIMITS = "key_limits"  # the kind of answer that keeps what an account's key can't see


def beside(settings: Settings, ledger: Ledger, zone: ZoneInfo) -> list[Issue]:
    """The problems that are not the engine's: records that were not understood, history that is missing
    as far as that is known, and what can't be history yet. Days are those of `zone`."""
    issues = [issue for name, account in settings.accounts.items() for issue in _of(ledger, name, account.exchange)]
    return [issue.in_zone(zone) for issue in ledger.parsed_issues() + issues + _future(ledger)]


def _future(ledger: Ledger) -> list[Issue]:
    """The last record of each account that is later than any import."""
    imported = max((batch.at for batch in ledger.batches()), default=None)
    spans = [(account, ledger.span(account).last) for account in ledger.accounts()]
    return [
        Issue("future_record", account, at=last, ref=f"{account}/future")
        for account, last in spans
        if imported is not None and last is not None and last > imported
    ]


def _of(ledger: Ledger, name: str, exchange: str) -> list[Issue]:
    if exchange not in importers.exchange_names():
        return []
    issues = []
    floors = set()
    plug_in = importers.exchange(exchange)
    if not plug_in.streams:
        why = f"this version does not read the history of {plug_in.name} by API"
        cure = f"import an export of {plug_in.name} as a file, then `taxsync keys remove {name}`"
        issues.append(_issue("short_history", name, "api", why=why, cure=cure))
    for stream in plug_in.streams:
        here = position(ledger.cursor(name, exchange, stream.name))
        if here is None:
            code = "list_not_given" if stream.optional else "not_fetched"
            issues.append(_issue(code, name, stream.name, stream=_list(stream)))
        else:
            if here.under_way:
                issues.append(_issue("stored_in_part", name, stream.name, stream=_list(stream)))
            floors |= {here.floor} - {None}
    if floors:
        why = f"nothing before {_day(max(f for f in floors if f is not None))} was fetched, as --since asked"
        issues.append(_issue("short_history", name, "since", why=why, cure="run `taxsync import` without --since"))
    put_aside = ledger.answers(PUT_ASIDE).get(name, "")
    if put_aside:
        issues.append(_issue("key_put_aside", name, "key", why=put_aside))
    for limit in json.loads(ledger.answers(KEY_LIMITS).get(name, "[]")):
        cure = "make a key without that limit and add it in place of this one"
        issues.append(_issue("short_history", name, limit, why=f"the key sees {limit}", cure=cure))
    return issues


def _list(stream: Stream) -> str:
    return f"its list of {stream.holds} ({stream.name})"


def _day(seconds: Decimal) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds)):%Y-%m-%d}"


def _issue(code: str, account: str, ref: str, **details: str) -> Issue:
    return Issue(code, account, ref=f"{account}/{ref}", details=details)
