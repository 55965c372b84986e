"""What Kraken's records mean: ledger entries, trades and statuses -> transactions and balances.

A ledger entry changes one balance by `amount` less `fee`; the entries of one happening share a `refid`.
What moves only between Kraken's own places (spot, staking, Earn) is no transaction: DOT, DOT.S and
DOT28.S are one asset of one account. A position on margin shows only by what it did to a balance: the fee of opening
it, rollover, and what closing it brought or took (`Label.MARGIN`); one that was settled is a trade, in which what was
lent is paid back and what was bought with it stays. What is not understood becomes an Issue, with all entries of its
refid.

Source: docs.kraken.com/api-reference, "Get Ledgers Info" and "Get Trades History" (2026-11), what was seen of the
ledger's types; support.kraken.com, "How to interpret Ledger history fields", "Settling or closing a spot position on
margin".
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from importers import assets
from importers.base import shown
from importers.sync import BALANCE
from pipeline.issues import Issue
from pipeline.model import Amount, Balance, Label, Parsed, RawRecord, Transaction, is_fiat, transaction_id
from pipeline.money import ZERO, exact, parse, plain, split

LEDGERS = "Ledgers"

# ---- names ------------------------------------------------------------------------------------

# The ids of before 2017 have a letter for the kind of asset in front; later ones (ZETA, XCN) have not.
_LEGACY = frozenset(
    "XETC XETH XICN XLTC XMLN XREP XXBT XXDG XXLM XXMR XXRP XZEC XDAO XNMC XXVN "
    "ZAUD ZCAD ZEUR ZGBP ZJPY ZKRW ZUSD".split()
)
# Where Kraken's name is not the one that others use; its LUNA and UST are those of before May 2022.
NAMES = {
    "XBT": "BTC",
    "XDG": "DOGE",
    "ETH2": "ETH",
    "LUNA": "LUNC",
    "LUNA2": "LUNA",
    "UST": "USTC",
    "REP": "REPV1",
    "REPV2": "REP",
}
# Places of one asset: staked (with the days of its bond), opted in to rewards, Earn's flexible and
# bonded, parachain, on hold.
_PLACE = re.compile(r"(?:(?<=[A-Z])[0-9]{2})?\.(?:S|M|F|B|P|HOLD)")
CREDITS = "KFEE"  # points that pay fees: neither money nor an asset that is held


def asset(code: str) -> str:
    """The ledger's name of one of Kraken's: XXBT and XBT.M are BTC, DOT28.S is DOT."""
    place = _PLACE.search(code)
    bare = code[: place.start()] if place and place.end() == len(code) else code
    bare = bare[1:] if bare in _LEGACY else bare
    return NAMES[bare] if bare in NAMES else assets.asset(bare)


# ---- transactions -----------------------------------------------------------------------------


class _Entry(Struct, frozen=True):
    """One ledger entry. `amount` has the sign of its effect, `fee` is taken besides."""

    id: str
    refid: str
    at: datetime
    position: int
    type: str
    subtype: str
    code: str
    asset: str
    amount: Decimal
    fee: Decimal


# Between two of the account's own places. Kraken writes one entry or two, with one refid or two.
_INTERNAL = frozenset(
    "spottostaking stakingfromspot stakingtospot spotfromstaking "
    "allocation deallocation autoallocation allocate deallocate autoallocate migration".split()
)
_RECEIPTS = {
    "staking": Label.REWARD,
    "reward": Label.REWARD,
    "earn": Label.REWARD,
    "dividend": Label.INCOME,
    "invite bonus": Label.INCOME,
    "referral": Label.INCOME,
    "airdrop": Label.AIRDROP,
}
_SWAPS = frozenset(("trade", "spend", "receive", "sale"))
_MARGIN = frozenset(("margin", "rollover"))
_SETTLED = "settled"
_MOVEMENTS = frozenset(("deposit", "withdrawal", "transfer"))


class _Unread(Exception):
    """Why the entries of one refid can't be read."""


