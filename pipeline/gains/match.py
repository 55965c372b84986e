"""Finds the two sides of a transfer between own accounts; never by a guess.

Takes all transactions; gives the events in order of time, matched pairs as one `Transfer` each, and
an Issue for every crypto row without Label whose other side is not certain. First as the person says; then by
transaction hash; then by the exact amount within a window of time, where just one pairing is possible.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter, lt
from types import MappingProxyType

from msgspec.structs import replace

from pipeline.answers import NO_OTHER_SIDE
from pipeline.gains.answered import not_used
from pipeline.issues import Issue
from pipeline.model import Amount, Event, Transaction, Transfer, is_fiat
from pipeline.money import plain

# A deposit may be stamped a little before its withdrawal (clocks, batched notices), and up to a
# week after it (a full mempool, a review by the exchange).
EARLY = timedelta(hours=1)
LATE = timedelta(days=7)

LATE_BY_HASH = timedelta(days=60)  # a deposit that an exchange credits late, or after a review
_NO_HASH = frozenset(("", "-", "n/a", "na", "none", "null", "unknown", "internal", "off-chain", "offchain"))

BY_HAND = "answer"  # `Transfer.how` of what the person has named

SortKey = tuple[datetime, int, str, str, str]


# Time, then the source's own order; the rest only makes the order total.
sort_key: Callable[[Transaction], SortKey] = attrgetter("at", "position", "account", "source_id", "id")


def in_order(transactions: Iterable[Transaction]) -> list[Transaction]:
    """By `sort_key`; rows that come in order of time already, each of its own instant, need none (a fifth of the
    time)."""
    rows = list(transactions)
    instants = [t.at for t in rows]
    if all(map(lt, instants, islice(instants, 1, None))):
        return rows
    return sorted(rows, key=sort_key)


def match(
    transactions: Iterable[Transaction], by_hand: Mapping[str, str] = MappingProxyType({})
) -> tuple[list[Event], list[Issue]]:
    """Events in order, and the problems of the rows that stay alone.

    `by_hand`: withdrawal -> deposit as the person says, whatever Labels their records bear; NO_OTHER_SIDE for a row
    that is never matched: what it is then is not told here.
    """
    ordered = in_order(transactions)
    said, issues = _by_hand(ordered, by_hand)
    settled = said.keys() | {key for key, other in by_hand.items() if other == NO_OTHER_SIDE}
    one_sided = [t for t in ordered if t.sent is None or t.received is None]  # most rows are trades
    loose = [t for t in one_sided if _open(t) and t.id not in settled]
    sent = [t for t in loose if t.sent is not None]
    received = [t for t in loose if t.received is not None]
    pairs, unlike = _by_hash(sent, received)
    by_amount, ambiguous = _by_amount(
        [t for t in sent if t.id not in pairs], [t for t in received if t.id not in pairs]
    )
    pairs.update(by_amount)
    told = {i.ref for i in unlike} | ambiguous.keys()
    issues += [*unlike, *ambiguous.values()]
    issues += _unmatched([t for t in sent + received if t.id not in pairs], told)
    pairs.update(said)
    if not pairs:
        return [*ordered], issues
    arrived = {p.into.id for p in pairs.values()}
    return [pairs.get(t.id, t) for t in ordered if t.id not in arrived], issues


def _open(t: Transaction) -> bool:
    """A crypto row with one side and no Label: a transfer until something else is known."""
    side = t.sent or t.received
    return t.label is None and side is not None and not (t.sent and t.received) and not is_fiat(side.asset)


def _by_hand(rows: Sequence[Transaction], matches: Mapping[str, str]) -> tuple[dict[str, Transfer], list[Issue]]:
    """The pairs that the person has named, keyed by both rows' ids; and what no longer fits."""
    pairs: dict[str, Transfer] = {}
    issues: list[Issue] = []
    by_id = {t.id: t for t in rows} if matches else {}
    for key, other in sorted(matches.items()):
        if other == NO_OTHER_SIDE:
            continue
        out, into = by_id.get(key), by_id.get(other)
        why = "one of its rows is not in the ledger" if out is None or into is None else _misfit(out, into, pairs)
        pair = None if why or out is None or into is None else _named(out, into)
        if pair is None or out is None:
            undo = f"give the pair anew, or take it back: `{key},open` under `Withdrawal ID,Deposit ID`"
            place = (out.account, side_of(out).asset if _one_sided(out) else "", out.at) if out else ("", "", None)
            issues.append(not_used(key, f"the match with {other}", why or "more arrived than left", undo, *place))
            continue
        pairs[key] = pairs[other] = pair  # who names both sides has seen what stayed away: that is no question any more
    return pairs, issues


