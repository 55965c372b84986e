"""Where a report's figures come from, for whoever has to vouch for them: files, lists, balances, and the records.

Takes the ledger, gives what the workbook's last sheets and the archive for the accountant show.
"""

import json
from collections.abc import Iterator
from datetime import datetime

import importers
from importers.parsers.build import at_of
from importers.sync import BALANCE
from pipeline.gains.answered import renamed_balances
from pipeline.gains.checks import told
from pipeline.gains.derive import Basis
from pipeline.ledger import Ledger
from pipeline.model import Amount, Balance, RawRecord, Rule, Transaction, transaction_id
from pipeline.run.answers import answers
from pipeline.run.coverage import lists
from pipeline.run.reach import State
from pipeline.settings import Settings
from reports.basis import kept
from reports.table import FileUsed, ListUsed, Report
from reports.tables import disposals_of

_LOOKUPS = {
    True: "yes: of exchanges, where neither the records nor a price file tell one; rates of the European Central Bank",
    False: "no: the records and price files alone",
}
_PRICES = {
    "": "of the minute where that takes few requests, else of the day",
    "minute": "of the minute",
    "day": "of the day",
}
_STATES = {State.WHOLE: "whole", State.IN_PART: "not to its end", State.NEVER: "never fetched"}


def settings_used(settings: Settings, basis: Basis) -> list[tuple[str, str]]:
    """What else was chosen that bears on a figure: methods that follow and those of single accounts, lots kept
    otherwise before, where prices are from, and which accounts are read by API, and what of them is not."""
    first, *later = basis.scope.values
    scopes = [kept(first[1]), *(f"from {since} {kept(scope)}" for since, scope in later)]
    accounts = [f"{name} ({account.exchange})" for name, account in sorted(settings.accounts.items())]
    return [
        *((f"Method from {since}", method) for since, method in basis.later),
        *((f"Method of {account}", f"{method}, from {since}") for account, since, method in basis.own),
        *([("Lots in all years", ", ".join(scopes))] if later else []),
        ("Prices are looked up", _LOOKUPS[settings.lookups]),
        *([("Looked-up prices are", _PRICES[settings.prices])] if settings.lookups else []),
        *([("Accounts by API", ", ".join(accounts))] if accounts else []),
        *((f"Not read of {name}, if there was any", what) for name, what in _not_read(settings)),
    ]


def _not_read(settings: Settings) -> Iterator[tuple[str, str]]:
    """What no list of an account's exchange tells."""
    for name, account in sorted(settings.accounts.items()):
        known = not importers.unverified(account.exchange)
        if known and (places := importers.exchange(account.exchange).not_read):
            yield name, ", ".join(one.what for one in places)


def files_used(ledger: Ledger, now: datetime) -> list[FileUsed]:
    """Every file that was imported, once for the same bytes under the same name: when it first was. A time after `now`
    is told as `now`: the demo's clock stands still."""
    found: dict[tuple[str, str], FileUsed] = {}
    for batch in ledger.batches():
        if batch.kind == "file":
            found.setdefault((batch.name, batch.digest), FileUsed(batch.name, batch.digest, min(batch.at, now)))
    return list(found.values())


def lists_used(settings: Settings, ledger: Ledger, now: datetime) -> list[ListUsed]:
    """How far each list of each account behind an API was fetched; before what day nothing was asked for."""
    found = []
    for r in lists(settings, ledger):
        asked = min(r.run.asked, now) if r.run.asked is not None else None
        state = f"{_STATES[r.state]}{f', since {r.floor:%Y-%m-%d}' if r.floor is not None else ''}"
        found.append(ListUsed(r.account, r.words, r.records, r.first, r.last, asked, state))
    return found


def reported_near(ledger: Ledger, report: Report) -> list[Balance]:
    """What each exchange itself said is held, as of its answer that is the nearest to the year's end."""
    names = answers(ledger, report.zone).assets
    found = []
    for account, by_instant in told(renamed_balances(ledger.balances(), names)).items():
        at = min(by_instant, key=lambda at: abs(at - report.period.ends))
        found += [Balance(account, asset, quantity, at) for asset, quantity in by_instant[at].items()]
    return found


# ---- records --------------------------------------------------------------------------------------------------------


def year_records(ledger: Ledger, report: Report) -> Iterator[RawRecord]:
    """The records that the year's figures rest on, in their sources' order: those that say its transactions and the
    lots that its disposals draw on, all that an exchange dates in the year, and the balances that the closing units
    are compared with."""
    wanted = _transactions(report)
    ids = {t.id for t in wanted}
    named = {name for t in wanted for name in (t.source_id, t.source_id.partition("/")[0])}
    exchanges = frozenset(importers.exchange_names())
    compared = {(b.account, b.at) for b in report.reported}
    for account in ledger.accounts():
        for record in ledger.records(account):
            if transaction_id(account, record.stream, record.source_id) in ids:
                yield record
            elif record.source in exchanges:
                at = at_of(record)
                balance = record.stream.partition(" ")[0] == BALANCE
                if (account, at) in compared if balance else _is_of(report, at) or _names(record, named):
                    yield record
            elif _names(record, named):
                yield record


def _transactions(report: Report) -> list[Transaction]:
    """Those of the year, and those that brought what was disposed of in it: of an average, a pool or a whole portfolio
    all that moved its assets until then."""
    starts, ends = report.period.starts, report.period.ends
    disposals = disposals_of(report)
    lots = {d.acquisition_id for d in disposals}
    pooled = {d.asset for d in disposals if d.rule in (Rule.AVERAGE, Rule.POOL)}
    everything = any(d.whole is not None for d in disposals)

    def counts(t: Transaction) -> bool:
        return t.at < ends and (
            t.at >= starts or everything or t.id in lots or not pooled.isdisjoint(_assets(t.sent, t.received, t.fee))
        )

    # pairs of a later purchase with a disposal of the year (by days) are lots of the year, too
    return [t for t in report.result.transactions if counts(t) or t.id in lots]


def _assets(*amounts: Amount | None) -> list[str]:
    return [amount.asset for amount in amounts if amount is not None]


def _is_of(report: Report, at: datetime) -> bool:
    return report.period.starts <= at < report.period.ends


def _names(record: RawRecord, wanted: set[str]) -> bool:
    """Whether a record is, or names, one of the ids: legs of one trade name each other by an id of their own."""
    if record.source_id in wanted:
        return True
    content = json.loads(record.payload)
    return isinstance(content, dict) and any(isinstance(v, str) and v in wanted for v in content.values())
