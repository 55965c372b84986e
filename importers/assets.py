"""What an exchange's code for an asset means, and what became of coins.

    asset("UST", "bitfinex")                     # USDT: Bitfinex writes Tether so
    asset("LUNA", "binance", date(2021, 6, 1))   # LUNC: what was called LUNA until 28 May 2022

One coin has one name in the ledger, whatever the day. Where a code was only renamed (XRB, NANO, XNO), all of its
codes have the newest name, so that lots go on by themselves. Where old and new units exist side by side, each keeps
its name, and `pipeline/coins.py` says what the one is in the other; the codes of single exchanges are there, too.
Kraken's X and Z and the marks of its places are its parser's.

Sources: each line's own; without one it is from memory.
"""

from collections.abc import Mapping
from datetime import date, datetime

from msgspec import Struct

from pipeline.coins import FORKS as FORKS
from pipeline.coins import MEMORY, SITES, SPELLINGS, meant, utc_day

# Codes of one coin at all exchanges and on all days: it was renamed, or is written in two ways.
SAME: Mapping[str, str] = {
    "ANS": "NEO",  # 2017-08
    "BCHABC": "BCH",  # of the days after the fork of 2018-11-15
    "BCHN": "BCH",  # of the days after the fork of 2020-11-15
    "BCHSV": "BSV",
    "BQX": "VGX",  # Ethos to Voyager, 2020
    "DRK": "DASH",  # 2015-03
    "ETH2": "ETH",  # staked
    "HAV": "SNX",  # 2018-12
    "MIOTA": "IOTA",
    "NANO": "XNO",  # 2021-11
    "PAX": "USDP",  # 2021-08-24
    "STR": "XLM",
    "UST": "USTC",  # HTX, "Supports the Migration and Upgrade of LUNA and UST": renamed with the balances as they were
    "XBT": "BTC",
    "XDG": "DOGE",
    "XRB": "XNO",  # RaiBlocks to Nano, 2018-01
    "XZC": "FIRO",  # 2020-10
}


class Passed(Struct, frozen=True):
    """A code that went on to another coin: before `day` (UTC) it meant `meant`."""

    code: str
    day: date
    meant: str
    source: str = MEMORY


PASSED_ON = (
    Passed("LUNA", date(2022, 5, 28), "LUNC", "HTX, WhiteBIT: balances of LUNA went on as LUNC (2022-05 and 2022-06)"),
    Passed("BTT", date(2022, 1, 12), "BTTOLD"),
    Passed("SUN", date(2021, 5, 25), "SUNOLD"),
    Passed("COCOS", date(2021, 1, 20), "COCOSOLD"),
    Passed("QUICK", date(2023, 7, 17), "QUICKOLD"),
)


_PASSED = {each.code: each for each in PASSED_ON}
RENAMED = frozenset((*SAME, *_PASSED))  # codes that may have another name in the ledger


def asset(code: str, exchange: str = "", at: date | datetime | None = None) -> str:
    """The ledger's name of what `code` means at `exchange` (an id; "": anywhere) on the day of `at` (None: today)."""
    own = SPELLINGS.get(SITES.get(exchange, exchange), {})
    if code in own:
        return own[code]
    passed = _PASSED.get(code)
    if passed is not None and at is not None and utc_day(at) < passed.day:
        return passed.meant
    return SAME.get(code, code)


def named(code: str, account: str, at: date | datetime) -> str:
    """The ledger's name of a code in a person's own file. A code that means something else at the exchange that the
    account is named after stays as it is written: it can't be told by whose meaning."""
    if code not in RENAMED:
        return code
    name, there = asset(code, "", at), meant(code, account, "")
    return code if there not in (None, code, name) else name
