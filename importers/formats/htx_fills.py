"""The list of fills that HTX's support sends. See `importers.parsers.htx_files`."""

from importers.exports import export
from importers.parsers.htx_files import fill

FORMAT = export(
    "htx_fills",
    1,
    needs=("uid", "symbol", "deal_type", "order_type", "account_type", "price", "volume", "amount", "fee_amount",
           "fee_currency", "deal_time"),
    may_have=("fee_point_currency", "fee_point_volume"),
    date="deal_time",
    exchange="htx",
    each=fill,
    changing=("uid",),
)  # fmt: skip
