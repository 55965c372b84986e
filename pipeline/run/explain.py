"""`taxsync explain`: any figure, back to what was received. Opens no socket and keeps nothing.

    explain(folder, now, "5d41402abc4b2a76.fee")        # a transaction, disposal, lot, income, opening lot
    explain(folder, now, form="I.3", year="2025")       # Form 8949: part I, third line

Computed as `report` computes the tax year that it is about; what has used a lot so far, as that of the newest record.
"""

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from functools import partial
from pathlib import Path

from msgspec import Struct

from importers import exchange_names
from pipeline.gains.derive import Basis
from pipeline.gains.trace import Trace
from pipeline.issues import Usage
from pipeline.ledger import AnswerKept, Ledger, RecordKept
from pipeline.model import Transaction, transaction_id
from pipeline.money import exact
from pipeline.rules.base import Period
from pipeline.run.answers import ALLOCATION, LOT, answers, content_of, counting, in_words
from pipeline.run.computed import computed
from pipeline.run.lines import line
from pipeline.run.moved import Behind, Moved
from pipeline.run.opening import opening_position
from pipeline.run.project import basis_of, opened, period_of, refresh
from pipeline.run.reasons import Facts, Step, known
from pipeline.run.reporting import opening
from pipeline.run.ruled import CLAIM
from pipeline.run.why import OWN, Why
from pipeline.settings import Settings
from reports.table import Report


class Explained(Struct, frozen=True):
    """`root` is what was asked for, within tax year `period`; `opening`: where its lots begin, where a year is
    closed."""

    root: Step
    period: Period
    currency: str
    opening: str = ""


def explain(folder: Path, now: datetime, ref: str = "", *, form: str = "", year: str = "") -> Explained:
    """Raises Usage, with what is near, for an id or a line that is not there."""
    with opened(folder) as (settings, ledger), exact():
        basis = basis_of(settings)
        refresh(ledger)
        book = _Book.of(settings, ledger, basis)
        if form:
            why, report, begin = book.why(period_of(basis, year, now))
            return Explained(line(why, report, form), report.period, basis.currency, begin)
        return book.explain(ref.strip())


