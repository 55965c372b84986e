"""Bitget over its API. A unified account is asked in another way than a classic one: of it only the key is looked
after so far.

The list for the tax is the ledger where the key may read it (two years, windows of 30 days), else the bills (90 days
back); the other lists are windows of 90 days. Pages go back by the last id. Fills say nothing that the ledgers do not
and want a market each: they are not asked for. P2P, margin and futures have tax lists of their own, which are not
read yet: what came to spot from there shows as a balance that differs.

Sources: bitget.com/api-doc, "Get Account Information" (spot), "Get Account Info" (UTA), "Spot Transaction Records"
(tax), "Get Convert History", "Get BGB Convert History"; answers recorded in ccxt for bills, deposits and withdrawals;
Bitget's own agent-sdk for the error codes, the others as in ccxt (2026-11). From memory: that managing a unified
account includes transfers, how far back each list reaches, the fields of savings' records and of the balances. When a
key was made or ends isn't told: regisTime is the person's.
"""

from collections.abc import Callable
from datetime import date

from msgspec.structs import replace

from importers import base
from importers.base import (
    Answer,
    Call,
    Exchange,
    Fault,
    Item,
    Listed,
    Params,
    Refused,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    bound,
    inside,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import cut, seconds, text
from importers.parsers import bitget as parser

PAGE = 100
TWO_YEARS = 729  # days

# ---- reading its answers ----------------------------------------------------------------------


def _rows(answer: Answer, name: str = "") -> list[Answer]:
    """The list of an answer: its `data`, or what that has under `name`, where an empty list may be null."""
    data = answer.get("data") if isinstance(answer, dict) and answer.get("code") == "00000" else None
    if name and isinstance(data, dict) and name in data:
        data = data[name] if data[name] is not None else []
    elif name:
        raise Unlike(f"its answer has no {name}")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise Unlike("its answer has no list of data")
    return data


def _read(id: str, time: str, name: str = "") -> Callable[[Answer, Span], Listed]:
    """A page, newest first; the next one begins below the last id."""

    def read(answer: Answer, _span: Span) -> Listed:
        rows = _rows(answer, name)
        items = [Item(text(row, id), seconds(row, time), row) for row in rows]
        return Listed(items, text(rows[-1], id) if cut(len(rows), PAGE) else None)

    return read


def _savings(answer: Answer, span: Span) -> Listed:
    """An order pays interest many times: its id alone is none of a record."""
    rows = _rows(answer, "resultList")
    ids = ["/".join(text(row, name) for name in ("orderId", "orderType", "ts")) for row in rows]
    items = [Item(one, seconds(row, "ts"), row) for one, row in zip(ids, rows, strict=True)]
    end = answer["data"].get("endId") or None
    return Listed(items, str(end) if end and cut(len(rows), PAGE) and str(end) != span.place else None)


def _ask(span: Span) -> Params:
    assert span.since is not None and span.until is not None
    params: Params = {"startTime": str(int(span.since * 1000)), "endTime": str(int(span.until * 1000))}
    if span.part:
        params["periodType"] = span.part
    params["limit"] = str(PAGE)
    return params if span.place is None else params | {"idLessThan": str(span.place)}


def _periods(_call: Call, _known: object) -> tuple[str, ...]:
    return ("flexible", "fixed")


def _balances(*amounts: str) -> Callable[[Answer], Answer]:
    def read(answer: Answer) -> Answer:
        for row in _rows(answer):
            text(row, "coin")
            if not all(isinstance(row.get(name), str) for name in amounts):
                raise Unlike("its answer has no balances")
        return answer

    return read


# ---- what a key may do ------------------------------------------------------------------------

_READS = frozenset("readonly coor cpor stor smor ttor wtor taxr chor p2pr pllr".split())
_TRADES = frozenset("trade coow cpow stow smow ttow p2p p2pw pllw taxw".split())
_MOVES = frozenset("withdraw transfer wtow wwow chow".split())  # chow: sub-accounts, which funds can go to
_NEEDED = {"stor": "spot trade: read", "wtor": "wallet transfer: read"}
_UNIFIED = Fault("its account is a unified one")
_UNIFIED_TRADES = frozenset(("uta_trade", "copy_futures_position", "copy_futures_order"))
_PERSON = frozenset(("userId", "uid", "inviterId", "parentId", "channelCode", "channel", "ips", "regisTime"))
_KNOWN = _PERSON | {"authorities", "traderType", "trader"}
_UNIFIED_KNOWN = _PERSON | {"permissions", "permType"}


def _ask_rights(call: Call, _key: str = "") -> Rights:
    try:
        rights: Rights = call("privateSpotGetV2SpotAccountInfo", {}, _rights)
    except Refused as why:
        if not str(why).endswith(_UNIFIED.sentence):
            raise
        rights = call("privateUtaGetV3AccountInfo", {}, _unified_rights)
    return rights


def _rights(answer: Answer) -> Rights:
    account = inside(answer, "data")
    may = _words(inside(account, "authorities"))
    rights = Rights.of(may, _READS, _TRADES, _MOVES)
    sees = may | {f"{word[:-1]}r" for word in may} | (set(_NEEDED) if "readonly" in may else set())
    missing = tuple(words for code, words in _NEEDED.items() if code not in sees)
    rights = replace(rights, read=bool(sees & _READS), missing=missing, ip_bound=bound(account.get("ips")))
    return beyond(rights, account, _KNOWN)


def _unified_rights(answer: Answer) -> Rights:
    account = inside(answer, "data")
    may, kind = _words(inside(account, "permissions")), inside(account, "permType")
    if kind == "read-only":  # and yet not believed of a right that is no matter of reading
        rights = Rights.of(may, _UNIFIED_TRADES | {"uta_mgt"}, frozenset(), frozenset({"withdraw"}))
        rights = replace(rights, may=tuple(f"read {word}" for word in rights.may))
    else:
        rights = Rights.of(may, frozenset(), _UNIFIED_TRADES, frozenset({"withdraw", "uta_mgt"}))
        rights = replace(rights, trade=True, unknown=rights.unknown or kind != "read-and-write")
    return beyond(replace(rights, read=True, ip_bound=bound(account.get("ips"))), account, _UNIFIED_KNOWN)


def _words(given: Answer) -> set[str]:
    if not isinstance(given, list) or not given or not all(isinstance(word, str) for word in given):
        raise Unlike("its answer does not say what the key may do")
    return set(given)


_RECORDS = "at bitget.com: Assets > Export (transaction records), a file of each account"

EXCHANGE = Exchange(
    id="bitget",
    name="Bitget",
    version=2,
    credentials=("apiKey", "secret", "password"),
    time=("publicCommonGetV2PublicTime", lambda answer: answer["data"]["serverTime"]),
    allow=frozenset(
        {
            ("public.common", "GET", "v2/public/time"),
            ("private.uta", "GET", "v3/account/info"),
            ("private.tax", "GET", "v2/tax/spot-record"),
            ("private.convert", "GET", "v2/convert/convert-record"),
            ("private.convert", "GET", "v2/convert/bgb-convert-records"),
            ("private.earn", "GET", "v2/earn/savings/records"),
            ("private.earn", "GET", "v2/earn/account/assets"),
            ("private.spot", "GET", "v2/account/funding-assets"),
            *(
                ("private.spot", "GET", f"v2/spot/{path}")
                for path in ("account/info", "account/assets", "account/bills", "wallet/deposit-records",
                             "wallet/withdrawal-records")
            ),
        }
    ),
    streams=(
        Stream(parser.TAX, "all of the spot account for the tax", "privateTaxGetV2TaxSpotRecord", _ask,
               _read("id", "ts"), 3, window=29, horizon=TWO_YEARS, optional=True),
        Stream(parser.BILLS, "bills of the spot account", "privateSpotGetV2SpotAccountBills", _ask,
               _read("billId", "cTime"), 3, window=89, horizon=89),
        Stream(parser.DEPOSITS, "deposits", "privateSpotGetV2SpotWalletDepositRecords", _ask,
               _read("orderId", "cTime"), 20, window=89, horizon=TWO_YEARS),
        Stream(parser.WITHDRAWALS, "withdrawals", "privateSpotGetV2SpotWalletWithdrawalRecords", _ask,
               _read("orderId", "cTime"), 20, window=89, horizon=TWO_YEARS),
        Stream(parser.CONVERTS, "conversions", "privateConvertGetV2ConvertConvertRecord", _ask,
               _read("id", "ts", "dataList"), 3, window=89, horizon=TWO_YEARS, optional=True),
        Stream(parser.SMALL, "small balances converted to BGB", "privateConvertGetV2ConvertBgbConvertRecords", _ask,
               _read("orderId", "ctime"), 3, window=89, horizon=TWO_YEARS, optional=True),
        Stream(parser.SAVINGS, "orders and interest of savings", "privateEarnGetV2EarnSavingsRecords", _ask, _savings,
               3, window=89, horizon=TWO_YEARS, optional=True, parts=_periods),
    ),
    parse=parser.read_records,
    wallets=(
        Wallet("", "privateSpotGetV2SpotAccountAssets", _balances("available", "frozen", "locked")),
        Wallet("funding", "privateSpotGetV2AccountFundingAssets", _balances("available", "frozen"), optional=True),
        Wallet("earn", "privateEarnGetV2EarnAccountAssets", _balances("amount"), optional=True),
    ),
    begins=date(2018, 7, 1),
    not_read=(
        *(NotRead(what, _RECORDS, hidden=True) for what in ("margin", "futures", "P2P trades", "loans", "launchpools")),
        NotRead("bots and copied trades", _RECORDS),
        NotRead("sub-accounts", OWN_KEY),
    ),
    gap_help=(
        "At bitget.com: Assets > Export (transaction records), make files of the spot account for the time before, "
        "then `taxsync import` those files"
    ),
    rights=_ask_rights,
    faults={
        '"code":"40006"': base.KEY,
        '"code":"40036"': base.KEY,
        '"code":"40037"': base.KEY,
        '"code":"40009"': base.SECRET,
        '"code":"40010"': base.SECRET,
        '"code":"40012"': base.PASSPHRASE,
        '"code":"40018"': base.ADDRESS,
        '"code":"40014"': base.LACKING,
        '"code":"40004"': base.CLOCK,
        '"code":"40005"': base.CLOCK,
        '"code":"40008"': base.CLOCK,
        '"code":"40024"': base.COUNTRY,
        '"code":"40085"': _UNIFIED,
        '"code":"429"': base.LIMITED,
        '"code":"40015"': base.BUSY,
        '"code":"40200"': base.BUSY,
        '"code":"40725"': base.BUSY,
    },
    key_help=(
        "At bitget.com: profile > API keys > Create API key, system-generated; choose a passphrase, Read-only, and "
        "tick Spot trading, Wallet transfer and Tax (of a unified account: both entries)"
    ),
    bind_help="At bitget.com: profile > API keys, Edit, Bind IP address",
    revoke_help="At bitget.com: profile > API keys, Delete beside the key",
)  # fmt: skip
