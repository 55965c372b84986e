"""OKX over its API: its keys, so far. Its sites (okx.com, Europe, US) have separate accounts and keys.

Sources: OKX API guide, "Get account configuration", as OKX's own agent-trade-kit and two client libraries have it,
and OKX's tables of error codes (2026-11); 50119 as reported by many users. From memory: 50120, and that the right to
trade includes transfers between a person's own accounts there.
"""

from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Rights, Unlike, elsewhere, inside


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privateGetAccountConfig", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    account = inside(answer, "data", 0)
    if len(answer["data"]) != 1:
        raise Unlike("its answer speaks of several accounts")
    given, bound = inside(account, "perm"), inside(account, "ip")
    if not isinstance(given, str) or not given.strip():
        raise Unlike("its answer does not say what the key may do")
    rights = Rights.of(
        filter(None, (word.strip() for word in given.split(","))),
        frozenset({"read_only"}), frozenset({"trade"}), frozenset({"withdraw"}),
    )  # fmt: skip
    return replace(
        rights,
        missing=() if rights.read else ("Read",),
        ip_bound=bool(bound.strip()) if isinstance(bound, str) else None,
    )


EXCHANGE = Exchange(
    id="okx",
    name="OKX",
    version=1,
    credentials=("apiKey", "secret", "password"),
    allow=frozenset({("private", "GET", "account/config")}),
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
    },
    key_help=(
        "At okx.com: profile > API > Create API key; choose a passphrase and tick only Read, neither Trade nor Withdraw"
    ),
    bind_help="At okx.com: profile > API, Edit, IP address",
    revoke_help="At okx.com: profile > API, Delete beside the key",
)
