"""The ledger's transactions with each happening once, whichever of an account's sources tell of it (`gains.tie`)."""

from collections.abc import Iterator, Mapping, Set
from zoneinfo import ZoneInfo

import importers
from pipeline.gains.answered import renamed
from pipeline.gains.match import sort_key
from pipeline.gains.tie import tied
from pipeline.ledger import Ledger
from pipeline.model import Transaction
from pipeline.money import exact
from pipeline.run.aliases import names_of
from pipeline.run.answers import answers
from pipeline.settings import Settings

_UTC = ZoneInfo("UTC")  # no day of an answer matters here


def rows_of(ledger: Ledger, account: str) -> list[Transaction]:
    """What an account's sources tell, also under another name of it, in order; assets as the records name them."""
    said = answers(ledger, _UTC)
    with exact():
        rows = tied(ledger.transactions(names_of(ledger, account)), importers.rank, said).rows
    return sorted(rows, key=sort_key)


def known_already(ledger: Ledger, sources: Mapping[str, Set[str]], read: Set[str]) -> list[str]:
    """A line for each account of which other sources tell what those that were `read` just now tell, too. `sources`:
    of each account."""
    said = answers(ledger, _UTC)
    by_name: dict[str, set[tuple[str, str]]] = {}
    for account, names in sources.items():
        by_name.setdefault(said.accounts.get(account, account), set()).update((account, name) for name in names)
    accounts = {account for own in by_name.values() for account, _ in own
                if len(own) > 1 and any(name in read for _, name in own)}  # fmt: skip
    if not accounts:
        return []
    with exact():
        rows = renamed(ledger.transactions(accounts), said.assets)
        issues = tied(rows, importers.rank, said).issues
    return [i.message for i in issues if i.code == "counted_once" and i.details["source"] in read]


def maybe_same(ledger: Ledger, settings: Settings, sources: Mapping[str, Set[str]], read: Set[str]) -> Iterator[str]:
    """A line for each account with exports of an exchange that were `read` just now, under another name than that of
    the account there that is synced by API."""
    said = answers(ledger, _UTC).accounts
    for name, account in settings.accounts.items():
        for other, own in sorted(sources.items()):
            exports = sorted(one for one in own & read if one.startswith(f"{account.exchange}_"))
            if exports and other not in settings.accounts and other not in said:
                yield (
                    f"{other}: has files of the layout {exports[0]}; if it is the account {name}, which is synced by "
                    f"API, say so in a CSV file: `{other},{name}` under `Account,Same As`"
                )
