"""Prices that the records need and nothing gives, looked up at public sources."""

from datetime import UTC, date, datetime, timedelta

import importers
from importers.quotes import candles, ecb
from pipeline.gains.checks import balances
from pipeline.gains.value import PriceBook
from pipeline.ledger import Ledger
from pipeline.model import Price, is_fiat
from pipeline.money import ZERO, exact
from pipeline.run import keys
from pipeline.run.importing import Notes, Outcome
from pipeline.run.overview import everything
from pipeline.run.project import basis_of, last_ended_year
from pipeline.run.residuals import without_price
from pipeline.settings import Access, Settings

A_DAY, A_MOMENT = timedelta(days=1), datetime.resolution


def look_up(ledger: Ledger, settings: Settings, now: datetime, notes: Notes, access: Access, outcome: Outcome) -> None:
    """Looks up what the records need and nothing gives, the value of holdings at each year's end, and what a balance
    that differs is worth: on the day before it was reported, which is over."""
    basis = basis_of(settings)
    book = PriceBook(ledger.prices(), settings.currency, basis.zone)
    result = everything(settings, ledger)
    with exact():
        needs = [need for need in result.needs if book.quote(need.asset, need.at) is None]
    wanted = {(need.asset, need.at.astimezone(basis.zone).date()) for need in needs}
    wanted |= _at_year_ends(ledger, settings, now)
    wanted |= {(asset, at.astimezone(basis.zone).date() - A_DAY) for asset, at in without_price(result.issues)}
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
    for line in failed:  # not a failed import: what stays unpriced is an open problem, and asked for again
        notes.say(line)


def _at_year_ends(ledger: Ledger, settings: Settings, now: datetime) -> set[tuple[str, date]]:
    """(asset, day) of what was held on the reference day of each ended tax year and has no price then."""
    basis = basis_of(settings)
    rows, book = ledger.transactions(), PriceBook(ledger.prices(), settings.currency, basis.zone)
    wanted: set[tuple[str, date]] = set()
    if not rows:
        return wanted
    first = basis.rules.year.of(rows[0].at.astimezone(basis.zone).date())
    with exact():
        for year in range(first, last_ended_year(basis, now) + 1):
            period = basis.rules.year.period(year, basis.zone)
            until = period.starts if basis.rules.reference_first else period.ends
            held = {asset for (_, asset), quantity in balances(rows, until).items() if quantity > ZERO}
            day, at = (
                (period.first, period.starts) if basis.rules.reference_first else (period.last, period.ends - A_MOMENT)
            )
            wanted |= {(a, day) for a in held if book.quote(a, at) is None}
    return wanted
