"""`taxsync changes`: what of a closed year would differ today, and why.

The year is computed again out of all that is kept, and compared with what was filed. Where figures differ, it is
computed once more for each input that came since, without that input: what then is otherwise is the input's doing.
What differs even without all of them is the program's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from pipeline import __version__
from pipeline.filing import Filing
from pipeline.gains.derive import derive
from pipeline.issues import Stop
from pipeline.ledger import Ledger
from pipeline.ledger_past import Past
from pipeline.model import Result
from pipeline.money import ZERO, exact
from pipeline.run.answers import answers
from pipeline.run.compared import Difference, Figures, Key, differences, figures_of, total
from pipeline.run.computed import Computed, computed
from pipeline.run.opening import FIRST_RECORD, as_filed, opening_position
from pipeline.run.project import basis_of, opened, period_of, refresh
from pipeline.run.reporting import opening
from pipeline.run.since import NOTHING, Input, all_of, opening_as_filed, since
from pipeline.settings import Settings
from reports.filed import figures

TOTALS = (
    ("capital_gains", "proceeds"),
    ("capital_gains", "cost_basis"),
    ("capital_gains", "gain"),
    ("income", "total"),
    ("derivatives", "result"),
)


class Cause(Struct, frozen=True):
    """What makes figures differ, and what it alone does to the gain and the income of the year; None: no telling."""

    kind: str
    words: str
    gain: Decimal | None = None
    income: Decimal | None = None


class YearChanges(Struct, frozen=True):
    """One closed year. `totals`: section, item, filed, today. `differences` with their causes; `causes` are all of
    them, `idle` counts inputs that came since and change no figure. `ahead`: units of later acquisitions that its
    disposals take today beyond what was filed (negative: short of it), by acquisition."""

    filing: Filing
    first: str
    last: str
    totals: Sequence[tuple[str, str, Decimal, Decimal]]
    differences: Sequence[tuple[Difference, Sequence[Cause]]] = ()
    causes: Sequence[Cause] = ()
    idle: int = 0
    ahead: Mapping[str, Decimal] | None = None


class Reached(Struct, frozen=True):
    """The gain of an open year, from the filed position and from all records."""

    year: str
    filed: Decimal
    recomputed: Decimal


class Changes(Struct, frozen=True):
    """All closed years that were asked for, and the open years after the last that their differences reach."""

    years: Sequence[YearChanges]
    reached: Sequence[Reached] = ()
    currency: str = ""


def changes(folder: Path, year: str, now: datetime) -> Changes:
    """Of one closed year; "": of all. Raises Stop for a year that is not closed."""
    with opened(folder) as (settings, ledger):
        basis = basis_of(settings)
        refresh(ledger)
        closed = ledger.filings()
        if year:
            name = period_of(basis, year, now).name
            if name not in closed:
                raise Stop(f"tax year {name} is not closed: `taxsync close {name}` keeps what you file")
            closed = {name: closed[name]}
        with Past.of(ledger) as past:
            found = [_of_year(_Again(settings, ledger, past, ledger.filing(one.id))) for one in closed.values()]
        apart = any(one.differences for one in found)
        return Changes(found, _reached(settings, ledger) if apart else (), basis.currency)


class _Again(Struct, frozen=True):
    """A closed year, to be computed again without this or that."""

    settings: Settings
    ledger: Ledger
    past: Past
    filing: Filing

    def computed(self, without: Input = NOTHING) -> Computed:
        self.past.leave_out(without.raw, without.price, without.answer)
        refresh(self.past)
        settings = replace(self.settings, **without.chosen)
        basis = basis_of(settings)
        period = basis.rules.year.period(int(self.filing.year), basis.zone)
        begin = as_filed(self.filing, self.ledger) if without.opening else FIRST_RECORD
        settled = opening(self.past, basis, begin.filing)
        return computed(settings, self.past, basis, period, settled, begin.position)

    def figures(self, without: Input) -> Figures:
        return figures_of(figures(self.computed(without).report))


def _of_year(again: _Again) -> YearChanges:
    filing, ledger = again.filing, again.ledger
    inputs = since(filing, ledger, again.past, again.settings)
    filed = figures_of(ledger.filed_tables(filing.id))
    done = again.computed()
    today = figures_of(figures(done.report))
    apart = differences(filed, today)
    first, last = filing.content["first"], filing.content["last"]
    with exact():
        totals = [(*each, total(filed, *each), total(today, *each)) for each in TOTALS]
        if not apart:
            return YearChanges(filing, first, last, totals, idle=len(inputs))
        machine = [one.id for one in ledger.answers_after(filing.marks)]  # those that a report has given, too
        then = again.figures(replace(all_of(inputs), answer=machine))
        if differences(filed, then) and filing.content["opening"]:
            inputs += opening_as_filed(filing, ledger)
            then = again.figures(replace(all_of(inputs), answer=machine))
        suspects = _suspects(again, inputs, today)
        program = Cause("program", _program(filing))
        together = Cause("together", "several of these together")
        causes: dict[int, Cause] = {}
        told = []
        for one in apart:
            by = _causes(one.key, filed, today, suspects)
            mine = [causes.setdefault(n, _cause(suspects[n], today)) for n in by]
            restored = any(list(suspects[n][1].get(one.key, ())) == list(one.filed) for n in by)
            if not restored and list(then.get(one.key, ())) != list(one.filed):
                mine.append(program)
            told.append((one, mine or [together]))
    listed = [*(causes[n] for n in sorted(causes))]
    listed += [one for one in (program, together) if any(one in mine for _, mine in told)]
    used = [suspects[n][0] for n in causes]
    whole = {one.kind for one in used if one.whole}
    idle = sum(one.kind not in whole and not any(one.within(by) for by in used) for one in inputs if not one.opening)
    with exact():
        return YearChanges(filing, first, last, totals, told, listed, idle, _otherwise(filing, done))


Suspect = tuple[Input, Figures]


def _suspects(again: _Again, inputs: Sequence[Input], today: Figures) -> list[Suspect]:
    """Inputs without which figures are otherwise, each with those figures: single ones before whole kinds."""
    single: list[Suspect] = []
    kinds: list[Suspect] = []
    for kind in dict.fromkeys(one.kind for one in inputs):
        of_kind = [one for one in inputs if one.kind == kind]
        without = again.figures(all_of(of_kind))
        if differences(without, today):
            single += _narrowed(again, of_kind, without, today)
            kinds.append((replace(all_of(of_kind), whole=True), without))
    return [*single, *kinds]


RUNS = 40  # how often a year is computed at most to find which inputs of a kind it is


def _narrowed(again: _Again, inputs: Sequence[Input], without: Figures, today: Figures) -> list[Suspect]:
    """Which of many inputs it is, by halves: a half without which nothing is otherwise is looked at no further."""
    found: list[Suspect] = []
    left, runs = [(inputs, without)], RUNS
    while left:
        some, figures = left.pop(0)
        middle = len(some) // 2
        halves = [some[:middle], some[middle:]] if middle and runs > 0 else []
        tried = [(half, again.figures(all_of(half))) for half in halves]
        runs -= len(tried)
        apart = [(half, then) for half, then in tried if differences(then, today)]
        left += apart
        if not apart:  # one alone, or several that only together make a difference
            found.append((all_of(some), figures))
    return found


def _causes(key: Key, filed: Figures, today: Figures, suspects: Sequence[Suspect]) -> list[int]:
    """Those without which a thing is as it was filed; else those without which it is not as today; whole kinds only
    where no single input does it."""

    def rows(of: Figures) -> list[tuple[str, ...]]:
        return list(of.get(key, ()))

    for wanted in (True, False):
        for whole in (False, True):
            found = [
                n for n, (one, without) in enumerate(suspects)
                if one.whole is whole and (rows(without) == rows(filed) if wanted else rows(without) != rows(today))
            ]  # fmt: skip
            if found and not (wanted and whole):
                return found
    return []


def _cause(suspect: Suspect, today: Figures) -> Cause:
    one, without = suspect
    gain, income = (
        total(today, *each) - total(without, *each) for each in (("capital_gains", "gain"), ("income", "total"))
    )
    return Cause(one.kind, one.words, gain, income)


def _program(filing: Filing) -> str:
    if filing.program == __version__:
        return f"taxsync {__version__} computes it otherwise than when it was filed"
    return f"it was filed with taxsync {filing.program}, this is {__version__}"


def _otherwise(filing: Filing, done: Computed) -> Mapping[str, Decimal]:
    position = filing.content["position"]
    ahead = done.position().ahead if done.position is not None else {}
    filed = {(d, a): Decimal(units) for d, a, units in position["ahead"]} if position else {}
    apart: dict[str, Decimal] = {}
    for key in {*filed, *ahead}:
        units = ahead.get(key, ZERO) - filed.get(key, ZERO)
        if units:
            apart[key[1]] = apart.get(key[1], ZERO) + units
    return apart


def _reached(settings: Settings, ledger: Ledger) -> list[Reached]:
    """Open years after the last closed one whose gain is not the same from both."""
    basis = basis_of(settings)
    begin = opening_position(ledger, basis)
    if begin.position is None:
        return []
    rows, prices, said = ledger.transactions(), ledger.prices(), answers(ledger, basis.zone)

    def gains(result: Result) -> dict[int, Decimal]:
        found: dict[int, Decimal] = {}
        for d in result.disposals:
            if d.taxed and d.gain is not None and d.proceeds is not None:
                year = basis.rules.year.of(d.disposed_at.astimezone(basis.zone).date())
                found[year] = found.get(year, ZERO) + d.gain
        return found

    with exact():
        both = [
            gains(
                derive(
                    rows, prices, basis, opening=opening(ledger, basis, one.filing), answers=said, start=one.position
                )
            )
            for one in (begin, FIRST_RECORD)
        ]
    last = int(begin.position.year)
    years = sorted(year for year in {*both[0], *both[1]} if year > last)
    found = [Reached(str(year), both[0].get(year, ZERO), both[1].get(year, ZERO)) for year in years]
    return [one for one in found if one.filed != one.recomputed]