def _misfit(out: Transaction, into: Transaction, pairs: Mapping[str, Transfer]) -> str:
    """Why two rows can't be the sides of a transfer; "" if they can."""
    if out.sent is None or into.received is None or not _one_sided(out) or not _one_sided(into):
        return "its rows are no longer a withdrawal and a deposit"
    if out.sent.asset != into.received.asset:
        return f"what left is {out.sent.asset}, what arrived {into.received.asset}"
    if is_fiat(out.sent.asset):
        return "its rows moved money"
    return "a row of it is a side of another match" if {out.id, into.id} & pairs.keys() else ""


def _one_sided(t: Transaction) -> bool:
    return (t.sent is None) != (t.received is None)


def _named(out: Transaction, into: Transaction) -> Transfer | None:
    return _transfer(replace(out, label=None), replace(into, label=None), BY_HAND)


def side_of(t: Transaction) -> Amount:
    """What a row moved; of a trade, what was given."""
    side = t.sent or t.received
    assert side is not None
    return side


def _by_hash(sent: Sequence[Transaction], received: Sequence[Transaction]) -> tuple[dict[str, Transfer], list[Issue]]:
    """Pairs of one hash and asset, keyed by both rows' ids."""
    groups: dict[tuple[str, str], tuple[list[Transaction], list[Transaction]]] = defaultdict(lambda: ([], []))
    for which, rows in enumerate((sent, received)):
        for t in rows:
            if t.txhash and _plain_hash(t.txhash) not in _NO_HASH:
                groups[side_of(t).asset, _plain_hash(t.txhash)][which].append(t)
    pairs: dict[str, Transfer] = {}
    issues: list[Issue] = []
    for outs, ins in groups.values():
        if len(outs) == 1 and len(ins) == 1 and not -EARLY <= ins[0].at - outs[0].at <= LATE_BY_HASH:
            continue  # a year apart they are no transfer, whatever the column says
        if len(outs) == 1 and len(ins) == 1:
            one = _transfer(outs[0], ins[0], "hash")
            if one is None:
                issues.append(_grew(outs[0], ins[0]))
            elif one.lost is None or outs[0].account != ins[0].account:  # what stays away there is no fee of a transfer
                pairs[outs[0].id] = pairs[ins[0].id] = one
                issues += _shrank(outs[0], one)
        elif outs and ins:
            for out, into in _certain(outs, ins, same_account=True)[0]:
                pairs[out.id] = pairs[into.id] = _exact(out, into, "hash")
    return pairs, issues


def _plain_hash(text: str) -> str:
    return text.strip().lower().removeprefix("0x")


def _transfer(out: Transaction, into: Transaction, how: str) -> Transfer | None:
    """The pair, with what was withheld on the way; None when more arrived than left."""
    left, arrived = side_of(out).quantity, side_of(into).quantity
    if arrived > left:
        return None
    if arrived == left or _fee_inside(out) == arrived:
        return _exact(out, into, how)
    asset = side_of(out).asset
    return Transfer(replace(out, sent=Amount(arrived, asset)), into, how, Amount(left - arrived, asset))


