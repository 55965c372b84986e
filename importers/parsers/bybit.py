"""What Bybit's records mean: the log of the unified account and the history of the funding account are ledgers, the
other lists say more of some of their lines.

A line of the log changes one balance by `change`, its fee included (positive: paid). Deposits, withdrawals,
conversions, dust, fiat trades and yields are lists of their own; each takes the lines that it made, so that nothing
counts twice. Executions tell of trades that the log has not (accounts before the unified one). What moves between the
unified account, funding and Earn is no transaction. What positions brought or took is `margin`: each line of the log of
a perpetual, future or option, and interest on what was borrowed. Its change has to be just its cash flow with its
funding and without its fee, or it stays unread.

Sources: bybit-exchange.github.io/docs/v5, "Get Transaction Log" and its enum of types, "Get Funding Account
Transaction History", "Get Trade History", "Get Deposit Records (on-chain)", "Get Internal Deposit Records
(off-chain)", "Get Withdrawal Records", "Get Convert History", "Get Exchange History" of small balances, fiat "Get
Convert History", "Get Yield History" (2026-11). From memory: the words for the kinds of the funding history beside
Earn, that a withdrawal's amount is without its fee, and the quotes of spot markets.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from importers.assets import asset as named
from importers.parsers.build import (
    LOANS,
    MARGIN,
    Said,
    Unread,
    Value,
    amount,
    milliseconds,
    parser,
    seconds,
    signed,
    transaction,
    unread,
)
from importers.parsers.claims import (
    DAY,
    HOUR,
    Also,
    Entries,
    Entry,
    Pair,
    bunches,
    by_stream,
    conversion,
    each,
    entries_of,
    one_sided,
    pairs_of,
    rebate,
)
from importers.parsers.margin import of_options, result
from pipeline.model import Amount, Label, RawRecord
from pipeline.money import ZERO, plain

LOG, FUNDING, EXECUTIONS, DEPOSITS, INTERNAL, WITHDRAWALS, CONVERTS, DUST, FIAT, YIELDS = (
    "log funding executions deposits internal-deposits withdrawals converts small-balances fiat-trades yields".split()
)

# Kinds of lines: those of the log by Bybit's type, those of the funding history by what their words speak of.
_LOG_INTERNAL = frozenset(
    "TRANSFER_IN TRANSFER_OUT FLEXIBLE_STAKING_SUBSCRIPTION FLEXIBLE_STAKING_REDEMPTION FIXED_STAKING_SUBSCRIPTION "
    "FIXED_STAKING_REDEMPTION".split()
)
_LOG_SWAPS = frozenset(("CURRENCY_BUY", "CURRENCY_SELL", "CONVERT"))
_LOG_LABELS = {"AIRDROP": Label.AIRDROP, "BONUS": Label.INCOME, "FEE_REFUND": Label.CASHBACK,
               "INTEREST": Label.INTEREST}  # fmt: skip
# Of derivatives, each with a person's word; a trade has its side.
_RESULTS = {"TRADE": "", "SETTLEMENT": "funding", "DELIVERY": "delivery", "LIQUIDATION": "liquidation",
            "ADL": "auto-deleveraging"}  # fmt: skip
_RESULT, OPTION = "result", "option"  # the kind of their lines, and the category of options
_CONTRACTS = frozenset(("linear", "inverse", OPTION))
_WORDS = (  # the first that fits counts
    ("convert", "f-convert"), ("exchange", "f-convert"), ("small", "f-convert"),
    ("interest", "f-yield"), ("yield", "f-yield"), ("earn reward", "f-yield"), ("distribution", "f-yield"),
    ("transfer", "f-internal"), ("earn", "f-internal"), ("saving", "f-internal"), ("staking", "f-internal"),
    ("deposit", "f-deposit"), ("withdraw", "f-withdrawal"),
    ("airdrop", "f-airdrop"), ("cashback", "f-cashback"), ("rebate", "f-cashback"), ("refund", "f-cashback"),
    ("bonus", "f-income"), ("reward", "f-income"), ("referral", "f-income"), ("commission", "f-income"),
)  # fmt: skip
_SWAPS = _LOG_SWAPS | {"f-convert"}
_FUNDING_LABELS = {"f-yield": Label.INTEREST, "f-airdrop": Label.AIRDROP, "f-cashback": Label.CASHBACK,
                   "f-income": Label.INCOME}  # fmt: skip
_LISTED = frozenset((*_LOG_INTERNAL, *_LOG_SWAPS, *_LOG_LABELS, *_RESULTS, _RESULT, *(kind for _, kind in _WORDS)))
_SWAP, _CAME, _WENT = Also(_SWAPS, _LISTED), Also(("f-deposit",), _LISTED), Also(("f-withdrawal",), _LISTED)
_YIELD = Also(("f-yield", "f-income"), _LISTED)
# Quotes of spot markets, the longer ones first.
_QUOTES = ("USDT", "USDC", "USDE", "USDQ", "USDR", "USD1", "RLUSD", "USDD", "EURC", "BRL1", "BRL", "EUR", "PLN", "TRY",
           "GBP", "USD", "BTC", "ETH", "DAI", "MNT", "SOL")  # fmt: skip


def _asset(code: Value, record: RawRecord, at: datetime) -> str:
    if not isinstance(code, str) or not code:
        raise ValueError("a coin should be text")
    return named(code, record.source, at)


def moment(at: Value) -> datetime:
    """Unix milliseconds, or seconds: lists differ."""
    text = str(at)
    return milliseconds(text) if len(text.partition(".")[0]) > 11 else seconds(text)


def _line(record: RawRecord, value: Value) -> Entry:
    at = moment(value["transactionTime"])
    kind, category = str(value["type"]), value.get("category") or "spot"
    if (kind in _RESULTS and category in _CONTRACTS) or (kind == "INTEREST" and signed(value["change"]) < ZERO):
        kind = derivative(value)
    elif kind == "TRADE" and category != "spot":
        raise Unread(f"a trade of the category {category} is not known to this version", MARGIN)
    fee = signed(value["fee"]) if value.get("fee") else ZERO
    return Entry(record, kind, _asset(value["currency"], record, at), signed(value["change"]), at, fee, value)


def _funding_line(record: RawRecord, value: Value) -> Entry:
    at = moment(value["createTime"])
    sign = {"I": 1, "O": -1}[value["ioDirection"]]
    kind = kind_of(" ".join(str(value.get(n) or "") for n in ("showBusiTypeEn", "descriptionEn", "description")))
    change = sign * abs(signed(value["txnAmt"]))
    return Entry(record, kind, _asset(value["currency"], record, at), change, at, value=value)


def kind_of(words: str) -> str:
    """The kind of a line of the funding account, by the words for it."""
    words = words.lower()
    return next((kind for word, kind in _WORDS if word in words), f"f-{words}")


def derivative(value: Value) -> str:
    """The kind of a line of a position. Raises ValueError for what is no number in it."""
    _before_fee(value)
    return _RESULT


def read_history(pairs: list[Pair]) -> Iterator[Said]:
    """All records of an account."""
    lists = by_stream(pairs)
    log, unlike = entries_of(lists[LOG], _line)
    funding, unlike_too = entries_of(lists[FUNDING], _funding_line)
    yield from (*unlike, *unlike_too)
    lines = Entries([*log, *funding])
    told = {str(entry.value.get("tradeId")) for entry in log if entry.kind == "TRADE"}
    yield from each(lists[DEPOSITS], lambda r, v: _deposit(lines, r, v, ("3", "10012"), "successAt"))
    yield from each(lists[INTERNAL], lambda r, v: _deposit(lines, r, v, ("2",), "createdTime"))
    yield from each(lists[WITHDRAWALS], lambda r, v: _withdrawal(lines, r, v))
    done: set[str] = set()
    yield from each(lists[CONVERTS], lambda r, v: _convert(lines, r, v, done))
    yield from each(lists[FIAT], lambda r, v: _fiat(lines, r, v, done))
    yield from each(lists[DUST], lambda r, v: _dust(lines, r, v))
    yield from each(lists[YIELDS], lambda r, v: _yield(lines, r, v))
    yield from each(lists[EXECUTIONS], lambda r, v: () if v.get("execId") in told else _execution(r, v))
    yield from of_lines(lines)


def of_lines(lines: Entries) -> Iterator[Said]:
    """What the lines of both ledgers say of which no other list told."""
    yield from _trades(lines.take_all(("TRADE",)))
    for kinds in (_LOG_SWAPS, {"f-convert"}):
        for bunch in bunches(lines.take_all(kinds)):
            for part in pairs_of(bunch):
                yield from conversion(part, "convert")
    yield from _results(lines.take_all((_RESULT,)))
    for entry in lines.left():
        yield from _alone(entry)


# ---- lists that know more ---------------------------------------------------------------------


def _deposit(lines: Entries, record: RawRecord, value: Value, done: tuple[str, ...], time: str) -> Iterator[Said]:
    if str(value["status"]) not in done:
        return
    at = moment(value[time])
    asset = _asset(value["coin"], record, at)
    received, fee = amount(value["amount"], asset), amount(value.get("depositFee") or "0", asset)
    if received is None:
        return
    if lines.take(asset, received.quantity, at, _CAME, 3 * DAY):
        fee = None  # it was taken before
    elif fee and not lines.take(asset, received.quantity - fee.quantity, at, _CAME, 3 * DAY):
        fee = None
    words, txhash = f"deposit {value.get('chain') or 'within Bybit'}", str(value.get("txID") or "")
    yield transaction(record, at, received=received, fee=fee, description=words, txhash=txhash)


def _withdrawal(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    if value["status"] not in ("success", "BlockchainConfirmed"):
        return
    at = moment(value["createTime"])
    asset = _asset(value["coin"], record, at)
    sent, fee = amount(value["amount"], asset), amount(value.get("withdrawFee") or "0", asset)
    if sent is None:
        return
    cost = fee.quantity if fee else ZERO
    if not lines.take(asset, -sent.quantity - cost, at, _WENT, 3 * DAY):
        lines.take(asset, -sent.quantity, at, _WENT, 3 * DAY)
        lines.take(asset, -cost, at, _WENT, 3 * DAY)
    words, txhash = f"withdrawal {value.get('chain') or ''}".strip(), str(value.get("txID") or "")
    yield transaction(record, at, sent=sent, fee=fee, description=words, txhash=txhash)


def _convert(lines: Entries, record: RawRecord, value: Value, done: set[str]) -> Iterator[Said]:
    if value["exchangeStatus"] == "success":
        done.add(value["exchangeTxId"])
        yield from _swapped(lines, record, value)


def _fiat(lines: Entries, record: RawRecord, value: Value, done: set[str]) -> Iterator[Said]:
    """Conversions of money, unless the list of conversions has it."""
    if str(value["status"]).lower() == "success" and not {value["tradeNo"], value.get("quoteTxId")} & done:
        yield from _swapped(lines, record, value)


def _swapped(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    at = moment(value["createdAt"])
    given = amount(value["fromAmount"], _asset(value["fromCoin"], record, at))
    got = amount(value["toAmount"], _asset(value["toCoin"], record, at))
    if given is None or got is None:
        raise Unread("a conversion without an amount")
    lines.take(given.asset, -given.quantity, at, _SWAP, HOUR)
    lines.take(got.asset, got.quantity, at, _SWAP, HOUR)
    yield transaction(record, at, sent=given, received=got, description="convert")


def _dust(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    """Several coins swept into one; what each brought is told, after the fee."""
    at = moment(value["createdAt"])
    whole: dict[str, Decimal] = {}
    for number, part in enumerate(value["subRecords"]):
        if part["status"] != "success":
            continue
        given = amount(part["fromAmount"], _asset(part["fromCoin"], record, at))
        brought, fee = signed(part["toAmount"]), None
        into = _asset(part["toCoin"], record, at)
        if part.get("feeAmount") and part.get("feeCoin"):
            fee = amount(part["feeAmount"], _asset(part["feeCoin"], record, at))
        if given is None or brought <= ZERO:
            raise Unread("a conversion without an amount")
        lines.take(given.asset, -given.quantity, at, _SWAP, HOUR)
        if not lines.take(into, brought, at, _SWAP, HOUR):
            whole[into] = whole.get(into, ZERO) + brought
        gross = brought + fee.quantity if fee and fee.asset == into else brought
        yield transaction(
            record, at, sent=given, received=Amount(gross, into), fee=fee, description="dust converted",
            leg=str(number + 1) if number else "",
        )  # fmt: skip
    for into, brought in whole.items():
        lines.take(into, brought, at, _SWAP, HOUR)


def _yield(lines: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    if value["status"] != "Success":
        return
    at = moment(value["createdAt"])
    earned = amount(value["amount"], _asset(value["coin"], record, at))
    if earned is not None:
        lines.take(earned.asset, earned.quantity, at, _YIELD, DAY)
        label = Label.REWARD if record.stream.endswith("OnChain") else Label.INTEREST
        yield transaction(record, at, received=earned, label=label, description="earn")


def _execution(record: RawRecord, value: Value) -> Iterator[Said]:
    """A spot trade that the log has not."""
    at = moment(value["execTime"])
    if value.get("execType") not in ("Trade", "", None):
        raise Unread(f"an execution of type {value['execType']} is not supported yet")
    base, quote = market(value["symbol"])
    one = amount(value["execQty"], _asset(base, record, at))
    other = amount(value["execValue"], _asset(quote, record, at))
    if one is None or other is None or value["side"] not in ("Buy", "Sell"):
        raise Unread("a trade without an amount or a side")
    given, got = (other, one) if value["side"] == "Buy" else (one, other)
    taken = signed(value.get("execFee") or "0")
    coin = _asset(value["feeCurrency"], record, at) if value.get("feeCurrency") else got.asset
    fee = Amount(taken, coin) if taken > ZERO else None
    words = f"{value['side'].lower()} {value['symbol']} at {value.get('execPrice', '')}"
    yield transaction(record, at, sent=given, received=got, fee=fee, description=words)
    if taken < ZERO:
        yield rebate(Entry(record, "", coin, -taken, at), Amount(-taken, coin))


def market(symbol: str) -> tuple[str, str]:
    """The base and the quote of a spot market. Raises Unread."""
    for quote in _QUOTES:
        if symbol.endswith(quote) and symbol != quote:
            return symbol.removesuffix(quote), quote
    raise Unread(f"which coins {symbol} trades is not known")


# ---- lines alone ------------------------------------------------------------------------------


def _trades(entries: list[Entry]) -> Iterator[Said]:
    """The two lines of each trade."""

    def of(entry: Entry) -> tuple[str, str]:
        told = entry.value
        trade = told.get("tradeId") or f"{told.get('orderId')} at {told['transactionTime']}"
        return str(told.get("symbol") or ""), str(trade)

    for (market, _), same in groupby(sorted(entries, key=of), key=of):
        both = sorted(same, key=lambda entry: (entry.at, entry.record.source_id))
        told = both[0].value
        words = f"{str(told.get('side') or '').lower()} {market} at {told.get('tradePrice') or ''}"
        yield from conversion(both, words.removesuffix(" at ").strip())


def _alone(entry: Entry) -> Iterator[Said]:
    kind = entry.kind
    if kind in _LOG_INTERNAL or kind == "f-internal" or not entry.change:
        return
    labels = _FUNDING_LABELS if kind.startswith("f-") else _LOG_LABELS
    if kind in ("f-deposit", "f-withdrawal"):
        yield one_sided(entry, description=kind[2:])
    elif kind in labels and entry.change > ZERO:
        words = str(entry.value.get("descriptionEn") or "") if kind.startswith("f-") else kind.lower().replace("_", " ")
        yield one_sided(entry, labels[kind], words)
    elif kind in _RESULTS:
        market = entry.value.get("symbol") or entry.asset
        yield unread(entry.record, Unread(f"margin and futures are not supported yet ({market})", MARGIN))
    else:
        where = "the funding account" if kind.startswith("f-") else "the unified account"
        of = LOANS if kind.startswith("LOANS") else ""
        yield unread(entry.record, Unread(f"'{kind.removeprefix('f-')}' of {where} is not supported yet", of))


def _results(entries: list[Entry]) -> Iterator[Said]:
    """Lines of derivatives, and interest on what was borrowed."""
    options: list[Entry] = []
    for entry in entries:
        told = entry.value
        words = _of_result(entry)
        if told["type"] == "INTEREST" or _before_fee(told) == entry.gross:
            yield from result(entry, words)
            options += [entry] * (told.get("category") == OPTION)
        else:
            why = f"margin and futures: a change of {plain(entry.change)} {entry.asset} that its parts do not explain"
            yield unread(entry.record, Unread(f"{why} ({words})", MARGIN))
    yield from of_options(options)


def _before_fee(value: Value) -> Decimal:
    return signed(value.get("cashFlow") or "0") + signed(value.get("funding") or "0")


def _of_result(entry: Entry) -> str:
    """What a line is, in a person's words."""
    told = entry.value
    word = "interest" if told["type"] == "INTEREST" else _RESULTS[told["type"]] or str(told.get("side") or "").lower()
    if told["type"] == "SETTLEMENT" and signed(told.get("cashFlow") or "0"):
        word = "settlement"  # of a session, its funding with it
    price = f" at {told['tradePrice']}" if told["type"] == "TRADE" and told.get("tradePrice") else ""
    return f"{word} {told.get('symbol') or entry.asset}{price}".strip()


# ---- balances ---------------------------------------------------------------------------------


def read_balances(record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    """What is held in one wallet: unified (the main one), funding or Earn."""
    wallet, at = record.stream.partition(" ")[2], milliseconds(record.position // 10**4)
    result = value["result"]
    if wallet == "":
        rows = [(held["coin"], held["walletBalance"]) for account in result["list"] for held in account["coin"]]
    elif wallet == "funding":
        rows = [(held["coin"], held["walletBalance"]) for held in result["balance"]]
    else:
        rows = [(held["coin"], held["amount"]) for held in result["list"]]
    for coin, quantity in rows:
        yield _asset(coin, record, at), signed(quantity or "0")


read_records = parser(
    {},
    balances=read_balances,
    together={" ".join((LOG, FUNDING, EXECUTIONS, DEPOSITS, INTERNAL, WITHDRAWALS, CONVERTS, DUST, FIAT, YIELDS)):
              read_history},
)  # fmt: skip
