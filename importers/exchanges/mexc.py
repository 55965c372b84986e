"""MEXC over its API, which reaches back 30 days for fills and 90 for deposits and withdrawals: its exports are needed
for a tax year. It does not tell what a key may do.

Sources: mexc.com/api-docs/spot-v3, "Account trade list" (the past month), "Deposit History" and "Withdraw History"
(7 days a request, 90 days), "Dustlog", "Query User Universal Transfer History" (six months), "Exchange Information",
"Error code"; the others as in ccxt (2026-11). "canTrade" and "canWithdraw" of its account information speak of the
account, not of the key (from memory). ccxt's apiKeyInfo is not in its documents. From memory: that fills come newest
first; a full page in another order is refused rather than taken for all.
"""

from collections.abc import Callable, Iterable
from datetime import date

from importers import base
from importers.assets import asset
from importers.base import Answer, Call, Exchange, Fault, Item, Known, Listed, Params, Span, Stream, Unlike, Wallet
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import Entry, by_content, listed, milliseconds, seconds, text
from importers.parsers.mexc import DEPOSITS, DUST, TRADES, TRANSFERS, WITHDRAWALS, read_records

FILLS, MOST, ROWS = 100, 1000, 100  # records of a page: of fills, movements and dust, transfers
LATE, PENDING = 1, 5  # days that a record may come late, and a withdrawal may stay unfinished
MONTH, QUARTER, HALF_YEAR = 30, 90, 180  # days that its lists reach back
_WAYS = ("SPOT-FUTURES", "FUTURES-SPOT")

# ---- lists by time: newest first, each page up to the oldest record of the page before ------------


def _between(span: Span) -> Params:
    params: Params = {} if span.since is None else {"startTime": milliseconds(span.since)}
    until = span.place or (None if span.until is None else milliseconds(span.until))
    return params if until is None else params | {"endTime": until}


def _ask_trades(span: Span) -> Params:
    return {"symbol": span.part, "limit": FILLS, **_between(span)}


def _ask_movements(span: Span) -> Params:
    return {"limit": MOST, **_between(span)}


def _reading(limit: int, time: str, identities: Callable[[list[Entry]], list[str]]) -> Callable[[Answer, Span], Listed]:
    def read(answer: Answer, _span: Span) -> Listed:
        found = list(listed(answer))
        items = [Item(id, seconds(each, time), each) for id, each in zip(identities(found), found, strict=True)]
        if len(items) < limit:
            return Listed(items)
        if items[0].time < items[-1].time:
            raise Unlike("its list is not newest first, and can't be gone through")
        return Listed(items, milliseconds(items[-1].time))

    return read


def _by_id(found: list[Entry]) -> list[str]:
    return [text(each, "id") for each in found]


def _by_deposit(found: list[Entry]) -> list[str]:
    return by_content(found, "txId", "coin", "amount", "insertTime")


# ---- lists by page --------------------------------------------------------------------------------


def _ask_dust(span: Span) -> Params:
    since: Params = {} if span.since is None else {"startTime": milliseconds(span.since)}
    return {"page": span.place or 1, "limit": MOST, **since}


def _read_dust(answer: Answer, span: Span) -> Listed:
    """Sweeps, each with what was swept: those are the records."""
    found = [one for sweep in listed(answer, "data") for one in listed(sweep, "convertDetails")]
    items = [Item(text(each, "id"), seconds(each, "time"), each) for each in found]
    page, last = int(span.place or 1), answer.get("totalPageNum")
    if type(last) is not int:
        raise Unlike("its answer does not say how many pages there are")
    return Listed(items, page + 1 if page < last else None)


def _ask_transfers(span: Span) -> Params:
    out, into = span.part.split("-")
    since: Params = {} if span.since is None else {"startTime": milliseconds(span.since)}
    return {"fromAccountType": out, "toAccountType": into, "page": span.place or 1, "size": ROWS, **since}


def _read_transfers(answer: Answer, span: Span) -> Listed:
    found = listed(answer, "rows")
    items = [Item(text(each, "tranId"), seconds(each, "timestamp"), each) for each in found]
    return Listed(items, int(span.place or 1) + 1 if len(items) >= ROWS else None)


# ---- markets, balances ------------------------------------------------------------------------------


def _symbols(call: Call, known: Known) -> Iterable[str]:
    """Pairs that had fills, and those whose both assets the account knows; all that there are, every few days."""
    markets = call("spotPublicGetExchangeInfo", {}, _markets)
    if not known.complete:
        return [*known.parts, *markets]
    possible = (name for name, assets in markets.items() if assets <= known.assets)
    return [*sorted(known.parts), *possible]


