"""What OKX's records mean: the bills of the trading and of the funding account are the truth, the other lists say more.

A bill changes one balance by `balChg`, its fee included (fee negative: paid, positive: a rebate). Deposits,
withdrawals, conversions and fiat orders are lists of their own, which know hashes, fees and both sides; each takes
the bills that it made, so that nothing counts twice. What no list tells is read from the bills alone. What moves
between trading, funding, savings and staking is no transaction; interest on savings joins the savings and has no
bill, only its own list. What positions brought or took is `okx_margin`.

Sources: OKX API guide (okx.com/docs-v5), "Get bills details (last 3 months)", "Get funding account transaction
history" with its types, "Get deposit history", "Get withdrawal history", "Get convert history", "Get easy convert
history", "Get lending history", "Get order history" of on-chain earn, "Get deposit order history" (2026-11).
From memory: that a withdrawal's fee is in its own bill or in one of type 221; which rewards are whose thanks.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from msgspec.structs import replace

from importers.assets import asset as named
from importers.parsers import okx_margin
from importers.parsers.build import (
    BOTS,
    LOANS,
    MARGIN,
    Said,
    Unread,
    Value,
    amount,
    milliseconds,
    parser,
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
)
from importers.parsers.okx_before import held_before
from pipeline.model import Amount, Label, RawRecord
from pipeline.money import ZERO

STREAMS = (
    "account-bills asset-bills fills deposits withdrawals converts easy-converts lending staking fiat-deposits "
    "fiat-withdrawals fiat-trades account-archive"
)
(TRADING, FUNDING, FILLS, DEPOSITS, WITHDRAWALS, CONVERTS, DUST, LENDING, STAKING, FIAT_IN, FIAT_OUT, FIAT_TRADES,
 ARCHIVE) = STREAMS.split()  # fmt: skip

# Bills are named t1, t2, ... (trading) and f1, f2, ... (funding), after the account and OKX's type.
_SPOT = frozenset(("t2", "t14", "t30"))
_SWAPPED = {("t11",): "token conversion", ("t27",): "convert", ("t28",): "dust converted",
            ("f61", "f200", "f272", "f273"): "convert"}  # fmt: skip
_SWAPS = frozenset(kind for kinds in _SWAPPED for kind in kinds)
_DEPOSITED, _WITHDRAWN = frozenset(("f1",)), frozenset(("f2",))
_CANCELLED, _FEE, _FEE_BACK = frozenset(("f13",)), frozenset(("f221",)), frozenset(("f222",))
_FIAT = frozenset(("f1", "f2", "f116", "f117", "f118"))
# Between places of the account: trading, funding, savings and fixed earn, staking of one coin, Jumpstart, locks.
_INTERNAL = frozenset(
    "t1 f75 f76 f78 f80 f82 f124 f130 f131 f132 f133 f304 f305 f306 f311 f339 f340 f341 f342 f348 f349 "
    "f372 f373".split()
)
_LABELS: dict[str, Label | None] = {
    **dict.fromkeys(("f20", "f21", "f22", "f23", "f72", "f73", "f74", "f361"), None),  # other accounts of OKX
    **dict.fromkeys(("f77", "f83", "f139", "f328", "f350"), Label.REWARD),
    **dict.fromkeys(("t381", "f89", "f307", "f308", "f309", "f343", "f344", "f400", "f408", "f516"), Label.INTEREST),
    **dict.fromkeys(("f28", "f229", "t372", "t374"), Label.AIRDROP),
    **dict.fromkeys(("f68", "f146", "f173", "f232", "f300"), Label.CASHBACK),
    **dict.fromkeys(("f48", "f150", "f151", "f152", "f172", "f189", "f265", "f299", "f333", "f354"), Label.INCOME),
    **dict.fromkeys(("f313", "f314"), Label.GIFT),
}
_COSTS = frozenset(("f84", "f221"))
_WORDS = {"f83": "staking yield", "f28": "claimed", "f89": "deposit yield", "t381": "auto earn", "f229": "airdrop",
          "f20": "to a sub-account", "f21": "from a sub-account", "f22": "to the main account",
          "f23": "from the main account", "f84": "penalty", "f221": "withdrawal fee"}  # fmt: skip
_UNREAD = {  # why, and the kind of what is not computed
    **dict.fromkeys(("t3", "t4", "t5", "t6", "t8", "t9", "t10", "t13", "t15", "t16", "t22", "t24", "t29", "t32", "t33",
                     "t34"), ("margin and futures are not supported yet", MARGIN)),
    **dict.fromkeys(("t12", "t250", "t251", "f223", "f263", "f266"),
                    ("bots and copied trades are not supported yet", BOTS)),
    **dict.fromkeys(("f160", "f161", "f162", "f163"), ("dual investment is not supported yet", "")),
    **dict.fromkeys(("f137", "f138", "f329", "f330", "f331", "f332", "f509", "f511"),
                    ("staking into another coin (BETH, OKSOL, OKUSD) is not supported yet", "")),
    **dict.fromkeys(("f175", "f176", "f177", "f178", "f179", "f180", "f212", "f215", "f217", "f218"),
                    ("loans are not supported yet", LOANS)),
}  # fmt: skip
# Subtypes of the trading account's bills that say their type; a file of bills has no other.
_KINDS = {
    **dict.fromkeys(("1", "2"), "2"), **dict.fromkeys(("11", "12"), "1"), **dict.fromkeys(("118", "119"), "11"),
    **dict.fromkeys(("204", "205"), "14"), **dict.fromkeys(("236", "237"), "28"), **dict.fromkeys(("318", "319"), "27"),
    **dict.fromkeys(("320", "321"), "30"), **dict.fromkeys(("9", "14"), "7"), **dict.fromkeys(("173", "174"), "8"),
    **dict.fromkeys(("160", "161", "162"), "6"), **dict.fromkeys(("200", "201", "202", "203"), "12"), "355": "34",
    **dict.fromkeys(("3", "4", "5", "6", "100", "101", "102", "103", "104", "105", "106", "107", "108", "110", "111",
                     "112", "113", "114", "115", "117", "125", "126", "127", "128", "131", "132",
                     "170", "171", "172", "206", "207", "208", "209", "210", "212", "213"), "3"),
}  # fmt: skip
_LISTED = frozenset((*_SPOT, *_SWAPS, *_DEPOSITED, *_WITHDRAWN, *_CANCELLED, *_FEE, *_FEE_BACK, *_FIAT, *_INTERNAL,
                     *_LABELS, *_COSTS, *_UNREAD, okx_margin.RESULT))  # fmt: skip
_CAME, _WENT = Also({*_DEPOSITED, "f72"}, _LISTED), Also({*_WITHDRAWN, "f73"}, _LISTED)  # by chain, or within OKX
_SWAP, _BANK = Also(_SWAPS, _LISTED), Also(_FIAT, _LISTED)
_YIELDS = Also(("f89", "f408"), _LISTED)  # bills of interest on savings, which their list tells, too
_GONE = ("-2", "-1")  # states of a withdrawal: cancelled, failed


def _asset(code: Value, record: RawRecord, at: Value) -> str:
    if not isinstance(code, str) or not code:
        raise ValueError("a coin should be text")
    return named(code, record.source, milliseconds(at))


def _bill(letter: str, record: RawRecord, value: Value) -> Entry:
    fee = -signed(value["fee"]) if value.get("fee") else ZERO
    kind, ts, change = letter + value["type"], value["ts"], signed(value["balChg"])
    if letter == "t" and okx_margin.is_result(value, value["type"]):
        kind, change = okx_margin.RESULT, okx_margin.change(value)
    elif kind in ("t2", "t14") and (value.get("instType") or "SPOT") != "SPOT":
        kind = "t3"
    return Entry(record, kind, _asset(value["ccy"], record, ts), change, milliseconds(ts), fee, value)


def _trading(record: RawRecord, value: Value) -> Entry:
    return _bill("t", record, value)


def _filed(record: RawRecord, value: Value) -> Entry:
    """A bill out of a file, the same record as the API's: of its type only the finer one is told."""
    kind = value.get("type") or _KINDS.get(value["subType"]) or f"/{value['subType']}"
    return _bill("t", replace(record, stream=TRADING), value | {"type": kind})


