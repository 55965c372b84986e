"""Prices that the records need and nothing gives, looked up at public sources and kept."""

from datetime import UTC, datetime

from msgspec.structs import replace

import importers
from importers.base import Call
from importers.quotes import candles, ecb, venues
from pipeline.gains.value import PriceBook
from pipeline.ledger import Ledger
from pipeline.model import DOUBTFUL, NO_MARKET, Label, Price, Result, is_fiat
from pipeline.money import ZERO
from pipeline.run import keys
from pipeline.run.importing import Notes, Outcome
from pipeline.run.overview import everything
from pipeline.run.project import basis_of
from pipeline.run.unpriced import Unpriced
from pipeline.run.wants import order, wants
from pipeline.settings import Access, Settings


def look_up(ledger: Ledger, settings: Settings, now: datetime, notes: Notes, access: Access, outcome: Outcome) -> None:
    """Looks up what is wanted (`wants`) and keeps it, with what the exchanges do not have.

    A source that fails is one line and no failed import: what stays unpriced is an open problem, and asked for again.
    """
    basis, currency = basis_of(settings), settings.currency

    def look() -> tuple[Result, list[Price], set[candles.Want]]:
        result, kept = everything(settings, ledger), ledger.prices()
        return result, kept, wants(result, basis, PriceBook(kept, currency, basis.zone), now, settings.prices)

    result, kept, wanted = look()
    if not wanted:
        return
    rates = ecb.refreshed(access.environment.proxy_url, notes.say)
    new = 0
    if money := sorted(want for want in wanted if is_fiat(want.asset)):
        new = _keep(ledger, rates((w.asset, currency, w.day) for w in money), now)
        result, kept, wanted = look()  # what was paid in money needs no market
    unpriced = Unpriced(ledger, currency, now.astimezone(UTC).date())
    notes.progress("prices", 0, len(wanted))
    own = order(result.transactions, (account.exchange for account in settings.accounts.values()))
    found = candles.look_up(
        wanted, currency, [_source(venue, access, notes) for venue in own], notes.say,
        now=int(now.timestamp()), rates=rates, kept=[p for p in kept if not p.source.startswith((DOUBTFUL, NO_MARKET))],
        skip=unpriced.known, progress=lambda served: notes.progress("prices", served, len(wanted)),
    )  # fmt: skip
    with ledger.transaction():
        unpriced.learn(found)
        new += _keep(ledger, found.prices + _worthless(settings, result, unpriced), now)
    left = sum(issue.code == "missing_price" for issue in everything(settings, ledger).issues)
    outcome.lines.append(f"prices: {new} looked up, {left} still missing{': see `taxsync check`' * bool(left)}")


def _keep(ledger: Ledger, prices: list[Price], now: datetime) -> int:
    """How many are new."""
    return ledger.keep_prices(prices, now, ledger.begin_batch("prices", "looked up")) if prices else 0


def _source(venue: venues.Venue, access: Access, notes: Notes) -> candles.Source:
    """An exchange's public data, opened when it is first asked; no key is used."""
    opened: list[Call] = []

    def call() -> Call:
        if not opened:
            plug_in = importers.exchange(venue.id)
            faults = {code: fault for code, fault in plug_in.faults.items() if fault.passing}  # others are of keys
            public = replace(plug_in, allow=venue.allow, faults=faults)
            opened.append(keys.client(public, None, access, notes.say).call)
        return opened[0]

    return venues.source(venue, call)


def _worthless(settings: Settings, result: Result, unpriced: Unpriced) -> list[Price]:
    """A price of 0 for each airdrop that came unasked, into a wallet, of what no exchange has a market for."""
    listed = [venue for venue in venues.VENUES.values() if not venue.spare]
    own = {*importers.exchange_names(), *settings.accounts}
    open_ones = {issue.ref for issue in result.issues if issue.code == "missing_price"}
    zone, found = basis_of(settings).zone, []
    for t in result.transactions:
        if t.id not in open_ones or t.label is not Label.AIRDROP or t.received is None or own & {t.source, t.account}:
            continue
        if unpriced.no_market((venue.id for venue in listed), t.received.asset):
            why = f"none of {', '.join(venue.name for venue in listed)} has a market for {t.received.asset}"
            day = t.at.astimezone(zone).date()
            found.append(Price(t.received.asset, settings.currency, ZERO, f"{NO_MARKET}{why}", day=day))
    return found