def read_records(records: Iterable[RawRecord]) -> Parsed:
    """Transactions by refid, balances, and an Issue for each refid that is not understood."""
    parsed = Parsed()
    groups: dict[str, list[_Entry]] = defaultdict(list)
    broken: set[str] = set()  # refids that have an entry of another form: the others say only half of it
    details: dict[str, Mapping[str, Any]] = {}  # by refid: a trade or the status of a movement
    account = ""
    with exact():
        for record in records:
            account = record.account
            value = json.loads(record.payload, parse_float=str)
            if record.stream == LEDGERS:
                refid = _refid(record, value)
                try:
                    groups[refid].append(_entry(record, refid, value))
                except _MALFORMED:
                    broken.add(refid)
                    parsed.issues.append(_unread(account, refid, _at(record), f"{record.origin} has another form"))
            elif record.stream == BALANCE:
                try:
                    parsed.balances.extend(_balances(record, value))
                except _MALFORMED:
                    parsed.issues.append(_unread(account, record.source_id, _at(record), "balances of another form"))
            else:
                details[record.source_id] = value
        prices: dict[tuple[str, str], Decimal] = {}  # of the trades so far: (base, quote) -> price
        whole = [(refid, entries) for refid, entries in groups.items() if refid not in broken]
        for refid, entries in sorted(whole, key=lambda group: min(e.position for e in group[1])):
            entries.sort(key=lambda e: (e.position, e.id))
            rows = _Rows(account, refid, details.get(refid, {}))
            prices.update(rows.price())
            notes: list[Issue] = []
            try:
                found = list(_transactions(rows, entries, prices, notes))
            except _Unread as why:
                parsed.issues.append(_unread(account, refid, entries[0].at, str(why), entries[0].asset))
            else:
                parsed.transactions.extend(found)
                parsed.issues.extend(notes)
        parsed.transactions.sort(key=lambda t: (t.at, t.position, t.source_id))
    return parsed


_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, OverflowError)


def _refid(record: RawRecord, value: Any) -> str:
    """What an entry belongs to; itself where it does not say so."""
    refid = value.get("refid") if isinstance(value, dict) else None
    return refid if isinstance(refid, str) and refid else record.source_id


