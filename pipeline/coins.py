"""Which coin became which, and which codes mean another coin at one exchange than at the others: data, for all rooms.

    carried("LEND", "AAVE", date(2020, 11, 1))    # the Migration: 100 LEND are 1 AAVE
    meant("BIFI", "Gate.io", "universal")         # BITCOINFILE: what a row of a person's own file may stand for

Assets are named as the ledger names them (`importers/assets.py`): a code that was only renamed has one name for all
days, and needs no line here.

Sources: each line's own; without one it is from memory. What codes mean at an exchange: the announcements of the
exchanges and ccxt's table of codes (4.5.90, 2026-11).
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct

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
# Exchanges at which every code means what it means elsewhere; and how else a name is written.
PLAIN = ("bitvavo", "bybit", "gemini", "kraken")
EXCHANGES = frozenset((*SPELLINGS, *SITES, *PLAIN))
ALSO = {"huobi": "htx", "gateio": "gate", "okex": "okx"}


class Migration(Struct, frozen=True):
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

    def fits(self, old: Decimal, new: Decimal) -> bool:
        """Whether `new` is what becomes of `old`, but for a rounding or cut in the last digit of one of them: never
        more than a hundredth."""
        product, divisor = self.of(old)
        apart = abs(new * divisor - product)
        return not apart or (apart < max(_last(old) * self.gives, _last(new) * divisor) and apart * 100 <= product)


def _last(number: Decimal) -> Decimal:
    """One of the last digit that is written: 0.01 for 1.25, and 1 for 100."""
    exponent = number.as_tuple().exponent
    return Decimal(1).scaleb(min(0, exponent)) if isinstance(exponent, int) else Decimal(0)


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


class Fork(Struct, frozen=True):
    """From `day` on, who held `old` had `new` besides: `each` for one; None: not so many for all, or not known."""

    old: str
    new: str
    day: date
    each: Decimal | None = Decimal(1)
    source: str = MEMORY


FORKS = (
    Fork("ETH", "ETC", date(2016, 7, 20)),
    Fork("BTC", "BCH", date(2017, 8, 1)),
    Fork("BTC", "BTG", date(2017, 10, 24)),
    Fork("BCH", "BSV", date(2018, 11, 15)),
    Fork("BCH", "XEC", date(2020, 11, 15), None),  # one for one, of which each was a million later
    Fork("LUNC", "LUNA", date(2022, 5, 28), None, "WhiteBIT: by what was held on 2022-05-07 and 2022-05-26"),
    Fork("USTC", "LUNA", date(2022, 5, 28), None, "WhiteBIT: 0.02354800084 LUNA for one held on 2022-05-26"),
    Fork("ETH", "ETHW", date(2022, 9, 15)),
)


_OF = {(each.old, each.new): each for each in MIGRATIONS}
OLD = frozenset(each.old for each in MIGRATIONS)


def carried(old: str, new: str, at: date | datetime) -> Migration | None:
    """The migration that a swap of `old` for `new` at this time was, both as the ledger names them; None: it was a
    trade."""
    found = _OF.get((old, new))
    return found if found is not None and found.day <= utc_day(at) else None


def forked(new: str, at: date | datetime) -> Fork | None:
    """The fork that `new` came of, if it was by then; None: none that is known."""
    return next((each for each in FORKS if each.new == new and each.day <= utc_day(at)), None)


def exchange_of(account: str) -> str:
    """The exchange (an id, of its first site) that an account's name begins with, as in "Gate.io" or
    "Binance US 2"; "": none."""
    words = re.findall(r"[a-z0-9]+", account.casefold())
    for count in (2, 1):
        name = "".join(words[:count])
        name = SITES.get(name, ALSO.get(name, name))
        if name in EXCHANGES:
            return name
    return ""


def meant(code: str, account: str, source: str) -> str | None:
    """What `code` means in a row of `account`; None: it can't be told. An exchange's own records (`source` is its id)
    are read into the ledger's names; in any other row a code may be as the exchange writes it that the account is
    named after."""
    if source in EXCHANGES:
        return code
    exchange = exchange_of(account)
    return SPELLINGS.get(exchange, {}).get(code, code) if exchange else None


def utc_day(at: date | datetime) -> date:
    """The UTC day."""
    if isinstance(at, datetime):
        return (at if at.tzinfo is None else at.astimezone(UTC)).date()
    return at