def _older(filed: list[Pair], trading: list[Pair]) -> list[Pair]:
    """The bills of files that the API did not give besides."""
    known = {record.source_id for record, _ in trading}
    return [pair for pair in filed if pair[0].source_id not in known]


def _funding(record: RawRecord, value: Value) -> Entry:
    return _bill("f", record, value)


def read_history(pairs: list[Pair]) -> Iterator[Said]:
    """All records of an account."""
    lists = by_stream(pairs)
    trading, unlike = entries_of(lists[TRADING], _trading)
    filed, unlike_filed = entries_of(_older(lists[ARCHIVE], lists[TRADING]), _filed)
    funding, unlike_too = entries_of(lists[FUNDING], _funding)
    yield from (*unlike, *unlike_filed, *unlike_too)
    yield from held_before({"trading": [*trading, *filed], "funding": funding})
    bills = Entries([*trading, *filed, *funding])
    yield from each(lists[DEPOSITS], lambda r, v: _deposit(bills, r, v))
    yield from each(lists[WITHDRAWALS], lambda r, v: _withdrawal(bills, r, v))
    yield from each(lists[FIAT_IN], lambda r, v: _fiat(bills, r, v, 1))
    yield from each(lists[FIAT_OUT], lambda r, v: _fiat(bills, r, v, -1))
    yield from each(lists[CONVERTS], lambda r, v: _convert(bills, r, v))
    yield from each(lists[FIAT_TRADES], lambda r, v: _bought(bills, r, v))
    yield from _dusts(bills, lists[DUST])
    yield from each(lists[STAKING], lambda r, v: _staked(bills, r, v))
    yield from each(lists[LENDING], lambda r, v: _lent(bills, r, v))
    prices: dict[tuple[str, str], Decimal] = {}
    yield from _trades(bills.take_all(_SPOT), _prices(lists[FILLS]), prices)
    for kinds, words in _SWAPPED.items():
        for bunch in bunches(bills.take_all(kinds)):
            for part in pairs_of(bunch):
                yield from conversion(part, words, prices)
    yield from _movements(bills)
    yield from okx_margin.read(entry for entry in bills.take_all((okx_margin.RESULT,)) if entry.change)
    for entry in bills.left():
        yield from _alone(entry)


