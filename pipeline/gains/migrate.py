"""Finds migrations that an exchange shows as two rows: the old coin leaves and the new one arrives, in one account.

Comes after `match`: of the rows that have no other side there, those make one `Transfer` (`how` is MIGRATION) whose
amounts stand in the ratio of a known migration, not more than two days apart. What is only near keeps its Issue, with
a hint. Units of one account are alike: where several rows fit, any pairing gives the same lots.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec.structs import replace

from pipeline.coins import MIGRATIONS, Migration, carried
from pipeline.issues import Issue
from pipeline.model import Event, Transaction, Transfer
from pipeline.money import plain

MIGRATION = "migration"
APART = timedelta(days=2)
NEAR = timedelta(days=30)

_UNMATCHED = ("unmatched_deposit", "unmatched_withdrawal")
_COINS = frozenset(coin for each in MIGRATIONS for coin in (each.old, each.new))
_NEW = {each.old: each.new for each in MIGRATIONS}

Sides = tuple[Transaction, Transaction]  # the old coin's row, the new coin's


def migrated(events: Sequence[Event], issues: Sequence[Issue]) -> tuple[list[Event], list[Issue]]:
    """What `match` gave, with migrations as one event each, without their rows' Issues, and with hints."""
    refs = {i.ref for i in issues if i.code in _UNMATCHED and i.asset in _COINS}
    if not refs:
        return list(events), list(issues)
    rows = [e for e in events if isinstance(e, Transaction) and e.id in refs]
    pairs: dict[str, Transfer] = {}
    for out, into in _near(rows, APART):
        if out.id not in pairs and into.id not in pairs and _fits(out, into):
            pairs[out.id] = pairs[into.id] = Transfer(out, into, MIGRATION)
    hints: dict[str, str] = {}
    for out, into in _near([t for t in rows if t.id not in pairs], NEAR):
        for t, other in ((out, into), (into, out)):
            hints.setdefault(t.id, _hint(out, into, other))
    kept: list[Event] = []
    for e in events:
        pair = pairs.get(e.id) if isinstance(e, Transaction) else None
        if pair is None:
            kept.append(e)
        elif e is min(pair.out, pair.into, key=lambda t: t.at):  # once, in the place of the earlier row
            kept.append(pair)
    return kept, [_hinted(i, hints) for i in issues if i.ref not in pairs]


def _near(rows: Iterable[Transaction], apart: timedelta) -> list[Sides]:
    """Old and new coin of a migration in one account, at most so far apart; the nearest ones first."""
    arrived: dict[tuple[str, str], list[Transaction]] = defaultdict(list)
    left: list[Transaction] = []
    for t in rows:
        if t.received is not None:
            arrived[t.account, t.received.asset].append(t)
        else:
            left.append(t)
    found = [
        (out, into)
        for out in left
        if out.sent is not None and out.sent.asset in _NEW
        for into in arrived[out.account, _NEW[out.sent.asset]]
        if abs(into.at - out.at) <= apart and _migration(out, into) is not None
    ]
    return sorted(found, key=lambda pair: (abs(pair[1].at - pair[0].at), pair[0].at, pair[0].id, pair[1].id))


def _migration(out: Transaction, into: Transaction) -> Migration | None:
    assert out.sent is not None and into.received is not None
    return carried(out.sent.asset, into.received.asset, max(out.at, into.at))


def _fits(out: Transaction, into: Transaction) -> bool:
    migration = _migration(out, into)
    assert migration is not None and out.sent is not None and into.received is not None
    return migration.carries and migration.fits(out.sent.quantity, into.received.quantity)


def _hint(out: Transaction, into: Transaction, other: Transaction) -> str:
    migration = _migration(out, into)
    side = other.sent or other.received
    assert migration is not None and side is not None
    way = "left" if other.sent else "arrived in"
    rate = f"{plain(migration.takes)} {migration.old} became {plain(migration.gives)} {migration.new}"
    return (
        f" ({plain(side.quantity)} {side.asset} {way} {other.account} on {other.at:%Y-%m-%d %H:%M}, and {rate}: if the "
        "one became the other, they belong in one row, sent and received)"
    )


def _hinted(issue: Issue, hints: dict[str, str]) -> Issue:
    if issue.ref not in hints or issue.code not in _UNMATCHED:
        return issue
    return replace(issue, details={**issue.details, "hint": issue.details.get("hint", "") + hints[issue.ref]})
