"""The figures of one tax year from what a ledger says; what a written report needs beside them is `reporting`'s."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from importers.sync import BALANCE
from pipeline import __version__
from pipeline.gains.derive import Basis, derived
from pipeline.gains.position import Position
from pipeline.gains.trace import Trace
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.model import Allocation, Transaction
from pipeline.rules.base import Period
from pipeline.run import brokers
from pipeline.run.answers import answers
from pipeline.run.provenance import settings_used
from pipeline.settings import Settings
from reports.table import Report, SourceUsed


def sources_used(ledger: Ledger, rows: Sequence[Transaction]) -> list[SourceUsed]:
    """One line per account and source: how many records (balances, which none sent, apart), and the span of what
    they say, which are `rows`, in order of time."""
    first, last = {t.account: t.at for t in reversed(rows)}, {t.account: t.at for t in rows}
    counts: dict[str, dict[str, int]] = {}
    for s in ledger.sources():
        if s.stream.partition(" ")[0] != BALANCE:
            of = counts.setdefault(s.account, {})
            of[s.source] = of.get(s.source, 0) + s.records
    return [
        SourceUsed(account, source, count, first.get(account), last.get(account))
        for account, of in counts.items()
        for source, count in sorted(of.items())
    ]


class Computed(Struct, frozen=True):
    """`report` has the figures; `apart` are problems of what brokers have reported. `position` gives what is left at
    the year's end, in the exact context; None where no gains are computed."""

    report: Report
    apart: list[Issue]
    position: Callable[[], Position] | None


def computed(
    settings: Settings,
    ledger: Ledger,
    basis: Basis,
    period: Period,
    settled: Sequence[Allocation] = (),
    start: Position | None = None,
    trace: Trace | None = None,
) -> Computed:
    """`settled`: what a change of lot scope gave to the accounts; `start`: the filed position to go on from; `trace`
    gets what the figures came by."""
    prices, rows = ledger.prices(), ledger.transactions()
    sources = sources_used(ledger, rows)
    said = answers(ledger, basis.zone)
    result, position = derived(
        rows, prices, basis, reported=ledger.balances(), opening=settled, until=period.ends,
        answers=said, start=start, trace=trace,
    )  # fmt: skip
    forms, apart = brokers.beside(result.disposals, said, basis, int(period.name))
    report = Report(
        result=result,
        period=period,
        rules=basis.rules,
        currency=basis.currency,
        zone=basis.zone,
        method=basis.method_on(period.last),
        scope=basis.scope.on(period.last).value,
        version=__version__,
        inputs="",
        sources=sources,
        prices=prices,
        form_1099_da=settings.form_1099_da.get(period.name, {}),
        brokers=forms,
        taxpayer=settings.name,
        settings=settings_used(settings, basis),
    )
    return Computed(report, apart, position)
