"""`taxsync report`: from what is kept to the year's files. Opens no socket."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pipeline.gains.derive import Basis
from pipeline.gains.orders import late_identification
from pipeline.gains.stakes import weighed_beside
from pipeline.glance import Glance
from pipeline.issues import Severity
from pipeline.ledger import Ledger, ReadOnly
from pipeline.model import Allocation
from pipeline.money import parse, plain
from pipeline.rules.base import Period
from pipeline.run import methods, standing
from pipeline.run.answers import described
from pipeline.run.compared import differences, figures_of
from pipeline.run.computed import computed
from pipeline.run.copies import copies
from pipeline.run.coverage import KEY_RIGHTS, beside
from pipeline.run.glance import Walked, glance
from pipeline.run.opening import FIRST_RECORD, Opening, opening_position
from pipeline.run.origins import origins
from pipeline.run.project import Choices, basis_of, choices_text, methods_text, opened, period_of, refresh
from pipeline.run.provenance import files_used, lists_used, reported_near, year_records
from pipeline.run.residuals import explained
from pipeline.settings import Settings
from reports.filed import figures
from reports.meanwhile import meanwhile
from reports.table import Report
from reports.write import Progress, silent, write_year

BIG = 16 << 20  # bytes of a ledger, from which on its digest is worth a process
OPENING = "opening"  # the kind of answer that keeps what a change of lot scope dealt out


class Written(Struct, frozen=True):
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
    recompute: bool = False,
    pack: bool = False,
    waiting: Callable[[str], None] | None = None,
    progress: Progress = silent,
) -> Written:
    """Computes one tax year (default: the last that has ended) and replaces its folder, whole.

    The lots go on from the last year before that was filed, or (`recompute`) are walked from the first record on.
    `pack`: with one archive of it all and of the records, for the accountant. `progress` hears what is being done.
    `waiting` gets a line while another report of that folder is at work. A ledger that can only be read gives its
    report to a folder elsewhere; a remark says what could not be kept. Raises Stop in one line; open problems of the
    data stop nothing.
    """
    with opened(folder) as (settings, ledger):
        basis = basis_of(settings, choices)
        period = period_of(basis, year, now)
        progress(f"{period.name}: computing", 0, None)
        refresh(ledger)
        marks = standing.begun(folder)
        begin = opening_position(ledger, basis, period.name, recompute=recompute)
        one, unkept = year_report(settings, ledger, basis, period, reallocate=reallocate, begin=begin, course=xlsx)
        remarks = (_unkept(ledger, unkept),) if unkept else ()
        one = replace(
            one,
            filed=_beside_filed(ledger, one),
            files=files_used(ledger, now),
            lists=lists_used(settings, ledger, now),
            reported=reported_near(ledger, one),
        )
        if xlsx:
            one = replace(one, glance=glance(settings, ledger, one))
        records = year_records(ledger, one) if pack else None
        target = (out or folder / "reports") / period.name
        files = write_year(target, one, xlsx=xlsx, waiting=waiting, records=records, progress=progress)
        if not recompute and choices in (None, Choices()):
            standing.keep(folder, marks, one, now)
    severities = [i.severity for i in one.result.issues]
    errors, warnings = severities.count(Severity.ERROR), severities.count(Severity.WARNING)
    return Written(one, target, files, errors, warnings, unfinished=now < period.ends, remarks=remarks)


def _unkept(ledger: Ledger, what: Sequence[str]) -> str:
    return (
        f"{ledger.path} can only be read: {' and '.join(what)} could not be recorded in it; the figures are the same, "
        "but run report once where it can be written, before you file"
    )


def _beside_filed(ledger: Ledger, one: Report) -> str:
    """Of a closed year: that what was filed is kept, and whether this is the same; else ""."""
    filing = ledger.filings().get(one.period.name)
    if filing is None:
        return ""
    apart = differences(figures_of(ledger.filed_tables(filing.id)), figures_of(figures(one)))
    told = f"closed on {filing.at:%Y-%m-%d}; the figures filed then are kept"
    return f"{told}, and are not these: `taxsync changes {filing.year}` says why" if apart else f"{told}, and are these"


def year_report(
    settings: Settings, ledger: Ledger, basis: Basis, period: Period, *, reallocate: bool = False,
    begin: Opening = FIRST_RECORD, course: bool = False,
) -> tuple[Report, list[str]]:  # fmt: skip
    """Everything of one tax year, derived from the ledger; and what a ledger that is read-only could not keep.

    The first report that reaches past a change of lot scope settles what each account got then; it
    is kept as an answer and used from then on, so that the figures can't shift silently. `begin`: where the lots
    do. `course`: with how holdings and their cost came to be, month by month, for the page.
    """
    with meanwhile(partial(_inputs, ledger.folder), worth=ledger.size() >= BIG) as inputs:
        return _year_report(settings, ledger, basis, period, inputs, reallocate, begin, course)


def _inputs(folder: Path, rest: Callable[[], str]) -> str:
    """The digest of all that the figures rest on, by a connection of its own: two processes can't share one. Raises
    LedgerError where a record is not what was kept: no figure is written that rests on it."""
    with Ledger.open(folder, create=False) as ledger:
        ledger.check_integrity()
        return ledger.inputs_digest(rest, leave_out=(OPENING, KEY_RIGHTS, methods.METHODS))


def _year_report(
    settings: Settings, ledger: Ledger, basis: Basis, period: Period, inputs: Callable[[str], str], reallocate: bool,
    begin: Opening, course: bool,
) -> tuple[Report, list[str]]:  # fmt: skip
    settled = [] if reallocate else opening(ledger, basis, begin.filing)
    walked = Walked(basis, period) if course else None
    done = computed(settings, ledger, basis, period, settled, begin.position, walked)
    first, apart = done.report, done.apart
    del done  # and with it all that the walk over the lots had in memory
    result, prices = first.result, first.prices
    known = {a.asset for a in settled}
    new = [a for a in result.allocations if a.asset not in known and not a.given]  # the person's own is kept already
    unkept = []
    if new:  # each asset is settled by the first report that has it
        kept = partial(
            ledger.keep_answer, OPENING, _opening_key(basis, begin.filing), _to_json([*settled, *new]), "report"
        )
        unkept += _try("what each account held when lots became per account", kept)
    others = [i for i in beside(settings, ledger, basis.zone) if i.at is None or i.at < period.ends]
    unkept += _try("the chosen lot method", partial(methods.record, ledger, basis_of(settings), "taxsync report"))
    orders = methods.log(ledger, basis.rules.country)
    taken = [d for d in result.disposals if d.disposed_at >= period.starts]
    others += late_identification(taken, basis.rules.standing_orders, orders, basis.zone)
    others += methods.late_notices(taken, basis, orders)
    issues = [*copies(result.issues, ledger), *others, *apart]
    issues = weighed_beside(issues, result, basis.rules, basis.zone, int(period.name))
    issues = explained(issues, result.transactions, prices, basis.currency)
    told = sorted(first.form_1099_da.items())
    chosen = [choices_text(basis), _to_json(result.allocations), *map(" 1099-DA ".join, told)]
    chosen += [f"opening {begin.told}"] if begin.told else []
    one = replace(
        first,
        result=replace(result, issues=issues),
        orders=[(order.at, str(order)) for order in orders],
        origins=origins(result, prices, basis, period),
        answers=described(ledger),
        opening=begin.told,
        glance=Glance(course=walked.course(result.disposals, result.lots)) if walked else Glance(),
        inputs=inputs("\n".join(chosen)),  # the last, as it may be waited for
    )
    return one, unkept


def _try(what: str, keep: Callable[[], object]) -> list[str]:
    """`what`, where the ledger can only be read."""
    try:
        keep()
    except ReadOnly:
        return [what]
    return []


def _opening_key(basis: Basis, filing: int = 0) -> str:
    changes = [str(since) for since, _ in basis.scope.values if since is not None]
    return " ".join((basis.rules.country, methods_text(basis), *changes, *([f"filing {filing}"] if filing else [])))


def opening(ledger: Ledger, basis: Basis, filing: int = 0) -> list[Allocation]:
    """What an earlier report settled for these rules and method; empty when none has. `filing`: where the lots go on
    from those of a filed year, what was settled for that comes first."""
    settled = ledger.answers(OPENING)
    kept = settled.get(_opening_key(basis, filing)) or settled.get(_opening_key(basis))
    if kept is None:
        return []
    return [Allocation(a, b, c, parse(q)) for a, b, c, q in json.loads(kept)]


def _to_json(allocations: Sequence[Allocation]) -> str:
    return json.dumps([[a.asset, a.account, a.acquisition_id, plain(a.quantity)] for a in allocations], indent=0)
