"""The list of withdrawals that HTX's support sends. See `importers.parsers.htx_files`."""

from importers.exports import export
from importers.parsers.htx_files import withdrawal

FORMAT = export(
    "htx_withdrawals",
    1,
    needs=("uid", "currency", "tx_hash", "to_address", "amount", "fee", "withdraw_time"),
    date="withdraw_time",
    exchange="htx",
    each=withdrawal,
    changing=("uid",),
)
