"""Gate Europe: Gate's site with accounts and keys of its own; see `gate`."""

from msgspec.structs import replace

from importers.exchanges.gate import EXCHANGE as GATE

EXCHANGE = replace(
    GATE,
    id="gateeu",
    name="Gate Europe",
    gap_help=GATE.gap_help.replace("gate.com", "gateeu.com"),
    key_help=GATE.key_help.replace("gate.com", "gateeu.com"),
    bind_help=GATE.bind_help.replace("gate.com", "gateeu.com"),
    revoke_help=GATE.revoke_help.replace("gate.com", "gateeu.com"),
)
