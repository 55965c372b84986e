"""Binance.US over its API: its keys, so far. It has Binance's form, but its documents do not list the rights' endpoint.

Sources: github.com/binance-us/binance-us-api-docs, "errors" (2026-11); for what a key may do, Binance's (see
`binance`). From memory: that the endpoint answers 404 here; then the rights can't be told.
"""

from dataclasses import replace

from importers.base import Call, Fault, Refused, Rights
from importers.exchanges.binance import EXCHANGE as BINANCE
from importers.exchanges.binance import RIGHTS, read_rights

_NOT_TOLD = Fault("it has no such list")


def _ask_rights(call: Call, _key: str = "") -> Rights:
    try:
        rights: Rights = call(RIGHTS, {}, read_rights)
    except Refused as why:
        if not str(why).endswith(_NOT_TOLD.sentence):
            raise
        return Rights(read=False, unknown=True)
    return rights


EXCHANGE = replace(
    BINANCE,
    id="binanceus",
    name="Binance.US",
    rights=_ask_rights,
    faults={**BINANCE.faults, " 404 ": _NOT_TOLD},
    key_help=(
        "At binance.us: Settings > API Management > Create API; keep only Can Read ticked, so no trading and no "
        "withdrawals"
    ),
    bind_help="At binance.us: Settings > API Management, Edit, Restrict access to trusted IPs only",
    revoke_help="At binance.us: Settings > API Management, Delete beside the key",
)
