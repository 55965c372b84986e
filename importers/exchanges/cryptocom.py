"""Crypto.com Exchange over its API: its keys, so far. It does not tell what a key may do.

Sources: exchange-docs.crypto.com (no request for a key's rights is listed there); the codes as in ccxt (2026-11).
The Crypto.com App is another account and has no API.
"""

from importers import base
from importers.base import Exchange, Fault

_NOT_TAKEN = Fault(
    "it does not take the key: revoked, not copied whole, or the secret is of another key; "
    "copy both again, `taxsync keys add`"
)

EXCHANGE = Exchange(
    id="cryptocom",
    name="Crypto.com Exchange",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset(),
    faults={
        '"code":40101': _NOT_TAKEN,
        '"code":10002': _NOT_TAKEN,
        '"code":40103': base.ADDRESS,
        '"code":10003': base.ADDRESS,
        '"code":40102': base.CLOCK,
        '"code":10007': base.CLOCK,
        '"code":40104': base.LACKING,
        '"code":10005': base.LACKING,
        '"code":42901': base.LIMITED,
        '"code":10006': base.LIMITED,
        '"code":50001': base.BUSY,
        '"code":9010001': base.BUSY,
    },
    key_help=(
        "At crypto.com/exchange: user centre > API > Create a new API key; leave Can Read as it is and tick neither "
        "Enable Trading nor Enable Withdrawal"
    ),
    bind_help="At crypto.com/exchange: user centre > API, Edit, IP whitelist",
    revoke_help="At crypto.com/exchange: user centre > API, Delete beside the key",
)
