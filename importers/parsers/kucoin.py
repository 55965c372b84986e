"""What KuCoin's records mean: fills, deposits, withdrawals and conversions as their lists tell them, and from the two
ledgers all that these lists do not tell: rewards, rebates, fees in KCS, transfers, and fills that no list had.

A fill is known by its order and its number, which the ledgers name in `context`; it counts once, whichever of the
four lists tells of it. In a ledger `amount` is what the balance changed by, `fee` is the part of it that was a fee
(of what came: what is missing from it). A deposit or withdrawal of a ledger is that of the list with the same amount
and about the same time.

What moves between main, trading, high-frequency and Earn is no transaction. That KuCoin names transfers to futures
just so is not told apart: they show as a difference of the balance. Margin and loans are Issues.

Sources: kucoin.com/docs-new and /docs, "Get Account Ledgers - Spot/Margin", "Get Account Ledgers - Trade_hf" (its
sample: amount 1.5976008, fee 0.0015992), "Get Filled List", "Get Deposit History", "Get Withdrawal History", "Get
Convert Order History" (2026-11), ccxt's list of business types. From memory: the old ones that ccxt has not; that a
withdrawal's fee comes on top where no ledger says otherwise.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from importers.assets import asset
from importers.base import shown
from importers.parsers import build
from importers.parsers.build import LOANS, MALFORMED, MARGIN, Said, Unread, amount, at_of, signed, transaction, unread
from importers.parsers.claims import Entries, Entry, bunches, by_stream, conversion, one_sided
from importers.parsers.movements import Movement, movements, trade
from pipeline.model import Label, RawRecord
from pipeline.money import ZERO

LEDGERS, HF_LEDGERS, FILLS, HF_FILLS, CONVERTS = "Ledgers", "HfLedgers", "Fills", "HfFills", "Converts"
DEPOSITS, WITHDRAWALS, OLD_DEPOSITS, OLD_WITHDRAWALS = "Deposits", "Withdrawals", "HistDeposits", "HistWithdrawals"
_STREAMS = (
    LEDGERS, HF_LEDGERS, FILLS, HF_FILLS, CONVERTS, DEPOSITS, WITHDRAWALS, OLD_DEPOSITS, OLD_WITHDRAWALS,
)  # fmt: skip
HELD = frozenset(("main", "trade", "trade_hf"))  # accounts whose coins are the person's, and nobody's loan

# ---- what a line of a ledger is: its business type, in small letters --------------------------------

TRADE, CONVERT, DEPOSIT, WITHDRAWAL, OWN, AWAY = "trade", "convert", "deposit", "withdrawal", "own", "away"
_KINDS: dict[str, str | Label] = {
    **dict.fromkeys(("exchange", "trade_exchange", "spot_exchange"), TRADE),
    **dict.fromkeys(("instant exchange", "convert to kcs", "convert", "auto_exchange_user"), CONVERT),
    "deposit": DEPOSIT,
    **dict.fromkeys(("withdrawal", "withdraw"), WITHDRAWAL),
    **dict.fromkeys(
        (
            "transfer", "assets transferred in after upgrading", "staking", "redemption", "voting",
            "redemption of voting", "pool transactions", "earn", "earn subscription", "earn redemption",
        ),
        OWN,
    ),
    **dict.fromkeys(("sub-account transfer", "sub_transfer", "sub_to_sub_transfer", "broker_transfer"), AWAY),
    **dict.fromkeys(
        ("staking profits", "soft staking profits", "voting earnings", "lockdrop vesting", "kcs bonus", "distribution"),
        Label.REWARD,
    ),
    **dict.fromkeys(("earn profit", "earn interest", "interest", "lending interest"), Label.INTEREST),
    **dict.fromkeys(("airdrop/fork", "airdrop"), Label.AIRDROP),
    **dict.fromkeys(("kucoin bonus", "kucoin_bonus", "referral bonus", "rewards", "other rewards"), Label.INCOME),
    **dict.fromkeys(
        (
            "fee rebate", "rebate", "refunded fees", "returned_fees", "kcs_returned_fees", "spot_exchange_rebate",
            "kcs pay fees", "deduction_fees", "kcs_deduction_fees",
        ),
        Label.CASHBACK,
    ),
}  # fmt: skip
_MARGIN = ("margin", "isolated", "loan", "borrow", "debt", "lending", "liquidation", "liability", "futures", "funding")
_LENT = ("loan", "borrow", "debt", "lending", "liability")

Pairs = list[tuple[RawRecord, Any]]
Key = tuple[str, str]  # a fill: its order and its number


def _joined(pairs: Pairs) -> Iterator[Said]:
    lists = by_stream(pairs)
    done: set[Key] = set()
    for record, value in (*lists[FILLS], *lists[HF_FILLS]):
        try:
            key = (str(value["orderId"]), str(value["tradeId"]))
            if key not in done:
                yield from list(_fill(record, value))
                done.add(key)
        except MALFORMED as why:
            yield unread(record, why)
    groups: dict[str, list[Entry]] = defaultdict(list)
    trades: dict[Key, list[Entry]] = defaultdict(list)
    for record, value in (*lists[LEDGERS], *lists[HF_LEDGERS]):
        try:
            yield from list(_line(record, value, groups, trades, done))
        except MALFORMED as why:
            yield unread(record, why)
    for entries in trades.values():
        yield from conversion(entries, shown(entries[0].kind))
    yield from _converts(lists[CONVERTS], groups[CONVERT])
    moved: list[Movement] = []
    for stream in (DEPOSITS, WITHDRAWALS, OLD_DEPOSITS, OLD_WITHDRAWALS):
        for record, value in lists[stream]:
            try:
                moved += _movement(record, value, incoming=stream in (DEPOSITS, OLD_DEPOSITS))
            except MALFORMED as why:
                yield unread(record, why)
    yield from movements(_kept(groups[DEPOSIT], groups[WITHDRAWAL]), {DEPOSIT, WITHDRAWAL}, moved)


def _fill(record: RawRecord, value: Any) -> Iterator[Said]:
    if value.get("tradeType", "TRADE") != "TRADE":
        raise Unread(f"{value['symbol']}: margin trades are not supported yet", MARGIN)
    at, side = at_of(record), value["side"]
    base, quote = (asset(code, "kucoin", at) for code in value["symbol"].split("-"))
    size, cost = amount(value["size"], base), amount(value["funds"], quote)
    if size is None or cost is None or side not in ("buy", "sell"):
        raise Unread("a trade without an amount or a side")
    fee = signed(value.get("fee") or "0") + signed(value.get("tax") or "0")
    fees = [(fee, asset(value["feeCurrency"], "kucoin", at))] if fee else []
    given, got = (cost, size) if side == "buy" else (size, cost)
    yield from trade(record, at, given, got, fees, f"{side} {value['symbol']} at {value['price']}")


def _line(
    record: RawRecord, value: Any, groups: dict[str, list[Entry]], trades: dict[Key, list[Entry]], done: set[Key]
) -> Iterator[Said]:
    """One line of a ledger: what it says by itself, or it goes to the others that it belongs to."""
    word, account = str(value["bizType"]), str(value.get("accountType") or "")
    kind = _KINDS.get(word.lower())
    if account.upper().startswith(("MARGIN", "ISOLATED", "CONTRACT")) and kind != OWN:
        where = f"{shown(word)} in the account {shown(account)}"
        raise Unread(f"{where}: margin and futures are not supported yet", MARGIN)
    if kind is None:
        if any(each in word.lower() for each in _MARGIN):
            of = LOANS if any(each in word.lower() for each in _LENT) else MARGIN
            raise Unread(f"{shown(word)}: margin, loans and futures are not supported yet", of)
        raise Unread(f"an account change of type {shown(word)} is not supported yet")
    quantity, at = signed(value["amount"]), at_of(record)
    if value["direction"] not in ("in", "out") or quantity < ZERO:
        raise Unread("a line that does not say whether something came or went")
    if kind == OWN or not quantity:
        return
    change = quantity if value["direction"] == "in" else -quantity
    fee = signed(value.get("fee") or "0") + signed(value.get("tax") or "0")
    name = asset(value["currency"], "kucoin", at)
    if kind == TRADE:
        said = _context(value)
        key = (str(said["orderId"]), str(said["tradeId"]))
        if key not in done:
            trades[key].append(Entry(record, f"trade {said.get('symbol') or ''}".strip(), name, change, at, fee))
    elif isinstance(kind, Label):
        took = Label.COST if kind is Label.CASHBACK else None
        if change < ZERO and took is None:
            raise Unread(f"{shown(word)} that takes something is not supported yet")
        yield one_sided(Entry(record, word, name, change, at), kind if change > ZERO else took, word)
    elif kind == AWAY:
        yield one_sided(Entry(record, word, name, change, at), description=word)
    else:
        groups[kind].append(Entry(record, kind, name, change, at, fee if kind == CONVERT else ZERO))


def _context(value: Any) -> Any:
    """What a line names besides; some servers write it in single quotes."""
    told = json.loads(str(value.get("context") or "").replace("'", '"'), parse_int=str)
    if not isinstance(told, dict) or "orderId" not in told or "tradeId" not in told:
        raise Unread("a trade that does not name its order")
    return told


def _converts(orders: Pairs, lines: Iterable[Entry]) -> Iterator[Said]:
    """Conversions as their list tells them, and those that only a ledger has."""
    ledger = Entries(lines)
    for record, value in orders:
        try:
            if value["status"] != "SUCCESS":
                continue
            at = at_of(record)
            given = amount(value["fromCurrencySize"], asset(value["fromCurrency"], "kucoin", at))
            got = amount(value["toCurrencySize"], asset(value["toCurrency"], "kucoin", at))
            if given is None or got is None:
                raise Unread("a conversion of nothing")
            ledger.take(given.asset, -given.quantity, at, {CONVERT})
            ledger.take(got.asset, got.quantity, at, {CONVERT})
            yield transaction(record, at, sent=given, received=got, description="convert")
        except MALFORMED as why:
            yield unread(record, why)
    for bunch in bunches(ledger.left()):
        yield from conversion(bunch, "convert")


def _movement(record: RawRecord, value: Any, *, incoming: bool) -> list[Movement]:
    """A deposit or withdrawal that was made."""
    if value["status"] != "SUCCESS":
        return []
    at = at_of(record)
    quantity, fee = signed(value["amount"]), signed(value.get("fee") or "0")
    words = " ".join(filter(None, ("deposit" if incoming else "withdrawal", str(value.get("chain") or ""))))
    txhash = str(value.get("walletTxId") or "").partition("@")[0]
    return [Movement(record, at, asset(value["currency"], "kucoin", at), quantity, fee, incoming, words, txhash)]


def _kept(deposits: list[Entry], withdrawals: list[Entry]) -> list[Entry]:
    """Deposits and withdrawals without those that came back: the balance is as if nothing had been."""
    kept: list[Entry] = []
    for entry in withdrawals:
        back = (entry.asset, -entry.change) if entry.change > ZERO else None
        gone = next((each for each in reversed(kept) if (each.asset, each.change) == back), None) if back else None
        if gone is None:
            kept.append(entry)
        else:
            kept.remove(gone)
    return deposits + kept


def _balances(_record: RawRecord, value: Any) -> Iterator[tuple[str, Decimal]]:
    """Accounts, or the pages of what Earn holds."""
    for page in value if isinstance(value, list) else [value]:
        found = page["data"]
        for each in found["items"] if isinstance(found, dict) else found:
            if "holdAmount" in each:
                yield asset(each["currency"], "kucoin"), signed(each["holdAmount"])
            elif each["type"] in HELD:
                yield asset(each["currency"], "kucoin"), signed(each["balance"])


read_records: Callable[..., Any] = build.parser({}, _balances, {" ".join(_STREAMS): _joined})