def _at(record: RawRecord) -> datetime:
    """A record's time, as the page told it that brought it."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=record.position // 10)


def _entry(record: RawRecord, refid: str, value: Mapping[str, Any]) -> _Entry:
    code, type_, subtype = value["asset"], value["type"], value.get("subtype") or ""
    if not all(isinstance(text, str) for text in (code, type_, subtype)) or not code:
        raise ValueError("a name should be text")
    return _Entry(
        id=record.source_id,
        refid=refid,
        at=_at(record),
        position=record.position,
        type=type_,
        subtype=subtype,
        code=code,
        asset=asset(code),
        amount=_number(value["amount"]),
        fee=_number(value["fee"]),
    )


def _number(told: Any) -> Decimal:
    """An amount, which Kraken writes as text; a JSON number is one, too (those with a fraction have come as text)."""
    return parse(str(told) if type(told) is int else told)


def _balances(record: RawRecord, value: Mapping[str, Any]) -> list[Balance]:
    held: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for code, quantity in value["result"].items():
        if code != CREDITS:
            held[asset(code)] += _number(quantity)
    at = datetime.fromisoformat(record.source_id)
    return [Balance(record.account, name, quantity, at) for name, quantity in sorted(held.items())]


def _unread(account: str, refid: str, at: datetime, why: str, name: str = "") -> Issue:
    return Issue("unread_record", account, name, at, refid, details={"why": shown(why, 200)})


def _transactions(
    rows: "_Rows", entries: Sequence[_Entry], prices: Mapping[tuple[str, str], Decimal], issues: list[Issue]
) -> Iterator[Transaction]:
    """What the entries of one refid are."""
    entries = [e for e in entries if e.asset != CREDITS]
    moved = [e for e in entries if e.subtype in _INTERNAL or (e.type == "deposit" and e.code.endswith(".S"))]
    entries = [e for e in entries if e not in moved]
    if len(moved) > 1 and any(_net(moved).values()):
        raise _Unread("what left one place of the account is not what came to the other")
    for entry in moved:
        if entry.fee:
            yield rows.cost(entry, entry.fee)
    types = {e.type for e in entries}
    if types & _SWAPS and types <= _SWAPS:
        yield from _swap(rows, entries, prices, issues)
    elif types == {_SETTLED}:
        net = _net(entries).values()
        if (sum(amount < 0 for amount in net), sum(amount > 0 for amount in net)) != (1, 1):
            raise _Unread("a position was settled, and what was given and got is not one asset each")
        yield from _swap(rows, entries, prices, issues)
    elif types <= _MOVEMENTS:
        yield from _movements(rows, entries)
    elif types <= _MARGIN:
        yield from _margin(rows, entries)
    elif len(types) == 1 and (type_ := entries[0].type) in _RECEIPTS:
        for entry in entries:
            if entry.amount <= 0 or entry.subtype not in ("", "reward", "bonus"):
                raise _Unread(f"type {type_} {entry.subtype} of {plain(entry.amount)} {entry.asset}")
            yield rows.row(entry, received=entry.amount, fee=entry.fee, label=_RECEIPTS[type_])
    else:
        raise _Unread(f"type {', '.join(sorted(types))} is not supported yet")


def _net(entries: Sequence[_Entry]) -> dict[str, Decimal]:
    """What the entries add to each asset, before fees."""
    net: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in entries:
        net[entry.asset] += entry.amount
    return dict(net)


def _movements(rows: "_Rows", entries: Sequence[_Entry]) -> Iterator[Transaction]:
    """Deposits and withdrawals; a cancelled one has a second entry that takes all back."""
    by_asset: dict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        by_asset[entry.asset].append(entry)
    for same in by_asset.values():
        amount, fee = sum((e.amount for e in same), ZERO), sum((e.fee for e in same), ZERO)
        if amount > 0:
            yield rows.row(same[0], received=amount, fee=fee)
        elif amount < 0:
            yield rows.row(same[0], sent=-amount, fee=fee)
        elif fee:
            yield rows.cost(same[0], fee)


def _margin(rows: "_Rows", entries: Sequence[_Entry]) -> Iterator[Transaction]:
    """What a position on margin brought or took, entry by entry; most say only a fee."""
    for entry in entries:
        if entry.amount > 0:
            yield rows.row(entry, received=entry.amount, fee=entry.fee, label=Label.MARGIN)
        elif entry.amount < 0:
            yield rows.row(entry, sent=-entry.amount, fee=entry.fee, label=Label.MARGIN)
        elif entry.fee:
            yield rows.cost(entry, entry.fee, Label.MARGIN)


def _swap(
    rows: "_Rows", entries: Sequence[_Entry], prices: Mapping[tuple[str, str], Decimal], issues: list[Issue]
) -> Iterator[Transaction]:
    """A trade, the Buy button, a sweep of dust: what was given, what was got, and the fees of both."""
    legs: dict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        legs[entry.asset].append(entry)
    net = _net(entries)
    fees = {name: sum((e.fee for e in same), ZERO) for name, same in legs.items()}
    given, got = [n for n in net if net[n] < 0], [n for n in net if net[n] > 0]
    if len(got) > 1 or not (given or got) or (len(given) > 1 and not got):
        raise _Unread(f"{len(given)} assets were given and {len(got)} got")
    beside = [(legs[name][0], fee) for name, fee in fees.items() if fee and not net[name]]
    if not got or not given:
        (name,) = given or got
        yield rows.one_legged(legs[name][0], net[name], fees[name])
        for entry, fee in beside:
            yield rows.cost(entry, fee)
        return
    weights, how = _weights(given, net, got[0], prices)
    shares = _shares(net[got[0]], weights)
    if len(given) > 1:
        what = {"assets": ", ".join(sorted(given)), "received": f"{plain(net[got[0]])} {got[0]}", "how": how}
        issues.append(Issue("divided_proceeds", rows.account, got[0], entries[0].at, rows.refid, details=what))
    for name, share, fee in zip(given, shares, _shares(fees[got[0]], weights), strict=True):
        paid = [each for each in ((name, fees[name]), (got[0], fee)) if each[1]]
        yield rows.row(legs[name][0], sent=-net[name], into=Amount(share, got[0]), paid=paid[0] if paid else None)
        beside += [(legs[other][0], second) for other, second in paid[1:]]
    for entry, fee in beside:
        yield rows.cost(entry, fee)


def _weights(
    given: Sequence[str], net: Mapping[str, Decimal], got: str, prices: Mapping[tuple[str, str], Decimal]
) -> tuple[list[Decimal], str]:
    """What each of several assets brought: Kraken tells only the sum. By the last price of each in this
    account's own trades; where one has none, evenly."""
    if all((name, got) in prices for name in given):
        return [-net[name] * prices[name, got] for name in given], "by the last price of each in your own trades"
    return [Decimal(1)] * len(given), "evenly"


