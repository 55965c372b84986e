"""Binance over its API. It has no ledger: what happened is put together from the lists of each kind.

Trades are asked for symbol by symbol and onward by their ids, which count per symbol; a part is named BASE/QUOTE, since
a trade names only the two run together. All other lists are asked for in windows of time, a little narrower than
the widest that is taken. Some give pages by number, some by offset, some only what fits into one answer: there the
window is narrowed to what the page left out. Rewards have no id: theirs is a digest of what they say, with a count for
equal ones.

What is not asked for: moves between the account's own wallets, and what `not_read` names.

Sources: developers.binance.com (2026-11), "Account trade list", "Exchange information", "Deposit History", "Withdraw
History", "Get Fiat Deposit/Withdraw History", "Get Fiat Payments History", "Get Convert Trade History", "DustLog",
"Asset Dividend Record", "Get Flexible/Locked Rewards History", "Get ETH/SOL staking and redemption history", "Get Pay
Trade History" (18 months, 90 days a request), "Get C2C Trade History" (6 months, 30 days), "Get Spot Rebate History
Records" (since 2020-06-10, 30 days), "Get API Key Permission", and its error codes. That earn rewards are refused
beyond 30 days (-6021), and fiat lists beyond 90: rotki; the pages of the fiat lists name no widest time, only that
without one the last 30 days are given, so that asking for more at once could lose some. From memory: since when each
list can have records; that one request for dust may span any time. An older form of the answer about a key, which
client libraries still have, tells tradingAuthorityExpirationTime: the end of the right to trade, not of the key.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date

from msgspec.structs import replace

from importers import base
from importers.base import (
    Answer,
    Call,
    Exchange,
    Fault,
    Item,
    Known,
    Listed,
    Params,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    day,
    elsewhere,
    inside,
)  # fmt: skip
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import cut
from importers.paging import (
    Name,
    Rows,
    Ways,
    Window,
    by,
    by_offset,
    by_page,
    by_time,
    digest,
    listed,
    moment,
    total,
    within,
)
from importers.parsers import binance as names
from importers.parsers.binance import read_records
from pipeline.model import is_fiat

LATE = 14  # days that a record may come late
PENDING = 60  # days that a movement may stay unfinished
PATIENT: Params = {"recvWindow": 60_000}  # milliseconds that a request may be old, for clocks that are slow


def window(start: str = "startTime", end: str = "endTime", **fixed: str | int) -> Window:
    return within(start, end, recvWindow=60_000, **fixed)


def _deposit(row: Answer) -> str:
    """Its id; what does not change of it where it has none."""
    return str(row.get("id") or digest({f: row.get(f) for f in ("txId", "coin", "amount", "address", "insertTime")}))


# ---- trades -----------------------------------------------------------------------------------

TRADES_PAGE = 1000
ANEW = "anew "  # before the place of a list that is gone through once more from its beginning
QUOTES = 5  # of the assets that most symbols are quoted in


def _ask_trades(span: Span) -> Params:
    """From the last trade that is kept on, which is met again."""
    place, _ = _reached(span)
    return {**PATIENT, "symbol": _symbol(span.part), "fromId": max(place - 1, 0), "limit": TRADES_PAGE}


def _reached(span: Span) -> tuple[int, bool]:
    """(the id after that of the last trade that is kept, whether it is met again for sure)."""
    return (int(span.place[len(ANEW) :]), False) if isinstance(span.place, str) else (span.place or 0, True)


def _symbol(part: str) -> str:
    """The symbol of BASE/QUOTE, or of BASE/QUOTE/SYMBOL where it is not the two run together."""
    pieces = part.split("/")
    return pieces[2] if len(pieces) > 2 else "".join(pieces)


def _read_trades(answer: Answer, span: Span) -> Listed:
    """A page by ids; trades that are older than is wanted are met, and left out."""
    found = listed()(answer)
    if any(row.get("symbol") != _symbol(span.part) or type(row.get("id")) is not int for row in found):
        raise Unlike("its answer has trades without id, or of another symbol")
    place, known = _reached(span)
    if place and known and not found:  # the one kept last is not there: an id that it never had leads beyond all others
        return Listed([], f"{ANEW}0")
    items = [Item(str(row["id"]), moment(row, "time"), row) for row in found]
    following = max((row["id"] for row in found), default=place - 1) + 1
    wanted = [item for item in items if span.since is None or item.time >= span.since]
    return Listed(wanted, following, last=not cut(len(items), TRADES_PAGE))


def symbols(asked: Params) -> Callable[[Call, Known], Iterable[str]]:
    """Names the symbols: all that it lists, also those that are traded no more, and those that it may once have listed
    of other coins of the account. Once all were asked for: those with trades, and those of assets whose balance the
    records don't explain (where that isn't known: of assets without a trade yet, against other known ones)."""

    def listing(call: Call) -> list[str]:
        every: list[str] = call("publicGetExchangeInfo", asked, _read_symbols)
        return every

    def parts(call: Call, known: Known) -> Iterable[str]:
        if not known.complete:
            every = listing(call)
            return every + _unlisted(every, known)
        traded = {names.coin(side) for part in known.parts for side in part.split("/")[:2]}
        open_ones = known.unexplained if known.unexplained is not None else known.assets - traded
        if not open_ones:
            return sorted(known.parts)
        return sorted(known.parts) + [part for part in listing(call) if _possible(part, open_ones, known)]

    return parts


def _unlisted(every: list[str], known: Known) -> list[str]:
    """Symbols of coins that no listed one has and whose balance the other records don't explain, against what most are
    quoted in. It gives what it still has of them, and says of the others that they are gone, which is told."""
    quotes = [quote for quote, _ in Counter(part.split("/")[1] for part in every).most_common(QUOTES)]
    listed = {names.coin(side) for part in every for side in part.split("/")[:2]}
    coins = sorted(asset for asset in (known.unexplained or frozenset()) - listed if not is_fiat(asset))
    return [f"{coin}/{quote}" for coin in coins for quote in quotes]


def _possible(part: str, open_ones: frozenset[str], known: Known) -> bool:
    sides = {names.coin(side) for side in part.split("/")[:2]}
    return bool(sides & open_ones) and (known.unexplained is not None or sides <= known.assets)


def _read_symbols(answer: Answer) -> list[str]:
    parts = []
    for row in listed("symbols")(answer):
        first, second, symbol = (row.get(field) for field in ("baseAsset", "quoteAsset", "symbol"))
        if not (first and second and symbol):
            raise Unlike("an entry of its answer is no symbol")
        parts.append(f"{first}/{second}" if symbol == f"{first}{second}" else f"{first}/{second}/{symbol}")
    if not parts:
        raise Unlike("its answer has no symbols")
    return parts


def trades(asked: Params) -> Stream:
    return Stream(names.TRADES, "trades", "privateGetMyTrades", _ask_trades, _read_trades, 0,
                  onward=True, parts=symbols(asked))  # fmt: skip


# ---- its lists --------------------------------------------------------------------------------

_SPAN = ("startTime", "endTime")


def in_time(rows: Rows, name: Name, time: str, most: int, more: str = "total") -> Ways:
    return by_time(window(limit=most), *_SPAN, rows, name, time, most, more)


DEPOSITS = Stream(
    names.DEPOSITS, "deposits", "sapiGetCapitalDepositHisrec",
    *by_offset(window(limit=1000), listed(), _deposit, "insertTime", 1000), PENDING, window=89,
)  # fmt: skip
WITHDRAWALS = Stream(
    names.WITHDRAWALS, "withdrawals", "sapiGetCapitalWithdrawHistory",
    *by_offset(window(limit=1000), listed(), by("id"), "applyTime", 1000), PENDING, window=89,
)  # fmt: skip


def _fiat(name: str, holds: str, method: str, type: int) -> Stream:
    ways = by_page(window("beginTime", "endTime", transactionType=type), listed("data"), by("orderNo"), "createTime",
                   ("rows", 500))  # fmt: skip
    return Stream(name, holds, method, *ways, PENDING, window=89, begins=date(2019, 9, 1))


def _numbered(name: str, holds: str, method: str, begins: date, days: int = 29, **fixed: str) -> Stream:
    """A list without ids of Simple Earn or of staking."""
    ways = by_page(window(**fixed), listed("rows"), None, "time", ("size", 100), "current")
    return Stream(name, holds, method, *ways, LATE, regional=True, window=days, begins=begins)


def _p2p(name: str, holds: str, type: str) -> Stream:
    spans = window("startTimestamp", "endTimestamp", tradeType=type)
    ways = by_page(spans, listed("data"), by("orderNumber"), "createTime", ("rows", 100))
    method = "sapiGetC2cOrderMatchListUserOrderHistory"
    return Stream(name, holds, method, *ways, LATE, regional=True, window=29, horizon=180)


_EARN, _ETH, _SOL = date(2019, 8, 1), date(2020, 12, 1), date(2024, 9, 1)
_FLEXIBLE = "sapiGetSimpleEarnFlexibleHistoryRewardsRecord"
_STAKED = "sapiGetEthStakingEthHistory"

STREAMS = (
    DEPOSITS,
    WITHDRAWALS,
    _fiat(names.FIAT_DEPOSITS, "fiat deposits", "sapiGetFiatOrders", 0),
    _fiat(names.FIAT_WITHDRAWALS, "fiat withdrawals", "sapiGetFiatOrders", 1),
    _fiat(names.FIAT_BUYS, "purchases with a card or bank account", "sapiGetFiatPayments", 0),
    _fiat(names.FIAT_SALES, "sales to a card or bank account", "sapiGetFiatPayments", 1),
    Stream(
        names.CONVERT, "conversions", "sapiGetConvertTradeFlow",
        *in_time(listed("list"), by("orderId"), "createTime", 1000, more="moreData"),
        LATE, window=29, begins=date(2019, 1, 1),
    ),
    Stream(
        names.DUST, "conversions of dust", "sapiGetAssetDribblet",
        *by_time(window(), *_SPAN, listed("userAssetDribblets"), by("transId"), "operateTime", 100),
        LATE, window=36_500,
    ),
    Stream(
        names.DIVIDENDS, "distributions", "sapiGetAssetAssetDividend",
        *in_time(listed("rows"), by("id"), "divTime", 500), LATE, window=179,
    ),
    *(
        _numbered(name, f"{name.removeprefix('earn_')} rewards of flexible products", _FLEXIBLE, _EARN, type=kind)
        for name, kind in names.FLEXIBLE.items()
    ),
    _numbered(names.LOCKED, "rewards of locked products", "sapiGetSimpleEarnLockedHistoryRewardsRecord", _EARN),
    _numbered(names.ETH_STAKED, "ETH stakings", f"{_STAKED}StakingHistory", _ETH, 89),
    _numbered(names.ETH_REDEEMED, "ETH redemptions", f"{_STAKED}RedemptionHistory", _ETH, 89),
    _numbered(names.BETH_REWARDS, "BETH rewards", f"{_STAKED}RewardsHistory", _ETH, 89),
    _numbered(names.WRAPPED, "BETH wrapped", "sapiGetEthStakingWbethHistoryWrapHistory", _ETH, 89),
    _numbered(names.UNWRAPPED, "WBETH unwrapped", "sapiGetEthStakingWbethHistoryUnwrapHistory", _ETH, 89),
    _numbered(names.SOL_STAKED, "SOL stakings", "sapiGetSolStakingSolHistoryStakingHistory", _SOL, 89),
    _numbered(names.SOL_REDEEMED, "SOL redemptions", "sapiGetSolStakingSolHistoryRedemptionHistory", _SOL, 89),
    Stream(
        names.PAY, "payments of Binance Pay", "sapiGetPayTransactions",
        *in_time(listed("data"), by("transactionId"), "transactionTime", 100),
        LATE, regional=True, window=89, horizon=540,
    ),
    _p2p(names.P2P_BUYS, "purchases from persons", "BUY"),
    _p2p(names.P2P_SALES, "sales to persons", "SELL"),
    Stream(
        names.REBATES, "rebates", "sapiGetRebateTaxQuery",
        *by_page(window(), listed("data", "data"), None, "updateTime", ("", 200), count=("data", "totalRecords")),
        LATE, regional=True, window=29, begins=date(2020, 6, 10),
    ),
    trades({"showPermissionSets": "false"}),
)  # fmt: skip


# ---- what is held -----------------------------------------------------------------------------


def spot(answer: Answer) -> Answer:
    listed("balances")(answer)
    return answer


def _funding(answer: Answer) -> Answer:
    listed()(answer)
    return answer


def _positions(answer: Answer) -> Answer:
    told = total(answer, "total")
    if len(listed("rows")(answer)) < (told or 0):
        raise Unlike("its answer has not all positions")
    return answer


WALLETS = (
    Wallet("", "privateGetAccount", spot, {**PATIENT, "omitZeroBalances": "true"}),
    Wallet(names.FUNDING, "sapiPostAssetGetFundingAsset", _funding, PATIENT),
    Wallet(names.EARN, "sapiGetSimpleEarnFlexiblePosition", _positions, {**PATIENT, "size": 100}),
    Wallet(names.EARN_LOCKED, "sapiGetSimpleEarnLockedPosition", _positions, {**PATIENT, "size": 100}),
)

# ---- what a key may do ------------------------------------------------------------------------

RIGHTS = "sapiGetAccountApiRestrictions"
_READS = frozenset(("enableReading", "enableFixReadOnly"))
_TRADES = frozenset(
    (
        "enableSpotAndMarginTrading", "enableMargin", "enableFutures", "enableVanillaOptions",
        "enablePortfolioMarginTrading", "enableFixApiTrade",
    )
)  # fmt: skip
_MOVES = frozenset(("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"))
_WORDS = _READS | _TRADES | _MOVES
_ABOUT = frozenset(("ipRestrict", "createTime", "tradingAuthorityExpirationTime"))
_ALWAYS = (
    "enableReading",
    *_MOVES,
    "enableSpotAndMarginTrading",
    "enableMargin",
    "enableFutures",
    "enableVanillaOptions",
)


def ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call(RIGHTS, PATIENT, read_rights)
    return rights


def read_rights(answer: Answer) -> Rights:
    """A right is not given where it says false, and nowhere else."""
    for name in _ALWAYS:
        if not isinstance(inside(answer, name), bool):
            raise Unlike("its answer does not say what the key may do")
    may = {name for name, value in answer.items() if name in _WORDS and value is not False}
    reads, restricted = "enableReading" in may, answer.get("ipRestrict")
    rights = replace(
        Rights.of(may, _READS, _TRADES, _MOVES),
        read=reads,
        missing=() if reads else ("Enable Reading",),
        ip_bound=restricted if isinstance(restricted, bool) else None,
        created=day(answer.get("createTime")),
    )
    return beyond(rights, answer, _WORDS | _ABOUT)


GONE = Fault("it does not list this symbol any more", absent=True)
_SITES = "binance for binance.com, binanceus for binance.us"
_NOT_TAKEN = Fault(
    "it does not take the key: revoked, bound to another address, without the right to this, or made at another of "
    f"its sites ({_SITES}); look at the key there, or make a new one and add it with `taxsync keys add`"
)

_FAULTS = {
    '"code":-2015,': _NOT_TAKEN,  # ccxt calls it a rate limit once a request has passed
    '"code":-2014,': base.KEY,
    '"code":-2008,': elsewhere(_SITES),
    '"code":-1022,': base.SECRET,
    '"code":-1021,': base.CLOCK,
    '"code":-1121,': GONE,
    '"code":-1002,': base.LACKING,
    '"code":-1003,': base.LIMITED,
    '"code":-1015,': base.LIMITED,
    '"code":-1000,': base.BUSY,
    '"code":-1001,': base.BUSY,
    '"code":-1007,': base.BUSY,
    '"code":-1008,': base.BUSY,
    "under maintenance": base.BUSY,
    "restricted location": base.COUNTRY,
}

_STATEMENT = "at binance.com: Wallet > Transaction History > Export, all of it, which `taxsync import` knows"
_HIDDEN = (
    "margin", "futures", "options", "loans", "mining", "trading bots", "copy trading", "Dual Investment", "Auto-Invest",
    "NFTs", "gift cards",
)  # fmt: skip

EXCHANGE = Exchange(
    id="binance",
    time=("publicGetTime", lambda answer: answer["serverTime"]),
    name="Binance",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset(
        {
            ("public", "GET", "exchangeInfo"),
            ("public", "GET", "time"),
            ("private", "GET", "account"),
            ("private", "GET", "myTrades"),
            ("sapi", "POST", "asset/get-funding-asset"),  # which only reads
            *(
                ("sapi", "GET", path)
                for path in (
                    "account/apiRestrictions",
                    "capital/deposit/hisrec",
                    "capital/withdraw/history",
                    "fiat/orders",
                    "fiat/payments",
                    "convert/tradeFlow",
                    "asset/dribblet",
                    "asset/assetDividend",
                    "simple-earn/flexible/history/rewardsRecord",
                    "simple-earn/locked/history/rewardsRecord",
                    "simple-earn/flexible/position",
                    "simple-earn/locked/position",
                    "eth-staking/eth/history/stakingHistory",
                    "eth-staking/eth/history/redemptionHistory",
                    "eth-staking/eth/history/rewardsHistory",
                    "eth-staking/wbeth/history/wrapHistory",
                    "eth-staking/wbeth/history/unwrapHistory",
                    "sol-staking/sol/history/stakingHistory",
                    "sol-staking/sol/history/redemptionHistory",
                    "pay/transactions",
                    "c2c/orderMatch/listUserOrderHistory",
                    "rebate/taxQuery",
                )
            ),
        }
    ),
    streams=STREAMS,
    wallets=WALLETS,
    begins=date(2017, 7, 14),
    not_read=(*(NotRead(what, _STATEMENT, hidden=True) for what in _HIDDEN), NotRead("sub-accounts", OWN_KEY)),
    gap_help=(
        "At binance.com: Orders > Export of the kind that is missing (P2P, Pay), or Wallet > Transaction History > "
        "Export for all; margin, futures and options are not read by API"
    ),
    parse=read_records,
    rights=ask_rights,
    faults=_FAULTS,
    key_help=(
        "At binance.com: Account > API Management > Create API; keep only Enable Reading ticked, so no trading, "
        "withdrawals or transfers"
    ),
    bind_help="At binance.com: Account > API Management, Edit restrictions, Restrict access to trusted IPs only",
    revoke_help="At binance.com: Account > API Management, Delete beside the key",
)
