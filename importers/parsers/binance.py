"""What the records of Binance and Binance.US mean: their lists -> transactions and balances.

Every list tells one kind of happening; what moves only between the account's wallets (spot, funding, Earn) is in none
of them. Two lists may tell the same reward: that of distributions repeats what Simple Earn, staking and rebates list,
and the historical rewards of flexible products what the others have. Each is counted once, see `_once`.

A card purchase and a deal with another person are paid outside of the account: the money comes in by a deposit, or
goes out by a withdrawal, of the same instant. What Binance accrues in WBETH and BNSOL changes their price and no
balance, so it is no receipt. Sources: see `importers/exchanges/binance.py`. From memory: which of the two amounts of a
sale to a card is money (the price tells), and who bears the commission of a deal between persons.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from importers.assets import asset as meaning
from importers.paging import instant
from importers.parsers.build import (
    MALFORMED,
    Said,
    Unread,
    Value,
    amount,
    at_of,
    parser,
    signed,
    transaction,
    unread,
)  # fmt: skip
from importers.sync import BALANCE
from pipeline.model import Amount, Label, Parsed, RawRecord, Transaction
from pipeline.money import ZERO

TRADES, DEPOSITS, WITHDRAWALS = "trades", "deposits", "withdrawals"
FIAT_DEPOSITS, FIAT_WITHDRAWALS = "fiat_deposits", "fiat_withdrawals"
FIAT_BUYS, FIAT_SALES = "card_purchases", "card_sales"
CONVERT, DUST, DIVIDENDS = "convert", "dust", "distributions"
REALTIME, BONUS, HISTORICAL, LOCKED = "earn_realtime", "earn_bonus", "earn_historical", "earn_locked"
FLEXIBLE = {REALTIME: "REALTIME", BONUS: "BONUS", HISTORICAL: "REWARDS"}  # and Binance's word for it
ETH_STAKED, ETH_REDEEMED, BETH_REWARDS = "eth_staked", "eth_redeemed", "beth_rewards"
WRAPPED, UNWRAPPED, SOL_STAKED, SOL_REDEEMED = "beth_wrapped", "wbeth_unwrapped", "sol_staked", "sol_redeemed"
PAY, P2P_BUYS, P2P_SALES, REBATES = "pay", "p2p_purchases", "p2p_sales", "rebates"
US_OTC, US_INSTANT, US_STAKING = "otc", "instant", "staking_rewards"

FUNDING, EARN, EARN_LOCKED, STAKED = "funding", "earn", "earn_locked", "staked"  # wallets beside the spot one

_DONE = frozenset(("SUCCESS", "Successful", "Finished", "Completed", "COMPLETED", "SUCCESSFUL"))


def coin(code: Value, at: datetime | None = None) -> str:
    """The ledger's name of one of Binance's."""
    if not isinstance(code, str) or not code:
        raise ValueError("an asset should have a name")
    return meaning(code, "binance", at)


# ---- trades and conversions -------------------------------------------------------------------


def _trade(record: RawRecord, value: Value) -> Iterator[Said]:
    at = instant(value["time"])
    first, second = record.stream.partition(" ")[2].split("/")[:2]
    base, quote = amount(value["qty"], coin(first, at)), amount(value["quoteQty"], coin(second, at))
    sent, received = (quote, base) if value["isBuyer"] is True else (base, quote)
    label = None
    if sent is None or received is None:  # so small that one side rounded to 0
        label = Label.SPEND if received is None else Label.CASHBACK
    side = "buy" if value["isBuyer"] is True else "sell"
    yield transaction(
        record,
        at,
        sent=sent,
        received=received,
        fee=amount(value["commission"], coin(value["commissionAsset"], at)),
        label=label,
        description=f"{side} {first}/{second} at {value['price']}",
    )


def _swap(
    *, given: tuple[str, str], got: tuple[str, str], time: str, status: str, words: str
) -> Callable[[RawRecord, Value], Iterator[Said]]:
    """A reader of conversions: the fields with the (amount, asset) of both sides, and where its time and status are."""

    def read(record: RawRecord, value: Value) -> Iterator[Said]:
        if value[status] not in _DONE:
            return
        at = instant(value[time])
        paid, came = signed(value[given[0]]), signed(value[got[0]])
        charge, charged = signed(value.get("feeAmount") or 0), value.get("feeCoin")
        fee = amount(charge, coin(charged, at)) if charged else None
        if fee is not None:  # a part of what was paid, or off what came
            paid, came = paid - charge * (charged == value[given[1]]), came + charge * (charged == value[got[1]])
        sent, received = amount(paid, coin(value[given[1]], at)), amount(came, coin(value[got[1]], at))
        if sent is None or received is None:
            raise Unread("one side of the conversion is 0")
        yield transaction(record, at, sent=sent, received=received, fee=fee, description=words)

    return read


def _staked(words: str, into: Callable[[Value], str]) -> Callable[[RawRecord, Value], Iterator[Said]]:
    """A reader of stakings and redemptions, which give another coin; `into`: which, where the record does not say."""
    swap = _swap(given=("amount", "asset"), got=("distributeAmount", "distributeAsset"), time="time", status="status",
                 words=words)  # fmt: skip

    def read(record: RawRecord, value: Value) -> Iterator[Said]:
        return swap(record, {**value, "distributeAsset": value.get("distributeAsset") or into(value)})

    return read


def _beth(value: Value) -> str:
    """Before WBETH, staked ETH gave BETH, one for one."""
    return "BETH" if signed(value.get("conversionRatio") or value.get("exchangeRate") or 1) == 1 else "WBETH"


def _dust(record: RawRecord, value: Value) -> Iterator[Said]:
    """Several coins sold for BNB; what is told of each is net of the charge."""
    for number, part in enumerate(value["userAssetDribbletDetails"]):
        at = instant(part.get("operateTime") or value["operateTime"])
        into = part.get("toAsset") or part.get("targetAsset") or value.get("toAsset") or "BNB"
        sent = amount(part["amount"], coin(part["fromAsset"], at))
        received = amount(part.get("transferedAmount", part.get("transferredAmount")), coin(into, at))
        label = Label.SPEND if received is None else None
        leg = str(number) if number else ""
        yield transaction(
            record, at, sent=sent, received=received, label=label, description="small balance converted", leg=leg
        )


# ---- what came in and went out ----------------------------------------------------------------


def _deposit(record: RawRecord, value: Value) -> Iterator[Said]:
    """1: credited, 6: credited, but not to be withdrawn yet."""
    if str(value["status"]) in ("1", "6"):
        at = instant(value["insertTime"])
        yield transaction(
            record, at, received=amount(value["amount"], coin(value["coin"], at)), txhash=str(value.get("txId") or ""),
            description=f"deposit {value.get('network') or ''}".strip(),
        )  # fmt: skip


def _withdrawal(record: RawRecord, value: Value) -> Iterator[Said]:
    """6: completed. The amount is what arrives, its fee comes on top."""
    if str(value["status"]) == "6":
        at = instant(value["applyTime"])
        name = coin(value["coin"], at)
        yield transaction(
            record, at, sent=amount(value["amount"], name), fee=amount(value.get("transactionFee") or 0, name),
            txhash=str(value.get("txId") or ""), description=f"withdrawal {value.get('network') or ''}".strip(),
        )  # fmt: skip


def _fiat_deposit(record: RawRecord, value: Value) -> Iterator[Said]:
    """What was paid and the fee that was kept of it. Where the amounts tell that the fee is off already, it is put
    back."""
    if _fiat_done(value):
        paid, fee = signed(value["amount"]), _fiat_fee(value)
        gross = paid + fee if signed(value.get("indicatedAmount") or 0) == paid + fee else paid
        name = coin(value["fiatCurrency"])
        yield transaction(
            record, instant(value["createTime"]), received=amount(gross, name), fee=amount(fee, name),
            description=f"deposit {value.get('method') or ''}".strip(),
        )  # fmt: skip


def _fiat_withdrawal(record: RawRecord, value: Value) -> Iterator[Said]:
    """What arrived, and the fee on top."""
    if _fiat_done(value):
        name = coin(value["fiatCurrency"])
        yield transaction(
            record, instant(value["createTime"]), sent=amount(value["amount"], name),
            fee=amount(_fiat_fee(value), name), description=f"withdrawal {value.get('method') or ''}".strip(),
        )  # fmt: skip


def _fiat_done(value: Value) -> bool:
    status = value["orderStatus"] if "orderStatus" in value else value["status"]
    if status == "Order Partial credit Stopped":
        raise Unread("it was stopped after a part of it, and how much that was is not told")
    return status in _DONE


def _fiat_fee(value: Value) -> Decimal:
    """At Binance one sum, at Binance.US two."""
    return sum((signed(value.get(f) or 0) for f in ("totalFee", "transactionFee", "platformFee")), ZERO)


def _card_purchase(record: RawRecord, value: Value) -> Iterator[Said]:
    """The sum that was paid holds the fee. Paid from the fiat balance, it was in the account; else it never was."""
    if not _fiat_done(value):
        return
    at, fiat = instant(value["createTime"]), coin(value["fiatCurrency"])
    paid, fee = signed(value["sourceAmount"]), signed(value.get("totalFee") or 0)
    method = str(value.get("paymentMethod") or "")
    if method != "Cash Balance":
        yield transaction(record, at, received=amount(paid, fiat), description=f"paid by {method}", leg="paid")
    bought = amount(value["obtainAmount"], coin(value["cryptoCurrency"], at))
    yield transaction(
        record, at, sent=amount(paid - fee, fiat), received=bought, fee=amount(fee, fiat),
        description=f"purchase by {method}",
    )  # fmt: skip


def _card_sale(record: RawRecord, value: Value) -> Iterator[Said]:
    if not _fiat_done(value):
        return
    at, fiat = instant(value["createTime"]), coin(value["fiatCurrency"])
    money, sold, price = signed(value["sourceAmount"]), signed(value["obtainAmount"]), signed(value["price"])
    if abs(money - price * sold) * sold > abs(sold - price * money) * money:
        money, sold = sold, money
    fee = signed(value.get("totalFee") or 0)
    yield transaction(
        record, at, sent=amount(sold, coin(value["cryptoCurrency"], at)), received=amount(money + fee, fiat),
        fee=amount(fee, fiat), description="sale to a card or bank account",
    )  # fmt: skip
    yield transaction(record, at, sent=amount(money, fiat), description="paid out", leg="paid")


def _p2p(record: RawRecord, value: Value) -> Iterator[Said]:
    """A deal with another person, who is paid, or pays, outside of the account."""
    if value["orderStatus"] != "COMPLETED":
        return
    at, fiat = instant(value["createTime"]), coin(value["fiat"])
    name, words = coin(value["asset"], at), f"P2P {value['tradeType'].lower()} {value.get('orderNumber', '')}"
    taker = value.get("advertisementRole") == "TAKER" and value.get("takerCommission")
    fee = amount(value["takerCommission"] if taker else value.get("commission") or 0, name)
    crypto, money = amount(value["amount"], name), amount(value["totalPrice"], fiat)
    if value["tradeType"] == "BUY":
        yield transaction(record, at, received=money, description="paid outside of Binance", leg="paid")
        yield transaction(record, at, sent=money, received=crypto, fee=fee, description=words)
    elif value["tradeType"] == "SELL":
        yield transaction(record, at, sent=crypto, received=money, fee=fee, description=words)
        yield transaction(record, at, sent=money, description="paid outside of Binance", leg="paid")
    else:
        raise Unread(f"a deal of the kind {value['tradeType']}")


# What a payment is, by its kind, when it (comes in, goes out); None: a transfer, unless the person says otherwise.
_PAYMENTS: dict[str, tuple[Label | None, Label | None]] = {
    "PAY": (None, Label.SPEND),
    "CRYPTO_BOX": (Label.GIFT, Label.GIFT),
}


def _pay(record: RawRecord, value: Value) -> Iterator[Said]:
    """What was really paid with is in the details of its funds; its sign says which way."""
    at = instant(value["transactionTime"])
    whole = signed(value["amount"])
    comes, goes = _PAYMENTS.get(value.get("orderType", ""), (None, None))
    funds = [f for f in value.get("fundsDetail") or [] if signed(f["amount"])] or [value]
    for number, each in enumerate(funds):
        part = amount(abs(signed(each["amount"])), coin(each["currency"], at))
        leg, words = str(number) if number else "", f"Binance Pay {value.get('orderType') or ''}".strip()
        if whole > ZERO:
            yield transaction(record, at, received=part, label=comes, description=words, leg=leg)
        else:
            yield transaction(record, at, sent=part, label=goes, description=words, leg=leg)


# ---- rewards ----------------------------------------------------------------------------------

# What a distribution is, by words of its text; the first that fits.
_DISTRIBUTED = (
    (re.compile(r"swap|redenominat|rebrand|migrat|delist", re.I), None),  # the other side is told nowhere
    (re.compile(r"fork", re.I), Label.FORK),
    (re.compile(r"airdrop|hodler|megadrop|launchpad", re.I), Label.AIRDROP),
    (re.compile(r"cash ?back|rebate|refund|kickback", re.I), Label.CASHBACK),
    (re.compile(r"referral|commission|voucher|competition|campaign|activity", re.I), Label.INCOME),
    (re.compile(r"staking|locked|launchpool|vault|farm|beth", re.I), Label.REWARD),
    (re.compile(r"flexible|saving|interest|earn|lending|apr", re.I), Label.INTEREST),
    (re.compile(r"distribution", re.I), Label.AIRDROP),
)
_REPEATS = re.compile(
    r"earn|flexible|locked|saving|staking|beth|reward|interest|bonus|apr|rebate|referral|commission|kickback", re.I
)
_OWN = re.compile(r"airdrop|hodler|launchp|megadrop|vote|fork|swap", re.I)  # never in another list
_NEAR = timedelta(hours=12)  # within which one reward is told by two lists


def _distribution(record: RawRecord, value: Value) -> Iterator[Said]:
    text, at = _text(value), instant(value["divTime"])
    if str(value.get("direction") or 1).startswith("-"):
        raise Unread("a distribution that was taken back")
    label = next((label for pattern, label in _DISTRIBUTED if pattern.search(text)), Label.REWARD)
    yield transaction(
        record, at, received=amount(value["amount"], coin(value["asset"], at)), label=label, description=text
    )  # fmt: skip


def _text(value: Value) -> str:
    return str(value.get("enInfo") or value.get("category") or "")


def _reward(field: str, time: str, label: Label, words: str) -> Callable[[RawRecord, Value], Iterator[Said]]:
    def read(record: RawRecord, value: Value) -> Iterator[Said]:
        if value.get("status", "SUCCESS") in _DONE:
            at = instant(value[time])
            received = amount(value[field], coin(value["asset"], at))
            yield transaction(record, at, received=received, label=label, description=words)

    return read


def _rebate(record: RawRecord, value: Value) -> Iterator[Said]:
    """1: a part of the fees of others, for having invited them; 2: of one's own."""
    own = str(value["type"]) == "2"
    label, words = (Label.CASHBACK, "rebate of fees") if own else (Label.INCOME, "commission for a referral")
    yield from _reward("amount", "updateTime", label, words)(record, value)