def _exact(out: Transaction, into: Transaction, how: str) -> Transfer:
    """The pair of equal amounts, or of a sent amount that had its fee inside: what arrived tells."""
    return Transfer(replace(out, sent=side_of(into)), into, how)


def _fee_inside(out: Transaction) -> object:
    """What would arrive if the sent amount, against the contract, included the fee; else None."""
    side = side_of(out)
    return side.quantity - out.fee.quantity if out.fee and out.fee.asset == side.asset else None


def _by_amount(
    sent: Sequence[Transaction], received: Sequence[Transaction]
) -> tuple[dict[str, Transfer], dict[str, Issue]]:
    pairs: dict[str, Transfer] = {}
    certain, open_groups = _certain(sent, received, same_account=False)
    for out, into in certain:
        pairs[out.id] = pairs[into.id] = _exact(out, into, "amount")
    issues = {}
    for outs, ins in open_groups:
        for t, others in [(t, ins) for t in outs] + [(t, outs) for t in ins]:
            names = [f"{o.account} {o.at:%Y-%m-%d %H:%M} ({o.id})" for o in others]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            issues[t.id] = _issue("ambiguous_transfer", t, candidates=", ".join(names[:3]) + more)
    return pairs, issues


Group = tuple[list[Transaction], list[Transaction]]


def _certain(
    sent: Sequence[Transaction], received: Sequence[Transaction], *, same_account: bool
) -> tuple[list[tuple[Transaction, Transaction]], list[Group]]:
    """Pairs that leave no choice, and the groups that do.

    Rows that could be each other's side form a group. One with one and one is a pair. One that
    holds only moves from one account to one other, as many out as in, is paired in order of time:
    whichever way, the same units are in the same place.
    """
    by_amount: dict[tuple[str, object], list[Transaction]] = defaultdict(list)
    for t in received:
        by_amount[side_of(t).asset, side_of(t).quantity].append(t)
    edges: dict[str, list[Transaction]] = {}
    back: dict[str, list[Transaction]] = defaultdict(list)
    for out in sent:
        edges[out.id] = [into for into in _near(out, by_amount) if same_account or _may_pair(out, into)]
        for into in edges[out.id]:
            back[into.id].append(out)
    certain: list[tuple[Transaction, Transaction]] = []
    unclear: list[Group] = []
    seen: set[str] = set()
    for out in sent:
        if out.id in seen or not edges[out.id]:
            continue
        outs, ins = _group(out, edges, back, seen)
        if len(outs) == len(ins) and (len(outs) == 1 or _one_way(outs, ins, edges)):
            certain += zip(outs, ins, strict=True)
        else:
            unclear.append((outs, ins))
    return certain, unclear


def _near(out: Transaction, by_amount: dict[tuple[str, object], list[Transaction]]) -> list[Transaction]:
    """Deposits of just what was sent (or of that less a fee inside it) within the window."""
    found: list[Transaction] = []
    for quantity in {side_of(out).quantity, _fee_inside(out)} - {None}:
        rows = by_amount.get((side_of(out).asset, quantity), [])
        first = bisect_left(rows, out.at - EARLY, key=lambda t: t.at)
        found += rows[first : bisect_right(rows, out.at + LATE, key=lambda t: t.at)]
    return found


def _may_pair(out: Transaction, into: Transaction) -> bool:
    """Another account, and not two different transactions on the chain."""
    hashes = {_plain_hash(out.txhash), _plain_hash(into.txhash)} - _NO_HASH
    return out.account != into.account and len(hashes) < 2


def _group(
    first: Transaction, edges: dict[str, list[Transaction]], back: dict[str, list[Transaction]], seen: set[str]
) -> Group:
    """All rows that hang together with `first`, each side in order of time."""
    outs: list[Transaction] = []
    ins: list[Transaction] = []
    todo: list[tuple[bool, Transaction]] = [(True, first)]
    seen.add(first.id)
    while todo:
        is_out, t = todo.pop()
        (outs if is_out else ins).append(t)
        for other in edges[t.id] if is_out else back[t.id]:
            if other.id not in seen:
                seen.add(other.id)
                todo.append((not is_out, other))
    return sorted(outs, key=sort_key), sorted(ins, key=sort_key)


