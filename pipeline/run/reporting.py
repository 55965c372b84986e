"""`taxsync report`: from what is kept to the year's files. Opens no socket."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from importers.sync import BALANCE
from pipeline import __version__
from pipeline.gains.derive import Basis, derive
from pipeline.gains.orders import late_identification
from pipeline.issues import Severity, Usage
from pipeline.ledger import Ledger
from pipeline.model import Allocation
from pipeline.money import parse, plain
from pipeline.rules.base import Period
from pipeline.run import methods
from pipeline.run.coverage import KEY_RIGHTS, beside
from pipeline.run.project import Choices, basis_of, choices_text, last_ended_year, methods_text, opened, refresh
from pipeline.run.residuals import explained
from pipeline.settings import Settings
from reports.table import Report, SourceUsed

OPENING = "opening"  # the kind of answer that keeps what a change of lot scope dealt out


@dataclass(frozen=True, slots=True)
class Written:
    """What `report` has done: the files, the period, and how many problems are open."""

    report: Report
    folder: Path
    files: list[Path]
    errors: int
    warnings: int
    unfinished: bool = False  # the tax year has not ended yet


def report(
    folder: Path,
    now: datetime,
    *,
    year: str = "",
    choices: Choices | None = None,
    out: Path | None = None,
    xlsx: bool = True,
    reallocate: bool = False,
) -> Written:
    """Computes one tax year (default: the last that has ended) and replaces its folder, whole.

    Raises Stop in one line; open problems of the data stop nothing.
    """
    from reports.write import write_year

    with opened(folder) as (settings, ledger):
        basis = basis_of(settings, choices)
        refresh(ledger)
        period = _period(basis, year, now)
        one = year_report(settings, ledger, basis, period, reallocate=reallocate)
    target = (out or folder / "reports") / period.name
    files = write_year(target, one, xlsx=xlsx)
    severities = [i.severity for i in one.result.issues]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    return Written(one, target, files, errors, warnings, unfinished=now < period.ends)


def _period(basis: Basis, year: str, now: datetime) -> Period:
    try:
        number = basis.rules.year.read(year) if year else last_ended_year(basis, now)
    except ValueError as error:
        raise Usage(str(error)) from None
    return basis.rules.year.period(number, basis.zone)


def year_report(
    settings: Settings, ledger: Ledger, basis: Basis, period: Period, *, reallocate: bool = False
) -> Report:
    """Everything of one tax year, derived from the ledger.

    The first report that reaches past a change of lot scope settles what each account got then; it
    is kept as an answer and used from then on, so that the figures can't shift silently.
    """
    prices = ledger.prices()
    settled = [] if reallocate else opening(ledger, basis)
    rows = ledger.transactions()
    result = derive(
        rows, prices, basis, reported=ledger.balances(), opening=settled, until=period.ends
    )  # fmt: skip
    known = {a.asset for a in settled}
    new = [a for a in result.allocations if a.asset not in known]
    if new:  # each asset is settled by the first report that has it
        ledger.keep_answer(OPENING, _opening_key(basis), _to_json([*settled, *new]), "report")
    others = [i for i in beside(settings, ledger, basis.zone) if i.at is None or i.at < period.ends]
    methods.record(ledger, basis_of(settings), "taxsync report")
    orders = methods.log(ledger, basis.rules.country)
    taken = [d for d in result.disposals if d.disposed_at >= period.starts]
    others += late_identification(taken, basis.rules.standing_orders, orders, basis.zone)
    issues = explained(result.issues + others, result.transactions, prices, basis.currency)
    return Report(
        result=replace(result, issues=issues),
        period=period,
        rules=basis.rules,
        currency=basis.currency,
        zone=basis.zone,
        method=basis.method_on(period.last),
        scope=basis.scope.on(period.last).value,
        version=__version__,
        inputs=ledger.inputs_digest(
            "\n".join((choices_text(basis), _to_json(result.allocations))),
            leave_out=(OPENING, KEY_RIGHTS, methods.METHODS),
        ),
        sources=sources_used(ledger),
        orders=[(order.at, str(order)) for order in orders],
        prices=prices,
    )


def sources_used(ledger: Ledger) -> list[SourceUsed]:
    """One line per account and source: how many records (balances, which none sent, apart), and the span of what
    they say."""
    used = []
    for account in ledger.accounts():
        first, last, _ = ledger.span(account)
        counts: dict[str, int] = {}
        for s in ledger.sources():
            if s.account == account and s.stream.partition(" ")[0] != BALANCE:
                counts[s.source] = counts.get(s.source, 0) + s.records
        used += [SourceUsed(account, source, count, first, last) for source, count in sorted(counts.items())]
    return used


def _opening_key(basis: Basis) -> str:
    changes = [str(since) for since, _ in basis.scope.values if since is not None]
    return " ".join((basis.rules.country, methods_text(basis), *changes))


def opening(ledger: Ledger, basis: Basis) -> list[Allocation]:
    """What an earlier report settled for these rules and method; empty when none has."""
    kept = ledger.answers(OPENING).get(_opening_key(basis))
    if kept is None:
        return []
    return [Allocation(a, b, c, parse(q)) for a, b, c, q in json.loads(kept)]


def _to_json(allocations: Sequence[Allocation]) -> str:
    return json.dumps([[a.asset, a.account, a.acquisition_id, plain(a.quantity)] for a in allocations], indent=0)
