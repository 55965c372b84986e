"""`taxsync report`: from what is kept to the year's files. Opens no socket."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from importers.sync import BALANCE
from pipeline import __version__
from pipeline.gains.derive import Basis, derive
from pipeline.gains.orders import late_identification
from pipeline.gains.stakes import weighed_beside
from pipeline.issues import Severity, Usage
from pipeline.ledger import Ledger, ReadOnly
from pipeline.model import Allocation
from pipeline.money import parse, plain
from pipeline.rules.base import Period
from pipeline.run import methods
from pipeline.run.answers import answers, described
from pipeline.run.copies import copies
from pipeline.run.coverage import KEY_RIGHTS, beside
from pipeline.run.origins import origins
from pipeline.run.project import Choices, basis_of, choices_text, last_ended_year, methods_text, opened, refresh
from pipeline.run.residuals import explained
from pipeline.settings import Settings
from reports.table import Report, SourceUsed

OPENING = "opening"  # the kind of answer that keeps what a change of lot scope dealt out


@dataclass(frozen=True, slots=True)
class Written:
    """What `report` has done: the files, the period, how many problems are open, and what could not be kept."""

    report: Report
    folder: Path
    files: list[Path]
    errors: int
    warnings: int
    unfinished: bool = False  # the tax year has not ended yet
    remarks: tuple[str, ...] = ()


def report(
    folder: Path,
    now: datetime,
    *,
    year: str = "",
    choices: Choices | None = None,
    out: Path | None = None,
    xlsx: bool = True,
    reallocate: bool = False,
    waiting: Callable[[str], None] | None = None,
) -> Written:
    """Computes one tax year (default: the last that has ended) and replaces its folder, whole.

    `waiting` gets a line while another report of that folder is at work. A ledger that can only be read gives its
    report to a folder elsewhere; a remark says what could not be kept. Raises Stop in one line; open problems of the
    data stop nothing.
    """
    from reports.write import write_year

    with opened(folder) as (settings, ledger):
        basis = basis_of(settings, choices)
        refresh(ledger)
        period = _period(basis, year, now)
        one, unkept = year_report(settings, ledger, basis, period, reallocate=reallocate)
        remarks = (_unkept(ledger, unkept),) if unkept else ()
    target = (out or folder / "reports") / period.name
    files = write_year(target, one, xlsx=xlsx, waiting=waiting)
    severities = [i.severity for i in one.result.issues]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    return Written(one, target, files, errors, warnings, unfinished=now < period.ends, remarks=remarks)


def _unkept(ledger: Ledger, what: Sequence[str]) -> str:
    return (
        f"{ledger.path} can only be read: {' and '.join(what)} could not be recorded in it; the figures are the same, "
        "but run report once where it can be written, before you file"
    )


def _period(basis: Basis, year: str, now: datetime) -> Period:
    try:
        number = basis.rules.year.read(year) if year else last_ended_year(basis, now)
    except ValueError as error:
        raise Usage(str(error)) from None
    return basis.rules.year.period(number, basis.zone)


def year_report(
    settings: Settings, ledger: Ledger, basis: Basis, period: Period, *, reallocate: bool = False
) -> tuple[Report, list[str]]:
    """Everything of one tax year, derived from the ledger; and what a ledger that is read-only could not keep.

    The first report that reaches past a change of lot scope settles what each account got then; it
    is kept as an answer and used from then on, so that the figures can't shift silently.
    """
    prices = ledger.prices()
    settled = [] if reallocate else opening(ledger, basis)
    rows = ledger.transactions()
    result = derive(
        rows, prices, basis, reported=ledger.balances(), opening=settled, until=period.ends,
        answers=answers(ledger, basis.zone),
    )  # fmt: skip
    known = {a.asset for a in settled}
    new = [a for a in result.allocations if a.asset not in known and not a.given]  # the person's own is kept already
    unkept = []
    if new:  # each asset is settled by the first report that has it
        kept = partial(ledger.keep_answer, OPENING, _opening_key(basis), _to_json([*settled, *new]), "report")
        unkept += _try("what each account held when lots became per account", kept)
    others = [i for i in beside(settings, ledger, basis.zone) if i.at is None or i.at < period.ends]
    unkept += _try("the chosen lot method", partial(methods.record, ledger, basis_of(settings), "taxsync report"))
    orders = methods.log(ledger, basis.rules.country)
    taken = [d for d in result.disposals if d.disposed_at >= period.starts]
    others += late_identification(taken, basis.rules.standing_orders, orders, basis.zone)
    issues = [*copies(result.issues, ledger), *others]
    issues = weighed_beside(issues, result, basis.rules, basis.zone, int(period.name))
    issues = explained(issues, result.transactions, prices, basis.currency)
    told = settings.form_1099_da.get(period.name, {})
    chosen = [choices_text(basis), _to_json(result.allocations), *map(" 1099-DA ".join, sorted(told.items()))]
    one = Report(
        result=replace(result, issues=issues),
        period=period,
        rules=basis.rules,
        currency=basis.currency,
        zone=basis.zone,
        method=basis.method_on(period.last),
        scope=basis.scope.on(period.last).value,
        version=__version__,
        inputs=ledger.inputs_digest("\n".join(chosen), leave_out=(OPENING, KEY_RIGHTS, methods.METHODS)),
        sources=sources_used(ledger),
        orders=[(order.at, str(order)) for order in orders],
        prices=prices,
        origins=origins(result, prices, basis, period),
        answers=described(ledger),
        form_1099_da=told,
    )
    return one, unkept


def _try(what: str, keep: Callable[[], object]) -> list[str]:
    """`what`, where the ledger can only be read."""
    try:
        keep()
    except ReadOnly:
        return [what]
    return []


def sources_used(ledger: Ledger) -> list[SourceUsed]:
    """One line per account and source: how many records (balances, which none sent, apart), and the span of what
    they say."""
    used = []
    kept = ledger.sources()
    for account in ledger.accounts():
        first, last, _ = ledger.span(account)
        counts: dict[str, int] = {}
        for s in kept:
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
