"""Etherscan's "CSV export" of an address's transactions, and of other explorers made like it: see
`importers.parsers.etherscan`. Its internal transactions and its token transfers are read together with them."""

from importers.exports import export
from importers.family import joined
from importers.formats import etherscan_internal, etherscan_tokens
from importers.parsers import etherscan

_NATIVE = export(
    "etherscan_transactions",
    2,
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

FORMAT = joined(_NATIVE, etherscan_internal.FORMAT, etherscan_tokens.FORMAT, finish=etherscan.swapped)
