"""OKX over its API. Its sites (okx.com, Europe, US) have separate accounts and keys.

The trading account's bills reach back three months, the funding account's to 1 February 2021; older bills of the
trading account come as files, one for each quarter that has ended, which are ordered by POST (it changes nothing
there), 12 a day, and ready after some hours. They begin on 1 February 2021, too. Lists are gone through from the newest
back: bills of trading by id (`after`), others by the time of the oldest record met, once more from that millisecond
on, since several records may share it.

Sources: OKX API guide (okx.com/docs-v5), "Get account configuration", "Get bills details (last 3 months)", "Get
funding account transaction history" (`asset/bills-history`), "Apply bills details (since 2021)" and "Get bills details
(since 2021)" with the columns of its CSV, "Get transaction details (last 3 months)", "Get deposit history", "Get
withdrawal history", "Get convert history", "Get lending history" (a month), "Get order history" of on-chain earn, "Get
deposit order history" of fiat, as published copies have them, and OKX's tables of error codes (2026-11); 50119 as
reported by many users. It documents no host of the files of bills; those that brokers get are at
okg-pri-hk.oss-cn-hongkong.aliyuncs.com in its examples, those of market data at static.okx.com. From memory: 50120,
that the right to trade includes transfers between a person's own accounts there, that the easy-convert history spans
seven days, that a quarter without bills is a file without rows or no file, and the fields of the balances. When a key
was made or ends isn't told.
"""

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from msgspec.structs import replace

