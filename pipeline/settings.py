"""Settings of one taxpayer: the data folder, its taxsync.toml, and the environment.

    settings = load(folder)                     # a frozen Settings, or SettingsError in one line
    save(folder, replace(settings, method="hifo"))

A settings file names no code, no proxy and no path, so that a folder from elsewhere can't do harm;
it never holds a secret. Whether a country allows a method is the caller's question to its rules.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import tomli_w
from msgspec import Struct, field

from pipeline.folder import make_folder, read_bounded, write_private
from pipeline.issues import Stop, Usage
from pipeline.model import is_fiat
from pipeline.proxy import proxy_address
from pipeline.toml_text import NoTable, table_of

FILE = "taxsync.toml"
LIMIT = 256 * 1024  # bytes; a thousand accounts fit
NAME_LIMIT = 100

HEADER = """\
# taxsync.toml: how the figures of this folder are computed. Written by taxsync; never a secret.
#
# name       whose taxes these are, for the head of the workbook; may be left out
# country    whose rules apply: us, uk, de, ... or generic
# currency   the reporting currency, three letters
# timezone   decides on which day, and in which tax year, something happened
# method     which units are disposed of first (fifo, hifo, ...); "" is the country's default
# methods    [methods] with 2025-01-01 = "hifo": another method from that day on, where the country allows it;
#            [methods.NAME] likewise for the account NAME alone, which from then on follows no other
# lot_scope  account or global: one queue of units per account or for all; "" is the country's default
# rules      choices that a country leaves open: [rules] with NAME = "VALUE"; the report's summary names them
# lookups    false: never ask anyone for prices, use price files only
# prices     looked-up prices are of the "minute" or of the "day"; "": of the minute where that takes few requests
# form_1099_da  us: [form_1099_da.2025] with NAME = "no", "proceeds" or "basis": what the 1099-DA of that year for the
#            account NAME tells; it chooses the boxes of Form 8949
# accounts   one table per account that is synced by API: [accounts.NAME] with exchange = "kraken"

"""


class SettingsError(Stop):
    """A setting that can't be used: one readable line that names the file or variable and the key."""


class AccountSettings(Struct, frozen=True):
    """One account that is synced by API; `exchange` is the exchange's ccxt id."""

    exchange: str


class Settings(Struct, frozen=True):
    """What taxsync.toml says. `method` and `lot_scope` are "" where the country's default holds, `rules` holds
    only what was chosen otherwise than by default; `methods` follow on `method`, by the day that they begin, and those
    of one account alone stand under its name; `form_1099_da` has, by tax year and account, what a form tells. `name`:
    the taxpayer's, or ""."""

    country: str
    currency: str
    timezone: str
    method: str = ""
    lot_scope: str = ""
    accounts: Mapping[str, AccountSettings] = field(default_factory=dict)
    lookups: bool = True
    prices: str = ""
    rules: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    form_1099_da: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    name: str = ""


_TYPES: dict[str, type] = {
    "name": str,
    "country": str,
    "currency": str,
    "timezone": str,
    "method": str,
    "lot_scope": str,
    "accounts": dict,
    "lookups": bool,
    "prices": str,
    "rules": dict,
    "methods": dict,
    "form_1099_da": dict,
}
_WORDS = {str: 'a text in quotes such as "us"', bool: "true or false", dict: "a table such as [accounts.NAME]"}
_REQUIRED = ("country", "currency", "timezone")
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}")
_FORM_YEAR = re.compile(r"20(2[5-9]|[3-9]\d)")
_FORM_TELLS = ("no", "proceeds", "basis")
_CHOICE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


# ---- taxsync.toml -----------------------------------------------------------------------------


def load(folder: Path) -> Settings:
    """The settings of a data folder. Raises SettingsError."""
    path = folder / FILE
    try:
        table = table_of(read_bounded(path, LIMIT))
    except FileNotFoundError:
        raise SettingsError(f"there is no {FILE} in {folder}: run `taxsync init` first") from None
    except OSError as error:
        raise SettingsError(
            f"{path} can't be read: {error.strerror}; put right what it is, or who may read it"
        ) from None
    except NoTable as why:
        raise SettingsError(f"{path} {why}; correct it, or take it from a backup") from None
    return of_table(table)


