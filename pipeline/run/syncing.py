"""`taxsync import`: what is new at every account's exchange, then the prices that are missing.

A page and its cursor are kept in one commit, so that a run that ends anywhere is gone on with by the
next. One account or list that fails hides no other: it is told at the end, with exit code 1.
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import importers
from importers.base import Exchange, Stream
from importers.client import Client
from importers.permissions import verdict
from importers.quotes import candles, ecb
from importers.sync import anew, balance, pages
from importers.vault import Vault
from pipeline.gains.checks import balances
from pipeline.gains.value import PriceBook
from pipeline.issues import Stop, Usage
from pipeline.ledger import Kept, Ledger
from pipeline.model import Page, Price, is_fiat
from pipeline.money import ZERO, exact
from pipeline.run import keys
from pipeline.run.coverage import KEY_LIMITS
from pipeline.run.importing import COMMAND, Notes, Outcome
from pipeline.run.overview import everything
from pipeline.run.project import basis_of, last_ended_year, opened, refresh
from pipeline.settings import Access, Settings

EPOCH = date(1970, 1, 1)
YEARLY = timedelta(days=120)  # who imports more seldom needs the key only then


def sync(
    folder: Path, now: datetime, notes: Notes, access: Access, *, since: str = "", in_demo: bool = False
) -> Outcome:
    """Fetches what is new of every account in taxsync.toml, then looks up prices.

    `since`: an ISO day; the very first fetch of an account goes back no further.
    """
    outcome = Outcome()
    floor = _floor(since)
    with opened(folder, in_demo=in_demo) as (settings, ledger), ledger.importing(COMMAND, notes.say):
        if settings.accounts:
            vault = keys.vault(folder, access)
            for name, account in settings.accounts.items():
                try:
                    exchange = importers.exchange(account.exchange)
                    _account(ledger, vault, name, exchange, floor, now, notes, access, outcome)
                except Stop as refused:
                    outcome.failures.append(f"{name}: {refused}")
        else:
            outcome.lines.append("no account is synced by API yet: `taxsync keys add kraken`, or `taxsync import FILE`")
        refresh(ledger)
        if settings.lookups:
            _prices(ledger, settings, now, notes, access, outcome)
    return outcome


def _floor(since: str) -> Decimal | None:
    if not since:
        return None
    try:
        return Decimal((date.fromisoformat(since) - EPOCH).days * 86_400)
    except ValueError:
        raise Usage(f"--since {since} should be a day such as 2024-01-01") from None


# ---- accounts ---------------------------------------------------------------------------------


def _account(
    ledger: Ledger,
    vault: Vault,
    name: str,
    exchange: Exchange,
    floor: Decimal | None,
    now: datetime,
    notes: Notes,
    access: Access,
    outcome: Outcome,
) -> None:
    """Everything new of one account; Stop when its key is not to be used."""
    client = keys.client(exchange, keys.of_account(vault, name, exchange), access, notes.say)
    _check_key(ledger, vault, name, client, now)
    if not exchange.streams:
        outcome.lines.append(f"{name}: {exchange.name}'s history is not read by API yet, only from files")
        return
    before = keys.last_used(ledger, name)
    batch = ledger.begin_batch("api", name)
    kept = Kept(0, 0, 0)
    failures = []
    try:
        _balance(ledger, batch, name, client, now)
    except Stop as refused:
        failures.append(f"{name}: {refused}")
    for stream in exchange.streams:
        try:
            one = _stream(ledger, batch, name, client, stream, floor, notes)
            kept = Kept(kept.new + one.new, kept.revised + one.revised, kept.known + one.known)
        except Stop as refused:
            failures.append(f"{name}: {refused}")
    revised = f", {kept.revised} revised" if kept.revised else ""
    outcome.lines.append(f"{name}: {kept.new} new records{revised}{', not complete' if failures else ''}")
    if floor is not None:
        day = EPOCH + timedelta(days=int(floor) // 86_400)
        outcome.lines.append(f"{name}: a first fetch leaves out what was before {day}, as --since asks")
    outcome.failures += failures
    if before is None or now.date() - before >= YEARLY:
        outcome.lines.append(
            f"{name}: if the key is not needed until next year, revoke it now. {exchange.revoke_help}; "
            f"`taxsync keys remove {name}` forgets it here"
        )


def _check_key(ledger: Ledger, vault: Vault, name: str, client: Client, now: datetime) -> None:
    """A key that has gained a right since it was stored is not used."""
    rights = keys.rights_of(client)
    allowed = next((e.allow for e in vault.entries() if e.name == name), ())
    refusal = verdict(client.exchange, rights, trade="trade" in allowed, unverified="unverified" in allowed)
    keys.remember(ledger, name, rights, now, put_aside=refusal or "")
    if refusal is not None:
        raise Stop(
            f"the key's rights have changed since it was stored, and it is not used. {refusal}. Nothing was fetched, "
            f"what is kept stays; `taxsync keys remove {name}` forgets the key here"
        )
    limits = json.dumps(rights.limits)
    with ledger.transaction():
        if ledger.answers(KEY_LIMITS).get(name, "[]") not in ("[]", limits):
            _begin_again(ledger, name, client.exchange)
        ledger.keep_answer(KEY_LIMITS, name, limits, COMMAND)


def _begin_again(ledger: Ledger, name: str, exchange: Exchange) -> None:
    """Another key may see what the one before could not: every list is gone through once more."""
    for stream in exchange.streams:
        cursor = ledger.cursor(name, exchange.id, stream.name)
        if cursor is not None:
            ledger.set_cursor(name, exchange.id, stream.name, anew(cursor))


def _balance(ledger: Ledger, batch: int, name: str, client: Client, now: datetime) -> None:
    """What the exchange says is held, asked before its history: that then reaches at least as far."""
    exchange = client.exchange
    if exchange.balances is not None:
        answer = client.call(exchange.balances_method, {}, exchange.balances)
        ledger.keep(Page([balance(exchange, name, answer, now)]), batch)


def _stream(
    ledger: Ledger, batch: int, name: str, client: Client, stream: Stream, floor: Decimal | None, notes: Notes
) -> Kept:
    source = client.exchange.id
    cursor = ledger.cursor(name, source, stream.name)
    kept = Kept(0, 0, 0)
    for page in pages(client.exchange, stream, name, client.call, cursor, notes.progress, floor):
        if page.records:
            one = ledger.keep(page, batch)
            kept = Kept(kept.new + one.new, kept.revised + one.revised, kept.known + one.known)
        elif page.cursor is not None:
            ledger.set_cursor(name, source, stream.name, page.cursor)
    return kept


# ---- prices -----------------------------------------------------------------------------------


def _prices(ledger: Ledger, settings: Settings, now: datetime, notes: Notes, access: Access, outcome: Outcome) -> None:
    """Looks up what the records need and nothing gives, and the value of holdings at each year's end."""
    basis = basis_of(settings)
    book = PriceBook(ledger.prices(), settings.currency, basis.zone)
    with exact():
        needs = [need for need in everything(settings, ledger).needs if book.quote(need.asset, need.at) is None]
    wanted = {(need.asset, need.at.astimezone(basis.zone).date()) for need in needs}
    wanted |= _at_year_ends(ledger, settings, now)
    if not wanted:
        return
    failed: list[str] = []
    public = keys.client(importers.exchange("kraken"), None, access, notes.say)
    today = now.astimezone(UTC).date()
    found: list[Price] = ecb.rates((asset, settings.currency, day) for asset, day in wanted if is_fiat(asset))
    notes.progress("prices", 0, len(wanted))
    found += candles.look_up(
        wanted, settings.currency, [candles.kraken(public.call)], failed.append, today=today, rates=ecb.rates
    )  # fmt: skip
    new = ledger.keep_prices(found, now, ledger.begin_batch("prices", "looked up")) if found else 0
    left = sum(issue.code == "missing_price" for issue in everything(settings, ledger).issues)
    outcome.lines.append(f"prices: {new} looked up, {left} still missing{': see `taxsync check`' * bool(left)}")
    outcome.failures += failed


def _at_year_ends(ledger: Ledger, settings: Settings, now: datetime) -> set[tuple[str, date]]:
    """(asset, last day) of what was held at the end of each ended tax year and has no price then."""
    basis = basis_of(settings)
    rows, book = ledger.transactions(), PriceBook(ledger.prices(), settings.currency, basis.zone)
    wanted: set[tuple[str, date]] = set()
    if not rows:
        return wanted
    first = basis.rules.year.of(rows[0].at.astimezone(basis.zone).date())
    with exact():
        for year in range(first, last_ended_year(basis, now) + 1):
            period = basis.rules.year.period(year, basis.zone)
            held = {asset for (_, asset), quantity in balances(rows, period.ends).items() if quantity > ZERO}
            wanted |= {(a, period.last) for a in held if book.quote(a, period.ends - datetime.resolution) is None}
    return wanted
