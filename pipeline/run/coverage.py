"""What is known to be missing from the history of each account: problems, out of how far its lists reach.

Takes the ledger's cursors, how the last runs ended, and what the last import learned of the key; gives Issues.
A gap stays one while it may touch a tax figure: until the exchange gives it, or a file of the account covers it.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import importers
from importers.base import Exchange
from importers.client import AGAIN
from pipeline.issues import Issue, Stop
from pipeline.ledger import Ledger
from pipeline.run.reach import Reach, State, names, reaches
from pipeline.settings import Settings

KEY_RIGHTS = "key_rights"  # the kind of answer that keeps what a key was seen to be allowed, and on which day
PUT_ASIDE = "key_put_aside"  # why an account's key is not used any more; "" when it is
KEY_LIMITS = "key_limits"  # the kind of answer that keeps what an account's key can't see


def beside(settings: Settings, ledger: Ledger, zone: ZoneInfo) -> list[Issue]:
    """The problems that are not the engine's: records that were not understood, history that is missing
    as far as that is known, and what can't be history yet. Days are those of `zone`."""
    issues = [issue for name, account in settings.accounts.items() for issue in _of(ledger, name, account.exchange)]
    return [issue.in_zone(zone) for issue in ledger.parsed_issues() + issues + _future(ledger)]


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
    yield from _gaps(ledger, name, exchange, found)


def _unfinished(reach: Reach) -> Iterator[Issue]:
    """What the next run may still fetch of a list, and what nobody can."""
    name, what, run = reach.account, f"its list of {reach.words}", reach.run
    if reach.state is State.NEVER:
        yield _issue("list_not_given" if reach.stream.optional else "not_fetched", name, reach.name, stream=what)
    elif reach.state is State.IN_PART:
        yield _issue("stored_in_part", name, reach.name, stream=what)
    elif run.failed and not reach.stream.optional:
        lists = names((each.partition(" ")[2] for each in run.failed if " " in each), 5)
        why = next(iter(run.failed.values())).removesuffix(f"; {AGAIN}")
        details = {"stream": f"{what}{f' of {lists}' if lists else ''}", "why": why}
        yield Issue("not_updated", name, at=run.asked or reach.last, ref=f"{name}/{reach.name}", details=details)
    if run.absent:
        yield _issue("market_gone", name, f"{reach.name}/gone", stream=what, parts=names(run.absent))


# ---- what the exchange hides ------------------------------------------------------------------


def _gaps(ledger: Ledger, name: str, exchange: Exchange, found: Sequence[Reach]) -> Iterator[Issue]:
    """Times of which nothing was fetched: before the first, as the exchange or `--since` had it, and between."""
    narrowed = [reach.floor for reach in found if reach.floor is not None and not reach.hidden]
    if narrowed:
        why = f"nothing before {max(narrowed):%Y-%m-%d} was fetched, as --since asked"
        yield _issue("short_history", name, "since", why=why, cure="run `taxsync import` without --since")
    gaps: dict[tuple[datetime | None, datetime], list[Reach]] = {}
    for reach in found:
        if reach.hidden and reach.floor is not None:
            gaps.setdefault((None, reach.floor), []).append(reach)
        for hole in reach.holes:
            gaps.setdefault(hole, []).append(reach)
    for (begin, end), hidden in sorted(gaps.items(), key=lambda gap: (gap[0][1], gap[0][0] is not None)):
        yield _gap(ledger, name, exchange, begin, end, hidden)


def _gap(
    ledger: Ledger, name: str, exchange: Exchange, begin: datetime | None, end: datetime, hidden: Sequence[Reach]
) -> Issue:
    """One time that the exchange's API no longer gives; a note, once a file of the account reaches into it."""
    what = f"its list{'s' * (len(hidden) > 1)} of {', '.join(reach.words for reach in hidden)}"
    when = f"before {end:%Y-%m-%d}" if begin is None else f"from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
    ref = f"{name}/{hidden[0].name} {when}"
    first, last, _ = ledger.span(name, besides=exchange.id)
    if first is not None and last is not None and first < end and (begin is None or last >= begin):
        details = {"stream": what, "when": when, "file": f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"}
        return Issue("rests_on_files", name, at=begin, ref=ref, details=details)
    days = min(reach.stream.horizon for reach in hidden)
    why = f"{exchange.name}'s API reaches back {days} days: nothing {when} was fetched of {what}"
    cure = f"{exchange.gap_help or f'get an export from {exchange.name} that covers it'}".rstrip(".")
    details = {"why": why, "cure": f"{cure}; `taxsync import FILE --account {name}` puts it with the rest"}
    return Issue("short_history", name, at=begin, ref=ref, details=details)


def _issue(code: str, account: str, ref: str, **details: str) -> Issue:
    return Issue(code, account, ref=f"{account}/{ref}", details=details)
