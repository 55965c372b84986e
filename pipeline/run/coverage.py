"""What is known to be missing from the history of each account: problems, out of how far its lists reach.

Takes the ledger's cursors, how the last runs ended, and what the last import learned of the key; gives Issues.
A gap stays one while it may touch a tax figure: until the exchange gives it, or a file of the account covers it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import importers
from importers.base import Exchange
from importers.client import AGAIN
from importers.sync import BALANCE
from pipeline.issues import Issue, Stop
from pipeline.ledger import Ledger
from pipeline.run.gaps import gaps
from pipeline.run.reach import ALL, Reach, State, last_run, names, reaches
from pipeline.settings import Settings

KEY_RIGHTS = "key_rights"  # the kind of answer that keeps what a key was seen to be allowed, and on which day
PUT_ASIDE = "key_put_aside"  # why an account's key is not used any more; "" when it is
KEY_LIMITS = "key_limits"  # the kind of answer that keeps what an account's key can't see


def beside(settings: Settings, ledger: Ledger, zone: ZoneInfo) -> list[Issue]:
    """The problems that are not the engine's: records that were not understood, history that is missing
    as far as that is known, and what can't be history yet. Days are those of `zone`."""
    issues = [issue for name, account in settings.accounts.items() for issue in _of(ledger, name, account.exchange)]
    return [issue.in_zone(zone) for issue in _in_kinds(ledger.parsed_issues()) + issues + _future(ledger)]


def lists(settings: Settings, ledger: Ledger) -> list[Reach]:
    """How far each list of each account behind an API is kept."""
    found: list[Reach] = []
    for name, account in settings.accounts.items():
        try:
            found += reaches(ledger, name, importers.exchange(account.exchange), imported(ledger, name))
        except Stop:  # no exchange of this name: `_of` says so
            continue
    return found


def imported(ledger: Ledger, name: str) -> datetime | None:
    """When an account was last imported by API."""
    return max((batch.at for batch in ledger.batches() if (batch.kind, batch.name) == ("api", name)), default=None)


def _future(ledger: Ledger) -> list[Issue]:
    """The last record of each account that is later than any import."""
    latest = max((batch.at for batch in ledger.batches()), default=None)
    spans = [(account, ledger.span(account).last) for account in ledger.accounts()]
    return [
        Issue("future_record", account, at=last, ref=f"{account}/future")
        for account, last in spans
        if latest is not None and last is not None and last > latest
    ]


def _of(ledger: Ledger, name: str, exchange: str) -> Iterator[Issue]:
    try:
        plug_in = importers.exchange(exchange)
    except Stop as unknown:
        yield _issue("short_history", name, "api", why=str(unknown), cure="correct the line in taxsync.toml")
        return
    yield from missing(ledger, name, plug_in)
    put_aside = ledger.answers(PUT_ASIDE).get(name, "")
    if put_aside:
        yield _issue("key_put_aside", name, "key", why=put_aside)
    for limit in json.loads(ledger.answers(KEY_LIMITS).get(name, "[]")):
        cure = "make a key without that limit and add it in place of this one"
        yield _issue("short_history", name, limit, why=f"the key sees {limit}", cure=cure)


def missing(ledger: Ledger, name: str, exchange: Exchange) -> Iterator[Issue]:
    """What the lists of an account lack."""
    if not exchange.streams:
        reason = f" ({exchange.gap_help})" if exchange.gap_help else ""
        why = f"this version does not read the history of {exchange.name} by API{reason}"
        cure = f"import an export of {exchange.name} as a file, then `taxsync keys remove {name}`"
        yield _issue("short_history", name, "api", why=why, cure=cure)
    found = reaches(ledger, name, exchange, imported(ledger, name))
    for reach in found:
        yield from _unfinished(reach)
    yield from _since(name, found)
    yield from gaps(ledger, name, exchange, found)
    yield from _wallets(ledger, name, exchange)


