"""KuCoin over its API: lists of fills, deposits, withdrawals and conversions, and two ledgers for all else.

The ledger of the main and trading accounts reaches back a year, a day a request; that of the high-frequency account,
which is everyone's trading account by now, three days, and its fills a week, symbol by symbol: who trades there
imports every few days, or needs the export. Deposits and withdrawals of before 2019-02-18 are lists of their own;
fills of before have none in ccxt. Earn has no history beyond the ledger's lines.

Sources: kucoin.com/docs and /docs-new, "Get Account Ledgers - Spot/Margin", "Get Account Ledgers - Trade_hf" (3 * 24
hours back), "Get Filled List" (7 days a request), "Get HF Filled List", "Get Order History" (filled ones of 7 * 24
hours), "Get V1 Historical Deposits List", "Get Convert Order History", "Get Account Holding", docs.kucoin.com,
"Introduction" (the permissions) and "Get Apikey Info", "Error Code"; a port of KuCoin's own library for the fields
of the answers (2026-11). The words of a permission in the answer are taken from the first; "Trade" and "Transfer" are
those of older keys. From memory: that the ledger takes 24 hours a request and reaches a year back, that the others
take 30 days (conversions 7), that fills of the high-frequency account reach back as far as its orders.
"""

from collections.abc import Callable, Iterable
from datetime import date

from msgspec.structs import replace

from importers import base
from importers.assets import asset
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
    bound,
    day,
    inside,
    same_key,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import Entry, by_content, listed, milliseconds, seconds, text
from importers.parsers.kucoin import (
    CONVERTS,
    DEPOSITS,
    FILLS,
    HF_FILLS,
    HF_LEDGERS,
    LEDGERS,
    OLD_DEPOSITS,
    OLD_WITHDRAWALS,
    WITHDRAWALS,
    read_records,
)

MOST, SWAPS, LINES, HF_MOST = 500, 100, 200, 100  # records of a page: most lists, conversions, HF ledger, HF fills
LATE, PENDING = 1, 28  # days that a record may come late, and a withdrawal may stay unfinished
YEAR, THREE_DAYS, WEEK = 365, 3, 7  # days that lists reach back

# ---- the history --------------------------------------------------------------------------------


def _times(span: Span) -> Params:
    """Milliseconds; both ends are inside."""
    since: Params = {} if span.since is None else {"startAt": milliseconds(span.since)}
    return since if span.until is None else since | {"endAt": milliseconds(span.until)}


def _by_page(size: int, *, timed: bool = True) -> Callable[[Span], Params]:
    def ask(span: Span) -> Params:
        return {"currentPage": span.place or 1, "pageSize": size, **(_times(span) if timed else {})}

    return ask


def _reading(time: str, identities: Callable[[list[Entry]], list[str]]) -> Callable[[Answer, Span], Listed]:
    """A page that says its number and how many there are."""

    def read(answer: Answer, _span: Span) -> Listed:
        data = _data(answer)
        found = list(listed(data, "items"))
        page, pages, total = (data.get(name) for name in ("currentPage", "totalPage", "totalNum"))
        if type(page) is not int or type(pages) is not int:
            raise Unlike("its answer does not say how many pages there are")
        items = [Item(id, seconds(each, time), each) for id, each in zip(identities(found), found, strict=True)]
        return Listed(items, page + 1 if page < pages else None, total if type(total) is int else None)

    return read


def _ids(*names: str) -> Callable[[list[Entry]], list[str]]:
    return lambda found: [":".join(text(each, name) for name in names) for each in found]


def _of_content(*names: str) -> Callable[[list[Entry]], list[str]]:
    return lambda found: by_content(found, *names)


def _ask_hf_ledger(span: Span) -> Params:
    return {"limit": LINES, **_times(span), **({} if span.place is None else {"lastId": span.place})}


def _read_hf_ledger(answer: Answer, _span: Span) -> Listed:
    found = listed(_data(answer))
    items = [Item(text(each, "id"), seconds(each, "createdAt"), each) for each in found]
    return Listed(items, items[-1].id if len(items) >= LINES else None)


