"""What can be told from the records alone to be wrong or doubtful: one function a check.

A check takes the `Facts` and gives Issues; append it to CHECKS, its codes to the table of issues.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from pipeline.gains.match import sort_key
from pipeline.issues import Issue
from pipeline.model import Balance, Transaction, is_fiat
from pipeline.money import ZERO, plain


@dataclass(frozen=True, slots=True)
class Facts:
    """All transactions in order of time, what the exchanges say is held, and the units that were disposed
    of without an acquisition on record, by (account, asset): what follows from those is told once."""

    transactions: Sequence[Transaction]
    reported: Sequence[Balance]
    missing: Mapping[tuple[str, str], Decimal]


def balances(transactions: Sequence[Transaction], until: datetime | None = None) -> dict[tuple[str, str], Decimal]:
    """Units per (account, asset) that the rows add up to, of the rows before `until`."""
    held: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for t in transactions:
        if until is None or t.at < until:
            for asset, change in changes(t):
                held[t.account, asset] += change
    return dict(held)


def changes(t: Transaction) -> list[tuple[str, Decimal]]:
    """What a row adds to its account, per asset."""
    found = []
    if t.received is not None:
        found.append((t.received.asset, t.received.quantity))
    if t.sent is not None:
        found.append((t.sent.asset, -t.sent.quantity))
    if t.fee is not None:
        found.append((t.fee.asset, -t.fee.quantity))
    return found


def negative_balance(facts: Facts) -> list[Issue]:
    """The first day on which a row takes more than its account had; money is left out, since few
    people import their bank's side."""
    held: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    found: dict[tuple[str, str], tuple[Transaction, Decimal]] = {}
    for _, rows in groupby(facts.transactions, key=lambda t: t.at):  # rows of one instant may stand in any order
        together = list(rows)
        touched = set()
        for t in together:
            for asset, change in changes(t):
                held[t.account, asset] += change
                touched.add((t.account, asset))
        for key in touched:
            if held[key] < ZERO and key not in found and key not in facts.missing and not is_fiat(key[1]):
                found[key] = (next(t for t in together if _touches(t, key)), held[key])
    return [
        Issue("negative_balance", account, asset, t.at, t.id, details={"quantity": plain(quantity)})
        for (account, asset), (t, quantity) in sorted(found.items())
    ]


def _touches(t: Transaction, key: tuple[str, str]) -> bool:
    return t.account == key[0] and any(asset == key[1] for asset, _ in changes(t))


def balance_differs(facts: Facts) -> list[Issue]:
    """The newest balances an exchange reported against what its records add up to by then."""
    newest: dict[str, datetime] = {}
    for b in facts.reported:
        newest[b.account] = max(b.at, newest.get(b.account, b.at))
    issues = []
    for account, at in sorted(newest.items()):
        rows = [t for t in facts.transactions if t.account == account and t.at <= at]
        computed = balances(rows)
        reported = {b.asset: b.quantity for b in facts.reported if b.account == account and b.at == at}
        for asset in sorted(reported.keys() | {asset for _, asset in computed}):
            want, have = reported.get(asset, ZERO), computed.get((account, asset), ZERO)
            if want != have and want - have != facts.missing.get((account, asset)):
                words = {"reported": plain(want), "computed": plain(have), "difference": plain(abs(want - have))}
                issues.append(Issue("balance_differs", account, asset, at, f"{account}/{asset}", details=words))
    return issues


def duplicates(facts: Facts) -> list[Issue]:
    """Rows of one instant and content in two accounts or from two sources: likely one transaction."""
    places: dict[tuple[object, ...], list[Transaction]] = defaultdict(list)
    totals: Counter[tuple[str, str]] = Counter()
    for t in facts.transactions:
        totals[t.account, t.source] += 1
    for _, rows in groupby(facts.transactions, key=lambda t: t.at):
        together = list(rows)
        for t in together if len(together) > 1 else ():
            places[t.at, t.sent, t.received, t.fee].append(t)
    twice: dict[tuple[tuple[str, str], tuple[str, str]], list[Transaction]] = defaultdict(list)
    for same in places.values():
        for t in same[1:]:
            first, second = (same[0].account, same[0].source), (t.account, t.source)
            if first != second:
                twice[first, second].append(t)
    issues = []
    for (first, second), again in sorted(twice.items(), key=lambda item: item[0]):
        smaller = min(first, second, key=lambda place: totals[place])
        other = second if smaller == first else first
        if len(again) == totals[smaller] > 1 and smaller[0] != other[0]:
            words = {"count": str(len(again)), "other": other[0]}
            issues.append(Issue("duplicate_account", smaller[0], ref=smaller[0], details=words))
            continue
        for t in again:
            side = t.sent or t.received or t.fee
            assert side is not None
            words = {"what": f"{plain(side.quantity)} {side.asset}", "first": first[0], "second": second[0]}
            issues.append(Issue("possible_duplicate", t.account, side.asset, t.at, t.id, details=words))
    return issues


def look_alike_assets(facts: Facts) -> list[Issue]:
    """Names that look the same but are not (Cyrillic letters, full width, invisible characters)."""
    first: dict[str, Transaction] = {}
    for t in facts.transactions:
        for asset, _ in changes(t):
            first.setdefault(asset, t)
    by_look: dict[str, list[str]] = defaultdict(list)
    for asset in sorted(first):
        by_look[_skeleton(asset)].append(asset)
    return [
        Issue(
            "look_alike_asset",
            first[asset].account,
            asset,
            first[asset].at,
            first[asset].id,
            details={"other": names[0]},
        )
        for names in by_look.values()
        for asset in names[1:]
    ]


# Letters of other scripts that are drawn like Latin capitals (Unicode's confusables, the common ones).
_LOOKS = str.maketrans("АВЕЅІЈКМНОРСТУХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABESIJKMHOPCTYXABEZHIKMNOPTYX")


def _skeleton(asset: str) -> str:
    visible = "".join(
        c for c in unicodedata.normalize("NFKC", asset) if unicodedata.category(c) not in ("Cf", "Cc", "Mn")
    )
    return visible.upper().translate(_LOOKS)


CHECKS: tuple[Callable[[Facts], list[Issue]], ...] = (negative_balance, balance_differs, duplicates, look_alike_assets)


def check(
    transactions: Sequence[Transaction], reported: Sequence[Balance], missing: Mapping[tuple[str, str], Decimal]
) -> list[Issue]:
    """The Issues of every check."""
    facts = Facts(sorted(transactions, key=sort_key), reported, missing)
    return [issue for run in CHECKS for issue in run(facts)]
