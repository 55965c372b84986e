"""Etherscan's "CSV export" of an address's transactions, and of other explorers made like it: see
`importers.parsers.etherscan`."""

from importers.exports import export
from importers.parsers import etherscan

FORMAT = export(
    "etherscan_transactions",
    1,
    needs=("UnixTimestamp", "From", "To", "ContractAddress", "Status", "ErrCode"),
    one_of=etherscan.HASHES,
    may_have=("Blockno", "DateTime", "DateTime (UTC)", "TxnFee(USD)", "Method", "PrivateNote"),
    date="UnixTimestamp",
    times=("seconds",),
    together=etherscan.native,
    id=etherscan.HASHES,
    changing=etherscan.CHANGING,
    more=etherscan.MORE,
    named=etherscan.ADDRESS,
    by_owner=True,
    alike=etherscan.RENAMED,
)
