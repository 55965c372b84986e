"""`taxsync import`: what is new at every account's exchange, then the prices that are missing.

Exchanges are read side by side, each in a thread of its own; the accounts of one exchange one after the other,
since it counts the requests of this machine together. A page and its cursor are kept in one commit, so that a
run that ends anywhere is gone on with by the next. One account or list that fails hides no other: it is told at
the end, with exit code 1.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import importers
from importers.vault import Vault
from pipeline.issues import Stop, Usage
from pipeline.ledger import Ledger
from pipeline.run import keys, prices
from pipeline.run.again import begin_again, came
from pipeline.run.course import Course
from pipeline.run.fallen import Watch
from pipeline.run.fetching import Work, fetch
from pipeline.run.importing import COMMAND, Notes, Outcome
from pipeline.run.keeper import Keeper
from pipeline.run.project import keeping, refresh
from pipeline.settings import Access, Settings

EPOCH = date(1970, 1, 1)


def sync(
    folder: Path,
    now: datetime,
    notes: Notes,
    access: Access,
    *,
    since: str = "",
    again: str = "",
    in_demo: bool = False,
) -> Outcome:
    """Fetches what is new of every account in taxsync.toml, then looks up prices.

    `since`: an ISO day; the very first fetch of an account goes back no further. `again`: the account whose lists are
    asked anew, from their beginning.
    """
    outcome, works = Outcome(), list[Work]()
    floor = _floor(since)
    with keeping(folder, COMMAND, notes.say, in_demo=in_demo) as (settings, ledger):
        if again:
            _ask_again(settings, ledger, again)
        watch = Watch(settings, ledger)
        if settings.accounts:
            vault = keys.vault(folder, access)
            done, works = _accounts(settings, ledger, vault, now, floor, notes, access)
            for one in done:
                outcome.lines += one.lines
                outcome.failures += one.failures
                outcome.offers += one.offers
        else:
            outcome.lines.append("no account is synced by API yet: `taxsync keys add kraken`, or `taxsync import FILE`")
        refresh(ledger)
        outcome.lines += [came(ledger, look) for work in works if not work.outcome.failures for look in work.looks]
        if settings.lookups:
            prices.look_up(ledger, settings, now, notes, access, outcome)
        outcome.lines += [*watch.lines(), *outcome.offers]
    return outcome


def _floor(since: str) -> Decimal | None:
    if not since:
        return None
    try:
        return Decimal((date.fromisoformat(since) - EPOCH).days * 86_400)
    except ValueError:
        raise Usage(f"--since {since} should be a day such as 2024-01-01") from None


def _ask_again(settings: Settings, ledger: Ledger, name: str) -> None:
    """What is kept stays; a run that is cut off is gone on with by the next."""
    account = settings.accounts.get(name)
    if account is None:
        names = ", ".join(settings.accounts) or "none yet"
        raise Usage(f"--again {name} should name an account behind an API; those are: {names}")
    with ledger.transaction():
        begin_again(ledger, name, importers.exchange(account.exchange))


def _accounts(
    settings: Settings,
    ledger: Ledger,
    vault: Vault,
    now: datetime,
    floor: Decimal | None,
    notes: Notes,
    access: Access,
) -> tuple[list[Outcome], list[Work]]:
    """What became of each account, in the order of taxsync.toml; and the work on those that could be asked."""
    keeper = Keeper()
    outcomes: list[Outcome] = []
    places: dict[str, list[Work]] = {}

    def say(line: str) -> None:
        keeper.do(partial(notes.say, line))

    for name, account in settings.accounts.items():
        outcome = Outcome()
        outcomes.append(outcome)
        try:
            exchange = importers.exchange(account.exchange)
            client = keys.client(exchange, keys.of_account(vault, name, exchange), access, say)
        except Stop as refused:
            outcome.failures.append(f"{name}: {refused}")
            continue
        allowed = next((e.allow for e in vault.entries() if e.name == name), ())
        course = Course(name, notes.progress)
        work = Work(ledger, keeper.do, name, client, now, floor, course, allowed, outcome)
        places.setdefault(exchange.id, []).append(work)
    keeper.run([partial(_one_by_one, works) for works in places.values()])
    return outcomes, [work for works in places.values() for work in works]


def _one_by_one(works: Sequence[Work]) -> None:
    """The accounts of one exchange."""
    for work in works:
        fetch(work)
