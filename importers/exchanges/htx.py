"""HTX (once Huobi) over its API: its keys, so far. It lists all keys of a user.

Sources: HTX spot API, "API key query", "Get UID", "Error Code", "Frequently Asked Questions" (2026-11). The right to
trade includes transfers between a person's own accounts there.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Refused, Rights, Unlike, day, inside
from importers.permissions import of_all

_FORBIDDEN = 1002


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


def _data(answer: Answer) -> Answer:
    """What the second version of its API answers with code 200; ccxt passes on the others."""
    code = inside(answer, "code")
    if code == _FORBIDDEN:
        raise Refused(f"HTX (API key query): {base.LACKING.sentence}")
    if code != 200:
        raise Unlike("it answered with another code than 200")
    return inside(answer, "data")


def _rights(each: Mapping[str, Any]) -> Rights:
    given, bound = each.get("permission"), each.get("ipAddresses")
    if not isinstance(given, str) or not given.strip():
        raise Unlike("its answer does not say what the key may do")
    rights = Rights.of(
        filter(None, (word.strip() for word in given.split(","))),
        frozenset({"readOnly"}), frozenset({"trade"}), frozenset({"withdraw"}),
    )  # fmt: skip
    return replace(
        rights,
        missing=() if rights.read else ("Read-only",),
        ip_bound=bool(bound.strip()) if isinstance(bound, str) else None if bound else False,
        expires=_expires(each.get("validDays")),
        created=day(each.get("createTime")),
    )


def _expires(left: object) -> str:
    """The day of the end of a key that has so many days left; -1 is for ever."""
    if not isinstance(left, int) or left < 0:
        return ""
    return f"{datetime.now(UTC) + timedelta(days=min(left, 9999)):%Y-%m-%d}"


_NOT_TAKEN = Fault(
    "it does not take the signature: the secret does not belong to the key, the key is bound to another address, or "
    "the clock of this machine is wrong; set the clock, then add the key again with `taxsync keys add`"
)

EXCHANGE = Exchange(
    id="htx",
    name="HTX",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset({("spot.private", "GET", "v2/user/uid"), ("spot.private", "GET", "v2/user/api-key")}),
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
    key_help=("At htx.com: profile > API Management > Create API key; tick only Read-only, neither Trade nor Withdraw"),
    bind_help="At htx.com: profile > API Management, Edit, Bind IP address (a key without one ends in 90 days)",
    revoke_help="At htx.com: profile > API Management, Delete beside the key",
)
