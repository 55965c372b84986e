"""The year's figures, computed exactly from the same rows as the detail files.

    figures(report).gain == the gains in disposals.csv added up

Disposals without a gain by law (gifts, donations, lost units where the country says so) and rows
without a known price are in no total; both are counted.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import compress

from msgspec import Struct, field

from pipeline.issues import Severity
from pipeline.local import local_day
from pipeline.model import Term
from pipeline.money import ZERO, exact
from reports.forms import form_1099_da, forms_of
from reports.ranges import Range, ranges
from reports.table import Column, Report, Table, Type, Value
from reports.tables import crypto_lots_of, derivatives_of, disposals_of, incomes_of, taxed_of, unpriced_of


class Figures(Struct, frozen=True):
    """Totals of a year in the reporting currency. gain = proceeds - cost_basis = gains + losses.

    `losses` is negative or 0. `income` has one entry per kind; None: no receipt of that kind has a
    price. `income_total` adds up what is known. `derivatives`: what margin and derivatives came to, if there were any:
    profits, losses, fees and their sum, by what is known. Seven count rows. `denied_losses` are in no other figure,
    `ring_fenced_losses` are part of `losses` and count only against certain gains; both are positive.
    """

    proceeds: Decimal
    cost_basis: Decimal
    gain: Decimal
    short_term_gain: Decimal
    long_term_gain: Decimal
    gains: Decimal
    losses: Decimal
    income: dict[str, Decimal | None]
    income_total: Decimal
    without_gain: int
    unpriced_disposals: int
    unpriced_income: int
    unpriced_holdings: int
    errors: int
    warnings: int
    denied_losses: Decimal = ZERO
    ring_fenced_losses: Decimal = ZERO
    derivatives: dict[str, Decimal] = field(default_factory=dict)
    unpriced_derivatives: int = 0


@lru_cache(maxsize=1)  # the summary, the workbook and the page ask for them
def figures(report: Report) -> Figures:
    """All totals of the year."""
    disposals = disposals_of(report)
    counted = taxed_of(report)
    gains = [d.gain or ZERO for d in counted]
    short, long = Term.SHORT, Term.LONG
    severities = [i.severity for i in report.result.issues]
    with exact():
        income, income_total = _income(report)
        return Figures(
            proceeds=sum([d.proceeds or ZERO for d in counted], ZERO),
            cost_basis=sum([d.cost_basis for d in counted], ZERO),
            gain=sum(gains, ZERO),
            short_term_gain=sum(compress(gains, [d.term is short for d in counted]), ZERO),
            long_term_gain=sum(compress(gains, [d.term is long for d in counted]), ZERO),
            gains=sum([g for g in gains if g > ZERO], ZERO),
            losses=sum([g for g in gains if g < ZERO], ZERO),
            income=income,
            income_total=income_total,
            without_gain=sum(not d.taxed for d in disposals),
            unpriced_disposals=unpriced_of(report),
            unpriced_income=sum(i.value is None for i in incomes_of(report)),
            unpriced_holdings=sum(x.market_value is None for x in crypto_lots_of(report)),
            errors=severities.count(Severity.ERROR),
            warnings=severities.count(Severity.WARNING),
            denied_losses=sum([d.denied for d in counted if d.denied], ZERO),
            ring_fenced_losses=sum([d.set_apart for d in counted if d.set_apart], ZERO),
            derivatives=_derivatives(report),
            unpriced_derivatives=sum(d.value is None for d in derivatives_of(report)),
        )


def gain_range(report: Report) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and the highest that the year's gain could be while problems are open; None: can't be told.

    Each problem's own `stakes`, added up: see `gains.stakes` for what they are.
    """
    if not report.rules.gains or unpriced_of(report):
        return None, None
    found = _range(report)
    if found is not None:
        return found.lowest, found.highest
    with exact():
        gain = sum((d.gain or ZERO for d in taxed_of(report)), ZERO)
    return gain, gain


def told_range(report: Report) -> tuple[Decimal, Decimal] | None:
    """How low and how high as far as it can be told; None: both ends are told, or nothing is open."""
    found = _range(report)
    if found is None or None not in (found.lowest, found.highest):
        return None
    return found.told_lowest, found.told_highest


def _range(report: Report) -> Range | None:
    return next((one for one in ranges(report.result.issues) if one.year == report.period.name), None)


def _range_rows(report: Report) -> list[tuple[Value, ...]]:
    """Both ends; where problems leave one open, also how far it can be told."""
    lowest, highest = gain_range(report)
    rows: list[tuple[Value, ...]] = [("range", "lowest_gain", lowest), ("range", "highest_gain", highest)]
    told = told_range(report)
    if told is not None:
        rows += [("range", "lowest_told", told[0]), ("range", "highest_told", told[1])]
    return rows