# ---- lists that know more ---------------------------------------------------------------------


def _deposit(bills: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    ts, state = value["ts"], value["state"]
    asset, at = _asset(value["ccy"], record, ts), milliseconds(ts)
    received = amount(value["amt"], asset)
    if received is None:
        return
    bill = bills.take(asset, received.quantity, at, _CAME, within=30 * DAY if state in ("1", "2") else HOUR)
    if state in ("1", "2"):
        at = bill.at if bill else at
        yield transaction(record, at, received=received, description=_by("deposit", value), txhash=value["txId"] or "")
    elif bill:  # it was credited all the same, whatever became of it
        yield one_sided(bill, description="deposit")


def _withdrawal(bills: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    """Its bills: of the amount with the fee, or of each; of one that was called off, of both ways."""
    ts, state = value["ts"], value["state"]
    asset, at = _asset(value["ccy"], record, ts), milliseconds(ts)
    sent = amount(value["amt"], asset)
    fee = amount(value.get("fee") or "0", _asset(value.get("feeCcy") or value["ccy"], record, ts))
    if sent is None:
        return
    same = fee.quantity if fee and fee.asset == asset else ZERO
    week = 7 * DAY
    bill = bills.take(asset, -sent.quantity - same, at, _WENT, week)
    if bill is None:
        bill = bills.take(asset, -sent.quantity, at, _WENT, week)
        if fee:
            bills.take(fee.asset, -fee.quantity, at, _FEE, week)
    elif fee and fee.asset != asset:
        bills.take(fee.asset, -fee.quantity, at, _FEE, week)
    if state in _GONE:
        if bill:
            bills.take(asset, -bill.change, at, _CANCELLED, 30 * DAY)
            if fee and bill.change == -sent.quantity:
                bills.take(fee.asset, fee.quantity, at, _FEE_BACK | _CANCELLED, 30 * DAY)
    elif state == "2" or bill:  # one that is under way has left the balance when there is a bill of it
        at = bill.at if bill else at
        words, txhash = _by("withdrawal", value), value["txId"] or ""
        yield transaction(record, at, sent=sent, fee=fee, description=words, txhash=txhash)


def _by(what: str, value: Value) -> str:
    return f"{what} {value.get('chain') or ''}".strip()


def _fiat(bills: Entries, record: RawRecord, value: Value, sign: int) -> Iterator[Said]:
    """A deposit or withdrawal of money by bank; `amt` is what came or went in the end, the fee besides."""
    if value["state"] != "completed":
        return
    at = milliseconds(value["uTime"] or value["cTime"])
    asset = _asset(value["ccy"], record, value["cTime"])
    moved, fee = amount(value["amt"], asset), amount(value.get("fee") or "0", asset)
    if moved is None:
        return
    words = f"{'deposit' if sign > 0 else 'withdrawal'} {value.get('paymentMethod') or ''}".strip()
    cost = fee.quantity if fee else ZERO
    whole = sign * moved.quantity - cost
    if bills.take(asset, sign * moved.quantity, at, _BANK, 7 * DAY):
        if sign > 0 or not bills.take(asset, -cost, at, _FIAT | _FEE, 7 * DAY):
            fee = None  # the amount is what the balance changed by: the fee was taken before, or is inside
    else:
        bills.take(asset, whole, at, _BANK, 7 * DAY)
    sent, received = (None, moved) if sign > 0 else (moved, None)
    yield transaction(record, at, sent=sent, received=received, fee=fee, description=words)


def _convert(bills: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    """`side` says which way: a buy gives the quote for the base."""
    if value["state"] != "fullyFilled":
        return
    base = amount(value["fillBaseSz"], _asset(value["baseCcy"], record, value["ts"]))
    quote = amount(value["fillQuoteSz"], _asset(value["quoteCcy"], record, value["ts"]))
    if value["side"] not in ("buy", "sell") or base is None or quote is None:
        raise Unread(f"a conversion whose side is {value['side']}")
    given, got = (quote, base) if value["side"] == "buy" else (base, quote)
    yield from _swapped(bills, record, given, got, "convert", value)


def _bought(bills: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    """Crypto for money, or back, at a fixed price."""
    if value["state"] == "completed":
        given = amount(value["fillFromSz"], _asset(value["fromCcy"], record, value["cTime"]))
        got = amount(value["fillToSz"], _asset(value["toCcy"], record, value["cTime"]))
        yield from _swapped(bills, record, given, got, "buy/sell", value)


def _dust(bills: Entries, record: RawRecord, value: Value, sums: dict[tuple[str, datetime], Decimal]) -> Iterator[Said]:
    """One of several coins that were swept; `sums` gathers what has no bill of its own, by coin and time."""
    if value["status"] != "filled":
        return
    at = milliseconds(value["uTime"])
    given = amount(value["fillFromSz"], _asset(value["fromCcy"], record, value["uTime"]))
    got = amount(value["fillToSz"], _asset(value["toCcy"], record, value["uTime"]))
    if given is None or got is None:
        raise Unread("a conversion without an amount")
    bills.take(given.asset, -given.quantity, at, _SWAP, HOUR)
    if not bills.take(got.asset, got.quantity, at, _SWAP, HOUR):
        sums[got.asset, at] = sums.get((got.asset, at), ZERO) + got.quantity
    yield transaction(record, at, sent=given, received=got, description="dust converted")


def _dusts(bills: Entries, pairs: list[Pair]) -> Iterator[Said]:
    sums: dict[tuple[str, datetime], Decimal] = {}
    yield from each(pairs, lambda r, v: _dust(bills, r, v, sums))
    for (asset, at), brought in sums.items():
        bills.take(asset, brought, at, _SWAP, HOUR)


def _swapped(
    bills: Entries, record: RawRecord, given: Amount | None, got: Amount | None, words: str, value: Value
) -> Iterator[Said]:
    if given is None or got is None:
        raise Unread("a conversion without an amount")
    at = milliseconds(value.get("ts") or value.get("uTime") or value["cTime"])
    for side, sign in ((given, -1), (got, 1)):
        bills.take(side.asset, sign * side.quantity, at, _SWAP, HOUR)
    yield transaction(record, at, sent=given, received=got, description=words)


def _staked(bills: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    """An order of on-chain earn that has ended: what its redemption brought more than was staked is its yield.
    Yields that were paid meanwhile are bills of their own."""
    if value["state"] != "3" or not value.get("redeemedTime"):
        return
    at = milliseconds(value["redeemedTime"])
    for put in value["investData"]:
        asset, back = _asset(put["ccy"], record, value["redeemedTime"]), signed(put["amt"])
        for earned in value.get("earningData") or ():
            more = signed(earned.get("realizedEarnings") or "0")
            if earned["ccy"] == put["ccy"] and more and bills.take(asset, back + more, at, ("f82",), 30 * DAY):
                words = f"staking yield {value.get('protocol') or ''}".strip()
                yield transaction(
                    record, at, received=Amount(more, asset), label=Label.REWARD, description=words, leg=asset
                )


def _lent(bills: Entries, record: RawRecord, value: Value) -> Iterator[Said]:
    at, asset = milliseconds(value["ts"]), _asset(value["ccy"], record, value["ts"])
    earned = amount(value["earnings"], asset)
    if earned is not None:
        bills.take(asset, earned.quantity, at, _YIELDS, HOUR)
        yield transaction(record, at, received=earned, label=Label.INTEREST, description="savings")


# ---- bills alone ------------------------------------------------------------------------------


def _prices(fills: Iterable[Pair]) -> dict[tuple[str, str], str]:
    """What each fill was at: {(instrument, trade): price}."""
    found = {}
    for _, value in fills:
        if isinstance(value, dict):
            found[str(value.get("instId")), str(value.get("tradeId"))] = str(value.get("fillPx") or "")
    return found


def _trades(
    entries: list[Entry], fills: dict[tuple[str, str], str], prices: dict[tuple[str, str], Decimal]
) -> Iterator[Said]:
    """The two bills of each fill; of one whose bills name no fill, all of its order at that instant."""

    def of(entry: Entry) -> tuple[str, str]:
        told = entry.value
        fill = told.get("tradeId") or f"{told.get('ordId')} at {told['ts']}"
        return str(told.get("instId") or ""), str(fill)

    for (market, trade), same in groupby(sorted(entries, key=of), key=of):
        bills = sorted(same, key=lambda entry: (entry.at, entry.record.position, entry.record.source_id))
        price = fills.get((market, trade)) or next((e.value["px"] for e in bills if e.value.get("px")), "")
        side = {"1": "buy ", "2": "sell "}.get(str(bills[0].value.get("subType")), "")
        if market.count("-") == 1 and price:
            base, quote = market.split("-")
            prices[base, quote] = signed(price)
        yield from conversion(bills, f"{side}{market} at {price}" if price else f"{side}{market}")


def _movements(bills: Entries) -> Iterator[Said]:
    """What no list of deposits and withdrawals tells: of what was called off, nothing is left."""
    for back in bills.take_all(_CANCELLED | _FEE_BACK):
        kinds = _FEE if back.kind in _FEE_BACK else _WITHDRAWN
        if not bills.take(back.asset, -back.change, back.at, kinds, timedelta(days=60)):
            yield unread(back.record, Unread("what was given back had not been taken before"))
    for entry in bills.take_all(("f118",)):
        if not bills.take(entry.asset, -entry.change, entry.at, ("f116", "f117"), 30 * DAY):
            yield unread(entry.record, Unread("what was given back had not been taken before"))
    for entry in bills.take_all(_DEPOSITED | _WITHDRAWN | {"f116", "f117"}):
        yield one_sided(entry, description="deposit" if entry.change > ZERO else "withdrawal")
    for entry in bills.take_all(("f315",)):
        if not bills.take(entry.asset, -entry.change, entry.at, ("f313",), 30 * DAY):
            yield unread(entry.record, Unread("a gift that came back had not been given before"))


def _alone(entry: Entry) -> Iterator[Said]:
    kind = entry.kind
    if kind in _INTERNAL or not entry.change:
        return
    if kind in _COSTS and entry.change < ZERO:
        yield one_sided(entry, Label.COST, _WORDS[kind])
    elif kind in _LABELS and (entry.change > ZERO or _LABELS[kind] in (None, Label.GIFT)):
        yield one_sided(entry, _LABELS[kind], _WORDS.get(kind, str(entry.value.get("notes") or "")))
    else:
        account = "trading" if kind[0] == "t" else "funding"
        type_ = f"subtype {kind[2:]}" if kind[1:2] == "/" else f"type {kind[1:]}"
        unknown = f"bills of {type_} of the {account} account are not supported yet"
        why, of = _UNREAD.get(kind, (unknown, ""))
        yield unread(entry.record, Unread(f"{why} ({entry.value.get('instId') or entry.asset})", of))


# ---- balances ---------------------------------------------------------------------------------


def read_balances(record: RawRecord, value: Value) -> Iterator[tuple[str, Decimal]]:
    """What is held in one wallet: trading (the main one, with what positions on isolated margin hold beside it; from
    memory: that `cashBal` is without), funding, savings or staked."""
    wallet, at = record.stream.partition(" ")[2], str(record.position // 10**4)
    for row in value["data"]:
        if wallet == "":
            rows, name = row["details"], "cashBal"
        elif wallet == "staked":
            rows, name = row["investData"], "amt"
        else:
            rows, name = [row], "bal" if wallet == "funding" else "amt"
        for held in rows:
            isolated = signed(held.get("isoEq") or "0") - signed(held.get("isoUpl") or "0")
            yield _asset(held["ccy"], record, at), signed(held[name]) + isolated


read_records = parser(
    {},
    balances=read_balances,
    together={STREAMS: read_history},
)
