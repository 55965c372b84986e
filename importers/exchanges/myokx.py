"""OKX Europe: OKX's site with accounts and keys of its own; see `okx`."""

from msgspec.structs import replace

from importers.exchanges.okx import EXCHANGE as OKX

EXCHANGE = replace(
    OKX,
    id="myokx",
    name="OKX Europe",
    key_help=OKX.key_help.replace("okx.com", "my.okx.com"),
    bind_help=OKX.bind_help.replace("okx.com", "my.okx.com"),
    gap_help=OKX.gap_help.replace("okx.com", "my.okx.com"),
    revoke_help=OKX.revoke_help.replace("okx.com", "my.okx.com"),
)