def save(folder: Path, settings: Settings) -> None:
    """Writes taxsync.toml in one step; makes the folder when needed. Raises SettingsError."""
    check(settings)
    try:
        make_folder(folder)
        write_private(folder / FILE, (HEADER + tomli_w.dumps(as_table(settings))).encode())
    except OSError as error:
        raise SettingsError(
            f"{folder / FILE} can't be written: {error.strerror}; nothing was changed, run again where it can"
        ) from None


def as_table(settings: Settings) -> dict[str, Any]:
    """Settings as taxsync.toml has them; `of_table` reads them."""
    table: dict[str, Any] = {key: getattr(settings, key) for key in _TYPES if _TYPES[key] is not dict}
    if not settings.name:
        del table["name"]
    for key in ("rules", "methods", "form_1099_da"):
        if getattr(settings, key):
            table[key] = dict(sorted(getattr(settings, key).items()))
    table["accounts"] = {name: {"exchange": a.exchange} for name, a in sorted(settings.accounts.items())}
    return table


def check(settings: Settings) -> None:
    """Raises SettingsError for the first value that can't be right, whoever set it."""
    if len(settings.name) > NAME_LIMIT or not (settings.name.isprintable() and settings.name == settings.name.strip()):
        _refuse("name", settings.name, f"is not one line of at most {NAME_LIMIT} characters")
    if _WORD.fullmatch(settings.country) is None:
        _refuse("country", settings.country, "is not a country code such as us")
    if not is_fiat(settings.currency):
        _refuse("currency", settings.currency, "is not the code of a currency such as USD")
    if not _is_timezone(settings.timezone):
        _refuse("timezone", settings.timezone, "is not a time zone such as Europe/Berlin")
    if settings.method and _WORD.fullmatch(settings.method) is None:
        _refuse("method", settings.method, "is not a method such as fifo")
    if settings.lot_scope not in ("", "account", "global"):
        _refuse("lot_scope", settings.lot_scope, 'is none of "account", "global" and ""')
    if settings.prices not in ("", "minute", "day"):
        _refuse("prices", settings.prices, 'is none of "minute", "day" and ""')
    for name, value in settings.rules.items():
        if _CHOICE.fullmatch(name) is None or _CHOICE.fullmatch(value) is None:
            _refuse(f"rules.{_shown(name)}", value, "is not a choice such as no-gain")
    _check_methods("methods", {day: m for day, m in settings.methods.items() if isinstance(m, str)})
    for name, own in settings.methods.items():
        if not isinstance(own, str):
            check_account_name(name, "methods")
            _check_methods(f"methods.{_shown(name)}", own)
    for year, told in settings.form_1099_da.items():
        _check_forms(year, told)
    for name, account in settings.accounts.items():
        check_account_name(name)
        if _WORD.fullmatch(account.exchange) is None:
            _refuse(f"accounts.{_shown(name)}.exchange", account.exchange, "is not an exchange such as kraken")


def _check_methods(place: str, methods: Mapping[str, str]) -> None:
    for day, method in methods.items():
        if not _is_day(day):
            _refuse(place, day, "is not a day such as 2025-01-01")
        if _WORD.fullmatch(method) is None:
            _refuse(f"{place}.{day}", method, "is not a method such as fifo")


def _check_forms(year: str, told: Mapping[str, str]) -> None:
    if _FORM_YEAR.fullmatch(year) is None:
        _refuse("form_1099_da", year, "is not a tax year of Form 1099-DA, 2025 or later")
    for name, what in told.items():
        check_account_name(name, f"form_1099_da.{year}")
        if what not in _FORM_TELLS:
            _refuse(f"form_1099_da.{year}.{_shown(name)}", what, f"is none of {', '.join(_FORM_TELLS)}")


def check_account_name(name: str, place: str = "accounts") -> None:
    """Raises SettingsError unless `name` can be an account's: 1 to 100 visible characters."""
    if not 1 <= len(name) <= 100 or name != name.strip():
        _refuse(place, name, "is not an account name: 1 to 100 characters, no space at either end")
    if any(unicodedata.category(character) in _INVISIBLE for character in name):
        _refuse(place, name, "is not an account name: it holds invisible control characters")


