"""Bybit EU: Bybit's site with accounts and keys of its own; see `bybit`."""

from msgspec.structs import replace

from importers.exchanges.bybit import EXCHANGE as BYBIT

EXCHANGE = replace(
    BYBIT,
    id="bybiteu",
    name="Bybit EU",
    key_help=BYBIT.key_help.replace("bybit.com", "bybit.eu"),
    bind_help=BYBIT.bind_help.replace("bybit.com", "bybit.eu"),
    gap_help=BYBIT.gap_help.replace("bybit.com", "bybit.eu"),
    revoke_help=BYBIT.revoke_help.replace("bybit.com", "bybit.eu"),
)
