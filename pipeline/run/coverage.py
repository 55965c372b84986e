"""What is known to be missing from the history of each account: problems, out of how far its lists reach.

Takes the ledger's cursors, how the last runs ended, and what the last import learned of the key; gives Issues.
A gap stays one while it may touch a tax figure: until the exchange gives it, or a file of the account covers it.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import importers
from importers.base import AGAIN, NO_LIST, Exchange
from importers.elsewhere import MOVED
from importers.parsers.build import BOTS, LOANS, MARGIN
from importers.sync import BALANCE
from pipeline.issues import Issue, Stop
from pipeline.ledger import Ledger
from pipeline.run.answers import LABEL, MATCH, REPEAT
from pipeline.run.gaps import gaps, words
from pipeline.run.reach import ALL, Reach, State, last_run, names, reaches
from pipeline.run.unread import as_said, notes
from pipeline.settings import Settings

KEY_RIGHTS = "key_rights"  # the kind of answer that keeps what a key was seen to be allowed, and on which day
PUT_ASIDE = "key_put_aside"  # why an account's key is not used any more; "" when it is
KEY_LIMITS = "key_limits"  # the kind of answer that keeps what an account's key can't see


def beside(settings: Settings, ledger: Ledger, zone: ZoneInfo) -> list[Issue]:
    """The problems that are not the engine's: records that were not understood, history that is missing
    as far as that is known, and what can't be history yet. Days are those of `zone`."""
    issues = [issue for name, account in settings.accounts.items() for issue in _of(ledger, name, account.exchange)]
    return [issue.in_zone(zone) for issue in (*_told(ledger), *issues, *_future(ledger))]


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
    found = {} if latest is None else ledger.last_after(latest)
    return [Issue("future_record", account, at=last, ref=f"{account}/future") for account, last in found.items()]


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
        if any(one.limit and limit.startswith(one.limit) for one in plug_in.not_read):
            continue  # every key has it: named as what is not read
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
    if hidden := [one for one in exchange.not_read if one.hidden]:
        *others, last = (one.what for one in hidden)
        what = f"{', '.join(others)} and {last}" if others else last
        export = "; or ".join(dict.fromkeys(one.export for one in hidden))
        yield _issue("not_read", name, "beside", what=what, exchange=exchange.name, export=export)


def _unfinished(reach: Reach) -> Iterator[Issue]:
    """What the next run may still fetch of a list, and what nobody can."""
    name, what, run = reach.account, f"its list of {reach.words}", reach.run
    why = next(iter(run.failed.values()), "").removesuffix(f"; {AGAIN}")
    if reach.state is State.NEVER or (reach.stream.optional and NO_LIST in why and not reach.records):
        yield _not_given(reach, what, "was never fetched", why)
    elif reach.state is State.IN_PART:
        yield _issue("stored_in_part", name, reach.name, stream=what, because=f" ({why})" if why else "")
    elif run.failed and not reach.stream.optional:
        lists = names((each.partition(" ")[2] for each in run.failed if " " in each), 5)
        details = {"stream": f"{what}{f' of {lists}' if lists else ''}", "why": why}
        yield Issue("not_updated", name, at=run.asked or reach.last, ref=f"{name}/{reach.name}", details=details)
    elif run.failed:
        yield _not_given(reach, what, "could not be fetched in the last run", why)
    if run.absent:
        yield _issue("market_gone", name, f"{reach.name}/gone", stream=what, parts=names(run.absent))


def _not_given(reach: Reach, what: str, happened: str, why: str) -> Issue:
    loss = _DETAILS_LOST if reach.stream.details else TELLING_LOST
    because = f" ({why})" if why else ""
    details = {"stream": what, "happened": happened, "because": because, "exchange": reach.exchange.name, "loss": loss}
    lacks = reach.stream.optional or (reach.stream.regional and NO_LIST in why)
    code = "list_not_given" if lacks else "not_fetched"
    return _issue(code, reach.account, reach.name, **details)


# What is lost with an optional list.
_DETAILS_LOST = "no unit is missing without it, but what only it says, such as transaction hashes, is"
TELLING_LOST = "what only that list tells is missing"


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


# ---- what parsers told ------------------------------------------------------------------------

_ROWS = {  # kind of what is not computed -> the rows that stand for it
    MARGIN: "received what was won, sent what was lost or paid, Label `margin`",
    LOANS: "received what was lent to you, sent what you gave back, interest with Label `cost`",
    BOTS: "what was given and what was got",
}


