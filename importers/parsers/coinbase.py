"""What Coinbase's records mean: the wallets' transactions and the fills of Advanced Trade.

A transaction of v2 changes one wallet by its signed amount, whatever it names as fee besides: a send's network fee
and the fee of a buy or a conversion are in it. Fills of Advanced Trade are the exception: two transactions, one a
wallet, money rounded to cents and without the commission; what they were to the last digit is told by v3 alone. So
fills are read from v3, and from v2 only where v3 has none (of before Advanced Trade, or without the right to it).
Moves between wallets of this account are no transactions. Types that are not known are taken for what the wallet got or
gave, so that balances add up, and are an open problem: coins as a transfer that nothing matches, money by its own.

Sources: docs.cdp.coinbase.com, "Transactions" and "List Fills" (2026-11); that v2 amounts of fills leave out the
commission: public code of others that balance their accounts by it (2026-11). From memory: what
`payment_method_name` says, and that dust and wrapping have legs of one second.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

from importers.parsers.build import MALFORMED, Said, Unread, Value, amount, iso, parser, signed, transaction, unread
from importers.parsers.coinbase_fills import Entry, Fill, fill_of, named, traded
from importers.sync import BALANCE
from pipeline.issues import Issue
from pipeline.model import Amount, Label, Parsed, RawRecord, Transaction, is_fiat
from pipeline.money import ZERO, plain, split

TRANSACTIONS, FILLS, WALLETS = "Transactions", "Fills", "v2"
Kept = list[tuple[RawRecord, Value]]

_FILL = "advanced_trade_fill"
_NOT_DONE = frozenset(
    "pending failed canceled expired waiting_for_clearing waiting_for_signature created quoted started".split()
)
_RECEIPTS = {
    "staking_reward": Label.REWARD,
    "inflation_reward": Label.REWARD,
    "reward": Label.REWARD,
    "interest": Label.INTEREST,
    "earn_payout": Label.INCOME,  # for learning
    "incentives_rewards_payout": Label.INCOME,
    "airdrop": Label.AIRDROP,
    "fork": Label.FORK,
    "subscription_rebate": Label.CASHBACK,
    "retail_simple_price_improvement": Label.CASHBACK,
    "cardspend_reward": Label.CASHBACK,
}
_OUTLAYS = {
    "clawback": Label.COST,
    "incentives_shared_clawback": Label.COST,
    "subscription": Label.COST,
    "cardspend": Label.SPEND,
}
# Between the account and the world, another portfolio, futures, or Coinbase Pro, which was an account of its own.
_MOVEMENTS = frozenset(
    "send receive request fiat_deposit fiat_withdrawal exchange_deposit exchange_withdrawal pro_deposit pro_withdrawal "
    "intx_deposit intx_withdrawal derivatives_settlement unsupported_asset_recovery".split()
)
_STAKING = frozenset(("staking_transfer", "unstaking_transfer"))
_INTERNAL = _STAKING | {"transfer", "tx", "vault_withdrawal"}
_SWAPS = frozenset(
    "trade wrap_asset unwrap_asset retail_simple_dust "
    "fcm_futures_usdc_sell fcm_futures_usdc_sell_additional_encumberment_rollup".split()
)
_TOGETHER = timedelta(days=2)  # at most, between both sides of a move
_WITHIN = re.compile(r"\b[A-Z]{3,6} Wallet\b|^Cash \(")  # a payment method that is a wallet of this account


def read_records(records: Iterable[RawRecord]) -> Parsed:
    """Transactions, balances, and an Issue for each record that is not understood."""
    kept = list(records)
    spot = {r.source_id: frozenset(re.findall(r'"uuid":"([^"]+)"', r.payload)) for r in kept if r.stream == BALANCE}
    return parser({}, partial(_balances, spot), {f"{TRANSACTIONS} {FILLS}": _read_all})(kept)


def _balances(spot: Mapping[str, frozenset[str]], record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    """All digits of v3, and the wallets that only v2 has (staked, vaults)."""
    for page in value:
        for account in page["accounts"] if record.stream == BALANCE else page["data"]:
            if record.stream == BALANCE:
                held = signed(account["available_balance"]["value"]) + signed(
                    (account.get("hold") or {}).get("value", 0)
                )
                yield named(account["currency"]), held
            elif account["id"] not in spot.get(record.source_id, ()):
                yield named(account["balance"]["currency"]), signed(account["balance"]["amount"])


def _read_all(listed: Kept) -> Iterator[Said]:
    entries: list[Entry] = []
    fills: list[Fill] = []
    for record, value in listed:
        try:
            if record.stream == FILLS:
                fills.append(fill_of(record, value))
            elif (status := value["status"]) == "completed":
                entries.append(_entry(record, value))
            elif status not in _NOT_DONE:
                raise Unread(f"its status is {status}")
        except MALFORMED as why:
            yield unread(record, why)
    orders = {(f.at.replace(microsecond=0), asset): f.order for f in fills for asset in (f.base, f.quote)}
    groups: dict[object, list[Entry]] = defaultdict(list)
    legs: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.type == _FILL:
            found = entry.about.get("order_id") or orders.get((entry.at, entry.asset)) or entry.record.source_id
            legs[str(found)].append(entry)
        else:
            groups[_group(entry)].append(entry)
    yield from traded(fills, legs)
    for group in groups.values():
        try:
            yield from list(_happening(group))
        except MALFORMED as why:
            yield unread(group[0].record, why)


def _entry(record: RawRecord, value: Value) -> Entry:
    at = iso(value["created_at"])
    money = value["amount"]
    return Entry(record, at, str(value["type"]), named(money["currency"], at), signed(money["amount"]), value)


def _group(entry: Entry) -> object:
    """What belongs to one happening has one of these."""
    if entry.type in _SWAPS or entry.type in ("buy", "sell"):
        return entry.type, str(entry.about.get("id") or entry.value["created_at"])
    if entry.type in _INTERNAL or _to_own(entry):
        return "internal"
    return entry.record.stream, entry.record.source_id


def _to_own(entry: Entry) -> bool:
    sides = (entry.value.get("to"), entry.value.get("from"))
    return entry.type in ("send", "receive") and any(
        isinstance(s, dict) and s.get("resource") == "account" for s in sides
    )


def _happening(group: Sequence[Entry]) -> Iterator[Said]:
    first = group[0]
    if not any(entry.change for entry in group):
        return
    if first.type in _INTERNAL or _to_own(first):
        yield from _between_wallets(group)
    elif first.type in ("buy", "sell"):
        yield from _bought_or_sold(group)
    elif first.type in _SWAPS:
        yield from _swap(group)
    elif first.type in _RECEIPTS or first.type in _OUTLAYS:
        yield _receipt(first)
    elif first.type in _MOVEMENTS:
        yield _movement(first)
    else:
        yield from _moved(first)


# ---- movements and receipts ---------------------------------------------------------------------


def _movement(entry: Entry) -> Transaction:
    """A deposit, or a withdrawal: what left the wallet, part of it as fee."""
    network = entry.value.get("network") or {}
    chain = "" if is_fiat(entry.asset) else str(network.get("hash") or "")
    if entry.change >= 0:
        earned = "Coinbase Earn" in entry.words  # as learning was paid before it had a type of its own
        return transaction(
            entry.record, entry.at, received=amount(entry.change, entry.asset), txhash=chain, description=entry.words,
            label=Label.INCOME if earned else None,
        )  # fmt: skip
    fee = _money(network.get("transaction_fee") or entry.about.get("fee"), entry)
    arrives = _money(network.get("transaction_amount"), entry)
    inside = ZERO if fee is None or fee.asset != entry.asset or fee.quantity >= -entry.change else fee.quantity
    if arrives is not None and arrives.quantity == -entry.change:
        inside = ZERO  # somebody else pays it
    return transaction(
        entry.record, entry.at, sent=amount(-entry.change - inside, entry.asset), fee=amount(inside, entry.asset),
        txhash=chain, description=entry.words,
    )  # fmt: skip


def _moved(entry: Entry) -> Iterator[Said]:
    """What is of a type that is not known, as Coinbase adds some, still moved: coins are a transfer, which has to be
    matched or given a label; of money nobody would be asked, so it is told."""
    movement = _movement(entry)
    yield movement
    side = movement.received or movement.sent
    if side is not None and is_fiat(side.asset):
        yield Issue(
            "taken_as_moved", movement.account, side.asset, movement.at, movement.id,
            details={"quantity": plain(side.quantity), "what": f"{entry.words} ({entry.type})",
                     "moved": "came in" if movement.received else "went out"},
        )  # fmt: skip


def _receipt(entry: Entry) -> Transaction:
    """What was earned; what of it is taken back, or spent at Coinbase itself."""
    label = _RECEIPTS.get(entry.type)
    if entry.change < 0:
        return transaction(
            entry.record, entry.at, sent=amount(-entry.change, entry.asset), description=entry.words,
            label=_OUTLAYS.get(entry.type, Label.COST),
        )  # fmt: skip
    return transaction(
        entry.record, entry.at, received=amount(entry.change, entry.asset), description=entry.words,
        label=label or Label.CASHBACK,
    )  # fmt: skip


def _between_wallets(entries: Iterable[Entry]) -> Iterator[Said]:
    """Both sides of a move are nothing; one alone came from or went to another portfolio, or to be staked."""
    waiting: dict[tuple[str, Decimal], list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda e: e.at):
        others = waiting[entry.asset, -entry.change]
        if others and entry.at - others[0].at <= _TOGETHER:
            others.pop(0)
        else:
            waiting[entry.asset, entry.change].append(entry)
    for left in waiting.values():
        yield from (_movement(entry) for entry in left if entry.type not in _STAKING)


# ---- trades -------------------------------------------------------------------------------------


def _bought_or_sold(group: Sequence[Entry]) -> Iterator[Said]:
    """The Buy and Sell buttons. By bank or card no wallet gives or gets the money: it comes in, or goes out, then."""
    if len({e.asset for e in group}) > 1:
        yield from _swap(group)
        return
    entry, buys = group[0], group[0].type == "buy"
    if len(group) > 1 or buys != (entry.change > 0) or is_fiat(entry.asset):
        raise Unread(f"the other side of the {'purchase' if buys else 'sale'} is missing")
    fee = _money(entry.about.get("fee"), entry)
    total = _money(entry.about.get("total") or entry.value["native_amount"], entry)
    if total is None:
        raise Unread("it does not say what was paid")
    paid = fee.quantity if fee is not None and fee.asset == total.asset else ZERO
    worth = amount(total.quantity - paid if buys else total.quantity + paid, total.asset)
    coins = amount(abs(entry.change), entry.asset)
    details = entry.value.get("details") or {}
    means = str(entry.about.get("payment_method_name") or details.get("payment_method_name") or "")
    yield transaction(
        entry.record, entry.at, sent=worth if buys else coins, received=coins if buys else worth,
        fee=amount(paid, total.asset), description=entry.words,
    )  # fmt: skip
    if not _WITHIN.search(means) and is_fiat(total.asset):
        yield transaction(
            entry.record, entry.at, received=total if buys else None, sent=None if buys else total, leg="paid",
            description=f"paid by {means}" if buys and means else means or "paid from outside",
        )  # fmt: skip


def _swap(group: Sequence[Entry]) -> Iterator[Said]:
    """A conversion: what each wallet gave and the one that got it. The fee, named in all of them, is in the amounts."""
    net: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in group:
        net[entry.asset] += entry.change
    given, got = [a for a in net if net[a] < 0], [a for a in net if net[a] > 0]
    if not given and not got:
        return  # ETH to what was called ETH2
    if len(got) != 1 or not given:
        raise Unread(f"the other side of the conversion ({', '.join(sorted(net))}) is missing")
    fee = next((f for f in (_money(e.about.get("fee"), e) for e in group) if f is not None), None)
    if len(given) > 1:
        yield from _sweep(group, given, Amount(net[got[0]], got[0]))
        return
    first = next(e for e in group if e.asset == given[0])
    sent, received = -net[given[0]], net[got[0]]
    if fee is not None and fee.asset == given[0] and fee.quantity < sent:
        sent -= fee.quantity
    elif fee is not None and fee.asset == got[0]:
        received += fee.quantity
    else:
        fee = None
    yield transaction(
        first.record, first.at, sent=Amount(sent, given[0]), received=Amount(received, got[0]), fee=fee,
        description=first.words,
    )  # fmt: skip


def _sweep(group: Sequence[Entry], given: Sequence[str], got: Amount) -> Iterator[Said]:
    """Several small balances made one: divided by what Coinbase said each was worth."""
    legs = [next(e for e in group if e.asset == name) for name in given]
    worth = [abs(signed((e.value.get("native_amount") or {}).get("amount", 0))) for e in legs]
    how = "by the value that Coinbase gives each"
    if not all(worth):
        worth, how = [Decimal(1)] * len(legs), "evenly"
    left, whole = got.quantity, sum(worth, ZERO)
    for entry, weight in zip(legs, worth, strict=True):
        part = split(left, weight, whole)
        left, whole = left - part, whole - weight
        sent = sum((-e.change for e in group if e.asset == entry.asset), ZERO)
        yield transaction(
            entry.record, entry.at, sent=Amount(sent, entry.asset), received=amount(part, got.asset),
            description=entry.words,
        )  # fmt: skip
    what = {"assets": ", ".join(sorted(given)), "received": f"{plain(got.quantity)} {got.asset}", "how": how}
    account = group[0].record.account
    yield Issue("divided_proceeds", account, got.asset, group[0].at, group[0].record.source_id, details=what)


def _money(value: Value, entry: Entry) -> Amount | None:
    """A positive amount that an object names, whichever its sign; None for none."""
    return amount(abs(signed(value["amount"])), named(value["currency"], entry.at)) if isinstance(value, dict) else None
