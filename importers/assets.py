"""What an exchange's code for an asset means, and which coin became which.

    asset("UST", "bitfinex")                     # USDT: Bitfinex writes Tether so
    asset("LUNA", "binance", date(2021, 6, 1))   # LUNC: what was called LUNA until 28 May 2022
    carried("LEND", "AAVE", date(2020, 11, 1))   # the Migration: 100 LEND are 1 AAVE

One coin has one name in the ledger, whatever the day. Where a code was only renamed (XRB, NANO, XNO), all of its
codes have the newest name, so that lots go on by themselves. Where old and new units exist side by side, each keeps
its name, and MIGRATIONS says what the one is in the other. Kraken's X and Z and the marks of its places are its
parser's.

Sources: each line's own; without one it is from memory. What codes mean at an exchange: the announcements of the
exchanges and ccxt's table of codes (4.5.90, 2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

MEMORY = "from memory"

# Codes that one exchange gives another meaning than the others, or that are its own; where the other coin has no
# name of its own elsewhere, one that nothing else bears.
SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "coinbase": {"CGLD": "CELO", "ETH2": "ETH"},
    "binance": {"BCC": "BCH", "YOYO": "YOYOW"},
    "binanceus": {"BCC": "BCH", "YOYO": "YOYOW"},
    "bitstamp": {"ETH2": "ETH", "ETH2R": "ETH"},
    "kucoin": {"ALT": "APTOSLAUNCHTOKEN", "BIFI": "BITCOINFILE", "FUD": "FTXUSERSDEBT", "KALT": "ALT", "VAI": "VAIOT",
               "WAX": "WAXP"},
    "okx": {"AE": "AET"},
    "bitfinex": {"ALG": "ALGO", "AMP": "AMPL", "ATO": "ATOM", "BAB": "BCH", "BCHABC": "XEC", "BTCF0": "BTC",
                 "DAT": "DATA", "DOG": "MDOGE", "DSH": "DASH", "EDO": "PNT", "EUS": "EURS", "EUT": "EURT",
                 "EUTF0": "EURT", "IDX": "ID", "IOT": "IOTA", "IQX": "IQ", "LUNA": "LUNC", "LUNA2": "LUNA",
                 "MNA": "MANA", "ORS": "ORSGROUP", "PAS": "PASS", "QSH": "QASH", "QTM": "QTUM", "RBT": "RBTC",
                 "SNG": "SNGLS", "STJ": "STORJ", "TERRAUST": "USTC", "TSD": "TUSD", "UDC": "USDC", "UST": "USDT",
                 "USTF0": "USDT", "VSY": "VSYS", "WAX": "WAXP", "XCH": "XCHF", "YGG": "YEED", "YYW": "YOYOW",
                 "ZBT": "ZB"},
    "cryptocom": {"USD_STABLE_COIN": "USDC"},
    "gate": {"88MPH": "MPH", "ASS": "ASSF", "AXIS": "AXISDEFI", "BIFI": "BITCOINFILE", "BOX": "DEFIBOX",
             "BYN": "BEYONDFI", "EGG": "GOOSEFINANCE", "GTC": "GAMECOM", "GTC_BSC": "GAMECOM", "GTC_HT": "GAMECOM",
             "HIT": "HITCHAIN", "MM": "MILLION", "MPH": "MORPHER", "ORT": "XREATORS", "POINT": "GATEPOINT",
             "RAI": "RAIREFLEXINDEX", "SBTC": "SUPERBITCOIN", "TNC": "TRINITYNETWORKCREDIT", "TRAC": "TRACO",
             "VAI": "VAIOT"},
    "bitget": {"APX": "ASTROPEPEX", "DEGEN": "DEGENREBORN", "EVA": "EVADORE", "JADE": "JADEPROTOCOL",
               "OMNI": "OMNILAYER", "TONCOIN": "TON"},
    "mexc": {"BEYONDPROTOCOL": "BEYOND", "BIFI": "BITCOINFILE", "BYN": "BEYONDFI", "COFI": "COFIX",
             "DFI": "DFISTARTER", "DFT": "DFUTURE", "DRK": "MEXCDRK", "EGC": "EGORASCREDIT", "FLUX": "FLUX1",
             "FLUX1": "FLUX", "FREE": "FREEROSSDAO", "GAS": "GASDAO", "GASNEO": "GAS", "GMT": "GMTTOKEN",
             "HERO": "STEPHERO", "MIMO": "MIMOSA", "PROS": "PROSFINANCE", "SIN": "SINCITYTOKEN", "SOUL": "SOULSWAP",
             "STEPN": "GMT", "XBT": "MEXCXBT"},
    "htx": {"BIFI": "BITCOINFILE", "FUD": "FTXUSERSDEBT", "GET": "THEMIS", "GTC": "GAMECOM", "HIT": "HITCHAIN",
            "NGL": "GFNGL", "PNT": "PENTA", "SBTC": "SUPERBITCOIN", "SOUL": "SOULSAVER"},
}  # fmt: skip
# Sites of one exchange, whose codes are the same.
SITES = {"bybiteu": "bybit", "gateeu": "gate", "myokx": "okx", "okxus": "okx"}

# Codes of one coin at all exchanges and on all days: it was renamed, or is written in two ways.
SAME: Mapping[str, str] = {
    "ANS": "NEO",  # 2017-08
    "BCHABC": "BCH",  # of the days after the fork of 2018-11-15
    "BCHN": "BCH",  # of the days after the fork of 2020-11-15
    "BCHSV": "BSV",
    "BQX": "VGX",  # Ethos to Voyager, 2020
    "DRK": "DASH",  # 2015-03
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


@dataclass(frozen=True, slots=True)
class Passed:
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


@dataclass(frozen=True, slots=True)
class Migration:
    """From `day` on, `takes` units of `old` become `gives` of `new`.

    `carries`: it is the same project's coin in another form, so that lots go on with their dates and costs. False:
    another project's coin; whether that is a disposal is for a country to say, and for the taxpayer to answer.
    """

    old: str
    new: str
    day: date
    takes: Decimal = Decimal(1)
    gives: Decimal = Decimal(1)
    carries: bool = True
    source: str = MEMORY

    def of(self, quantity: Decimal) -> tuple[Decimal, Decimal]:
        """What `quantity` old units are in new ones, as a product and what it is still to be divided by."""
        return quantity * self.gives, self.takes


def _m(
    old: str, new: str, day: str, takes: str = "1", gives: str = "1", source: str = MEMORY, carries: bool = True
) -> Migration:
    return Migration(old, new, date.fromisoformat(day), Decimal(takes), Decimal(gives), carries, source)


_ASI = "docs.superintelligence.io, Navigating the ASI Token Merger; Binance: 1 AGIX = 0.433350, 1 OCEAN = 0.433226"
MIGRATIONS = (
    _m("VEN", "VET", "2018-07-24", "1", "100", "Binance completed the swap at 1 VEN = 100 VET on 2018-07-24"),
    _m("SAI", "DAI", "2019-11-18"),
    _m("REPV1", "REP", "2020-07-28"),
    _m("MCO", "CRO", "2020-08-03", "1", "27.64", carries=False),
    _m("ERD", "EGLD", "2020-09-03", "1000", "1"),
    _m("LEND", "AAVE", "2020-10-03", "100", "1", "docs.aave.com, AAVE Token: 100 LEND are 1 AAVE, by the holder"),
    _m("STRAT", "STRAX", "2020-11-12"),
    _m("GNT", "GLM", "2020-11-19"),
    _m("COCOSOLD", "COCOS", "2021-01-20", "1000", "1"),
    _m("NPXS", "PUNDIX", "2021-03-30", "1000", "1"),
    _m("KNCL", "KNC", "2021-04-20"),
    _m("SUNOLD", "SUN", "2021-05-25", "1", "1000"),
    _m("AGI", "AGIX", "2021-05-28"),
    _m("POLY", "POLYX", "2021-11-30"),
    _m("BTTOLD", "BTT", "2022-01-12", "1", "1000"),
    _m("COCOS", "COMBO", "2023-05-01"),
    _m("QUICKOLD", "QUICK", "2023-07-17", "1", "1000"),
    _m("RNDR", "RENDER", "2023-11-02"),
    _m("TOMO", "VIC", "2023-11-14"),
    _m("AGIX", "FET", "2024-07-01", "1", "0.433350", _ASI, carries=False),
    _m("OCEAN", "FET", "2024-07-01", "1", "0.433226", _ASI, carries=False),
    _m("GAL", "G", "2024-07-17", "1", "60"),
    _m("MATIC", "POL", "2024-09-04", source="Binance.US, KuCoin TR: 1 MATIC = 1 POL, from 2024-09-04 on"),
    _m("MKR", "SKY", "2024-09-18", "1", "24000",
       "developers' pages of Sky: by the holder, 24,000 each, less a penalty that grows from 2025-09-22 on"),
    _m("KLAY", "KAIA", "2024-10-29"),
    _m("FTM", "S", "2024-12-18", source="Binance: all FTM swapped 1:1, 2025-01-13 to 2025-01-16"),
    _m("EOS", "A", "2025-05-14", source="OKX, CoinJar: 1:1; at OKX on 2025-05-28"),
    _m("OM", "MANTRA", "2026-03-02", "1", "4", "Binance: 1 OM = 4 MANTRA, 2026-03-02 to 2026-03-04"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fork:
    """From `day` on, who held `old` had `new` besides (not always one for one)."""

    old: str
    new: str
    day: date
    source: str = MEMORY


FORKS = (
    Fork("ETH", "ETC", date(2016, 7, 20)),
    Fork("BTC", "BCH", date(2017, 8, 1)),
    Fork("BTC", "BTG", date(2017, 10, 24)),
    Fork("BCH", "BSV", date(2018, 11, 15)),
    Fork("BCH", "XEC", date(2020, 11, 15)),
    Fork("LUNC", "LUNA", date(2022, 5, 28), "WhiteBIT: by what was held on 2022-05-07 and 2022-05-26"),
    Fork("USTC", "LUNA", date(2022, 5, 28), "WhiteBIT: 0.02354800084 LUNA for one held on 2022-05-26"),
    Fork("ETH", "ETHW", date(2022, 9, 15)),
)

_OF = {(each.old, each.new): each for each in MIGRATIONS}
_PASSED = {each.code: each for each in PASSED_ON}


def asset(code: str, exchange: str = "", at: date | datetime | None = None) -> str:
    """The ledger's name of what `code` means at `exchange` (an id; "": anywhere) on the day of `at` (None: today)."""
    own = SPELLINGS.get(SITES.get(exchange, exchange), {})
    if code in own:
        return own[code]
    passed = _PASSED.get(code)
    if passed is not None and at is not None and _day(at) < passed.day:
        return passed.meant
    return SAME.get(code, code)


def carried(old: str, new: str, at: date | datetime) -> Migration | None:
    """The migration that a swap of `old` for `new` at this time was, both as the ledger names them; None: it was a
    trade."""
    found = _OF.get((old, new))
    return found if found is not None and found.day <= _day(at) else None


def _day(at: date | datetime) -> date:
    """The UTC day."""
    if isinstance(at, datetime):
        return (at if at.tzinfo is None else at.astimezone(UTC)).date()
    return at
