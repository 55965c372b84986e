"""How Exodus writes what is on several chains: the chain stands behind the coin's code.

Source: BNBBSC and USDTTRX as a public reader has them (2026-11). From memory: the other chains' ends.
"""

import re

_ON_A_CHAIN = re.compile(
    r"(USDT|USDC|DAI|BUSD|TUSD|ETH|BNB|WBTC|MATIC)"
    r"(TRX|BSC|SOL|ALGO|AVAXC|MATIC|POLYGON|ARBITRUM|OPTIMISM|BASE|XLM)",
    re.ASCII,
)


def code_of(text: str) -> str:
    """The coin's code without its chain."""
    match = _ON_A_CHAIN.fullmatch(text.strip().upper())
    return match[1] if match else text
