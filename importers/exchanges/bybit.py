"""Bybit over its API. A key reads only, or reads and writes what is ticked.

Two ledgers, of the unified and of the funding account, and lists that know more of some of their lines. Time windows
of seven days (deposits and withdrawals: less than thirty), two years back, `nextPageCursor` within a window; lines of
one instant come unsorted. Conversions, dust and fiat trades are numbered pages. Orders of Earn only move coins within
the account and are not asked for.

Sources: bybit-exchange.github.io/docs, "Get API Key Information" (with isFixApi of 2026-09), "Modify Master API Key",
"Error Code", "Get Transaction Log" (two years, seven days), "Get Funding Account Transaction History" (seven days,
seconds), "Get Trade History", "Get Deposit Records (on-chain)", "Get Internal Deposit Records (off-chain)", "Get
Withdrawal Records", "Get Convert History", small balances' "Get Exchange History", fiat "Get Convert History", "Get
Yield History" (three months) (2026-11); 33004 as in ccxt. What each right reaches is judged from the endpoints that
name it there. From memory: that converting takes the right "Exchange", the page that blocks a country, that
deposits, withdrawals and the funding history reach two years back, and the fields of the balances.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from importers import base, exact
from importers.base import (
    Answer,
    Call,
    Exchange,
    Fault,
    Item,
    Listed,
    Params,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    elsewhere,
    inside,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.parsers import bybit as parser
from pipeline.money import parse

TWO_YEARS = 729  # days, one less than the exchange's own

# ---- reading its answers ----------------------------------------------------------------------


def _rows(answer: Answer, *names: str) -> list[Answer]:
    """The list of a result under one of these names, or the result itself where "" is one. Empty lists may be null."""
    if not isinstance(answer, dict) or str(answer.get("retCode")) != "0" or "result" not in answer:
        raise Unlike("its answer has no result")
    result = answer["result"]
    if isinstance(result, dict):
        name = next((name for name in names if name in result), None)
        if name is None:
            raise Unlike("its answer has no list")
        result = result[name]
    elif "" not in names:
        raise Unlike("its answer has no list")
    rows = [] if result is None else result
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unlike("its answer has no list")
    return rows


def _id(row: Answer, *names: str) -> str:
    """What these fields say; what the whole record says where `names` has "": some ids are not unique. A field
    with "?" may be empty."""
    parts = []
    for name in names:
        value = row.get(name.rstrip("?")) if name else hashlib.sha256(exact.dumps(row).encode()).hexdigest()[:16]
        if name.endswith("?"):
            value = value or ""
        elif not isinstance(value, str | int) or value == "":
            raise Unlike(f"an entry of its answer has no {name}")
        parts.append(str(value))
    return "/".join(parts)


def _time(row: Answer, name: str, end: Decimal | None = None) -> Decimal:
    """Unix seconds. A field with "?" says nothing while the record waits: then the end of what was asked for."""
    told = row.get(name.rstrip("?"))
    if name.endswith("?") and str(told or "0") == "0" and end is not None:
        return end
    try:
        time = parse(str(told))
    except ValueError:
        raise Unlike(f"an entry of its answer has no {name.rstrip('?')}") from None
    return time / 1000 if time > 10**11 else time


def _by_cursor(ids: tuple[str, ...], time: str, *names: str) -> Callable[[Answer, Span], Listed]:
    def read(answer: Answer, span: Span) -> Listed:
        rows = _rows(answer, *names)
        cursor = answer["result"].get("nextPageCursor") or None
        if not isinstance(cursor, str | None):
            raise Unlike("its answer has a cursor of another form")
        items = [Item(_id(row, *ids), _time(row, time, span.until), row) for row in rows]
        return Listed(items, cursor if items and cursor != span.place else None)

    return read


def _by_number(ids: tuple[str, ...], time: str, *names: str, page: int) -> Callable[[Answer, Span], Listed]:
    """Numbered pages, newest first."""

    def read(answer: Answer, span: Span) -> Listed:
        items = [Item(_id(row, *ids), _time(row, time), row) for row in _rows(answer, *names)]
        passed = span.since is not None and any(item.time < span.since for item in items)
        return Listed(items, int(span.place or 1) + 1 if len(items) >= page and not passed else None)

    return read


def _asks(
    limit: int, begin: str = "startTime", end: str = "endTime", unit: int = 1000, **more: str
) -> Callable[[Span], Params]:
    """One window, its times in milliseconds."""

    def ask(span: Span) -> Params:
        assert span.since is not None and span.until is not None
        params: Params = {"limit": limit, begin: int(span.since * unit), end: int(span.until * unit), **more}
        if span.part:
            params["category"] = span.part
        return params if span.place is None else params | {"cursor": span.place}

    return ask


def _numbered(number: str, size: str) -> Callable[[Span], Params]:
    return lambda span: {number: int(span.place or 1), size: 100}


def _earn(_call: Call, _known: object) -> tuple[str, ...]:
    return ("FlexibleSaving", "OnChain")


def _balances(*path: str, coin: str = "coin", amount: str = "walletBalance") -> Callable[[Answer], Answer]:
    """What is held: a list under `path` of the result, whose entries have a coin and an amount."""

    def read(answer: Answer) -> Answer:
        rows: list[Answer] = (
            [answer.get("result")] if isinstance(answer, dict) and str(answer.get("retCode")) == "0" else [None]
        )
        for name in path:
            inner = [row.get(name) if isinstance(row, dict) else None for row in rows]
            rows = []
            for listed in inner:
                if not isinstance(listed, list):
                    raise Unlike("its answer has no balances")
                rows += listed
        if not all(isinstance(row, dict) and {coin, amount} <= row.keys() for row in rows):
            raise Unlike("its answer has no balances")
        return answer

    return read


# ---- what a key may do ------------------------------------------------------------------------

# Of a key that writes. An affiliate lists its customers; NFT products are listed.
_READS = frozenset(("Affiliate Affiliate", "NFT NFTQueryProductList"))
# Coins stay in the account, other ones: orders, copied and block trades, converting, subscribing to Earn. ByXPost
# writes in a person's name.
_TRADES = frozenset(
    (
        "ContractTrade Order", "ContractTrade Position", "Spot SpotTrade", "Options OptionsTrade",
        "Derivatives DerivativesTrade", "Exchange ExchangeHistory", "Earn Earn", "CopyTrading CopyTrading",
        "BlockTrade BlockTrade", "ByXPost ByXPost",
    )
)  # fmt: skip
# Groups: AccountTransfer, SubMemberTransfer, Withdraw; selling to other persons, paying, fiat; the card, which pays.
_MOVES = ("Wallet ", "Fiat", "BitCard ")
_KNOWN = frozenset(
    (
        "id", "note", "apiKey", "readOnly", "secret", "permissions", "ips", "type", "deadlineDay", "expiredAt",
        "createdAt", "unified", "uta", "userID", "inviterID", "affiliateID", "userIDInt64", "inviterIDInt64",
        "affiliateIDInt64", "vipLevel", "mktMakerLevel", "rsaPublicKey", "isMaster", "parentUid", "kycLevel",
        "kycRegion",
    )
)  # fmt: skip


def _ask_rights(call: Call, key: str = "") -> Rights:
    rights: Rights = call("privateGetV5UserQueryApi", {}, lambda answer: _rights(answer, key))
    return rights


def _rights(answer: Answer, key: str) -> Rights:
    told = inside(answer, "result")
    only, groups, addresses = inside(told, "readOnly"), inside(told, "permissions"), inside(told, "ips")
    if not isinstance(groups, dict) or not isinstance(addresses, list):
        raise Unlike("its answer does not say what the key may do")
    base.same_key(told.get("apiKey"), key)
    words = set(_words(groups))
    rights = Rights.of(words, _READS, _TRADES, frozenset(word for word in words if word.startswith(_MOVES)))
    if type(only) is int and only == 1:
        rights = Rights(read=bool(words), may=tuple(f"read {word}" for word in rights.may))
    else:  # without anything ticked, too: what it can write then is not said
        unknown = rights.unknown or type(only) is not int or only != 0
        rights = replace(rights, read=bool(words), trade=True, unknown=unknown)
    rights = replace(
        rights,
        missing=() if words else ("Spot, Wallet and the rest, read only",),
        ip_bound=base.bound(addresses),
        expires=base.day(told.get("expiredAt")) or base.day_after(told.get("deadlineDay")),
        created=base.day(told.get("createdAt")),
    )
    return beyond(rights, told, _KNOWN)


def _words(groups: dict[str, Answer]) -> Iterator[str]:
    """Group and right, as "Spot SpotTrade"."""
    for group, rights in groups.items():
        if not isinstance(rights, list) or not all(isinstance(right, str) for right in rights):
            raise Unlike("its answer does not say what the key may do")
        yield from (f"{group} {right}" for right in rights)


_STATEMENTS = "at Bybit: Orders > Export, the account statements of that time"

EXCHANGE = Exchange(
    id="bybit",
    name="Bybit",
    version=2,
    credentials=("apiKey", "secret"),
    time=("publicGetV5MarketTime", lambda answer: answer["time"]),
    allow=frozenset({("public", "GET", "v5/market/time")})
    | frozenset(
        ("private", "GET", f"v5/{path}")
        for path in (
            "user/query-api", "account/transaction-log", "asset/fundinghistory", "execution/list",
            "asset/deposit/query-record", "asset/deposit/query-internal-record", "asset/withdraw/query-record",
            "asset/exchange/query-convert-history", "asset/covert/small-balance-history", "fiat/query-trade-history",
            "earn/yield", "account/wallet-balance", "asset/transfer/query-account-coins-balance", "earn/position",
        )
    ),
    streams=(
        Stream(parser.LOG, "lines of the unified account", "privateGetV5AccountTransactionLog",
               _asks(50, accountType="UNIFIED"), _by_cursor(("id", ""), "transactionTime", "list"), 2, window=7,
               horizon=TWO_YEARS),
        Stream(parser.FUNDING, "lines of the funding account", "privateGetV5AssetFundinghistory",
               _asks(100, "createTimeFrom", "createTimeTo", 1), _by_cursor(("",), "createTime", "list"), 2, window=7,
               horizon=TWO_YEARS, optional=True),
        Stream(parser.DEPOSITS, "deposits", "privateGetV5AssetDepositQueryRecord", _asks(50),
               _by_cursor(("txID?", "txIndex?", "id?"), "successAt?", "rows"), 20, window=29, horizon=TWO_YEARS),
        Stream(parser.INTERNAL, "deposits within Bybit", "privateGetV5AssetDepositQueryInternalRecord", _asks(50),
               _by_cursor(("id",), "createdTime", "rows"), 7, window=29, horizon=TWO_YEARS),
        Stream(parser.WITHDRAWALS, "withdrawals", "privateGetV5AssetWithdrawQueryRecord", _asks(50, withdrawType="2"),
               _by_cursor(("withdrawId",), "createTime", "rows"), 20, window=29, horizon=TWO_YEARS),
        Stream(parser.CONVERTS, "conversions", "privateGetV5AssetExchangeQueryConvertHistory",
               _numbered("index", "limit"), _by_number(("exchangeTxId",), "createdAt", "list", page=100), 7,
               regional=True),
        Stream(parser.DUST, "converted small balances", "privateGetV5AssetCovertSmallBalanceHistory",
               _numbered("cursor", "size"), _by_number(("exchangeTxId",), "createdAt", "records", page=100), 7,
               optional=True),
        Stream(parser.FIAT, "conversions of money", "privateGetV5FiatQueryTradeHistory", _numbered("index", "limit"),
               _by_number(("tradeNo",), "createdAt", "", "result", "list", page=100), 7, optional=True),
        Stream(parser.YIELDS, "yields of Earn", "privateGetV5EarnYield", _asks(100),
               _by_cursor(("id",), "createdAt", "yield", "list"), 3, window=7, horizon=89, optional=True, parts=_earn),
        Stream(parser.EXECUTIONS, "trades of accounts before the unified one", "privateGetV5ExecutionList",
               _asks(100, category="spot"), _by_cursor(("execId",), "execTime", "list"), 2, window=7,
               horizon=TWO_YEARS, optional=True),
    ),
    parse=parser.read_records,
    wallets=(
        Wallet("", "privateGetV5AccountWalletBalance", _balances("list", "coin"), {"accountType": "UNIFIED"}),
        Wallet("funding", "privateGetV5AssetTransferQueryAccountCoinsBalance", _balances("balance"),
               {"accountType": "FUND"}),
        Wallet("savings", "privateGetV5EarnPosition", _balances("list", amount="amount"),
               {"category": "FlexibleSaving"}, optional=True),
        Wallet("staked", "privateGetV5EarnPosition", _balances("list", amount="amount"), {"category": "OnChain"},
               optional=True),
    ),
    begins=date(2018, 11, 1),
    not_read=(
        NotRead("bots and copied trades", _STATEMENTS),
        NotRead("loans", _STATEMENTS),
        NotRead("derivatives of accounts before the unified one", _STATEMENTS),
        NotRead("card payments", _STATEMENTS),
        NotRead("sub-accounts", OWN_KEY),
    ),
    gap_help=(
        "At bybit.com: Orders > Export, make the account statements of every year before the last two, then "
        "`taxsync import` those files"
    ),
    rights=_ask_rights,
    faults={
        '"retCode":10003,': elsewhere("bybit for bybit.com, bybiteu for bybit.eu"),
        '"retCode":10004,': base.SECRET,
        '"retCode":33004,': base.EXPIRED,
        '"retCode":10010,': base.ADDRESS,
        '"retCode":10002,': base.CLOCK,
        '"retCode":10005,': base.LACKING,
        '"retCode":10007,': elsewhere("bybit for bybit.com, bybiteu for bybit.eu"),
        '"retCode":10008,': base.LOCKED,
        '"retCode":10009,': Fault("it has banned the address of this machine for now; try again tomorrow"),
        '"retCode":10024,': base.COUNTRY,
        "block access from your country": base.COUNTRY,
        '"retCode":10006,': base.LIMITED,
        '"retCode":10018,': base.LIMITED,
        '"retCode":10000,': base.BUSY,
        '"retCode":10016,': base.BUSY,
    },
    key_help=(
        "At bybit.com: profile > API > Create new key, system-generated, API transaction; choose Read-Only, then tick "
        "everything to read: Contract, Unified trading, Spot, Wallet, Exchange, Earn"
    ),
    bind_help="At bybit.com: profile > API, Edit, only IPs with permission (a key without one ends in 90 days)",
    revoke_help="At bybit.com: profile > API, Delete beside the key",
)  # fmt: skip
