"""Bitstamp over its API: its keys, so far. It does not tell what a key may do.

Sources: bitstamp.net/api, "Response codes" (2026-11). From other programs' sources, not from a document: the codes
API0001 to API0017; no request for a key's rights is documented.
"""

from importers import base
from importers.base import Exchange

EXCHANGE = Exchange(
    id="bitstamp",
    name="Bitstamp",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset(),
    faults={
        "API0001": base.KEY,
        "API0002": base.ADDRESS,
        "API0003": base.LACKING,
        "API0004": base.NONCE,
        "API0005": base.SECRET,
        "invalid signature, use the uid": base.SECRET,  # what ccxt makes of API0005
        "API0017": base.CLOCK,
        '"400.002"': base.LIMITED,
        "under scheduled maintenance": base.BUSY,
    },
    key_help=(
        "At bitstamp.net: Settings > API access > Create new API key; tick only Account balance and User transactions "
        "(the rights to read), nothing that trades, withdraws or transfers, and confirm by e-mail"
    ),
    bind_help="At bitstamp.net: Settings > API access, open the key, IP address whitelist",
    revoke_help="At bitstamp.net: Settings > API access, Deactivate beside the key",
)
