"""Etherscan's "CSV export" of an address's ERC-20 transfers, and of other explorers made like it: see
`importers.parsers.etherscan`. Until 2022 the quantity is called "Value", and Blockno is missing."""

from importers.exports import export
from importers.parsers import etherscan

FORMAT = export(
    "etherscan_tokens",
    1,
    needs=("UnixTimestamp", "From", "To", "ContractAddress", "TokenName", "TokenSymbol"),
    one_of=("TokenValue", "Value"),
    may_have=(*etherscan.HASHES, "Blockno", "DateTime", "DateTime (UTC)", "USDValueDayOfTx", "Method", "PrivateNote"),
    date="UnixTimestamp",
    times=("seconds",),
    together=etherscan.tokens,
    changing=etherscan.CHANGING,
    passed=etherscan.empty_token,
    named=etherscan.ADDRESS,
    by_owner=True,
    alike=etherscan.RENAMED,
    kept_as="etherscan_transactions",
)
