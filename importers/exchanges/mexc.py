"""MEXC over its API: its keys, so far. It does not tell what a key may do.

Sources: mexc.com/api-docs/spot-v3, "Error code"; the others as in ccxt (2026-11). "canTrade" and "canWithdraw" of its
account information speak of the account, not of the key (from memory). ccxt's apiKeyInfo is not in its documents.
"""

from importers import base
from importers.base import Exchange, Fault

EXCHANGE = Exchange(
    id="mexc",
    name="MEXC",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset(),
    faults={
        '"code":10072,': base.KEY,
        '"code":700001,': base.KEY,
        '"code":700002,': Fault(
            "the secret does not belong to the key, or the key has expired; add a new one, `taxsync keys add`"
        ),
        '"code":700006,': base.ADDRESS,
        '"code":700007,': base.LACKING,
        '"code":401,': base.LACKING,
        '"code":700003,': base.CLOCK,
        '"code":10073,': base.CLOCK,
        '"code":429,': base.LIMITED,
        '"code":500,': base.BUSY,
        '"code":503,': base.BUSY,
    },
    key_help=(
        "At mexc.com: profile > API Management > Create; tick only the entries that View (account, spot orders, "
        "deposits and withdrawals), none that trades, transfers or withdraws"
    ),
    bind_help="At mexc.com: profile > API Management, Edit, Link IP address (a key without one ends in 90 days)",
    revoke_help="At mexc.com: profile > API Management, Delete beside the key",
)