_REWARDS: dict[str, Callable[[RawRecord, Value], Iterator[Said]]] = {
    **dict.fromkeys(FLEXIBLE, _reward("rewards", "time", Label.INTEREST, "Simple Earn flexible")),
    LOCKED: _reward("amount", "time", Label.REWARD, "Simple Earn locked"),
    BETH_REWARDS: _reward("amount", "time", Label.REWARD, "BETH staking"),
    REBATES: _rebate,
    US_STAKING: _reward("amount", "time", Label.REWARD, "staking"),
    DIVIDENDS: _distribution,
}


def _once(listed: list[tuple[RawRecord, Value]]) -> Iterator[Said]:
    """All rewards, each one once. A distribution whose text speaks of such, of the amount and within half a day of a
    reward of another list, is that one; so is a historical reward of the amount and instant of another."""
    said: list[tuple[RawRecord, Value, Transaction]] = []
    for record, value in listed:
        try:
            said += [(record, value, t) for t in _REWARDS[_kind(record)](record, value) if isinstance(t, Transaction)]
        except MALFORMED as why:
            yield unread(record, why)
    recent = Counter((t.received, t.at) for record, _, t in said if _kind(record) in (REALTIME, BONUS))
    others: dict[Amount | None, list[datetime]] = defaultdict(list)
    for record, _, t in said:
        if _kind(record) == HISTORICAL and recent[t.received, t.at] > 0:
            recent[t.received, t.at] -= 1
        elif _kind(record) != DIVIDENDS:
            others[t.received].append(t.at)
            yield t
    for record, value, t in said:
        if _kind(record) == DIVIDENDS and not (_may_repeat(value) and _taken(others[t.received], t.at)):
            yield t


