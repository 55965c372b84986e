"""What stands twice in the records and, as the person says, happened once: the second row is left out of everything.

A row is left out in favour of another that stays; of an account that repeats another, each row that stands in both, one
for one. What no longer fits its rows is not used and is an open problem.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from pipeline.gains.answered import not_used
from pipeline.issues import Issue
from pipeline.model import Transaction

NEAR = timedelta(days=1)  # some files have days only
_AGAIN = "say it anew, or take it back: `{ref},FIRST,open` under `Repeat,First,Counts`"

Said = Mapping[tuple[str, str], bool]  # (repeat, first) -> whether only the first counts


def counted(rows: Sequence[Transaction], repeats: Said, copies: Said) -> tuple[list[Transaction], list[Issue]]:
    """The rows that count, and the answers that do not fit; of `repeats`, transactions, and `copies`, accounts."""
    if not repeats and not copies:
        return list(rows), []
    by_id = {t.id: t for t in rows}
    instead: dict[str, str] = {}  # a row that is left out -> the one that stays
    issues = []
    for (ref, first), once in sorted(repeats.items()):
        why = _misfit(by_id, ref, first, instead) if once else ""
        if why:
            t = by_id.get(ref)
            side = t and (t.sent or t.received)
            place = (t.account, side.asset if side else "", t.at) if t else ("", "", None)
            cure = _AGAIN.replace("FIRST", first)
            issues.append(not_used(ref, f"that it repeats {first}", why, cure, *place))
        elif once:
            instead[ref] = first
    left = [t for t in rows if t.id not in instead]
    for (account, other), once in sorted(copies.items()):
        if once:
            there = Counter(map(_content, (t for t in left if t.account == other)))
            left = [t for t in left if t.account != account or not _taken(there, t)]
    return left, issues


def settled(issues: Iterable[Issue], repeats: Said, copies: Said) -> list[Issue]:
    """The issues but for those that ask of two rows what the person has said, or of two accounts that both count."""
    said = {*map(frozenset, repeats), *(frozenset(pair) for pair, once in copies.items() if not once)}

    def asked(issue: Issue) -> bool:
        told = issue.details
        if issue.code == "duplicate_account":
            return frozenset((issue.account, told["other"])) not in said
        if issue.code == "possible_duplicate":
            pairs = (frozenset((issue.ref, told["twin"])), frozenset((told["first"], told["second"])))
            return said.isdisjoint(pairs)
        return True

    return [issue for issue in issues if asked(issue)] if said else list(issues)


def unlike(one: Transaction, other: Transaction) -> str:
    """Why two rows can't be one transaction; "" if they can: they move the same assets, at most a day apart."""
    for way, a, b in (("sent", one.sent, other.sent), ("received", one.received, other.received)):
        if (a and a.asset) != (b and b.asset):
            return f"one {way} {a.asset if a else 'nothing'}, the other {b.asset if b else 'nothing'}"
    return "they are more than a day apart" if abs(one.at - other.at) > NEAR else ""


def _misfit(by_id: Mapping[str, Transaction], ref: str, first: str, instead: Mapping[str, str]) -> str:
    one, stays = by_id.get(ref), by_id.get(first)
    if one is None or stays is None:
        return "one of the two records is not in the ledger"
    while first in instead:
        first = instead[first]
    return "each would be left out for the other" if first == ref else unlike(one, stays)


def _content(t: Transaction) -> object:
    return t.at.replace(microsecond=0), t.sent, t.received, t.fee


def _taken(there: Counter[object], t: Transaction) -> bool:
    """Whether a row stands there, too; each serves once."""
    content = _content(t)
    there[content] -= 1
    return there[content] >= 0
