"""The list of deposits that HTX's support sends. See `importers.parsers.htx_files`."""

from importers.exports import export
from importers.parsers.htx_files import deposit

FORMAT = export(
    "htx_deposits",
    1,
    needs=("uid", "currency", "tx_hash", "from_address", "to_address", "amount", "deposit_time"),
    date="deposit_time",
    exchange="htx",
    each=deposit,
    changing=("uid",),
)
