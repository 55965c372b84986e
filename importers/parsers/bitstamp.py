"""What Bitstamp's records mean: user transactions, with hashes from withdrawal requests and what Earn adds to them.

A user transaction names each amount in a key of its currency, with its sign, and a trade's rate in a key of its pair.
The fee comes besides: of a trade in the quote currency, of a movement in its own. Assets that go to staking and come
back stay the account's: no transactions. A reward that Earn tells of too counts once.

Sources: bitstamp.net/api, "User transactions", "Withdrawal requests", "Earn transactions" (2026-11, by way of clients
made from its description); the types of user transactions: ccxt 4.5.90. From memory: that deposits have their fee
besides, too.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from importers import assets
from importers.parsers.build import MALFORMED, Said, Unread, Value, amount, iso, parser, signed, transaction, unread
from pipeline.model import Amount, Label, RawRecord, Transaction, is_fiat
from pipeline.money import ZERO, parse

USER, WITHDRAWALS, EARN = "user_transactions", "withdrawal-requests", "earn_transactions"

_MOVEMENTS = frozenset(("0", "1", "14", "33", "35"))  # also with an account of the same owner
_STAKING = frozenset(("25", "26"))
_RECEIPTS = {"27": Label.REWARD, "32": Label.INCOME}
# What a user transaction says beside its amounts; whose keys might be taken for a currency, or for a pair.
_BESIDE = frozenset(
    "id datetime type fee order_id self_trade self_trade_order_id status price amount currency side tid".split()
)
_PAIR = re.compile(r"([a-z0-9]{2,12})_([a-z0-9]{2,12})")
_FINISHED = "2"  # of withdrawal requests
_NEAR, _SAME_REWARD = timedelta(days=2), timedelta(days=7)  # how far two lists may tell of one thing apart


class _User(Struct, frozen=True):
    """One user transaction: `changes` by the ledger's name, with their signs."""

    record: RawRecord
    at: datetime
    type: str
    changes: dict[str, Decimal]
    fee: Decimal
    pairs: tuple[tuple[str, str, Decimal], ...]  # (base, quote, rate)


class _Told(Struct, frozen=True):
    """What another list says of a movement: `what` is a hash, or the reward's record."""

    at: datetime
    what: str
    record: RawRecord


def _name(code: str, at: datetime) -> str:
    return assets.asset(code.upper(), "bitstamp", at)


def _read_all(listed: list[tuple[RawRecord, Value]]) -> Iterator[Said]:
    users: list[_User] = []
    hashes: dict[tuple[str, Decimal], list[_Told]] = defaultdict(list)
    rewards: dict[tuple[str, Decimal], list[_Told]] = defaultdict(list)
    for record, value in listed:
        try:
            if record.stream == USER:
                users.append(_user(record, value))
            elif record.stream == WITHDRAWALS:
                if str(value["status"]) == _FINISHED and value.get("transaction_id"):
                    at = iso(value["datetime"])
                    key = _name(value["currency"], at), parse(str(value["amount"]))
                    hashes[key].append(_Told(at, str(value["transaction_id"]), record))
            elif value["type"] == "REWARD_RECEIVED" and value["status"] == "COMPLETED":
                at = iso(value["datetime"])
                paid = amount(value["amount"], _name(value["currency"], at))
                if paid is not None:
                    rewards[paid.asset, paid.quantity].append(_Told(at, "", record))
        except MALFORMED as why:
            yield unread(record, why)
    for user in users:
        try:
            yield from list(_happening(user, hashes, rewards))
        except MALFORMED as why:
            yield unread(user.record, why)
    for (asset, quantity), left in rewards.items():
        for told in left:
            yield transaction(
                told.record, told.at, received=amount(quantity, asset), label=Label.REWARD, description="Earn reward"
            )


def _user(record: RawRecord, value: Value) -> _User:
    at = iso(value["datetime"])
    changes: dict[str, Decimal] = defaultdict(lambda: ZERO)
    pairs = []
    for key, told in value.items():
        if key in _BESIDE or told is None:
            continue
        pair = _PAIR.fullmatch(key)
        if pair is None:
            changes[_name(key, at)] += signed(told)
        elif pair[1] in value or pair[2] in value:
            pairs.append((_name(pair[1], at), _name(pair[2], at), signed(told)))
    if "amount" in value and "currency" in value:
        changes[_name(value["currency"], at)] += signed(value["amount"])
    moved = {asset: change for asset, change in changes.items() if change}
    return _User(record, at, str(value["type"]), moved, signed(value.get("fee") or 0), tuple(pairs))


