"""Etherscan's "CSV export" of an address's internal transactions, and of other explorers made like it: see
`importers.parsers.etherscan`. The column of the parent's value is named after the coin ("ParentTxETH_Value")."""

import re

from importers.exports import export
from importers.parsers import etherscan

FORMAT = export(
    "etherscan_internal",
    1,
    needs=("UnixTimestamp", "ParentTxFrom", "ParentTxTo", "From", "TxTo", "ContractAddress", "Status", "ErrCode",
           "Type"),
    one_of=etherscan.HASHES,
    may_have=("Blockno", "DateTime", "DateTime (UTC)", "PrivateNote"),
    date="UnixTimestamp",
    times=("seconds",),
    together=etherscan.internal,
    changing=etherscan.CHANGING,
    passed=etherscan.failed_internal,
    more=re.compile(rf"{etherscan.MORE.pattern}|ParentTx\w+_Value", re.ASCII),
    named=etherscan.ADDRESS,
    by_owner=True,
    alike=etherscan.RENAMED,
    kept_as="etherscan_transactions",
)  # fmt: skip
