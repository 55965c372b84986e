"""What Gemini's records mean: trades, transfers, and what staking paid.

A trade's fee comes on top, in the currency it names; a withdrawal's, too: its amount is what arrives. What goes to
staking and comes back stays the account's: no transactions. A deposit that was credited in advance and then came is
one deposit.

Sources: developer.gemini.com, "List Past Trades" (with what a break is), "List Past Transfers" of v2, "List Staking
Event History" (2026-11). From memory: that a negative fee is a rebate, and that only money and the coins below are
quote currencies.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from importers import assets
from importers.parsers.build import (
    MALFORMED,
    MARGIN,
    Said,
    Unread,
    Value,
    amount,
    iso,
    milliseconds,
    parser,
    signed,
    transaction,
    unread,
)
from pipeline.model import Label, RawRecord, Transaction
from pipeline.money import ZERO

TRADES, TRANSFERS, STAKING = "mytrades", "transfers", "staking"

_QUOTES = ("USD GUSD USDT USDC RLUSD DAI EUR GBP SGD AUD CAD HKD BTC ETH LTC BCH SOL FIL").split()
_IN, _OUT = {"Deposit": None, "Reward": Label.INCOME, "AdminCredit": None}, frozenset(("Withdrawal", "AdminDebit"))
_ADVANCED = timedelta(days=14)  # at most, until a deposit comes that was credited in advance
_STAKES = frozenset(("Deposit", "Redeem", "RedeemPayment", "AdminRedeem"))


def _name(code: str, at: datetime) -> str:
    if not code:
        raise Unread("it does not name the asset")
    return assets.asset(code.upper(), "gemini", at)


# ---- trades -------------------------------------------------------------------------------------


def _trade(record: RawRecord, value: Value) -> Iterator[Said]:
    broken = value.get("break") or ""
    if broken == "full":
        return  # as though it had not happened
    if broken not in ("", "manual"):
        raise Unread(f"a trade that was broken ({broken})")
    at, symbol = milliseconds(value["timestampms"]), str(value["symbol"]).upper()
    base, quote = (_name(code, at) for code in _split(symbol, str(value["fee_currency"]).upper()))
    units, price, fee = signed(value["amount"]), signed(value["price"]), signed(value["fee_amount"])
    side = str(value["type"]).lower()
    if side not in ("buy", "sell") or units <= ZERO or price < ZERO:
        raise Unread(f"a trade of side {side}, {units} at {price}")
    worth, fee_in = units * price, _name(str(value["fee_currency"]), at)
    if fee < ZERO and fee_in == quote:
        worth, fee = worth + fee if side == "buy" else worth - fee, ZERO
    coins, money = amount(units, base), amount(worth, quote)
    yield transaction(
        record, at, sent=money if side == "buy" else coins, received=coins if side == "buy" else money,
        fee=amount(fee, fee_in), description=f"{side} {symbol} at {value['price']}",
    )  # fmt: skip


def _split(symbol: str, fee_currency: str) -> tuple[str, str]:
    """(base, quote): PAXGUSD is PAXG in USD or PAX in GUSD, as the fee was taken."""
    if symbol.endswith("PERP"):
        raise Unread(f"{symbol}: futures are not supported yet", MARGIN)
    fits = [quote for quote in _QUOTES if symbol.endswith(quote) and symbol != quote]
    quote = fee_currency if fee_currency in fits else max(fits, key=len, default="")
    if not quote:
        raise Unread(f"{symbol}: its two currencies can't be told apart")
    return symbol.removesuffix(quote), quote


# ---- transfers ----------------------------------------------------------------------------------


def _transfers(listed: Sequence[tuple[RawRecord, Value]]) -> Iterator[Said]:
    done = [value for _, value in listed if isinstance(value, dict) and value.get("status") == "Complete"]
    for record, value in listed:
        try:
            if value["status"] == "Complete" or (value["status"] == "Advanced" and not _came(value, done)):
                if signed(value["amount"]) or signed(value.get("feeAmount") or 0):
                    yield _transfer(record, value)
            elif value["status"] not in ("Pending", "Advanced"):
                raise Unread(f"its status is {value['status']}")
        except MALFORMED as why:
            yield unread(record, why)


def _came(advanced: Value, done: Iterable[Value]) -> bool:
    """Whether a deposit that was credited in advance has come since, and is listed for itself."""
    at = milliseconds(advanced["timestampms"])
    for value in done:
        if value.get("advanceEid") is not None:
            if str(value["advanceEid"]) == str(advanced["eid"]):
                return True
        elif value.get("txHash") or advanced.get("txHash"):
            if value.get("txHash") == advanced.get("txHash") and value["type"] == "Deposit":
                return True
        else:
            same = all(value.get(name) == advanced.get(name) for name in ("type", "currency", "amount", "method"))
            if same and timedelta(0) <= milliseconds(value["timestampms"]) - at <= _ADVANCED:
                return True
    return False


def _transfer(record: RawRecord, value: Value) -> Transaction:
    at, type_ = milliseconds(value["timestampms"]), str(value["type"])
    asset = _name(value["currency"], at)
    quantity = amount(value["amount"], asset)
    fee = amount(value.get("feeAmount") or 0, _name(value.get("feeCurrency") or value["currency"], at))
    if type_ not in _IN and type_ not in _OUT:
        raise Unread(f"type {type_} is not supported yet")
    words = " ".join(str(value[name]) for name in ("type", "method", "network", "purpose") if value.get(name))
    return transaction(
        record, at, received=quantity if type_ in _IN else None, sent=quantity if type_ in _OUT else None, fee=fee,
        label=_IN.get(type_), txhash=str(value.get("txHash") or ""), description=words,
    )  # fmt: skip


# ---- staking ------------------------------------------------------------------------------------


def _staked(record: RawRecord, value: Value) -> Iterator[Said]:
    type_, at = str(value["transactionType"]), milliseconds(value["dateTime"])
    if type_ in _STAKES:
        return
    quantity = amount(value["amount"], _name(value["amountCurrency"], at))
    if quantity is None:
        return
    if type_ in ("Interest", "AdminCreditAdjustment"):
        label = Label.REWARD if type_ == "Interest" else None
        yield transaction(record, at, received=quantity, label=label, description=f"staking: {type_}")
    elif type_ == "AdminDebitAdjustment":
        yield transaction(record, at, sent=quantity, description=f"staking: {type_}")
    else:
        raise Unread(f"staking: type {type_} is not supported yet")


def _balances(record: RawRecord, value: Sequence[Value]) -> Iterator[tuple[str, Value]]:
    at = iso(record.source_id)
    for row in value:
        yield _name(row["currency"], at), signed(row["balance"] if "balance" in row else row["amount"])


read_records = parser({TRADES: _trade, STAKING: _staked}, _balances, {TRANSFERS: _transfers})