def _markets(answer: Answer) -> dict[str, frozenset[str]]:
    found = listed(answer, "symbols")
    if not found:
        raise Unlike("its answer has no markets")
    sides = ("baseAsset", "quoteAsset")
    return {text(each, "symbol"): frozenset(asset(text(each, side), "mexc") for side in sides) for each in found}


def _ways(_call: Call, _known: Known) -> Iterable[str]:
    return _WAYS


def _balances(answer: Answer) -> Answer:
    for each in listed(answer, "balances"):
        text(each, "asset")
    return answer


_HISTORY = "at mexc.com: Wallet > Funding History, export"

EXCHANGE = Exchange(
    id="mexc",
    name="MEXC",
    version=2,
    credentials=("apiKey", "secret"),
    time=("spotPublicGetTime", lambda answer: answer["serverTime"]),
    allow=frozenset(
        {
            ("spot.public", "GET", "time"),
            ("spot.private", "GET", "account"),
            ("spot.private", "GET", "capital/convert"),
            ("spot.private", "GET", "capital/deposit/hisrec"),
            ("spot.private", "GET", "capital/transfer"),
            ("spot.private", "GET", "capital/withdraw/history"),
            ("spot.private", "GET", "myTrades"),
            ("spot.public", "GET", "exchangeInfo"),
        }
    ),
    streams=(
        Stream(
            DEPOSITS,
            "deposits",
            "spotPrivateGetCapitalDepositHisrec",
            _ask_movements,
            _reading(MOST, "insertTime", _by_deposit),
            PENDING,
            window=7,
            horizon=QUARTER,
        ),
        Stream(
            WITHDRAWALS,
            "withdrawals",
            "spotPrivateGetCapitalWithdrawHistory",
            _ask_movements,
            _reading(MOST, "applyTime", _by_id),
            PENDING,
            window=7,
            horizon=QUARTER,
        ),
        Stream(DUST, "small balances", "spotPrivateGetCapitalConvert", _ask_dust, _read_dust, LATE, optional=True),
        Stream(
            TRANSFERS,
            "transfers to and from futures",
            "spotPrivateGetCapitalTransfer",
            _ask_transfers,
            _read_transfers,
            LATE,
            optional=True,
            horizon=HALF_YEAR,
            parts=_ways,
        ),
        Stream(
            TRADES,
            "trades",
            "spotPrivateGetMyTrades",
            _ask_trades,
            _reading(FILLS, "time", _by_id),
            LATE,
            horizon=MONTH,
            parts=_symbols,
        ),
    ),
    parse=read_records,
    wallets=(Wallet("", "spotPrivateGetAccount", _balances),),
    begins=date(2018, 4, 1),
    not_read=(
        NotRead("futures", "at mexc.com: Orders > Futures Orders > Export", shown="futures"),
        NotRead("savings and staking", _HISTORY, hidden=True),
        NotRead("airdrops and rebates", _HISTORY, hidden=True),
        NotRead("P2P trades", _HISTORY, hidden=True),
        NotRead("loans", _HISTORY, hidden=True),
        NotRead("sub-accounts", OWN_KEY),
    ),
    gap_help="at mexc.com: Orders > Spot Orders > Trade History and Wallet > Funding History, export, for trades older "
    "than 30 days, deposits and withdrawals older than 90, earn, airdrops and rebates",
    faults={
        '"code":-1121,': Fault("it does not know the pair", absent=True),
        '"code":10007,': Fault("it does not know the pair", absent=True),
        '"code":10072,': base.KEY,
        '"code":700001,': base.KEY,
        '"code":700002,': Fault(
            "the secret does not belong to the key, or the key has expired; add a new one, `taxsync keys add`"
        ),
        '"code":700006,': base.ADDRESS,
        '"code":700007,': base.LACKING,
        '"code":401,': base.LACKING,
        '"code":700003,': base.CLOCK,
        '"code":10073,': base.CLOCK,
        '"code":429,': base.LIMITED,
        '"code":500,': base.BUSY,
        '"code":503,': base.BUSY,
    },
    key_help=(
        "At mexc.com: profile > API Management > Create; tick only the entries that View (account, spot orders, "
        "deposits and withdrawals), none that trades, transfers or withdraws"
    ),
    bind_help="At mexc.com: profile > API Management, Edit, Link IP address (a key without one ends in 90 days)",
    revoke_help="At mexc.com: profile > API Management, Delete beside the key",
)