class _Book(Struct, frozen=True):
    """The ledger as `explain` looks things up in it."""

    settings: Settings
    ledger: Ledger
    basis: Basis
    kept: dict[str, Transaction]  # as their records say them, by id
    said: list[AnswerKept]

    @classmethod
    def of(cls, settings: Settings, ledger: Ledger, basis: Basis) -> "_Book":
        said = [one for one in counting(ledger) if content_of(one) is not None]
        return cls(settings, ledger, basis, {t.id: t for t in ledger.transactions()}, said)

    def why(self, period: Period) -> tuple[Why, Report, str]:
        """What answers questions about a tax year, as its report is computed."""
        trace = Trace()
        begin = opening_position(self.ledger, self.basis, period.name)
        settled = opening(self.ledger, self.basis, begin.filing)
        report = computed(self.settings, self.ledger, self.basis, period, settled, begin.position, trace).report
        dealt = {a.acquisition_id: a.asset for a in report.result.allocations if a.given}
        behind = Behind(partial(self.records, trace), partial(self.answers, trace, dealt), report.prices)
        moved = Moved(report.result, trace, self.basis, behind)
        return Why.of(report.result, trace, self.basis, moved), report, begin.told

    def explain(self, asked: str) -> Explained:
        """What an id is; one that another source tells of, too, by the row that counts."""
        unread = self._unread(asked)
        if unread is not None:
            return unread
        base, at = self._find(asked)
        why, report, begin = self.why(self._period(at))
        own = [a.acquisition_id for a in report.result.allocations if a.given]
        if asked.startswith(OWN) and asked not in own:
            raise _unknown(asked, own)
        counts = why.trace.instead.get(base, base)
        part = f"{counts}.{asked.partition('.')[2]}"
        root = why.disposal(part) if part in why.rows else self._with_uses(self._whole(why, counts), why, report, begin)
        if counts != base:
            once = known(("counts once", f"{base} tells of the same, and {counts} counts"))
            root = Step(root.what, (*once, *root.facts), root.sums, root.because, root.id)
        return Explained(root, report.period, self.basis.currency, begin)

    def _with_uses(self, root: Step, why: Why, report: Report, begin: str) -> Step:
        """What has used its units so far, up to the year of the newest record."""
        last = self._period(max((t.at for t in self.kept.values()), default=report.period.starts))
        if last.starts > report.period.starts:
            why, report, begin = self.why(last)
        lots = f"{begin}; before that, by today's records" if begin else ""
        until = known(("to", str(report.period.last)), ("lots", lots))
        used = (Step(one.what, until, (), one.because) for one in why.used(root.id))
        return Step(root.what, root.facts, root.sums, (*root.because, *used), root.id)

    def _whole(self, why: Why, ref: str) -> Step:
        """A transaction with all that it did, or a lot."""
        root = next(iter(why.moved.transactions(ref)), None)
        did = tuple(why.did(ref))
        if root is None:
            root, did = (did[0], did[1:]) if did else (why.lot(ref), ())
        return Step(root.what, root.facts, root.sums, (*root.because, *did), ref)

    def _unread(self, asked: str) -> Explained | None:
        """A record that was not understood, by the id that `check` gives it: it is in no figure."""
        issues = (i for i in self.ledger.parsed_issues() if i.ref == asked and asked not in self.kept)
        issue = next((i for i in issues if i.at is not None), None)
        if issue is None or issue.at is None:
            return None
        named: set[str] = {asked}  # an exchange's own name of it, or the id that its record would give a transaction
        for r in self.ledger.records(issue.account):
            if transaction_id(r.account, r.stream, r.source_id) == asked:
                named = {r.source_id}
        sources = sorted({s.source for s in self.ledger.sources() if s.account == issue.account})
        own = [one for s in sources for one in self.ledger.record_history(issue.account, s, named)]
        found = own or [
            one for s in sources for one in self.ledger.record_history(issue.account, s, named, naming=True)
        ]
        records = tuple(_record(one, self._when) for one in found)
        root = Step(f"{asked}: {issue.message}", known(("what to do", issue.remedy)), (), records, asked)
        return Explained(root, self._period(issue.at), self.basis.currency)

    # ---- ids --------------------------------------------------------------------------------------------------------

    def _find(self, asked: str) -> tuple[str, datetime]:
        """The id that is meant, without what it is a part of, and its instant."""
        base = asked.partition(".")[0]
        if base in self.kept:
            return base, self.kept[base].at
        since = self.basis.scope.values[-1][0]
        if asked.startswith(OWN) and since is not None:
            return asked, datetime.combine(since, time.min, self.basis.zone)
        said = answers(self.ledger, self.basis.zone)
        for lot in said.openings:
            if lot.id == asked:
                return asked, lot.acquired_at
        for claim in said.claims:
            if claim.id == asked:
                return asked, claim.at
        named = [t for t in self.kept.values() if asked and asked in (t.source_id, t.txhash)]
        if len(named) == 1:
            return named[0].id, named[0].at
        if named:
            found = ", ".join(f"{t.id} ({t.account}, {t.at:%Y-%m-%d})" for t in named[:6])
            raise Usage(f"'{asked}' is {len(named)} transactions: explain one of {found}")
        raise _unknown(asked, [*self.kept, *(lot.id for lot in said.openings), *(claim.id for claim in said.claims)])

    def _period(self, at: datetime) -> Period:
        year = self.basis.rules.year
        return year.period(year.of(at.astimezone(self.basis.zone).date()), self.basis.zone)

    # ---- what the ledger has --------------------------------------------------------------------------------------

    def answers(self, trace: Trace, dealt: Mapping[str, str], ref: str) -> Sequence[Step]:
        """The answers that name a transaction, or a row that counts with it; whole lots and claims by their key. Of a
        lot of the person's own allocation (`dealt`: its asset), all that was said of its asset."""
        names = {ref, *_twins(trace, ref)}
        found = []
        for one in self.said:
            own = one.kind == ALLOCATION and one.key == dealt.get(ref)
            named = one.key.partition(".")[0] in names or any(json.dumps(name) in one.content for name in names)
            if own or named:
                by = known(("given", one.at.astimezone(self.basis.zone).isoformat()), ("by", one.by))
                lines = _dealt_lines(one) if own else ()
                id = one.key if one.kind in (LOT, CLAIM) else ""
                found.append(Step(f"answer: {in_words(one)}", (*by, *lines), id=id))
        return found

    def records(self, trace: Trace, ref: str) -> Sequence[Step]:
        """The records behind a transaction as received, those of other sources that tell of it among them."""
        found: list[Step] = []
        for id in (ref, *_twins(trace, ref)):
            t = self.kept.get(id)
            if t is not None:
                found += (_record(one, self._when) for one in _told_by(self.ledger, t))
        return found

    def _when(self, at: datetime) -> str:
        return at.astimezone(self.basis.zone).isoformat()


