"""One taxpayer's data folder, opened: settings, ledger, and what the figures are computed by."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

import importers
from pipeline import __version__
from pipeline.folder import make_folder
from pipeline.gains.derive import Basis
from pipeline.issues import Stop, Usage
from pipeline.ledger import PATIENCE, Ledger, ReadOnly, import_lock
from pipeline.ledger_place import place_of
from pipeline.rules.base import Dated, Period, Rules, Scope, always, rules_of
from pipeline.run import methods
from pipeline.settings import FILE, Settings, check, load, save


class Choices(Struct, frozen=True):
    """What a command line may ask for in place of the settings; "" asks for nothing."""

    country: str = ""
    currency: str = ""
    timezone: str = ""
    method: str = ""
    lot_scope: str = ""


def init(folder: Path, choices: Choices) -> Settings:
    """Writes taxsync.toml, with the country's defaults for what is not chosen, and an empty ledger.

    Settings that exist keep what is not chosen anew (accounts above all).
    """
    known = load(folder) if (folder / FILE).exists() else None
    country = choices.country or (known.country if known else "")
    rules = _rules(country)
    new_country = known is None or known.country != country
    settings = Settings(
        country=country,
        currency=(choices.currency or (rules.currency if known is None or new_country else known.currency)).upper(),
        timezone=choices.timezone or (rules.timezone if known is None or new_country else known.timezone),
        method=choices.method or ("" if known is None or new_country else known.method),
        lot_scope="" if known is None or new_country else known.lot_scope,
        accounts=known.accounts if known else {},
        lookups=known.lookups if known else True,
        prices=known.prices if known else "",
        rules={} if known is None or new_country else known.rules,
        form_1099_da=known.form_1099_da if known else {},
        methods={} if known is None or new_country or choices.method else known.methods,
    )
    try:
        check(settings)
        basis = basis_of(settings)  # refuses a method or scope that the country does not know
    except Stop as wrong:
        raise Usage(str(wrong)) from None
    place_of(folder)  # refuses a folder whose ledger is elsewhere, before anything is changed
    make_folder(folder)
    _close_to_others(folder)
    save(folder, settings)
    with Ledger.open(folder, create=True) as ledger:
        methods.record(ledger, basis, "taxsync init")
    return settings


def _close_to_others(folder: Path) -> None:
    """A folder that was there before may be open to other users of the machine."""
    try:
        folder.chmod(0o700)
    except OSError as error:
        raise Stop(f"{folder} can't be closed to other users: {error.strerror}; use a folder of your own") from None


DEMO = "demo.txt"  # marks a folder as the demo's own


@contextmanager
def opened(folder: Path, *, in_demo: bool = True, patience: float = PATIENCE) -> Iterator[tuple[Settings, Ledger]]:
    """Settings and ledger of a folder that `init` has made; not `in_demo`: real data, which goes into no demo.

    `patience`: seconds to wait for what another process keeps. Raises LedgerError where records are missing,
    and where what was to be done with them failed and the ledger is damaged.
    """
    settings = _settings(folder, in_demo)
    with Ledger.open(folder, create=False, patience=patience) as ledger:
        ledger.require_all_there()
        try:
            yield settings, ledger
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):  # a fault, if it is no damage
            ledger.check_integrity()
            raise


@contextmanager
def keeping(
    folder: Path, what: str, waiting: Callable[[str], None], *, in_demo: bool = True, patience: float = PATIENCE
) -> Iterator[tuple[Settings, Ledger]]:
    """The same for one command at a time that keeps something; `what` is the command, as others are told.

    Another one is waited for before the ledger is looked at: a big import locks it for all others until its end.
    """
    _settings(folder, in_demo)
    with import_lock(folder, what, waiting, patience), opened(folder, in_demo=in_demo, patience=patience) as both:
        yield both


def _settings(folder: Path, in_demo: bool) -> Settings:
    settings = load(folder)
    if not in_demo and (folder / DEMO).exists():
        raise Stop(f"{folder} is the demo's: choose another folder for your own data, `--data DIR` with every command")
    return settings


def _rules(country: str) -> Rules:
    try:
        return rules_of(country)
    except ValueError as error:
        raise Usage(str(error)) from None


def basis_of(settings: Settings, choices: Choices | None = None) -> Basis:
    """By what the figures are computed; raises Usage for what the country does not allow."""
    asked = {k: getattr(choices, k) for k in ("country", "method", "lot_scope") if choices and getattr(choices, k)}
    if asked.get("country", settings.country) != settings.country:  # choices made for one say nothing of another
        settings = replace(
            settings, method="", methods={}, lot_scope="", rules={}, currency=_rules(asked["country"]).currency
        )
    if "method" in asked:  # this once, for all of it
        settings = replace(settings, methods={})
    settings = replace(settings, **asked)
    rules = _chosen(_rules(settings.country), settings)
    method = settings.method or rules.methods[0]
    if method not in rules.methods:
        raise Usage(f"method '{method}' is not allowed in {rules.country}; allowed: {', '.join(rules.methods)}")
    scope = _scope(rules, settings.lot_scope)
    later, own = methods.chosen(settings.methods, rules, scope)
    return Basis(rules, settings.currency, ZoneInfo(settings.timezone), method, scope, later, own, importers.rank)


def _chosen(rules: Rules, settings: Settings) -> Rules:
    try:
        return rules.choose(settings.rules)
    except ValueError as error:
        raise Usage(f"{FILE}: [rules]: {error}") from None


def _scope(rules: Rules, name: str) -> Dated[Scope]:
    if not name:
        return rules.scope
    if name not in rules.scopes:
        raise Usage(f"lot scope '{name}' is not allowed in {rules.country}; allowed: {', '.join(rules.scopes)}")
    return always(Scope(name))


def refresh(ledger: Ledger) -> dict[str, set[str]]:
    """Parses anew the records of accounts whose cache is older than their records or their plug-in; the sources of each
    account."""
    with ledger.snapshot():
        kept, parsed = ledger.last_rows(), ledger.parsed_to()
    sources = {account: set(rows) for account, rows in kept.items()}
    stamps = {account: stamp_of(names) for account, names in sources.items()}
    stale = [account for account, rows in kept.items() if parsed.get(account) != (stamps[account], max(rows.values()))]
    if not stale:
        return sources
    try:
        with ledger.transaction():  # one for all: a folder of exports is a hundred accounts
            for account in stale:
                parts = (importers.parse(s, ledger.records(account, s)) for s in sorted(sources[account]))
                ledger.replace_parsed(account, chain.from_iterable(parts), stamps[account])
    except ReadOnly:
        raise Stop(
            f"{ledger.path} can only be read, and this version of taxsync has to read its records anew first: "
            "run `taxsync status` once where it can be written"
        ) from None
    return sources


def stamp_of(sources: Iterable[str]) -> str:
    """Which parsers read these sources."""
    return " ".join(f"{source}/{importers.version(source)}" for source in sorted(sources))


def last_ended_year(basis: Basis, now: datetime) -> int:
    """The last tax year that has ended, in the taxpayer's time zone."""
    return basis.rules.year.of(now.astimezone(basis.zone).date()) - 1


def period_of(basis: Basis, year: str, now: datetime) -> Period:
    """The tax year of that name; "": the last that has ended."""
    try:
        number = basis.rules.year.read(year) if year else last_ended_year(basis, now)
    except ValueError as error:
        raise Usage(str(error)) from None
    return basis.rules.year.period(number, basis.zone)


def methods_text(basis: Basis) -> str:
    """The method, and those that follow: 'fifo 2025-01-01:hifo'. Those of one account begin with its lots, and deal
    out nothing."""
    return " ".join((basis.method, *(f"{since}:{method}" for since, method in basis.later)))


def choices_text(basis: Basis) -> str:
    """What the figures rest on besides the ledger's facts: choices and program version."""
    scope = " ".join(f"{since or ''}:{value}" for since, value in basis.scope.values)
    choices = " ".join(f"{name}={value}" for name, value in sorted(basis.rules.chosen.items()))
    own = "\n".join(f"{since}:{method} {account}" for account, since, method in basis.own)
    chosen = tuple(text for text in (choices, own) if text)
    return "\n".join(
        (basis.rules.country, basis.currency, str(basis.zone), methods_text(basis), scope, *chosen, __version__)
    )
