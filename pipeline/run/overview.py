"""`taxsync status` and `taxsync check`: what is kept, what it adds up to, and what is open."""

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.filing import Filing
from pipeline.folder import VAULT, open_to_others
from pipeline.gains.answered import renamed_balances
from pipeline.gains.derive import derive
from pipeline.gains.orders import late_identification
from pipeline.gains.stakes import weighed_beside
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.model import Result, Transaction
from pipeline.run import brokers, methods
from pipeline.run.answers import answers
from pipeline.run.computed import sources_used
from pipeline.run.copies import copies
from pipeline.run.coverage import beside, lists
from pipeline.run.opening import opening_position
from pipeline.run.project import basis_of, last_ended_year, opened, refresh
from pipeline.run.reach import Reach
from pipeline.run.reporting import opening
from pipeline.run.residuals import Holding, Residual, explained, holdings, residuals
from pipeline.run.worth import Worth, worth
from pipeline.settings import FILE, Settings
from reports.meanwhile import meanwhile
from reports.table import SourceUsed
from reports.write import restore


class Status(Struct, frozen=True):
    """What is kept, and how far it reaches. `asked` is when the exchange last answered, per account; `reaches` are the
    lists of the accounts behind an API; `residuals` what the exchanges report beyond the ledger, the dearest first;
    `remarks` lines on what is not about its data; `closed` the years that were filed; `worth` what is held of each
    asset; `reported` the last tax year that has ended, and whether its files are there (None: not known)."""

    settings: Settings
    sources: list[SourceUsed]
    asked: dict[str, datetime]
    holdings: list[Holding]
    issues: list[Issue]
    reaches: list[Reach] = field(default_factory=list)
    residuals: list[Residual] = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    closed: tuple[Filing, ...] = ()
    worth: list[Worth] = field(default_factory=list)
    reported: tuple[str, bool] | None = None
    result: Result | None = None  # as of `Problems`


class Problems(list[Issue]):
    """Open problems of the ledger, beside them lines on what is not about its data, and the currency of its figures.
    `result`: what they are the problems of, which is held since the program's end spares what letting it go takes."""

    remarks: tuple[str, ...] = ()
    currency: str = ""
    result: Result | None = None


def status(folder: Path, now: datetime | None = None) -> Status:
    """The whole ledger at a glance. `now` says which tax year was the last to end."""
    restore(folder / "reports")
    with opened(folder) as (settings, ledger):
        refresh(ledger)
        rows = ledger.transactions()
        result, basis = _everything(settings, ledger, rows), basis_of(settings)
        reported = renamed_balances(ledger.balances(), answers(ledger, basis.zone).assets)
        held, asked = holdings(result.transactions, reported)
        return Status(
            settings=settings,
            sources=sources_used(ledger, rows),
            asked=asked,
            holdings=held,
            issues=result.issues,
            reaches=lists(settings, ledger),
            residuals=residuals(result.issues),
            remarks=remarks(folder),
            closed=tuple(ledger.filings().values()),
            worth=worth(result.lots, ledger.prices(), basis.currency, basis.zone),
            reported=None if now is None else _reported(folder, str(last_ended_year(basis, now))),
            result=result,
        )


def _reported(folder: Path, year: str) -> tuple[str, bool]:
    return year, (folder / "reports" / year / "summary.csv").exists()


MANY = 10_000  # records, from which on it is worth another process to look whether they are what was kept


def check(folder: Path, *, many: int = MANY) -> Problems:
    """Every open problem of the ledger, worst first. Raises LedgerError for a ledger that is damaged; looked for by
    another process, beside, where there are more than `many` records."""
    restore(folder / "reports")
    with opened(folder) as (settings, ledger):
        try:
            refresh(ledger)  # what it keeps would wait for the other process, which reads
            with meanwhile(lambda _: _sound(folder), worth=ledger.last_record().row > many) as sound:
                result = _everything(settings, ledger, ledger.transactions())
                problems = Problems(result.issues)
                problems.currency, problems.result = settings.currency, result
                sound(None)
        except Exception:
            ledger.check_integrity()  # where it is damaged, that is what is told, whatever came of it
            raise
    problems.remarks = remarks(folder)
    return problems


def _sound(folder: Path) -> None:
    """Raises LedgerError for a damaged ledger. Opens it anew: no two processes share a connection."""
    with Ledger.open(folder, create=False) as ledger:
        ledger.check_integrity()


def remarks(folder: Path) -> tuple[str, ...]:
    """A line where other users of this machine may read what is in the folder."""
    found = open_to_others(folder, *(folder / name for name in (FILE, "ledger.db", VAULT)))
    if not found:
        return ()
    names = ", ".join(str(path) for path in found)
    return (f"Other users of this machine may read {names}: `chmod -R go= {shlex.quote(str(folder))}` closes it.",)


def everything(settings: Settings, ledger: Ledger) -> Result:
    """All that the ledger holds, derived to its end, with the problems of reading it."""
    refresh(ledger)
    return _everything(settings, ledger, ledger.transactions())


def _everything(settings: Settings, ledger: Ledger, rows: Sequence[Transaction]) -> Result:
    """`rows`: all transactions of the ledger, which is refreshed."""
    basis, prices = basis_of(settings), ledger.prices()
    said, begin = answers(ledger, basis.zone), opening_position(ledger, basis)
    result = derive(
        rows, prices, basis, reported=ledger.balances(), opening=opening(ledger, basis, begin.filing),
        answers=said, start=begin.position,
    )  # fmt: skip
    issues = copies(result.issues, ledger) + beside(settings, ledger, basis.zone)
    log = methods.log(ledger, basis.rules.country)
    issues += late_identification(result.disposals, basis.rules.standing_orders, log, basis.zone)
    issues += methods.late_notices(result.disposals, basis, log)
    closed = int(begin.position.year or 0) if begin.position else 0
    issues += brokers.open_problems(result.disposals, said, basis, closed)
    issues = weighed_beside(issues, result, basis.rules, basis.zone)
    return replace(result, issues=explained(issues, result.transactions, prices, basis.currency))
