"""Times of which an exchange's API gave nothing: open, until a file of the account or the person's word covers them.
The person's word settles what is not computed, too, such as margin, and what is not read, such as Kraken Futures: it
then names that in place of a list.

An answer of the kind `gap` says of one list of an account (or of all of them) that nothing is missing between two
days, and why. A file covers from its first record to its last, and a quiet month beyond: exports don't say what
period they are of.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

import importers
from importers.base import Exchange, RowError
from importers.parsers.build import BOTS, LOANS, MARGIN
from pipeline.answers import GapGiven
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.run.aliases import names_of
from pipeline.run.reach import EPOCH, Reach
from pipeline.settings import Settings

GAP = "gap"
KINDS = (MARGIN, LOANS, BOTS)  # of what is not computed
QUIET = timedelta(days=31)  # a time without records at the edge of a file that still counts as covered

Gap = tuple[datetime | None, datetime]  # None: from the beginning
Span = tuple[datetime, datetime]


class Word(Struct, frozen=True):
    """What the person says: nothing is missing of `stream` ("": of any list; or one of KINDS) in `span`, because of
    `note`."""

    stream: str
    span: Span
    note: str


# ---- the person's word ------------------------------------------------------------------------


def key_of(given: GapGiven) -> str:
    """What one answer is about: said again with another note, it replaces the one before."""
    begin = given.begin.isoformat() if given.begin else ""
    return "\n".join((given.account, given.stream, begin, given.end.isoformat()))


def content_of(given: GapGiven) -> dict[str, str] | None:
    if given.back:
        return None
    begin = given.begin.isoformat() if given.begin else ""
    return {"account": given.account, "stream": given.stream, "from": begin, "to": given.end.isoformat(),
            "note": given.note}  # fmt: skip


def in_words(said: Mapping[str, str]) -> str:
    begin = f"from {said['from']} " if said["from"] else ""
    what = f"its list {said['stream']}" if said["stream"] else "any of its lists"
    what = f"its {said['stream']}" if said["stream"] in KINDS or " " in said["stream"] else what
    return f"nothing is missing of {said['account']}, {what}, {begin}up to {said['to']}: {said['note']}"


def check(given: GapGiven, settings: Settings) -> None:
    """Raises RowError for what is no list of an account behind an API."""
    account = settings.accounts.get(given.account)
    if account is None:
        names = ", ".join(settings.accounts) or "none yet"
        raise RowError("Account", given.account, f"is no account behind an API; those are: {names}")
    exchange = importers.exchange(account.exchange)
    lists = [stream.name for stream in exchange.streams]
    beside = dict.fromkeys((*KINDS, *(one.what for one in exchange.not_read if one.shown)))
    if given.stream and given.stream not in (*lists, *beside):
        those = f"those are: {', '.join(lists)}; what is not computed is one of: {', '.join(beside)}"
        raise RowError("Stream", given.stream, f"is no list of {given.account}; {those}")


def words(ledger: Ledger, account: str) -> list[Word]:
    """What counts of the person's answers about an account."""
    found = []
    for content in ledger.answers(GAP).values():
        said = json.loads(content)
        if said is not None and said["account"] == account:
            begin = _midnight(date.fromisoformat(said["from"])) if said["from"] else EPOCH
            end = _midnight(date.fromisoformat(said["to"])) + timedelta(days=1)
            found.append(Word(said["stream"], (begin, end), said["note"]))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


# ---- what is open -----------------------------------------------------------------------------


def gaps(ledger: Ledger, name: str, exchange: Exchange, found: Sequence[Reach]) -> Iterator[Issue]:
    """The times that the exchange's API hides of an account's lists, each told once, whatever its state."""
    by_time: dict[Gap, list[Reach]] = {}
    for reach in found:
        if reach.stream.details:
            continue
        if reach.hidden and reach.floor is not None:
            by_time.setdefault((None, reach.floor), []).append(reach)
        for hole in reach.holes:
            by_time.setdefault(hole, []).append(reach)
    if not by_time:
        return
    said, begun = words(ledger, name), min((r.first for r in found if r.first is not None), default=None)
    for gap, hidden in sorted(by_time.items(), key=lambda each: (each[0][1], each[0][0] is not None)):
        answered = {reach.name: _own(said, reach.name) for reach in hidden}
        by_word = [r for r in hidden if _covers([word.span for word in answered[r.name]], gap)]
        file = _file(ledger, name, exchange, gap, begun)
        by_file = [r for r in hidden if r not in by_word and file is not None
                   and _covers([file, *(word.span for word in answered[r.name])], gap)]  # fmt: skip
        if by_word:
            notes = dict.fromkeys(w.note for r in by_word for w in answered[r.name] if _touches(w.span, gap))
            yield _issue("gap_answered", name, gap, by_word, note="; ".join(notes))
        if by_file:
            yield _issue("rests_on_files", name, gap, by_file, file=_extent(ledger, name, exchange))
        if still := [r for r in hidden if r not in by_word and r not in by_file]:
            yield _open(ledger, name, exchange, gap, still)