def _ask_hf_fills(span: Span) -> Params:
    asked: Params = {"symbol": span.part, "limit": HF_MOST, **_times(span)}
    return asked if span.place is None else asked | {"lastId": span.place}


def _read_hf_fills(answer: Answer, _span: Span) -> Listed:
    data = _data(answer)
    found = listed(data, "items")
    items = [Item(text(each, "id"), seconds(each, "createdAt"), each) for each in found]
    return Listed(items, text(data, "lastId") if len(items) >= HF_MOST else None)


def _symbols(call: Call, known: Known) -> Iterable[str]:
    """Pairs that had fills, and those whose both assets the account knows; all that there are, every few days."""
    markets = call("publicGetSymbols", {}, _markets)
    if not known.complete:
        return [*known.parts, *markets]
    return [*sorted(known.parts), *(name for name, assets in markets.items() if assets <= known.assets)]


def _markets(answer: Answer) -> dict[str, frozenset[str]]:
    found = listed(_data(answer))
    if not found:
        raise Unlike("its answer has no markets")
    sides = ("baseCurrency", "quoteCurrency")
    return {text(each, "symbol"): frozenset(asset(text(each, side), "kucoin") for side in sides) for each in found}


def _data(answer: Answer) -> Answer:
    """What an answer of code 200000 says; ccxt passes no other on."""
    if inside(answer, "code") != "200000":
        raise Unlike("it answered with another code than 200000")
    return inside(answer, "data")


def _accounts(answer: Answer) -> Answer:
    for each in listed(_data(answer)):
        text(each, "type")
    return answer


def _holding(answer: Answer) -> Answer:
    for each in listed(_data(answer), "items"):
        text(each, "holdAmount")
    return answer


def _more_holding(answer: Answer) -> Params | None:
    data = _data(answer)
    page, pages = inside(data, "currentPage"), inside(data, "totalPage")
    return {"currentPage": page + 1} if page < pages else None


# ---- what a key may do ----------------------------------------------------------------------------

_READS = frozenset({"General"})
_TRADES = frozenset(("Trade", "Spot", "Margin", "Futures", "Earn", "Unified"))
_MOVES = frozenset(("Withdrawal", "Transfer", "InnerTransfer", "FlexTransfers"))
_KNOWN = frozenset(
    (
        "permission", "remark", "apiKey", "apiVersion", "ipWhitelist", "createdAt", "expiredAt", "uid", "parentUid",
        "isMaster", "subName", "thirdPartyApp", "siteType", "region", "kycStatus",
    )
)  # fmt: skip


def _ask_rights(call: Call, key: str = "") -> Rights:
    rights: Rights = call("privateGetUserApiKey", {}, lambda answer: _rights(answer, key))
    return rights


def _rights(answer: Answer, key: str) -> Rights:
    given, told = inside(answer, "data", "permission"), answer["data"]
    same_key(told.get("apiKey"), key)
    if not isinstance(given, str) or not given.strip():
        raise Unlike("its answer does not say what the key may do")
    rights = Rights.of(filter(None, (word.strip() for word in given.split(","))), _READS, _TRADES, _MOVES)
    rights = replace(
        rights,
        missing=() if rights.read else ("General",),
        ip_bound=bound(told.get("ipWhitelist") or ""),  # is left out of a key that has none
        expires=day(told.get("expiredAt")),
        created=day(told.get("createdAt")),
    )
    return beyond(rights, told, _KNOWN)


_DETAILS = "at kucoin.com: Assets > (the account) > Details, and Orders > (the kind), export"
_HIDDEN = ("margin", "futures", "loans", "trading bots", "copy trading", "P2P trades", "card payments")

