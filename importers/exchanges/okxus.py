"""OKX US: OKX's site with accounts and keys of its own; see `okx`."""

from msgspec.structs import replace

from importers.exchanges.okx import EXCHANGE as OKX

EXCHANGE = replace(
    OKX,
    id="okxus",
    name="OKX US",
    key_help=OKX.key_help.replace("okx.com", "app.okx.com"),
    bind_help=OKX.bind_help.replace("okx.com", "app.okx.com"),
    gap_help=OKX.gap_help.replace("okx.com", "app.okx.com"),
    revoke_help=OKX.revoke_help.replace("okx.com", "app.okx.com"),
)