def _unknown(asked: str, there: Sequence[str]) -> Usage:
    """That an id is none, with what is near it of those that there are."""
    base = asked.partition(".")[0]
    starts = [id for id in there if len(base) >= 4 and id.startswith(base)]
    near = starts[:5] or difflib.get_close_matches(base, there, n=5)
    hint = f"; near it: {', '.join(near)}" if near else ""
    return Usage(
        f"no transaction, disposal or lot has the id '{asked[:80]}'{hint}; take one that stands in "
        "disposals.csv, transactions.csv or the workbook"
    )


def _dealt_lines(one: AnswerKept) -> Facts:
    """Each line of a person's own allocation."""
    return tuple(
        ("line", ", ".join((f"{units} in {account}", f"acquired {day}", f"cost {cost}", *evidence.splitlines())))
        for account, units, day, cost, evidence in (content_of(one) or {})["lines"]
    )


def _twins(trace: Trace, ref: str) -> list[str]:
    """The rows that tell of the same and do not count."""
    return sorted(id for id, counts in trace.instead.items() if counts == ref and id != ref)


def _told_by(ledger: Ledger, t: Transaction) -> list[RecordKept]:
    """The records of a transaction: those whose id it has first, then those that name it, each with its revisions."""
    names = [name for name in dict.fromkeys((t.source_id, t.source_id.partition("/")[0])) if name]
    own = ledger.record_history(t.account, t.source, names)
    if own and t.source not in exchange_names():  # a file's row is all there is
        return [one for one in own if _is_of(one, t)]
    found = ledger.record_history(t.account, t.source, names, naming=True)
    return sorted(found, key=lambda one: not _is_of(one, t))


def _is_of(kept: RecordKept, t: Transaction) -> bool:
    record = kept.record
    return any(
        transaction_id(record.account, record.stream, name) == t.id
        for name in (record.source_id, t.source_id)
        if name.partition("/")[0] == record.source_id.partition("/")[0]
    )


def _record(kept: RecordKept, when: Callable[[datetime], str]) -> Step:
    record, batch = kept.record, kept.batch
    file = f"{batch.name}, SHA-256 {batch.digest}" if batch.kind == "file" else ""
    facts = known(
        ("from", record.origin),
        ("file", file),
        ("list", f"{record.source} {record.stream}" if not file else ""),
        ("id there", record.source_id),
        ("received", when(batch.at)),
        ("revision", str(kept.revision) if kept.revision else ""),
        ("digest", kept.digest),
        ("as received", record.payload),
    )
    return Step(f"record {record.source_id} of {record.account}", facts)
