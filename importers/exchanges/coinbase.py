"""Coinbase over its API: its keys, so far. A key belongs to one portfolio and sees only that one.

Sources: docs.cdp.coinbase.com, "Get API Key Permissions", "Coinbase App API key authentication", "Legacy API keys
are no longer supported" (2026-11). From public code, not from a document: the key file of an Ed25519 key, with "id"
in place of "name". From memory: the bodies of its errors; a plain 401 has no reason in it.
"""

from dataclasses import replace

from importers import base
from importers.base import Answer, Call, Exchange, Fault, Rights, Unlike, inside

_METHOD = "v3PrivateGetBrokerageKeyPermissions"
_READS, _TRADES, _MOVES = frozenset({"view"}), frozenset({"trade", "receive"}), frozenset({"transfer"})
_ABOUT = frozenset(("portfolio_uuid", "portfolio_type"))


def _ask_rights(call: Call, _key: str = "") -> Rights:
    rights: Rights = call(_METHOD, {}, _rights)
    return rights


def _rights(answer: Answer) -> Rights:
    """A right is not given where it says false, and nowhere else."""
    for name in ("can_view", "can_trade", "can_transfer"):
        if not isinstance(inside(answer, name), bool):
            raise Unlike("its answer does not say what the key may do")
    may = {name.removeprefix("can_") for name, value in answer.items() if name not in _ABOUT and value is not False}
    rights = Rights.of(may, _READS, _TRADES, _MOVES)
    portfolio, kind = (str(answer.get(name) or "") for name in ("portfolio_uuid", "portfolio_type"))
    named = " ".join(filter(None, (portfolio, f"({kind.lower()})" if kind else "")))
    limits = (f"only one portfolio, {named or 'which it does not name'}; every other one needs a key of its own",)
    return replace(rights, missing=() if rights.read else ("View",), limits=limits)


_NOT_TAKEN = Fault(
    "it does not take the key: revoked, not copied whole, bound to another address, or the clock of this machine is "
    "wrong; set the clock, then add the key again with `taxsync keys add`"
)

EXCHANGE = Exchange(
    id="coinbase",
    name="Coinbase",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset({("v3.private", "GET", "brokerage/key_permissions")}),
    rights=_ask_rights,
    faults={
        "request timestamp expired": base.CLOCK,
        '"PERMISSION_DENIED"': base.LACKING,
        "Missing required scopes": base.LACKING,
        '"invalid_scope"': base.LACKING,
        '"authentication_error"': _NOT_TAKEN,
        '"invalid_token"': _NOT_TAKEN,
        '"revoked_token"': _NOT_TAKEN,
        '"expired_token"': _NOT_TAKEN,
        '"unauthorized"': _NOT_TAKEN,
        " 401 ": _NOT_TAKEN,
        '"rate_limit_exceeded"': base.LIMITED,
        '"resource_exhausted"': base.LIMITED,
        '"RESOURCE_EXHAUSTED"': base.LIMITED,
        " 429 ": base.LIMITED,
    },
    key_help=(
        "At portal.cdp.coinbase.com: API Keys > Secret API Keys > Create API key; under API restrictions choose the "
        "portfolio and View only, under Advanced settings ECDSA; download the key and give the file as it is, "
        "`taxsync keys add coinbase --stdin < FILE`"
    ),
    bind_help="At portal.cdp.coinbase.com: API Keys > Secret API Keys, edit the key, IP allowlist",
    revoke_help="At portal.cdp.coinbase.com: API Keys > Secret API Keys, the key's menu, Delete",
    key_file={"name": "apiKey", "id": "apiKey", "privateKey": "secret"},
)
