"""Bitvavo over its API: its keys, so far. It does not tell what a key may do.

Sources: docs.bitvavo.com, "Handle errors", "Rate limits"; the reasons of codes 301 to 317 as in ccxt (2026-11). The
capabilities that its account information lists are those of the account, not of the key (from memory).
"""

from importers import base
from importers.base import Exchange, Fault

EXCHANGE = Exchange(
    id="bitvavo",
    name="Bitvavo",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset(),
    faults={
        '"errorCode":301,': base.KEY,
        '"errorCode":305,': base.KEY,
        '"errorCode":306,': Fault("the key is not active yet: confirm it with the e-mail that Bitvavo sent"),
        '"errorCode":308,': base.SECRET,
        '"errorCode":309,': base.SECRET,
        '"errorCode":307,': base.ADDRESS,
        '"errorCode":302,': base.CLOCK,
        '"errorCode":304,': base.CLOCK,
        '"errorCode":311,': base.LACKING,
        '"errorCode":317,': base.LOCKED,
        '"errorCode":103,': base.LIMITED,
        '"errorCode":105,': base.LIMITED,
        '"errorCode":110,': base.LIMITED,
        '"errorCode":107,': base.BUSY,
        '"errorCode":108,': base.BUSY,
        '"errorCode":109,': base.BUSY,
    },
    key_help=(
        "At bitvavo.com: profile > API > Request new API key; tick only View information, neither Trade nor Withdraw, "
        "and confirm by e-mail"
    ),
    bind_help="At bitvavo.com: profile > API, edit the key, IP whitelist",
    revoke_help="At bitvavo.com: profile > API, Remove beside the key",
)