def _income(report: Report) -> tuple[dict[str, Decimal | None], Decimal]:
    by_kind: dict[str, Decimal | None] = {}
    for receipt in incomes_of(report):
        before = by_kind.setdefault(receipt.kind.value, None)
        if receipt.value is not None:
            by_kind[receipt.kind.value] = (before or ZERO) + receipt.value
    return dict(sorted(by_kind.items())), sum((v for v in by_kind.values() if v is not None), ZERO)


def _derivatives(report: Report) -> dict[str, Decimal]:
    found = derivatives_of(report)
    sums = {
        name: sum((d.value or ZERO for d in found if d.what == what), ZERO)
        for what, name in (("profit", "profits"), ("loss", "losses"), ("fee", "fees"))
    }
    return sums | {"result": sum(sums.values(), ZERO)} if found else {}


_SUMMARY = (
    Column("section", Type.TEXT),
    Column("item", Type.TEXT),
    Column("value", Type.MONEY, "a figure in the reporting currency, a count, or text"),
)


ORDER = "acquisitions before disposals, then the exchange's own sequence, then the row in its file"


def summary(report: Report) -> Table:
    """The figures as rows of section, item, value."""
    f, year = figures(report), report.period
    rows: list[tuple[Value, ...]] = [
        ("year", "name", year.name),
        ("year", "first_day", year.first),
        ("year", "last_day", year.last),
        ("year", "country", report.rules.country),
        ("year", "currency", report.currency),
        ("year", "timezone", report.zone.key),
        ("year", "method", report.method),
        ("year", "lot_scope", report.scope),
        ("year", "order_of_one_instant", ORDER),
        ("year", "version", report.version),
        ("year", "inputs", report.inputs),
        *((("year", "opening_position", report.opening),) if report.opening else ()),
        *((("year", "closed", report.filed),) if report.filed else ()),
        *((("year", "reference_day", year.first),) if report.rules.reference_first else ()),
        *(("rules", name, value) for name, value in report.rules.chosen.items()),
        *(("method_log", _instant(at, report), chosen) for at, chosen in report.orders),
        *(("answers", _instant(at, report), said) for at, said in report.answers),
        *(("limits_not_applied", limit.name, limit.amount.on(year.last)) for limit in report.rules.limits),
        ("capital_gains", "proceeds", f.proceeds),
        ("capital_gains", "cost_basis", f.cost_basis),
        ("capital_gains", "gain", f.gain),
        ("capital_gains", "short_term_gain", f.short_term_gain),
        ("capital_gains", "long_term_gain", f.long_term_gain),
        ("capital_gains", "gains", f.gains),
        ("capital_gains", "losses", f.losses),
        *((("capital_gains", "denied_losses", f.denied_losses),) if report.rules.denies_losses else ()),
        *((("capital_gains", "ring_fenced_losses", f.ring_fenced_losses),) if report.rules.ring_fence_days else ()),
        *_range_rows(report),
        *(("income", kind, value) for kind, value in f.income.items()),
        ("income", "total", f.income_total),
        *(("derivatives", name, value) for name, value in f.derivatives.items()),
        *(("form_1099_da", name, value) for name, value in form_1099_da.figures(report)),
        *((form.name, "note", note) for form in forms_of(report.rules) for note in form.notes(report)),
        ("left_out", "disposals_without_gain", f.without_gain),
        ("left_out", "unpriced_disposals", f.unpriced_disposals),
        ("left_out", "unpriced_income", f.unpriced_income),
        *((("left_out", "unpriced_derivatives", f.unpriced_derivatives),) if f.derivatives else ()),
        ("left_out", "unpriced_holdings", f.unpriced_holdings),
        ("open_problems", "errors", f.errors),
        ("open_problems", "warnings", f.warnings),
    ]
    return Table("summary", _SUMMARY, rows)


def _instant(at: datetime, report: Report) -> str:
    return at.astimezone(report.zone).isoformat(timespec="seconds")


class Month(Struct, frozen=True):
    """One calendar month of the tax year: sums of the disposals that are in the totals."""

    first: date
    proceeds: Decimal
    cost_basis: Decimal
    gain: Decimal
    short_term_gain: Decimal
    long_term_gain: Decimal


def gain_by_month(report: Report) -> list[Month]:
    """Every month that the tax year touches, also those without a disposal."""
    listed = {first: [ZERO] * 5 for first in _months(report.period.first, report.period.last)}
    with exact():
        for d in taxed_of(report):
            gain = d.gain or ZERO
            short, long = (gain if d.term is term else ZERO for term in (Term.SHORT, Term.LONG))
            sums = listed[local_day(d.disposed_at, report.zone).replace(day=1)]
            added = (d.proceeds or ZERO, d.cost_basis, gain, short, long)
            sums[:] = [before + more for before, more in zip(sums, added, strict=True)]
    return [Month(first, *sums) for first, sums in listed.items()]


def _months(first: date, last: date) -> list[date]:
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    start = first.year * 12 + first.month - 1
    return [date((start + i) // 12, (start + i) % 12 + 1, 1) for i in range(count)]