def _kind(record: RawRecord) -> str:
    return record.stream.partition(" ")[0]


def _may_repeat(value: Value) -> bool:
    return bool(_REPEATS.search(_text(value))) and not _OWN.search(_text(value))


def _taken(times: list[datetime], at: datetime) -> bool:
    """Takes the nearest of these times away, when it is near."""
    nearest = min(times, key=lambda each: abs(each - at), default=None)
    if nearest is None or abs(nearest - at) > _NEAR:
        return False
    times.remove(nearest)
    return True


# ---- what is held -----------------------------------------------------------------------------

_COINS_WITH_LD = frozenset(("LDO",))


def _balances(positions: frozenset[str]) -> Callable[[RawRecord, Value], Iterator[tuple[str, Decimal]]]:
    """`positions`: the instants at which the flexible products were told, too. The spot wallet lists these as LDBTC
    and the like, which is left out where it would count twice."""

    def read(record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
        wallet, at = record.stream.partition(" ")[2], at_of(record)
        if wallet == "":
            for row in value["balances"]:
                code, held = row["asset"], signed(row["free"]) + signed(row["locked"])
                if len(code) > 2 and code.startswith("LD") and code not in _COINS_WITH_LD:
                    if record.source_id not in positions:
                        yield coin(code[2:], at), held
                else:
                    yield coin(code, at), held
        elif wallet == FUNDING:
            for row in value:
                fields = ("free", "locked", "freeze", "withdrawing")
                yield coin(row["asset"], at), sum((signed(row.get(f) or 0) for f in fields), ZERO)
        elif wallet == STAKED:
            for row in value["data"]:
                yield coin(row["asset"], at), signed(row["stakingAmount"])
        else:
            for row in value["rows"]:
                yield coin(row["asset"], at), signed(row["totalAmount" if wallet == EARN else "amount"])

    return read


_converted = partial(_swap, given=("fromAmount", "fromAsset"), got=("toAmount", "toAsset"))
_sold = partial(_swap, given=("fromAmount", "fromCoin"), got=("toAmount", "toCoin"), time="createTime")
_READERS = {
    TRADES: _trade,
    DEPOSITS: _deposit,
    WITHDRAWALS: _withdrawal,
    FIAT_DEPOSITS: _fiat_deposit,
    FIAT_WITHDRAWALS: _fiat_withdrawal,
    FIAT_BUYS: _card_purchase,
    FIAT_SALES: _card_sale,
    CONVERT: _converted(time="createTime", status="orderStatus", words="Convert"),
    DUST: _dust,
    ETH_STAKED: _staked("ETH staked", _beth),
    ETH_REDEEMED: _staked("ETH redeemed", lambda _: "ETH"),
    WRAPPED: _converted(time="time", status="status", words="BETH wrapped"),
    UNWRAPPED: _converted(time="time", status="status", words="WBETH unwrapped"),
    SOL_STAKED: _staked("SOL staked", lambda _: "BNSOL"),
    SOL_REDEEMED: _staked("SOL redeemed", lambda _: "SOL"),
    PAY: _pay,
    P2P_BUYS: _p2p,
    P2P_SALES: _p2p,
    US_OTC: _sold(status="orderStatus", words="OTC"),
    US_INSTANT: _sold(status="orderStatus", words="Buy/Sell"),
}


def read_records(records: Iterable[RawRecord]) -> Parsed:
    """Transactions, balances, and an Issue for each record that is not understood."""
    kept = list(records)
    positions = frozenset(r.source_id for r in kept if r.stream == f"{BALANCE} {EARN}")
    return parser(_READERS, _balances(positions), {" ".join(_REWARDS): _once})(kept)
