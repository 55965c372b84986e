"""Gemini over its API: its keys, so far. A key has roles; Auditor is the one that only reads.

Sources: developer.gemini.com, "Roles Endpoint", "Roles", "Error Codes" (2026-11). ccxt passes on only the message of
an error; those of a wrong key and a wrong signature are from memory.
"""

from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Rights, Unlike, inside

_ROLES = {"isAuditor": "Auditor", "isTrader": "Trader", "isFundManager": "Fund Manager",
          "isAccountAdmin": "Administrator"}  # fmt: skip
_ABOUT = frozenset(("counterparty_id",))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call("privatePostV1Roles", {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    """A role is not given where it says false, and nowhere else. A fund manager withdraws and transfers."""
    for name in ("isAuditor", "isTrader", "isFundManager"):
        if not isinstance(inside(answer, name), bool):
            raise Unlike("its answer does not say which roles the key has")
    may = {_ROLES.get(name, name) for name, value in answer.items() if name not in _ABOUT and value is not False}
    rights = Rights.of(may, frozenset({"Auditor"}), frozenset({"Trader", "Administrator"}), frozenset({"Fund Manager"}))
    if rights.read:
        return rights
    sees = "Trader" in may  # its trades, but no transfers
    return replace(
        rights, read=sees, limits=("no deposits and withdrawals: only an Auditor sees them",) if sees else ()
    )


EXCHANGE = Exchange(
    id="gemini",
    name="Gemini",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset({("private", "POST", "v1/roles")}),
    rights=_ask_rights,
    faults={
        "requires an account-key": Fault("this is a master key; make a key of one account and add it"),
        "assign one of these roles": base.LACKING,
        "InvalidSignature": base.SECRET,
        "InvalidApiKey": base.KEY,
        "is not within 30 seconds": base.CLOCK,
        "has not increased": base.NONCE,
        "InvalidNonce": base.NONCE,
        "RateLimit": base.LIMITED,
        "too frequently": base.LIMITED,
        "undergoing maintenance": base.BUSY,
        "technical issues": base.BUSY,
    },
    key_help=(
        "At exchange.gemini.com: Account > Settings > API > Create a new API key, of the one account and not Master; "
        "choose the role Auditor in place of Trader"
    ),
    bind_help="At exchange.gemini.com: Account > Settings > API, the key's settings, IP address allowlist",
    revoke_help="At exchange.gemini.com: Account > Settings > API, the key's settings, Revoke",
)