EXCHANGE = Exchange(
    id="kucoin",
    name="KuCoin",
    version=2,
    credentials=("apiKey", "secret", "password"),
    time=("publicGetTimestamp", lambda answer: answer["data"]),
    allow=frozenset(
        {
            ("public", "GET", "timestamp"),
            *(
                ("private", "GET", path)
                for path in (
                    "accounts",
                    "accounts/ledgers",
                    "convert/order/history",
                    "deposits",
                    "fills",
                    "hf/accounts/ledgers",
                    "hf/fills",
                    "hist-deposits",
                    "hist-withdrawals",
                    "user/api-key",
                    "withdrawals",
                )
            ),
            ("earn", "GET", "earn/hold-assets"),
            ("public", "GET", "symbols"),
        }
    ),
    streams=(
        Stream(
            DEPOSITS,
            "deposits",
            "privateGetDeposits",
            _by_page(MOST),
            _reading("createdAt", _of_content("currency", "amount", "walletTxId", "address", "createdAt")),
            PENDING,
            window=30,
        ),
        Stream(
            WITHDRAWALS,
            "withdrawals",
            "privateGetWithdrawals",
            _by_page(MOST),
            _reading("createdAt", _ids("id")),
            PENDING,
            window=30,
        ),
        Stream(
            OLD_DEPOSITS,
            "deposits of before 2019-02-18",
            "privateGetHistDeposits",
            _by_page(MOST, timed=False),
            _reading("createAt", _of_content("currency", "amount", "walletTxId", "createAt")),
            0,
            optional=True,
        ),
        Stream(
            OLD_WITHDRAWALS,
            "withdrawals of before 2019-02-18",
            "privateGetHistWithdrawals",
            _by_page(MOST, timed=False),
            _reading("createAt", _of_content("currency", "amount", "walletTxId", "createAt")),
            0,
            optional=True,
        ),
        Stream(
            FILLS,
            "fills",
            "privateGetFills",
            _by_page(MOST),
            _reading("createdAt", _ids("orderId", "tradeId")),
            LATE,
            window=7,
        ),
        Stream(
            CONVERTS,
            "conversions",
            "privateGetConvertOrderHistory",
            _by_page(SWAPS),
            _reading("orderTime", _ids("orderId")),
            LATE,
            window=7,
            optional=True,
        ),
        Stream(
            LEDGERS,
            "ledger entries",
            "privateGetAccountsLedgers",
            _by_page(MOST),
            _reading("createdAt", _ids("id")),
            LATE,
            window=1,
            horizon=YEAR,
        ),
        Stream(
            HF_LEDGERS,
            "ledger entries of the high-frequency account",
            "privateGetHfAccountsLedgers",
            _ask_hf_ledger,
            _read_hf_ledger,
            LATE,
            optional=True,
            horizon=THREE_DAYS,
        ),
        Stream(
            HF_FILLS,
            "fills of the high-frequency account",
            "privateGetHfFills",
            _ask_hf_fills,
            _read_hf_fills,
            LATE,
            optional=True,
            horizon=WEEK,
            parts=_symbols,
        ),
    ),
    parse=read_records,
    wallets=(
        Wallet("", "privateGetAccounts", _accounts),
        Wallet("earn", "earnGetEarnHoldAssets", _holding, {"pageSize": MOST}, optional=True, more=_more_holding),
    ),
    begins=date(2019, 2, 18),
    not_read=(*(NotRead(what, _DETAILS, hidden=True) for what in _HIDDEN), NotRead("sub-accounts", OWN_KEY)),
    gap_help="at kucoin.com: Orders > Spot Orders and Assets > Funding Account > Details, export, for fills older than "
    "a week, fills of before 2019-02-18, card purchases, margin and futures",
    rights=_ask_rights,
    faults={
        '"code":"900001"': Fault("it does not know the pair", absent=True),
        '"code":"400002"': base.CLOCK,
        '"code":"400003"': base.KEY,
        '"code":"400004"': base.PASSPHRASE,
        '"code":"400005"': base.SECRET,
        '"code":"400006"': base.ADDRESS,
        '"code":"400007"': base.LACKING,
        '"code":"400008"': Fault("the key is of an older kind that it no longer takes; make a new one there"),
        '"code":"400010"': base.LACKING,
        '"code":"400301"': base.COUNTRY,
        '"code":"411100"': base.LOCKED,
        '"code":"429000"': base.LIMITED,
        '"code":"500000"': base.BUSY,
    },
    key_help=(
        "At kucoin.com: profile > API Management > Create API, for API trading; choose a passphrase and tick only "
        "General, nothing else"
    ),
    bind_help="At kucoin.com: profile > API Management, Edit, IP restriction",
    revoke_help="At kucoin.com: profile > API Management, Delete beside the key",
)