def _one_way(outs: Sequence[Transaction], ins: Sequence[Transaction], edges: dict[str, list[Transaction]]) -> bool:
    if len({t.account for t in outs}) > 1 or len({t.account for t in ins}) > 1:
        return False
    if len({(side_of(t).quantity, t.fee) for t in outs}) > 1:
        return False
    return all(any(into.id == e.id for e in edges[out.id]) for out, into in zip(outs, ins, strict=True))


def _unmatched(alone: Sequence[Transaction], told: Iterable[str]) -> list[Issue]:
    """An Issue for each row without other side, with the nearest candidate as a hint."""
    told = set(told)
    per_asset: dict[str, list[Transaction]] = defaultdict(list)
    for t in sorted(alone, key=sort_key):
        per_asset[side_of(t).asset].append(t)
    issues = []
    for rows in per_asset.values():
        times = [t.at for t in rows]
        for t in rows:
            if t.id not in told:
                near = rows[bisect_left(times, t.at - LATE) : bisect_right(times, t.at + LATE)][:200]
                code = "unmatched_withdrawal" if t.sent else "unmatched_deposit"
                issues.append(_issue(code, t, hint=_hint(t, near)))
    return issues


def _hint(t: Transaction, near: Sequence[Transaction]) -> str:
    return _same_hash(t, near) or _nearest(t, near)


def _same_hash(t: Transaction, near: Sequence[Transaction]) -> str:
    """One withdrawal that arrived as several deposits, or the other way round: the chain says so, amounts differ."""
    known = _plain_hash(t.txhash)
    if known in _NO_HASH:
        return ""
    others = [o for o in near if (o.sent is None) != (t.sent is None) and _plain_hash(o.txhash) == known]
    if len(others) < 2:
        return ""
    way = "arrived in" if t.sent else "left"
    parts = ", ".join(f"{plain(side_of(o).quantity)} {way} {o.account}" for o in others[:3])
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    whole = "withdrawal" if t.sent else "deposit"
    return (
        f" (with the same TxHash {parts}{more}: if those are its other side, give the {whole} as one row for each, "
        "of the same amount)"
    )


def _nearest(t: Transaction, near: Sequence[Transaction]) -> str:
    quantity = side_of(t).quantity
    others = [
        o
        for o in near
        if (o.sent is None) != (t.sent is None)
        and o.account != t.account
        and abs(side_of(o).quantity - quantity) * 20 <= max(quantity, side_of(o).quantity)
    ]
    if not others:
        return ""
    best = min(others, key=lambda o: (abs(side_of(o).quantity - quantity), abs(o.at - t.at)))
    way = "arrived in" if best.received else "left"
    pair = f"{t.id},{best.id}" if t.sent else f"{best.id},{t.id}"
    return (
        f" ({plain(side_of(best).quantity)} {way} {best.account} on {best.at:%Y-%m-%d %H:%M}: if that is its other "
        f"side, a file `Withdrawal ID,Deposit ID` with the line `{pair}` says so)"
    )


# A fee withheld on the way is small, but for small amounts; what is more than this part is worth a look.
LARGE_LOSS = 20


def _shrank(out: Transaction, pair: Transfer) -> list[Issue]:
    if pair.lost is None or pair.lost.quantity * LARGE_LOSS <= side_of(out).quantity:
        return []
    return [_issue("transfer_shrank", out, lost=plain(pair.lost.quantity), other=pair.into.account)]


def _grew(out: Transaction, into: Transaction) -> Issue:
    return _issue("transfer_grew", into, sent=plain(side_of(out).quantity))


def _issue(code: str, t: Transaction, **details: str) -> Issue:
    side = side_of(t)
    return Issue(code, t.account, side.asset, t.at, t.id, details={"quantity": plain(side.quantity), **details})
