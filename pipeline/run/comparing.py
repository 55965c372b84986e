"""`taxsync compare`: another tool's report of gains beside the figures of a tax year, and a workbook of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from importers.theirs import Report as Theirs
from importers.theirs import read
from pipeline import __version__
from pipeline.folder import make_folder, write_private
from pipeline.gains.causes import compared, unit_of
from pipeline.gains.derive import Basis
from pipeline.issues import Stop
from pipeline.model import Disposal, Kind, Rule, Transaction, is_fiat
from pipeline.money import ZERO, exact, split
from pipeline.rules.base import Period
from pipeline.run.computed import computed
from pipeline.run.opening import opening_position
from pipeline.run.project import basis_of, opened, period_of, refresh
from pipeline.run.reporting import opening
from pipeline.theirs import EQUAL, Beside, Comparison, Here, Told
from reports.table import Report, ReportError


class Compared(Struct, frozen=True):
    """What came of it. `tool`: whose report it is taken for; `passed`: lines of it that are no sale; `file`: the
    workbook, None where none was written."""

    comparison: Comparison
    period: Period
    currency: str
    tool: str
    name: str
    passed: int
    remarks: tuple[str, ...]
    file: Path | None

    @property
    def differs(self) -> bool:
        return any(each.status != EQUAL for each in self.comparison.tied)


def compare(
    folder: Path, theirs: Sequence[Path], now: datetime, *, year: str = "", order: str = "", out: Path | None = None,
    xlsx: bool = True,
) -> Compared:  # fmt: skip
    """Ties the rows of `theirs`, one report in one or more files, to the disposals of a tax year ("": that of most of
    its sales) and writes compare-YEAR.xlsx into `out` (None: the data folder's reports). Keeps nothing of `theirs`."""
    with opened(folder) as (settings, ledger), exact():
        basis = basis_of(settings)
        found = _read(theirs, basis.currency, order)
        rows = [row for each in found for row in each.rows]
        period = period_of(basis, year or _year_of(rows, basis), now)
        refresh(ledger)
        begin = opening_position(ledger, basis, period.name)
        settled = opening(ledger, basis, begin.filing)
        report = computed(settings, ledger, basis, period, settled, begin.position).report
    with exact():
        comparison = compared(rows, _here(report), _beside(report, rows))
    tool = ", ".join(dict.fromkeys(each.tool for each in found))
    name = ", ".join(file.name for file in theirs)
    file = None
    if xlsx:
        file = (out or folder / "reports") / f"compare-{period.name}.xlsx"
        _write(file, comparison, f"{tool}, {name}", period, basis.currency)
    return Compared(
        comparison, period, basis.currency, tool, name, sum(each.passed for each in found),
        tuple(remark for each in found for remark in each.remarks), file,
    )  # fmt: skip


def _read(theirs: Sequence[Path], currency: str, order: str) -> list[Theirs]:
    """All files; where one of them proves the order of days, it is that of those that leave it open, too."""
    found = [read(file, currency, order) for file in theirs]
    proven = {each.order for each in found} - {""}
    if len(proven) != 1:
        return found
    (order,) = proven
    pairs = zip(theirs, found, strict=True)
    return [each if each.order else read(file, currency, order) for file, each in pairs]


def _year_of(rows: Iterable[Told], basis: Basis) -> str:
    """The tax year of most sales, the newest of several; "" where no row has a day."""
    years = Counter(basis.rules.year.of(row.sold) for row in rows if row.sold is not None)
    return str(max(years, key=lambda each: (years[each], each))) if years else ""


def _write(file: Path, comparison: Comparison, whose: str, period: Period, currency: str) -> None:
    from reports.comparison import workbook

    if file.parent.exists() and not file.parent.is_dir():
        raise ReportError(f"{file.parent} is not a folder: choose another with --out")
    data = workbook(comparison, whose, period, currency, __version__)
    try:
        make_folder(file.parent) if not file.parent.exists() else None
        write_private(file, data)
    except OSError as error:
        raise Stop(f"{file} can't be written: {error.strerror}; choose another folder with --out") from None


# ---- our side ---------------------------------------------------------------------------------


def _here(report: Report) -> list[Here]:
    """The parts of the year's disposals with a gain or loss by law, also those without a known price."""
    boxes = _boxes(report)
    by_id = {t.id: t for t in report.result.transactions}
    fees = _Fees(report.result.disposals, by_id, report.currency)
    taken = report.within(report.result.disposals, lambda d: d.disposed_at)
    return [
        Here(
            d,
            _day(d.disposed_at, report.zone),
            _day(d.acquired_at, report.zone) if d.acquired_at and d.rule is not Rule.MISSING else None,
            boxes.get(id(d), ""),
            fees.of_sale(d),
            fees.of_purchase(d),
            guessed=not _for_money(by_id.get(_base(d.id)), sold=True),
            guessed_basis=not _for_money(by_id.get(_base(d.acquisition_id)), sold=False),
        )
        for d in taken
        if d.taxed
    ]


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _base(id: str) -> str:
    return id.partition(".")[0]


def _boxes(report: Report) -> Mapping[int, str]:
    """The box of each disposal on Form 8949, in order where it has several."""
    if "form_8949" not in report.rules.forms:
        return {}
    from reports.forms.form_8949 import entries

    found: dict[int, set[str]] = defaultdict(set)
    for entry in entries(report):
        found[id(entry.disposal)].add(entry.box)
    return {key: ", ".join(sorted(boxes)) for key, boxes in found.items()}


def _for_money(t: Transaction | None, *, sold: bool) -> bool:
    """Whether a sale or purchase was for money, so that its value is no guess; of what is not known too."""
    other = None if t is None else t.received if sold else t.sent
    return t is None or (other is not None and is_fiat(other.asset))


class _Fees:
    """What of the fees in the reporting currency, or in coins that are disposals themselves, falls on a part."""

    def __init__(self, disposals: Iterable[Disposal], by_id: Mapping[str, Transaction], currency: str) -> None:
        self._by_id, self._currency = by_id, currency
        self._units: dict[str, Decimal] = defaultdict(Decimal)
        self._in_coins: dict[str, Decimal] = defaultdict(Decimal)
        for d in disposals:
            if d.kind is Kind.FEE:
                self._in_coins[_base(d.id)] += d.proceeds or ZERO
            else:
                self._units[d.id] += d.quantity

    def of_sale(self, d: Disposal) -> Decimal:
        fee = ZERO if d.kind is Kind.FEE else self._fee(_base(d.id))
        return split(fee, d.quantity, self._units[d.id]) if fee else ZERO

    def of_purchase(self, d: Disposal) -> Decimal:
        t = self._by_id.get(_base(d.acquisition_id))
        fee = self._fee(_base(d.acquisition_id))
        return split(fee, d.quantity, t.received.quantity) if fee and t is not None and t.received else ZERO

    def _fee(self, id: str) -> Decimal:
        t = self._by_id.get(id)
        if t is None or t.fee is None:
            return ZERO
        return t.fee.quantity if t.fee.asset == self._currency else self._in_coins[id]


def _beside(report: Report, rows: list[Told]) -> Beside:
    result, zone = report.result, report.zone
    sold = {_base(d.id) for d in result.disposals if d.taxed}
    moved: dict[tuple[str, date], tuple[Decimal, ...]] = {}
    untaxed: dict[tuple[str, date], tuple[Decimal, ...]] = {}
    for t in result.transactions:
        for side in (t.sent, t.received) if t.id not in sold else ():
            if side is not None and not (t.sent and t.received):
                key = side.asset, _day(t.at, zone)
                moved[key] = (*moved.get(key, ()), side.quantity)
    for d in result.disposals:
        if not d.taxed:
            key = d.asset, _day(d.disposed_at, zone)
            untaxed[key] = (*untaxed.get(key, ()), d.quantity)
    held = {side.asset for t in result.transactions for side in (t.sent, t.received, t.fee) if side is not None}
    return Beside(
        report.period.first, report.period.last, frozenset(held), frozenset(row.asset for row in rows), moved, untaxed,
        unit_of(rows),
    )  # fmt: skip