def _told(ledger: Ledger) -> Iterator[Issue]:
    """The problems of records, without those that an answer has settled; what is not computed once for each account and
    kind, what moved to places that are not read once for each of these, and so what of it the person says is missing
    nowhere."""
    kinds: dict[tuple[str, str], list[Issue]] = {}
    answered, repeated, seen_to = _answered(ledger), _repeated(ledger), notes(ledger)
    for issue in ledger.parsed_issues():
        if issue.code == "unread_record" and issue.details.get("kind") in _ROWS:
            kinds.setdefault((issue.account, issue.details["kind"]), []).append(issue)
        elif issue.code == MOVED:
            if issue.ref not in answered:
                kinds.setdefault((issue.account, issue.details["place"]), []).append(issue)
        elif issue.code == "unread_record" and issue.ref in seen_to:
            yield as_said(issue, seen_to[issue.ref])
        elif issue.ref not in {"taken_as_moved": answered, "doubtful_time": repeated}.get(issue.code, ()):
            yield issue
    for (account, kind), same in sorted(kinds.items()):
        said = [word for word in words(ledger, account) if word.stream == kind]
        why = [next((word.note for word in said if _within(issue, word.span)), "") for issue in same]
        if settled := [issue for issue, note in zip(same, why, strict=True) if note]:
            yield _settled(account, kind, settled, "; ".join(dict.fromkeys(filter(None, why))))
        if open := [issue for issue, note in zip(same, why, strict=True) if not note]:
            yield (_moved_elsewhere if open[0].code == MOVED else _not_supported)(account, kind, open)


def _answered(ledger: Ledger) -> set[str]:
    """The transactions of which the person has said what they were."""
    labels = {key for key, said in ledger.answers(LABEL).items() if json.loads(said) is not None}
    matches = {key: json.loads(said) for key, said in ledger.answers(MATCH).items()}
    return labels | {id for key, said in matches.items() if said is not None for id in (key, said["other"])}


def _repeated(ledger: Ledger) -> set[str]:
    """The transactions that count no more, as another stands for them."""
    said = filter(None, map(json.loads, ledger.answers(REPEAT).values()))
    return {one["repeat"] for one in said if one["once"]}


def _within(issue: Issue, span: tuple[datetime, datetime]) -> bool:
    return issue.at is not None and span[0] <= issue.at < span[1]


def _settled(account: str, kind: str, same: Sequence[Issue], note: str) -> Issue:
    when = f"{'from' if _to(same) else 'on'} {_first(same)}{_to(same)}"
    moved = same[0].code == MOVED
    details = {"stream": f"{_count(same)} {'to or from' if moved else 'of'} {kind}", "when": when, "note": note}
    return Issue("gap_answered", account, at=_first_at(same), ref=f"{account}/{kind}/answered", details=details)


def _not_supported(account: str, kind: str, same: Sequence[Issue]) -> Issue:
    details = {"kind": kind, "count": _count(same), "to": _to(same), "first": same[0].details["why"],
               "rows": _ROWS[kind], "line": _line(account, kind, same)}  # fmt: skip
    return Issue("not_supported", account, at=_first_at(same), ref=f"{account}/{kind}", details=details)


def _moved_elsewhere(account: str, place: str, same: Sequence[Issue]) -> Issue:
    exchange = importers.exchange(same[0].details["exchange"])
    export = next((one.export for one in exchange.not_read if one.what == place), exchange.gap_help)
    details = {"place": place, "count": _count(same), "to": _to(same), "exchange": exchange.name, "export": export,
               "line": _line(account, place, same)}  # fmt: skip
    return Issue(MOVED, account, at=_first_at(same), ref=f"{account}/{place}", details=details)


def _line(account: str, kind: str, same: Sequence[Issue]) -> str:
    """What settles all of them, of a file of gaps."""
    last = max((issue.at for issue in same if issue.at is not None), default=None)
    return f"{account},{kind},{_first(same)},{'' if last is None else f'{last:%Y-%m-%d}'},WHY"


def _count(same: Sequence[Issue]) -> str:
    return f"{len(same)} {'transfer' if same[0].code == MOVED else 'record'}{'s' * (len(same) != 1)}"


def _first_at(same: Sequence[Issue]) -> datetime | None:
    return min((issue.at for issue in same if issue.at is not None), default=None)


def _first(same: Sequence[Issue]) -> str:
    first = _first_at(same)
    return "" if first is None else f"{first:%Y-%m-%d}"


def _to(same: Sequence[Issue]) -> str:
    """The last day, where it is another than the first."""
    first, last = _first_at(same), max((issue.at for issue in same if issue.at is not None), default=None)
    return f" to {last:%Y-%m-%d}" if last is not None and first is not None and last.date() > first.date() else ""


def _issue(code: str, account: str, ref: str, **details: str) -> Issue:
    return Issue(code, account, ref=f"{account}/{ref}", details=details)
