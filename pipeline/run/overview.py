"""`taxsync status` and `taxsync check`: what is kept, what it adds up to, and what is open."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pipeline.gains.derive import derive
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.model import Result
from pipeline.money import ZERO
from pipeline.run.coverage import beside
from pipeline.run.project import basis_of, opened, refresh
from pipeline.run.reporting import opening, sources_used
from pipeline.settings import Settings
from reports.table import SourceUsed


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of one asset in one account: by the records, and by the exchange (None: it wasn't asked)."""

    account: str
    asset: str
    computed: Decimal
    reported: Decimal | None


@dataclass(frozen=True, slots=True)
class Status:
    """What is kept, and how far it reaches. `asked` is when the exchange last answered, per account."""

    settings: Settings
    sources: list[SourceUsed]
    asked: dict[str, datetime]
    holdings: list[Holding]
    issues: list[Issue]


def status(folder: Path) -> Status:
    """The whole ledger at a glance."""
    with opened(folder) as (settings, ledger):
        result = everything(settings, ledger)
        reported = {(b.account, b.asset): b for b in sorted(ledger.balances(), key=lambda b: b.at)}
        asked = {b.account: b.at for b in reported.values()}
        keys = {key for key, quantity in result.balances.items() if quantity != ZERO} | reported.keys()
        holdings = [
            Holding(
                account,
                asset,
                result.balances.get((account, asset), ZERO),
                reported[account, asset].quantity
                if (account, asset) in reported
                else (ZERO if account in asked else None),
            )
            for account, asset in sorted(keys)
        ]
        return Status(settings, sources_used(ledger), asked, holdings, result.issues)


def check(folder: Path) -> list[Issue]:
    """Every open problem of the ledger, worst first."""
    with opened(folder) as (settings, ledger):
        ledger.check_integrity()
        return everything(settings, ledger).issues


def everything(settings: Settings, ledger: Ledger) -> Result:
    """All that the ledger holds, derived to its end, with the problems of reading it."""
    basis = basis_of(settings)
    refresh(ledger)
    result = derive(
        ledger.transactions(), ledger.prices(), basis, reported=ledger.balances(), opening=opening(ledger, basis)
    )  # fmt: skip
    return replace(result, issues=result.issues + beside(settings, ledger, basis.zone))