def _happening(
    user: _User, hashes: dict[tuple[str, Decimal], list[_Told]], rewards: dict[tuple[str, Decimal], list[_Told]]
) -> Iterator[Said]:
    if user.type == "2":
        yield _trade(user)
    elif user.type in _STAKING:
        if user.fee:
            yield _cost(user)
    elif user.type not in _MOVEMENTS and user.type not in _RECEIPTS:
        raise Unread(f"type {user.type} is not supported yet")
    elif not user.changes and not user.fee:
        return
    elif len(user.changes) != 1:
        raise Unread(f"a movement of {len(user.changes)} currencies")
    else:
        ((asset, change),) = user.changes.items()
        told = _nearest(hashes[asset, -change], user.at, _NEAR) if change < 0 and not is_fiat(asset) else None
        if user.type in _RECEIPTS:
            _nearest(rewards[asset, change], user.at, _SAME_REWARD)
        yield transaction(
            user.record, user.at, received=amount(change, asset) if change > 0 else None,
            sent=amount(-change, asset) if change < 0 else None, fee=amount(user.fee, asset),
            label=_RECEIPTS.get(user.type) if change > 0 else None, txhash=told.what if told else "",
            description=_WORDS.get(user.type, ""),
        )  # fmt: skip


_WORDS = {
    "0": "deposit", "1": "withdrawal", "14": "sub account transfer", "27": "staking reward", "32": "referral reward",
    "33": "settlement transfer", "35": "inter account transfer",
}  # fmt: skip


def _nearest(told: list[_Told], at: datetime, within: timedelta) -> _Told | None:
    """The one nearest in time, which then belongs to nothing else."""
    found = min(told, key=lambda each: abs(each.at - at), default=None)
    if found is None or abs(found.at - at) > within:
        return None
    told.remove(found)
    return found


def _cost(user: _User) -> Transaction:
    assets_moved = sorted(user.changes)
    if len(assets_moved) != 1:
        raise Unread("a fee of an unknown currency")
    return transaction(user.record, user.at, sent=amount(user.fee, assets_moved[0]), label=Label.COST)


def _trade(user: _User) -> Transaction:
    """What was given and what was got, and the fee on top, in the quote currency. A side so small that it rounded to
    nothing is valued at the rate."""
    given, got = _sides(user)
    known = [pair for pair in user.pairs if set(user.changes) <= set(pair[:2]) and pair[2]]
    if len(known) > 1:
        known = [pair for pair in known if {given, got} - {None} <= set(pair[:2])][:1]
    if not known:
        raise Unread("it does not name the pair that was traded")
    base, quote, rate = known[0]
    words = f"{'sell' if given == base else 'buy'} {base}/{quote} at {rate}"
    fee = amount(user.fee, quote)
    sent = Amount(-user.changes[given], given) if given else None
    received = Amount(user.changes[got], got) if got else None
    if sent and received:
        return transaction(user.record, user.at, sent=sent, received=received, fee=fee, description=words)
    side = sent or received
    if side is None:
        raise Unread("a trade of nothing")
    worth = amount(side.quantity * rate, quote) if side.asset == base else amount(side.quantity, quote)
    return transaction(
        user.record, user.at, sent=sent, received=received, fee=fee, description=words, net_worth=worth,
        label=Label.SPEND if sent else Label.CASHBACK,
    )  # fmt: skip


def _sides(user: _User) -> tuple[str | None, str | None]:
    given = [asset for asset, change in user.changes.items() if change < 0]
    got = [asset for asset, change in user.changes.items() if change > 0]
    if len(given) > 1 or len(got) > 1:
        raise Unread(f"a trade that gave {len(given)} currencies for {len(got)}")
    return given[0] if given else None, got[0] if got else None


def _balances(record: RawRecord, value: Sequence[Value]) -> Iterable[tuple[str, Decimal]]:
    """Of the account, and of what is lent or staked through Earn."""
    at = iso(record.source_id)
    return [(_name(row["currency"], at), signed(row.get("total", row.get("amount")))) for row in value]


read_records = parser({}, _balances, {f"{USER} {WITHDRAWALS} {EARN}": _read_all})
