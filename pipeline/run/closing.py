"""`taxsync close`: keeps a tax year as it was filed. What is kept so is never changed; filing again keeps both.

A year is closed in one transaction of the ledger: killed at any point, it is closed or it is not.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from pipeline.filing import Filing
from pipeline.gains.derive import Basis
from pipeline.gains.position import to_texts
from pipeline.issues import Severity, Stop, Usage
from pipeline.ledger import Ledger
from pipeline.money import exact
from pipeline.rules.base import Period
from pipeline.run.computed import computed
from pipeline.run.opening import Opening, opening_position
from pipeline.run.project import basis_of, choices_text, keeping, period_of, refresh, stamp_of
from pipeline.run.reporting import opening, year_report
from pipeline.settings import Settings, as_table
from reports.filed import filed
from reports.table import Report

COMMAND = "taxsync close"


class Closed(Struct, frozen=True):
    """A year that was just closed, with its figures; `problems` were open, `remarks` are lines on other years."""

    filing: Filing
    report: Report
    problems: int
    remarks: tuple[str, ...] = ()


def close(
    folder: Path,
    year: str,
    now: datetime,
    say: Callable[[str], None],
    *,
    with_problems: bool = False,
    reopen: bool = False,
    why: str = "",
    recompute: bool = False,
    confirm: Callable[[str], bool] | None = None,
) -> Closed:
    """Keeps what `taxsync report` computes of a year by now. `confirm` asks a person; None: nobody can be asked.

    Raises Stop in one line for a year that has not ended, that is closed already, or that has open problems without a
    word that they may stay.
    """
    with keeping(folder, COMMAND, say) as (settings, ledger):
        basis = basis_of(settings)
        period = period_of(basis, year, now)
        _require_open(ledger.filings().get(period.name), period, now, reopen, why)
        if not refresh(ledger):
            raise Stop(f"nothing is imported yet: tax year {period.name} would be closed empty; `taxsync import` first")
        begin = opening_position(ledger, basis, period.name, recompute=recompute)
        one, _ = year_report(settings, ledger, basis, period, begin=begin)
        open_problems = [i for i in one.result.issues if i.severity is Severity.ERROR]
        if open_problems and not with_problems:
            _require_word(len(open_problems), period.name, confirm)
        content = _content(settings, ledger, basis, period, begin, one)
        filing = ledger.keep_filing(period.name, content, filed(one), why.strip())
        remarks = _others(ledger, one)
    return Closed(filing, one, len(open_problems), remarks)


def _require_open(before: Filing | None, period: Period, now: datetime, reopen: bool, why: str) -> None:
    if now < period.ends:
        raise Stop(f"tax year {period.name} has not ended yet: it ends on {period.last}, close it from then on")
    if before is None and reopen:
        raise Usage(f"tax year {period.name} is not closed: leave --reopen out")
    if reopen != bool(why.strip()):
        raise Usage("--reopen and --why TEXT go together: the reason is kept with the new figures")
    if before is not None and not reopen:
        raise Stop(
            f"tax year {period.name} is closed already, since {before.at:%Y-%m-%d}: `taxsync changes {period.name}` "
            "says what would differ today; --reopen --why TEXT closes it anew and keeps the old figures, too"
        )


def _require_word(problems: int, year: str, confirm: Callable[[str], bool] | None) -> None:
    several = f"{problems} open problem{'s' * (problems != 1)} may change the figures of {year}"
    if confirm is None:
        raise Stop(
            f"{several}: see `taxsync check`, or close it as it is with --with-problems, which keeps them with it"
        )
    if not confirm(f"{several}. Close it all the same, and keep them with it?"):
        raise Stop(f"tax year {year} was not closed: see `taxsync check`, then close it again")


def _content(
    settings: Settings, ledger: Ledger, basis: Basis, period: Period, begin: Opening, one: Report
) -> Mapping[str, Any]:
    """By what the year was computed, and what it leaves to the next."""
    done = computed(settings, ledger, basis, period, opening(ledger, basis, begin.filing), begin.position)
    with exact():
        position = done.position() if done.position is not None else None
    sources: dict[str, set[str]] = {}
    for kept in ledger.sources():
        sources.setdefault(kept.account, set()).add(kept.source)
    return {
        "format": 1,
        "country": basis.rules.country,
        "currency": basis.currency,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "marks": asdict(ledger.marks()),
        "inputs": one.inputs,
        "settings": as_table(settings),
        "choices": choices_text(basis),
        "methods": [[at.isoformat(), text] for at, text in one.orders],
        "parsers": {account: stamp_of(names) for account, names in sorted(sources.items())},
        "opening": begin.filing,
        "recomputed": bool(begin.told) and begin.position is None,
        "problems": Counter(str(i.severity) for i in one.result.issues),
        "position": None if position is None else to_texts(position) | {"year": period.name},
    }


def _others(ledger: Ledger, one: Report) -> tuple[str, ...]:
    """What closing this year means for others: earlier ones that are open, later ones that are closed."""
    closed, this = ledger.filings(), one.period.name
    year_of = one.rules.year.of
    days = [d.disposed_at for d in one.result.disposals] + [i.at for i in one.result.incomes]
    years = {str(year_of(at.astimezone(one.zone).date())) for at in days}
    before = sorted(year for year in years if year < this and year not in closed)
    after = [year for year in closed if year > this]
    found = []
    if before:
        found.append(
            f"Not closed: {', '.join(before)}, with disposals or income before {this}: their figures can still move, "
            f"{this} stays as it is"
        )
    if after:
        found.append(
            f"Closed before it: {', '.join(after)}, and not from these lots: see `taxsync changes`; what should go on "
            "from them is closed again, too"
        )
    return tuple(found)
