"""KuCoin over its API: its keys, so far.

Sources: docs.kucoin.com, "Introduction" (the permissions) and "Get Apikey Info", kucoin.com/docs-new, "Error Code"
(2026-11). The words of a permission in the answer are taken from the first; "Trade" and "Transfer" are those of
older keys.
"""

from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Rights, Unlike, day, inside

_READS = frozenset({"General"})
_TRADES = frozenset(("Trade", "Spot", "Margin", "Futures", "Earn", "Unified"))
_MOVES = frozenset(("Withdrawal", "Transfer", "InnerTransfer", "FlexTransfers"))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privateGetUserApiKey", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    given = inside(answer, "data", "permission")
    if not isinstance(given, str) or not given.strip():
        raise Unlike("its answer does not say what the key may do")
    rights = Rights.of(filter(None, (word.strip() for word in given.split(","))), _READS, _TRADES, _MOVES)
    bound = answer["data"].get("ipWhitelist", "")  # is left out of a key that has none
    return replace(
        rights,
        missing=() if rights.read else ("General",),
        ip_bound=bool(bound.strip()) if isinstance(bound, str) else None,
        created=day(answer["data"].get("createdAt")),
    )


EXCHANGE = Exchange(
    id="kucoin",
    name="KuCoin",
    version=1,
    credentials=("apiKey", "secret", "password"),
    allow=frozenset({("private", "GET", "user/api-key")}),
    rights=_ask_rights,
    faults={
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