def _shares(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`total` in parts of these weights that add up to it."""
    parts, left = [], sum(weights, ZERO)
    for weight in weights:
        parts.append(split(total, weight, left))
        total -= parts[-1]
        left -= weight
    return parts


class _Rows:
    """Makes the transactions of one refid: the first bears its id, the others a number more."""

    def __init__(self, account: str, refid: str, details: Mapping[str, Any]) -> None:
        self.account, self.refid, self.details = account, refid, details
        self._count = 0

    def row(
        self,
        entry: _Entry,
        *,
        sent: Decimal | None = None,
        received: Decimal | None = None,
        into: Amount | None = None,
        fee: Decimal = ZERO,
        paid: tuple[str, Decimal] | None = None,
        label: Label | None = None,
        net_worth: Amount | None = None,
    ) -> Transaction:
        self._count += 1
        id = self.refid if self._count == 1 else f"{self.refid}#{self._count}"
        asset, fee = paid or (entry.asset, fee)
        if fee < 0:
            raise _Unread(f"a fee of {plain(fee)} {asset}")
        return Transaction(
            id=transaction_id(self.account, LEDGERS, id),
            at=entry.at,
            account=self.account,
            sent=None if sent is None else Amount(sent, entry.asset),
            received=into if received is None else Amount(received, entry.asset),
            fee=Amount(fee, asset) if fee else None,
            net_worth=net_worth,
            label=label,
            description=self._words(entry),
            txhash=str(self.details.get("txid") or "") if not is_fiat(entry.asset) else "",
            source="kraken",
            source_id=id,
            position=entry.position % 10,  # the seventh decimal of the second, which `at` has not
        )

    def cost(self, entry: _Entry, fee: Decimal, label: Label = Label.COST) -> Transaction:
        """A fee that belongs to nothing else."""
        if fee < 0:
            raise _Unread(f"a fee of {plain(fee)} {entry.asset}")
        return self.row(entry, sent=fee, label=label)

    def one_legged(self, entry: _Entry, net: Decimal, fee: Decimal) -> Transaction:
        """A trade so small that its other leg rounded to 0, which the ledger leaves out. TradesHistory
        knows what it was worth; the units themselves are as the ledger says."""
        worth, pair = self._number("cost"), pair_of(str(self.details.get("pair", "")))
        if worth is None or pair is None:
            raise _Unread("the other leg of the trade is missing")
        value = Amount(worth, pair[1])
        if net < 0:
            return self.row(entry, sent=-net, fee=fee, label=Label.SPEND, net_worth=value)
        return self.row(entry, received=net, fee=fee, label=Label.CASHBACK, net_worth=value)

    def price(self) -> dict[tuple[str, str], Decimal]:
        """What one unit cost, when this is a trade: {(base, quote): price}."""
        pair, price = pair_of(str(self.details.get("pair", ""))), self._number("price")
        return {pair: price} if pair and price else {}

    def _number(self, name: str) -> Decimal | None:
        """A number that the trade gives; None where it gives none, or one that can't be."""
        try:
            number = parse(str(self.details.get(name)))
        except ValueError:
            return None
        return number if number >= 0 else None

    def _words(self, entry: _Entry) -> str:
        """What a person at Kraken would call it."""
        trade = self.details
        if "pair" in trade:
            of_margin = f"{entry.type}, " if entry.type in _MARGIN else ""
            return f"{of_margin}{trade.get('type', '')} {trade['pair']} at {trade.get('price', '')}".strip()
        return " ".join(part for part in (entry.type, entry.subtype, str(trade.get("method") or "")) if part)


# Quotes as they end a pair's id; the longer ones first.
_QUOTES = ("ZUSD", "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD", "XXBT", "XETH", "USDT", "USDC", "USD", "EUR", "GBP", "CAD",
           "JPY", "AUD", "CHF", "XBT", "ETH")  # fmt: skip


def pair_of(pair: str) -> tuple[str, str] | None:
    """(base, quote) of a pair such as XXBTZUSD; None when it can't be told.

    A quote of the old form goes with a base of the old form: XTZUSD is XTZ in USD, AVAXXBT is AVAX in XBT.
    """
    for quote in _QUOTES:
        base = pair.removesuffix(quote).rstrip("/")
        if base not in ("", pair) and (quote not in _LEGACY or base in _LEGACY or base == "USDT"):
            return asset(base), asset(quote)
    return None
