"""What can be told from the records alone to be wrong or doubtful: one function a check.

A check takes the `Facts` and gives Issues; append it to CHECKS, its codes to the table of issues.
"""

import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain, pairwise

from msgspec import Struct

from pipeline.fiat import FIAT
from pipeline.gains.answered import OPENING_LOT
from pipeline.held import balances as balances
from pipeline.held import changes as changes
from pipeline.issues import Issue
from pipeline.model import Balance, Transaction, is_fiat
from pipeline.money import ZERO, plain


class Facts(Struct, frozen=True):
    """All transactions in order of time, what the exchanges say is held, and the units that were disposed of or became
    another coin without an acquisition on record, by (account, asset): what follows from those is told once."""

    transactions: Sequence[Transaction]
    reported: Sequence[Balance]
    missing: Mapping[tuple[str, str], Decimal]


def negative_balance(facts: Facts) -> list[Issue]:
    """The first day on which a row takes more than its account had; money is left out, since few
    people import their bank's side."""
    held: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    found: dict[tuple[str, str], tuple[Transaction, Decimal]] = {}
    rows = facts.transactions
    below: set[tuple[str, str]] = set()  # what a row of this instant has taken too much of
    for number, t in enumerate(rows):
        here, received = held[t.account], t.received
        if received is not None and received.asset not in FIAT:
            here[received.asset] += received.quantity
        for side in (t.sent, t.fee):
            if side is not None and (asset := side.asset) not in FIAT:
                here[asset] = left = here[asset] - side.quantity
                if left < ZERO:
                    below.add((t.account, asset))
        if not below or (number + 1 < len(rows) and rows[number + 1].at == t.at):
            continue  # rows of one instant may stand in any order
        for account, asset in below - found.keys() - facts.missing.keys():
            if (short := held[account][asset]) < ZERO:
                at_once = rows[bisect_left(rows, t.at, key=_when) : number + 1]
                found[account, asset] = next(t for t in at_once if _touches(t, (account, asset))), short
        below.clear()
    return [
        Issue("negative_balance", account, asset, t.at, t.id, details={"quantity": plain(quantity)})
        for (account, asset), (t, quantity) in sorted(found.items())
    ]


def _when(t: Transaction) -> datetime:
    return t.at


def _touches(t: Transaction, key: tuple[str, str]) -> bool:
    return t.account == key[0] and any(asset == key[1] for asset, _ in changes(t))


def told(reported: Sequence[Balance]) -> dict[str, dict[datetime, dict[str, Decimal]]]:
    """What the exchanges said is held, by account, instant and asset: all wallets of an instant together."""
    sums: dict[str, dict[datetime, dict[str, Decimal]]] = {}
    for b in sorted(reported, key=lambda b: b.at):
        held = sums.setdefault(b.account, {}).setdefault(b.at, {})
        held[b.asset] = held.get(b.asset, ZERO) + b.quantity
    return sums


def digits(snapshots: Mapping[datetime, Mapping[str, Decimal]], asset: str) -> int:
    """Decimals that an exchange shows of an asset's balance, out of all that it said of an account; 0: can't be told.

    Zeros that it writes at the end (0.10), and the cents of money, show how many it has. Where an asset never had
    such, 1.5 may be all there is of it: it counts as shown like the finest of the account's others, if those have.
    """
    own = [held[asset] for held in snapshots.values() if asset in held]
    if any(_padded(quantity) or (is_fiat(asset) and _decimals(quantity) > 1) for quantity in own):
        return max(map(_decimals, own))
    others = [q for held in snapshots.values() for name, q in held.items() if not is_fiat(name)]
    return max(map(_decimals, others)) if any(map(_padded, others)) else 0


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _padded(number: Decimal) -> bool:
    return number.as_tuple().digits[-1] == 0 and _decimals(number) > 0


def differs(want: Decimal, have: Decimal, decimals: int) -> bool:
    """Whether a balance shown with so many decimals is another than `have`, and not just cut or rounded there."""
    return want != have and (not decimals or abs(want - have) >= Decimal(1).scaleb(-decimals))


def balance_differs(facts: Facts) -> list[Issue]:
    """The newest balances an exchange reported against what its records add up to by then, and since when they
    are just so far apart: the time between two reports in which it came about."""
    snapshots = told(facts.reported)
    rows: dict[str, list[Transaction]] = {account: [] for account in snapshots}
    for t in facts.transactions:
        if t.account in rows:
            rows[t.account].append(t)
    issues = []
    for account, reports in sorted(snapshots.items()):
        at = max(reports)
        have = balances([t for t in rows[account] if t.at <= at])
        for asset in sorted(reports[at].keys() | {asset for _, asset in have}):
            want, held, decimals = (
                reports[at].get(asset, ZERO),
                have.get((account, asset), ZERO),
                digits(reports, asset),
            )
            if not differs(want, held, decimals) or want - held == facts.missing.get((account, asset)):
                continue
            words = {"reported": plain(want), "computed": plain(held), "difference": plain(abs(want - held))}
            words |= {**_window(_apart(rows[account], reports, asset), decimals), "likely": ""}
            issues.append(Issue("balance_differs", account, asset, at, f"{account}/{asset}", details=words))
    return issues