def _own(said: Sequence[Word], stream: str) -> list[Word]:
    return [word for word in said if word.stream in ("", stream)]


def _covers(spans: Sequence[Span], gap: Gap) -> bool:
    at = gap[0] or EPOCH
    for begin, end in sorted(spans):
        if begin > at:
            break
        at = max(at, end)
    return at >= gap[1]


def _touches(span: Span, gap: Gap) -> bool:
    return span[0] < gap[1] and span[1] > (gap[0] or EPOCH)


def _file(ledger: Ledger, name: str, exchange: Exchange, gap: Gap, begun: datetime | None) -> Span | None:
    """What the records from files cover. `begun`: the first record that the API gave of any list: a file that begins
    no later than that holds the account's beginning."""
    first, last = _files(ledger, name, exchange)
    if first is None or last is None or not _touches((first, last + QUIET), gap):
        return None
    whole = first - QUIET <= min(gap[1], begun or gap[1])
    return EPOCH if whole else first - QUIET, last + QUIET


def _files(ledger: Ledger, name: str, exchange: Exchange) -> tuple[datetime | None, datetime | None]:
    """The first and the last record of an account that files gave, under whatever name of it."""
    spans = [ledger.span(one, besides=exchange.id) for one in names_of(ledger, name)]
    firsts, lasts = [s.first for s in spans if s.first], [s.last for s in spans if s.last]
    return min(firsts, default=None), max(lasts, default=None)


def _extent(ledger: Ledger, name: str, exchange: Exchange) -> str:
    first, last = _files(ledger, name, exchange)
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _open(ledger: Ledger, name: str, exchange: Exchange, gap: Gap, hidden: Sequence[Reach]) -> Issue:
    days = min(reach.stream.horizon for reach in hidden)
    first, last = _files(ledger, name, exchange)
    in_part = first is not None and last is not None and _touches((first, last), gap)
    but = f" (files of the account reach from {_extent(ledger, name, exchange)})" if in_part else ""
    why = f"{exchange.name}'s API reaches back {days} days: nothing {_when(gap)} was fetched of {_lists(hidden)}{but}"
    stream = hidden[0].name if len(hidden) == 1 else ""
    begin = f"{gap[0]:%Y-%m-%d}" if gap[0] else ""
    line = f"{name},{stream},{begin},{gap[1]:%Y-%m-%d},WHY"
    cure = f"{exchange.gap_help or f'get an export from {exchange.name} that covers it'}".rstrip(".")
    cure = (
        f"{cure}; `taxsync import FILE --account {name}` puts it with the rest. If nothing is missing there, say so in "
        f"a CSV file: `{line}` under `Account,Stream,From,To,Note`"
    )
    return _issue("short_history", name, gap, hidden, why=why, cure=cure, line=line)


def _issue(code: str, name: str, gap: Gap, hidden: Sequence[Reach], **details: str) -> Issue:
    told = {"stream": _lists(hidden), "when": _when(gap)} if "why" not in details else {}
    return Issue(code, name, at=gap[0], ref=f"{name}/{hidden[0].name} {_when(gap)}", details=told | details)


def _lists(hidden: Sequence[Reach]) -> str:
    return f"its list{'s' * (len(hidden) > 1)} of {', '.join(reach.words for reach in hidden)}"


def _when(gap: Gap) -> str:
    return f"before {gap[1]:%Y-%m-%d}" if gap[0] is None else f"from {gap[0]:%Y-%m-%d} to {gap[1]:%Y-%m-%d}"
