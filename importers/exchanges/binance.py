"""Binance over its API: its keys, so far.

Sources: developers.binance.com, "Get API Key Permission" and its error codes (2026-11). From memory:
tradingAuthorityExpirationTime, which is the end of the right to trade and not of the key.
"""

from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Rights, Unlike, day, elsewhere, inside

RIGHTS = "sapiGetAccountApiRestrictions"
_READS = frozenset(("enableReading", "enableFixReadOnly"))
_TRADES = frozenset(
    (
        "enableSpotAndMarginTrading", "enableMargin", "enableFutures", "enableVanillaOptions",
        "enablePortfolioMarginTrading", "enableFixApiTrade",
    )
)  # fmt: skip
_MOVES = frozenset(("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"))
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
    rights: Rights = call(RIGHTS, {}, read_rights)
    return rights


def read_rights(answer: Answer) -> Rights:
    """A right is not given where it says false, and nowhere else."""
    for name in _ALWAYS:
        if not isinstance(inside(answer, name), bool):
            raise Unlike("its answer does not say what the key may do")
    may = {name for name, value in answer.items() if name not in _ABOUT and value is not False}
    rights = replace(Rights.of(may, _READS, _TRADES, _MOVES), read="enableReading" in may)
    bound = answer.get("ipRestrict")
    return replace(
        rights,
        missing=() if rights.read else ("Enable Reading",),
        ip_bound=bound if isinstance(bound, bool) else None,
        created=day(answer.get("createTime")),
    )


_SITES = "binance for binance.com, binanceus for binance.us"
_NOT_TAKEN = Fault(
    "it does not take the key: revoked, bound to another address, without the right to this, or made at another of "
    f"its sites ({_SITES}); look at the key there, or make a new one and add it with `taxsync keys add`"
)

EXCHANGE = Exchange(
    id="binance",
    name="Binance",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset({("sapi", "GET", "account/apiRestrictions")}),
    rights=ask_rights,
    faults={
        '"code":-2015,': _NOT_TAKEN,  # ccxt calls it a rate limit once a request has passed
        '"code":-2014,': base.KEY,
        '"code":-2008,': elsewhere(_SITES),
        '"code":-1022,': base.SECRET,
        '"code":-1021,': base.CLOCK,
        '"code":-1002,': base.LACKING,
        '"code":-1003,': base.LIMITED,
        '"code":-1015,': base.LIMITED,
        '"code":-1000,': base.BUSY,
        '"code":-1001,': base.BUSY,
        '"code":-1007,': base.BUSY,
        '"code":-1008,': base.BUSY,
        "under maintenance": base.BUSY,
        "restricted location": base.COUNTRY,
    },
    key_help=(
        "At binance.com: Account > API Management > Create API; keep only Enable Reading ticked, so no trading, "
        "withdrawals or transfers"
    ),
    bind_help="At binance.com: Account > API Management, Edit restrictions, Restrict access to trusted IPs only",
    revoke_help="At binance.com: Account > API Management, Delete beside the key",
)