def _apart(
    rows: Sequence[Transaction], reports: Mapping[datetime, Mapping[str, Decimal]], asset: str
) -> dict[datetime, Decimal]:
    """At each report, what the exchange says beyond what the rows, in order of time, add up to by then."""
    held, ahead, apart = ZERO, 0, {}
    for at in sorted(reports):
        while ahead < len(rows) and rows[ahead].at <= at:
            held += sum((change for name, change in changes(rows[ahead]) if name == asset), ZERO)
            ahead += 1
        apart[at] = reports[at].get(asset, ZERO) - held
    return apart


def _window(by_report: Mapping[datetime, Decimal], decimals: int) -> dict[str, str]:
    """Between which two reports a difference became what it is: instants as ISO text ("": before the first report),
    and in words."""
    newest_first = sorted(by_report, reverse=True)
    until, difference = newest_first[0], by_report[newest_first[0]]
    for at in newest_first[1:]:
        if differs(by_report[at], difference, decimals):
            when = f"it came about between {_minute(at)} and {_minute(until)} UTC"
            return {"after": at.isoformat(), "until": until.isoformat(), "when": when}
        until = at
    return {"after": "", "until": until.isoformat(), "when": f"it was there on {_minute(until)} UTC, the first report"}


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def duplicates(facts: Facts) -> list[Issue]:
    """Rows of one content and instant (or second, where one of them tells no more) in two accounts: likely one
    transaction. What several sources tell of one account is `tie`'s."""
    places: dict[tuple[object, ...], list[Transaction]] = defaultdict(list)
    shared = {one for one, other in pairwise(map(_second, facts.transactions)) if one == other}
    for t in facts.transactions if shared else ():
        if _second(t) in shared and t.source != OPENING_LOT:  # that the person has given one by one
            places[_second(t), t.sent, t.received, t.fee].append(t)
    twice: dict[tuple[tuple[str, str], tuple[str, str]], list[Transaction]] = defaultdict(list)
    first_of: dict[str, Transaction] = {}
    for same in places.values():
        for t in same[1:]:
            first, second = (same[0].account, same[0].source), (t.account, t.source)
            at_once = t.at == same[0].at or not (t.at.microsecond and same[0].at.microsecond)
            if t.account != same[0].account and at_once:
                twice[first, second].append(t)
                first_of[t.id] = same[0]
    totals = Counter((t.account, t.source) for t in facts.transactions) if twice else Counter()
    issues = []
    for (first, second), again in sorted(twice.items(), key=lambda item: item[0]):
        smaller = min(first, second, key=lambda place: totals[place])
        other = second if smaller == first else first
        if len(again) == totals[smaller] > 1:
            words = {"count": str(len(again)), "other": other[0]}
            issues.append(Issue("duplicate_account", smaller[0], ref=smaller[0], details=words))
            continue
        for t in again:
            side = t.sent or t.received or t.fee
            assert side is not None
            words = {"what": f"{plain(side.quantity)} {side.asset}", "first": first[0], "second": second[0]}
            words |= {"twin": first_of[t.id].id}
            issues.append(Issue("possible_duplicate", t.account, side.asset, t.at, t.id, details=words))
    return issues


def _second(t: Transaction) -> datetime:
    return t.at.replace(microsecond=0) if t.at.microsecond else t.at


def look_alike_assets(facts: Facts) -> list[Issue]:
    """Names that look the same but are not (Cyrillic letters, full width, invisible characters)."""
    rows = facts.transactions
    sides = ((t.received for t in rows), (t.sent for t in rows), (t.fee for t in rows))
    by_look: dict[str, list[str]] = defaultdict(list)
    for asset in sorted({side.asset for side in chain(*sides) if side is not None}):
        by_look[_skeleton(asset)].append(asset)
    issues = []
    for names in by_look.values():
        for asset in names[1:]:
            first = next(t for t in rows if any(name == asset for name, _ in changes(t)))
            details = {"other": names[0]}
            issues.append(Issue("look_alike_asset", first.account, asset, first.at, first.id, details=details))
    return issues


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
    """The Issues of every check; `transactions` in order of time."""
    facts = Facts(transactions, reported, missing)
    return [issue for run in CHECKS for issue in run(facts)]
