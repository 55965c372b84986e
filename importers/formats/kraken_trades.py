"""Kraken's export "Trades": one row per fill, its fee in the money of the pair. Times are UTC.

The export "Ledgers" says more: a fee that was taken in the other asset, in which place the units are. Where an account
has both, the ledger's count (the txid of a trade is the refid of its entries).

Source: support.kraken.com, "How to interpret Trades history fields".
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.kraken import pair_of


def read(row: Row) -> Iterable[Said]:
    """A fill: the base asset against the quote."""
    pair, side = pair_of(row["pair"]), row["type"].casefold()
    if row.number("margin") or "closing" in row["misc"]:
        raise Unread("it is of a position on margin; import the export 'Ledgers', which says what that brought or took")
    if pair is None:
        raise Unread(f"the pair {row['pair']} is not known")
    base, quote = row.amount("vol", pair[0]), row.amount("cost", pair[1])
    if side not in ("buy", "sell"):
        raise Unread(f"type {side} is neither buy nor sell")
    yield row.transaction(
        sent=quote if side == "buy" else base,
        received=base if side == "buy" else quote,
        fee=row.amount("fee", pair[1]),
        description=f"{side} {row['pair']} at {row['price']}",
    )


FORMAT = export(
    "kraken_trades",
    1,
    needs=("txid", "ordertxid", "pair", "time", "type", "ordertype", "price", "cost", "fee", "vol", "margin", "misc",
           "ledgers"),
    may_have=("aclass", "subclass", "posttxid", "posstatuscode", "cprice", "ccost", "cfee", "cvol", "cmargin", "net",
              "costusd", "trades", "margin currency", "leverage"),
    date="time",
    exchange="kraken",
    each=read,
    id=("txid",),
    rank=2,
)  # fmt: skip
