"""HTX (once Huobi) over its API: fills of the last 120 days in windows of 48 hours, all deposits and withdrawals by
their ids, transfers of the last 180 days. It lists all keys of a user.

What is missing is fills that are older, and rewards, interest and rebates: only `account/history` has these, an hour
a request. Its list of balance changes (v2 ledger) has transfers alone.

Sources: HTX spot API, "Get all Accounts of the Current User", "Get Account Balance", "Get Account Ledger" (10 days a
request, 180 days), "Search Match Results" (48 hours, 120 days), "Search for Existed Withdraws and Deposits", "API key
query", "Get UID", "Error Code", "Frequently Asked Questions" (2026-11). The right to trade includes transfers between
a person's own accounts there. From memory: that `from` of a page is the last id of the page before.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

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
    Refused,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
    beyond,
    inside,
)
from importers.elsewhere import OWN_KEY, NotRead
from importers.entries import by_content, listed, milliseconds, seconds, text
from importers.parsers.htx import DEPOSITS, LEDGER, MATCHES, WITHDRAWALS, read_records
from importers.permissions import of_all

MOST = 500  # records of a page
LATE, PENDING = 1, 30  # days that a record may come late, and a withdrawal may stay unfinished
REACH, LEDGER_REACH = 119, 179  # days; a day less than documented, or the first request would come too late
_HELD = frozenset(("spot", "otc"))  # accounts whose coins are the person's, and nobody's loan

# ---- the history --------------------------------------------------------------------------------


def _ask_matches(span: Span) -> Params:
    assert span.since is not None and span.until is not None
    params: Params = {
        "start-time": milliseconds(span.since), "end-time": milliseconds(span.until), "size": MOST, "direct": "next",
    }  # fmt: skip
    return params if span.place is None else params | {"from": span.place}


def _read_matches(answer: Answer, _span: Span) -> Listed:
    found = _ok(answer)
    items = [Item(text(each, "id"), seconds(each, "created-at"), each) for each in found]
    return Listed(items, items[-1].id if len(items) >= MOST else None)


def _asking_movements(kind: str) -> Callable[[Span], Params]:
    def ask(span: Span) -> Params:
        params: Params = {"type": kind, "size": MOST, "direct": "next"}
        return params if span.place is None else params | {"from": span.place}

    return ask


def _read_movements(answer: Answer, span: Span) -> Listed:
    """A page, newest first; no time can be asked for, so that the list ends at the first older one."""
    items = [Item(text(each, "id"), seconds(each, "created-at"), each) for each in _ok(answer)]
    ended = len(items) < MOST or (span.since is not None and items[-1].time < span.since)
    return Listed(items, None if ended else items[-1].id)


def _ask_ledger(span: Span) -> Params:
    assert span.since is not None and span.until is not None
    params: Params = {
        "accountId": span.part, "startTime": milliseconds(span.since), "endTime": milliseconds(span.until),
        "limit": MOST,
    }  # fmt: skip
    return params if span.place is None else params | {"fromId": span.place}


def _read_ledger(answer: Answer, _span: Span) -> Listed:
    """Transfers, whose `transactId` can be 0."""
    found = listed(_coded(answer), "data")
    ids = by_content(found, "transactId", "currency", "transactAmt", "transferType", "transactTime")
    items = [Item(id, seconds(each, "transactTime"), each) for id, each in zip(ids, found, strict=True)]
    following = answer.get("nextId")
    return Listed(items, following if items and following else None)


def _ok(answer: Answer) -> Any:
    """The list of an answer of the first version of its API."""
    if not isinstance(answer, dict) or answer.get("status") != "ok":
        raise Unlike("it answered with another status than ok")
    return listed(answer, "data")


def _coded(answer: Answer) -> Answer:
    if inside(answer, "code") != 200:
        raise Unlike("it answered with another code than 200")
    return answer


def _accounts(call: Call, kinds: frozenset[str]) -> list[str]:
    """The ids of the accounts of these kinds."""
    found = call("spotPrivateGetV1AccountAccounts", {}, _ok)
    return [text(each, "id") for each in found if each.get("type") in kinds]


def _spot(call: Call, _known: Known) -> Iterable[str]:
    return _accounts(call, frozenset({"spot"}))


def _each_held(call: Call) -> Iterable[tuple[str, Params]]:
    return [(id, {"account-id": id}) for id in _accounts(call, _HELD)]


def _balance(answer: Answer) -> Answer:
    if not isinstance(answer, dict) or answer.get("status") != "ok":
        raise Unlike("it answered with another status than ok")
    listed(answer, "data", "list")
    return answer


# ---- what a key may do ----------------------------------------------------------------------------

_FORBIDDEN = 1002
_KNOWN = frozenset(
    (
        "permission", "accessKey", "status", "note", "ipAddresses", "validDays", "createTime", "updateTime",
    )
)  # fmt: skip


def _ask_rights(call: Call, key: str = "") -> Rights:
    """`key`: the apiKey that asks, where the caller knows it; without it, what any key of the user may do."""
    user = call("spotPrivateGetV2UserUid", {}, _user)
    own: dict[str, str | int] = {"accessKey": key} if key else {}

    def read(answer: Answer) -> Rights:
        listed = _data(answer)
        if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
            raise Unlike("its answer has no list of keys")
        return of_all(_rights(each) for each in listed if key in ("", each.get("accessKey")))

    rights: Rights = call("spotPrivateGetV2UserApiKey", {"uid": user, **own}, read)
    return rights


def _user(answer: Answer) -> int:
    user = _data(answer)
    if type(user) is not int:
        raise Unlike("its answer has no UID")
    return user


_KEY_HELP = "At htx.com: profile > API Management > Create API key; tick only Read-only, neither Trade nor Withdraw"


def _data(answer: Answer) -> Answer:
    """What the second version of its API answers with code 200; ccxt passes on the others."""
    code = inside(answer, "code")
    if code == _FORBIDDEN:
        raise Refused(f"HTX (API key query): {base.LACKING.sentence}. {_KEY_HELP}")
    if code != 200:
        raise Unlike("it answered with another code than 200")
    return inside(answer, "data")


def _rights(each: Mapping[str, Any]) -> Rights:
    given, status = each.get("permission"), each.get("status", "normal")
    if not isinstance(given, str) or not given.strip():
        raise Unlike("its answer does not say what the key may do")
    if status == "expired":
        raise Refused(f"HTX (API key query): {base.EXPIRED.sentence}")
    rights = Rights.of(
        filter(None, (word.strip() for word in given.split(","))),
        frozenset({"readOnly"}), frozenset({"trade"}), frozenset({"withdraw"}),
    )  # fmt: skip
    rights = replace(
        rights,
        missing=() if rights.read else ("Read-only",),
        ip_bound=base.bound(each.get("ipAddresses") or ""),
        expires=base.day_after(each.get("validDays")),  # -1: for ever
        created=base.day(each.get("createTime")),
    )
    return beyond(rights, each, _KNOWN if status == "normal" else _KNOWN - {"status"})


_NOT_TAKEN = Fault(
    "it does not take the signature: the secret does not belong to the key, the key is bound to another address, or "
    "the clock of this machine is wrong; set the clock, then add the key again with `taxsync keys add`",
    clock=True,
)

_HISTORY = "at htx.com: Assets > History and Orders, the kind that is missing, export"

EXCHANGE = Exchange(
    id="htx",
    name="HTX",
    version=3,
    credentials=("apiKey", "secret"),
    time=("spotPublicGetV1CommonTimestamp", lambda answer: answer["data"]),
    allow=frozenset({("spot.public", "GET", "v1/common/timestamp")})
    | frozenset(
        ("spot.private", "GET", path)
        for path in (
            "v1/account/accounts",
            "v1/account/accounts/{account-id}/balance",
            "v1/order/matchresults",
            "v1/query/deposit-withdraw",
            "v2/account/ledger",
            "v2/user/api-key",
            "v2/user/uid",
        )
    ),
    streams=(
        Stream(
            MATCHES,
            "trades",
            "spotPrivateGetV1OrderMatchresults",
            _ask_matches,
            _read_matches,
            LATE,
            window=2,
            horizon=REACH,
        ),
        Stream(
            DEPOSITS,
            "deposits",
            "spotPrivateGetV1QueryDepositWithdraw",
            _asking_movements("deposit"),
            _read_movements,
            PENDING,
        ),
        Stream(
            WITHDRAWALS,
            "withdrawals",
            "spotPrivateGetV1QueryDepositWithdraw",
            _asking_movements("withdraw"),
            _read_movements,
            PENDING,
        ),
        Stream(
            LEDGER,
            "transfers",
            "spotPrivateGetV2AccountLedger",
            _ask_ledger,
            _read_ledger,
            LATE,
            optional=True,
            window=10,
            horizon=LEDGER_REACH,
            parts=_spot,
        ),
    ),
    parse=read_records,
    wallets=(Wallet("", "spotPrivateGetV1AccountAccountsAccountIdBalance", _balance, each=_each_held),),
    begins=date(2013, 9, 1),
    not_read=(
        NotRead("margin and loans", _HISTORY, shown="margin"),
        NotRead("futures", _HISTORY, shown="futures|swap|contract"),
        NotRead("rewards and interest and rebates", _HISTORY, hidden=True),
        NotRead("P2P trades", _HISTORY, hidden=True),
        NotRead("bots and copied trades", _HISTORY, hidden=True),
        NotRead("sub-accounts", OWN_KEY),
    ),
    gap_help="at htx.com: Orders > Trade History and Assets > History, export, for trades older than 120 days, "
    "rewards, interest and rebates",
    rights=_ask_rights,
    faults={
        "Incorrect Access key": base.KEY,
        "login-required": base.KEY,
        "API key has no permission": base.LACKING,
        "api-signature-not-valid": _NOT_TAKEN,
        "api-signature-check-failed": _NOT_TAKEN,
        '"code":1003,': base.SECRET,
        "base-request-exceed-frequency-limit": base.LIMITED,
        "rate-too-many-requests": base.LIMITED,
        "system-maintenance": base.BUSY,
        "gateway-internal-error": base.BUSY,
    },
    key_help=_KEY_HELP,
    bind_help="At htx.com: profile > API Management, Edit, Bind IP address (a key without one ends in 90 days)",
    revoke_help="At htx.com: profile > API Management, Delete beside the key",
)