# Control and format characters (those that reverse a line among them), half characters, line ends.
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def of_table(table: dict[str, Any]) -> Settings:
    """The settings that a table says. Raises SettingsError."""
    table = dict(table)
    _typed(table, _TYPES, "")
    for key in _REQUIRED:
        if key not in table:
            raise SettingsError(f'{FILE}: {key} is missing: add a line such as {key} = "{_EXAMPLES[key]}"')
    accounts = {}
    for name, entry in table.pop("accounts", {}).items():
        place = f"accounts.{_shown(name)}"
        if not isinstance(entry, dict):
            raise SettingsError(f"{FILE}: {place} should be {_WORDS[dict]}")
        _typed(entry, {"exchange": str}, f"{place}.")
        if "exchange" not in entry:
            raise SettingsError(f'{FILE}: {place}.exchange is missing: add a line such as exchange = "kraken"')
        accounts[name] = AccountSettings(entry["exchange"])
    own = {f"methods.{_shown(k)}": v for k, v in table.get("methods", {}).items() if isinstance(v, dict)}
    general = {k: v for k, v in table.get("methods", {}).items() if not isinstance(v, dict)}
    forms = {f"form_1099_da.{_shown(year)}": told for year, told in table.get("form_1099_da", {}).items()}
    for place, values in {"rules": table.get("rules", {}), "methods": general, **own, **forms}.items():
        if not isinstance(values, dict):
            raise SettingsError(f"{FILE}: {place} should be a table such as [{place}]")
        for name, value in values.items():
            if not isinstance(value, str):
                raise SettingsError(f"{FILE}: {place}.{_shown(name)} should be a text in quotes")
    settings = Settings(**table, accounts=accounts)
    check(settings)
    return settings


_EXAMPLES = {"country": "us", "currency": "USD", "timezone": "America/New_York"}


def _typed(table: dict[str, Any], types: Mapping[str, type], place: str) -> None:
    for key, value in table.items():
        if key not in types:
            raise SettingsError(f"{FILE}: {place}{_shown(key)} is not a setting; there are {', '.join(types)}")
        if type(value) is not types[key]:
            raise SettingsError(f"{FILE}: {place}{key} should be {_WORDS[types[key]]}")


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; a path out of the list; one of its folders
        return False
    return True


def _is_day(text: str) -> bool:
    try:
        return str(date.fromisoformat(text)) == text
    except ValueError:
        return False


def _refuse(key: str, value: str, why: str) -> NoReturn:
    raise SettingsError(f"{FILE}: {key}: '{_shown(value)}' {why}")


def _shown(text: str) -> str:
    """`text` cut and with invisible characters written out, as it may be anything."""
    cut = text if len(text) <= 60 else text[:60] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


# ---- data folder and environment --------------------------------------------------------------


class Passphrase:
    """A passphrase that prints as stars; `reveal()` is the only way to its text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "****"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a passphrase is not written anywhere")


class Environment(Struct, frozen=True):
    """What the environment says: where keys are kept ("" is: choose), and the proxy ("" is: none).

    `proxy_url` ends so that the whole original address can follow it.
    """

    vault: str = ""
    passphrase: Passphrase | None = None
    proxy_url: str = ""


class Access(Struct, frozen=True):
    """How a person's keys are reached: the environment, and who asks for a passphrase on a terminal
    (`new`: for one that is chosen now); None elsewhere."""

    environment: Environment
    ask_passphrase: Callable[[bool], str] | None = None


def data_folder(argument: Path | None, environ: Mapping[str, str]) -> Path:
    """The data folder: `--data`, else TAXSYNC_DATA, else ./data. Raises Usage."""
    named = environ.get("TAXSYNC_DATA", "data")
    if argument is None and not named.strip():
        raise Usage("TAXSYNC_DATA is empty: let it name the data folder, or unset it")
    return argument or Path(named)


def read_environment(environ: Mapping[str, str]) -> Environment:
    """TAXSYNC_VAULT, TAXSYNC_PASSPHRASE and TAXSYNC_PROXY_URL. Raises SettingsError, which repeats none of them."""
    vault = environ.get("TAXSYNC_VAULT", "")
    if vault not in ("", "keyring", "file"):
        raise SettingsError("TAXSYNC_VAULT should be keyring or file")
    passphrase = environ.get("TAXSYNC_PASSPHRASE", "")
    proxy_url = environ.get("TAXSYNC_PROXY_URL", "")
    return Environment(vault, Passphrase(passphrase) if passphrase else None, _proxy(proxy_url) if proxy_url else "")


def _proxy(url: str) -> str:
    try:
        return proxy_address(url)
    except ValueError:
        raise SettingsError(
            "TAXSYNC_PROXY_URL should be an https address (http only on this machine, such as http://127.0.0.1:8080/)"
        ) from None