from importers import base, exact, quarters, unzipped
from importers.base import (
    Answer,
    Call,
    Exchange,
    Fault,
    Item,
    Listed,
    Params,
    Place,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    bound,
    elsewhere,
    inside,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import cut, seconds, text
from importers.parsers import okx as parser
from importers.quarters import Failed, Files, Quarter

PAGE = 100

# ---- reading its answers ----------------------------------------------------------------------


def _data(answer: Answer) -> list[Answer]:
    rows = answer.get("data") if isinstance(answer, dict) and str(answer.get("code")) == "0" else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unlike("its answer has no list of data")
    return rows


def _time(row: Answer, *names: str) -> Decimal:
    """Unix seconds; the first of these times that the entry has."""
    return seconds(row, next((name for name in names if row.get(name)), names[0]))


def _contents(rows: list[Answer]) -> list[str]:
    """Ids of records that have none: what they say, and a count of equal ones. A page begins with the first record
    of its millisecond, so that the count is the same on every page."""
    seen: dict[str, int] = {}
    ids = []
    for row in rows:
        digest = hashlib.sha256(exact.dumps(row).encode()).hexdigest()[:24]
        seen[digest] = seen.get(digest, 0) + 1
        ids.append(digest if seen[digest] == 1 else f"{digest}#{seen[digest]}")
    return ids


def _read(id: str, *times: str, following: Callable[[list[Answer]], Place]) -> Callable[[Answer, Span], Listed]:
    """A page, newest first; "" for the name of the id where records have none."""

    def read(answer: Answer, span: Span) -> Listed:
        rows = _data(answer)
        ids = [text(row, id) for row in rows] if id else _contents(rows)
        items = [Item(one, _time(row, *times), row) for one, row in zip(ids, rows, strict=True)]
        passed = span.since is not None and any(item.time < span.since for item in items)
        return Listed(items, following(rows) if cut(len(rows), PAGE) and not passed else None)

    return read


def _by_id(name: str, *times: str) -> Callable[[Answer, Span], Listed]:
    return _read(name, *times, following=lambda rows: text(rows[-1], name))


def _by_time(id: str, name: str) -> Callable[[Answer, Span], Listed]:
    """`after` gives what is earlier; the records of the oldest millisecond are met again."""
    return _read(id, name, following=lambda rows: int(min(_time(row, name) for row in rows) * 1000) + 1)


def _fiat(answer: Answer, span: Span) -> Listed:
    """Fiat orders are asked for up to a time, which is included."""
    return _read("ordId", "cTime", following=lambda rows: int(min(_time(r, "cTime") for r in rows) * 1000))(
        answer, span
    )


def _ask(span: Span) -> Params:
    params: Params = {"limit": str(PAGE)}
    return params if span.place is None else params | {"after": str(span.place)}


def _ask_fills(span: Span) -> Params:
    return {"instType": "SPOT"} | _ask(span)


def _ask_fiat(span: Span) -> Params:
    params: Params = {"limit": str(PAGE)}
    return params if span.place is None else params | {"before": str(span.place)}


def _balances(*path: str) -> Callable[[Answer], Answer]:
    """What is held, when every entry has its coin and its amount at the end of `path`."""
    *lists, amount = path

    def read(answer: Answer) -> Answer:
        rows = _data(answer)
        for name in lists:
            inner = [row.get(name) for row in rows]
            if not all(isinstance(each, list) for each in inner):
                raise Unlike(f"its answer has no {name}")
            rows = [each for listed in inner for each in listed]
        for row in rows:
            text(row, "ccy")
            if not isinstance(row.get(amount), str):
                raise Unlike(f"an entry of its answer has no {amount}")
        if lists == ["details"] and not answer["data"]:
            raise Unlike("its answer has no account")
        return answer

    return read


# ---- older bills ------------------------------------------------------------------------------

_COLUMNS = ("billId", "ts", "ccy", "balChg", "subType")


def _bills(file: Answer, _span: Span | None = None) -> Listed:
    """What a file says: bills as the API has them, but for their type and what `notes`, `from` and `to` tell."""
    if not isinstance(file, bytes):
        raise Unlike("its answer is no file")
    return Listed([Item(text(row, "billId"), _time(row, "ts"), row) for row in unzipped.rows(file, _COLUMNS)])


def _of(of: Quarter) -> Params:
    return {"year": str(of.year), "quarter": f"Q{of.number}"}


def _order(call: Call, of: Quarter) -> None:
    def read(answer: Answer) -> None:
        text(inside(_data(answer), 0), "result")

    call("privatePostAccountBillsHistoryArchive", _of(of), read)


def _look(call: Call, of: Quarter) -> str | None:
    def read(answer: Answer) -> tuple[str, str]:
        file = next(iter(_data(answer)), {"state": "ongoing"})
        state, address = text(file, "state"), file.get("fileHref")
        if state == "finished" and not isinstance(address, str):
            raise Unlike("its answer has no fileHref")
        return state, str(address or "")

    state, address = call("privateGetAccountBillsHistoryArchive", _of(of), read)
    if state == "failed":
        raise Failed
    return address if state == "finished" else None


def _sub_account(call: Call) -> bool:
    """Whether it may have got coins in its trading account alone, so that no other list says how old it is."""

    def read(answer: Answer) -> bool:
        account: Answer = next(iter(_data(answer)), {})
        main, own = account.get("mainUid"), account.get("uid")
        return bool(main and own and main != own)

    return bool(call("privateGetAccountConfig", {}, read))


_ARCHIVE = Files(
    "bills of the trading account", date(2021, 2, 1), reach=89, a_day=12, order=_order, look=_look,
    read=lambda file: _bills(file).items, older=_sub_account,
)  # fmt: skip


# ---- what a key may do ------------------------------------------------------------------------

# Beside perm no rights: the account's settings say how it trades, not who may.
_KNOWN = frozenset(
    (
        "perm", "ip", "label", "uid", "mainUid", "kycLv", "type", "level", "levelTmp", "roleType", "spotRoleType",
        "traderInsts", "spotTraderInsts", "opAuth", "acctLv", "acctStpMode", "posMode", "autoLoan", "ctIsoMode",
        "mgnIsoMode", "liquidationGear", "greeksType", "feeType", "spotOffsetType", "stgyType", "enableSpotBorrow",
        "spotBorrowAutoRepay", "settleCcy", "settleCcyList", "discountType",
    )
)  # fmt: skip


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privateGetAccountConfig", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    account = inside(answer, "data", 0)
    if len(answer["data"]) != 1:
        raise Unlike("its answer speaks of several accounts")
    given, addresses = inside(account, "perm"), inside(account, "ip")
    if not isinstance(given, str) or not given.strip():
        raise Unlike("its answer does not say what the key may do")
    rights = Rights.of(
        filter(None, (word.strip() for word in given.split(","))),
        frozenset({"read_only"}), frozenset({"trade"}), frozenset({"withdraw"}),
    )  # fmt: skip
    rights = replace(rights, missing=() if rights.read else ("Read",), ip_bound=bound(addresses))
    return beyond(rights, account, _KNOWN)


_REPORTS = "at OKX: Assets > Report center, order the history of that time"

EXCHANGE = Exchange(
    id="okx",
    name="OKX",
    version=3,
    credentials=("apiKey", "secret", "password"),
    time=("publicGetPublicTime", lambda answer: answer["data"][0]["ts"]),
    files=("*.okx.com", "okg-*.oss-*.aliyuncs.com"),
    allow=frozenset(
        (("public", "GET", "public/time"), ("private", "POST", "account/bills-history-archive"))  # orders a file
    )
    | frozenset(
        ("private", "GET", path)
        for path in (
            "account/config", "account/balance", "asset/balances", "finance/savings/balance",
            "finance/staking-defi/orders-active", "account/bills-archive", "asset/bills-history",
            "trade/fills-history", "asset/deposit-history", "asset/withdrawal-history", "asset/convert/history",
            "trade/easy-convert-history", "account/bills-history-archive",
            "finance/savings/lending-history", "finance/staking-defi/orders-history",
            "fiat/deposit-order-history", "fiat/withdrawal-order-history", "fiat/buy-sell/history",
        )
    ),
    streams=(
        Stream(parser.TRADING, "bills of the trading account", "privateGetAccountBillsArchive", _ask,
               _by_id("billId", "ts"), 2),
        Stream(parser.FUNDING, "bills of the funding account", "privateGetAssetBillsHistory", _ask,
               _by_time("billId", "ts"), 2),
        Stream(parser.DEPOSITS, "deposits", "privateGetAssetDepositHistory", _ask, _by_time("depId", "ts"), 30),
        Stream(parser.WITHDRAWALS, "withdrawals", "privateGetAssetWithdrawalHistory", _ask, _by_time("wdId", "ts"), 30),
        Stream(parser.LENDING, "interest on savings", "privateGetFinanceSavingsLendingHistory", _ask,
               _by_time("", "ts"), 2, regional=True, horizon=30),
        Stream(parser.CONVERTS, "conversions", "privateGetAssetConvertHistory", _ask, _by_time("tradeId", "ts"), 2,
               optional=True),
        Stream(parser.DUST, "converted dust", "privateGetTradeEasyConvertHistory", _ask, _by_time("", "uTime"), 2,
               optional=True, horizon=7, details=True),
        Stream(parser.STAKING, "ended orders of on-chain earn", "privateGetFinanceStakingDefiOrdersHistory", _ask,
               _by_id("ordId", "redeemedTime", "purchasedTime"), 400, optional=True),
        Stream(parser.FILLS, "fills, which say prices", "privateGetTradeFillsHistory", _ask_fills,
               _by_id("billId", "ts"), 2, optional=True, horizon=90, details=True),
        Stream(parser.FIAT_IN, "deposits of money", "privateGetFiatDepositOrderHistory", _ask_fiat, _fiat, 30,
               optional=True),
        Stream(parser.FIAT_OUT, "withdrawals of money", "privateGetFiatWithdrawalOrderHistory", _ask_fiat, _fiat, 30,
               optional=True),
        Stream(parser.FIAT_TRADES, "crypto bought and sold for money", "privateGetFiatBuySellHistory", _ask_fiat,
               _fiat, 30, optional=True),
        # the last one: the others say how old the account is
        Stream(parser.ARCHIVE, "bills of the trading account, older than three months",
               "privateGetAccountBillsHistoryArchive", lambda _: {}, _bills, 0, onward=True,
               fetch=quarters.by_quarter(_ARCHIVE)),
    ),
    parse=parser.read_records,
    wallets=(
        Wallet("", "privateGetAccountBalance", _balances("details", "cashBal")),
        Wallet("funding", "privateGetAssetBalances", _balances("bal")),
        Wallet("savings", "privateGetFinanceSavingsBalance", _balances("amt"), optional=True),
        Wallet("staked", "privateGetFinanceStakingDefiOrdersActive", _balances("investData", "amt"), optional=True),
    ),
    begins=date(2017, 5, 31),
    not_read=(
        NotRead("bots and copied trades", _REPORTS),
        NotRead("loans", _REPORTS),
        NotRead("OKX Wallet accounts", "import each as the wallet that it is"),
        NotRead("sub-accounts", OWN_KEY),
    ),
    gap_help=(
        "At okx.com: Assets > Report center, order the history of that time, then `taxsync import` that file"
    ),
    rights=_ask_rights,
    faults={
        '"code":"50119"': elsewhere("okx, myokx for Europe, okxus for the US"),
        '"code":"50111"': base.KEY,
        '"code":"50113"': base.SECRET,
        '"code":"50105"': base.PASSPHRASE,
        '"code":"50110"': base.ADDRESS,
        '"code":"50102"': base.CLOCK,
        '"code":"50112"': base.CLOCK,
        '"code":"50120"': base.LACKING,
        '"code":"50114"': base.LACKING,
        '"code":"50101"': Fault("the key is one for demo trading; make one of the real account and add it"),
        '"code":"50100"': base.LOCKED,
        '"code":"50011"': base.LIMITED,
        '"code":"50001"': base.BUSY,
        '"code":"50004"': base.BUSY,
        '"code":"50013"': base.BUSY,
        '"code":"50026"': base.BUSY,
        "okx {}": base.BUSY,  # an answer that says nothing at all, after the site's name
        "okxus {}": base.BUSY,
    },
    key_help=(
        "At okx.com: profile > API > Create API key; choose a passphrase and tick only Read, neither Trade nor Withdraw"
    ),
    bind_help="At okx.com: profile > API, Edit, IP address",
    revoke_help="At okx.com: profile > API, Delete beside the key",
)  # fmt: skip