def _unfinished(reach: Reach) -> Iterator[Issue]:
    """What the next run may still fetch of a list, and what nobody can."""
    name, what, run = reach.account, f"its list of {reach.words}", reach.run
    why = next(iter(run.failed.values()), "").removesuffix(f"; {AGAIN}")
    if reach.state is State.NEVER:
        loss = _DETAILS_LOST if reach.stream.details else _TELLING_LOST
        details = {"stream": what, "because": f" ({why})" if why else "", "exchange": reach.exchange.name, "loss": loss}
        yield _issue("list_not_given" if reach.stream.optional else "not_fetched", name, reach.name, **details)
    elif reach.state is State.IN_PART:
        yield _issue("stored_in_part", name, reach.name, stream=what, because=f" ({why})" if why else "")
    elif run.failed and not reach.stream.optional:
        lists = names((each.partition(" ")[2] for each in run.failed if " " in each), 5)
        details = {"stream": f"{what}{f' of {lists}' if lists else ''}", "why": why}
        yield Issue("not_updated", name, at=run.asked or reach.last, ref=f"{name}/{reach.name}", details=details)
    if run.absent:
        yield _issue("market_gone", name, f"{reach.name}/gone", stream=what, parts=names(run.absent))


# What is lost with an optional list.
_DETAILS_LOST = "no unit is missing without it, but what only it says, such as transaction hashes, is"
_TELLING_LOST = "what only that list tells is missing"


def _since(name: str, found: Sequence[Reach]) -> Iterator[Issue]:
    """What `--since` left out."""
    narrowed = [reach.floor for reach in found if reach.floor is not None and not reach.hidden]
    if narrowed:
        why = f"nothing before {max(narrowed):%Y-%m-%d} was fetched, as --since asked"
        yield _issue("short_history", name, "since", why=why, cure="run `taxsync import` without --since")


def _wallets(ledger: Ledger, name: str, exchange: Exchange) -> Iterator[Issue]:
    """What of the balances could not be read in the last run."""
    run = last_run(ledger, name, exchange, BALANCE)
    for wallet, failure in run.failed.items():
        why = failure.removesuffix(f"; {AGAIN}")
        if wallet == ALL:
            what, then = "its balances", "nothing newer is set against its records"
        else:
            what, then = f"its {wallet} wallet", "what it holds is missing from its balances"
        details = {"wallet": wallet, "what": what, "why": why, "then": then, "exchange": exchange.name}
        yield _issue("wallet_not_read", name, f"{BALANCE} {wallet}".rstrip(), **details)


# ---- what is not computed ---------------------------------------------------------------------

_KINDS = {  # by the words in which parsers say that they can't read a record
    "margin and futures": re.compile(r"\b(margin|futures|derivatives)\b[^:]* not supported"),
    "loans": re.compile(r"\bloans\b[^:]* not supported"),
    "bots and copied trades": re.compile(r"\b(bots|copied trades)\b[^:]* not supported"),
}
_ROWS = {
    "margin and futures": "received what was won, sent what was lost or paid, Label `margin`",
    "loans": "received what was lent to you, sent what you gave back, interest with Label `cost`",
    "bots and copied trades": "what was given and what was got",
}


def _in_kinds(issues: Iterable[Issue]) -> list[Issue]:
    """`issues`, with the unread records of what is not computed told once for each account and kind."""
    others: list[Issue] = []
    kinds: dict[tuple[str, str], list[Issue]] = {}
    for issue in issues:
        kind = _kind(issue)
        if kind:
            kinds.setdefault((issue.account, kind), []).append(issue)
        else:
            others.append(issue)
    return others + [_not_supported(account, kind, same) for (account, kind), same in sorted(kinds.items())]


def _kind(issue: Issue) -> str:
    if issue.code != "unread_record":
        return ""
    return next((kind for kind, words in _KINDS.items() if words.search(issue.details["why"])), "")


def _not_supported(account: str, kind: str, same: Sequence[Issue]) -> Issue:
    instants = [issue.at for issue in same if issue.at is not None]
    first, last = min(instants, default=None), max(instants, default=None)
    count = f"{len(same)} record{'s' * (len(same) != 1)}"
    to = f" to {last:%Y-%m-%d}" if last is not None and first is not None and last.date() > first.date() else ""
    details = {"kind": kind, "count": count, "to": to, "first": same[0].details["why"], "rows": _ROWS[kind]}
    return Issue("not_supported", account, at=first, ref=f"{account}/{kind}", details=details)


def _issue(code: str, account: str, ref: str, **details: str) -> Issue:
    return Issue(code, account, ref=f"{account}/{ref}", details=details)
