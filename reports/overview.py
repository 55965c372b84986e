"""The workbook's first sheet: whose report this is, what is open, and the figures on one page."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from openpyxl.styles import Alignment, Font

from pipeline.issues import Severity
from pipeline.money import ZERO, exact
from reports.forms import Form
from reports.sheet import (
    COUNT,
    DAY,
    GREY,
    LEFT,
    MONEY,
    OVERLINED,
    RED,
    RIGHT,
    Sheet,
    decimals_of,
    font,
    number_width,
    quantity,
    widths,
)
from reports.summary import Figures, figures, gain_by_month, gain_range
from reports.table import Report, Table, Type, Value
from reports.tables import crypto_lots_of

_NARROWEST = (30.0, 22.0, 18.0, 18.0, 18.0, 18.0)


def fill(sheet: Sheet, report: Report, forms: Sequence[tuple[Form, Table]]) -> None:
    """Writes the whole page."""
    sheet.sheet_view.showGridLines = False
    page = _Page(sheet)
    f = figures(report)
    _title(page, report, f)
    _basis(page, report)
    _gains(page, report, f)
    _income(page, report, f)
    for form, table in forms:
        _form(page, report, form, table)
    _months(page, report, f)
    _holdings(page, report)
    _problems(page, report)
    _sources(page, report)
    page.finish()


class _Page:
    """Rows of the page, each a list of values beginning in column A; kept until their widths are known."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rows: list[tuple[Sequence[Value], Sequence[int]]] = []
        self.widths = list(_NARROWEST)

    def finish(self) -> None:
        widths(self.sheet, self.widths)
        for values, styles in self.rows:
            self.sheet.write(values, styles)

    def blank(self) -> None:
        self.rows.append(([], []))

    def text(self, text: str, font: Font) -> None:
        self.rows.append(([text], [self.sheet.style(font=font)]))

    def section(self, title: str) -> None:
        self.blank()
        self.text(title, font(bold=True, size=12))

    def headings(self, *names: str, texts: tuple[int, ...] = (1,)) -> None:
        """Headings of columns; `texts` are the numbers of those that hold text."""
        styles = [self.sheet.heading_style(right=n not in texts) for n in range(1, len(names) + 1)]
        self.rows.append((names, styles))

    def row(self, *values: Value, total: bool = False, decimals: int = 2) -> None:
        """Values in the format of their type; the second is a quantity when it has other than 2
        decimals. A total is bold under a line."""
        face, line = (font(bold=True), OVERLINED) if total else (font(), None)
        styles = []
        for n, value in enumerate(values):
            is_quantity = n == 1 and decimals != 2
            form = quantity(decimals) if is_quantity else _form_of(value)
            styles.append(self.sheet.style(form, font=face, border=line, align=_align(value)))
            if isinstance(value, Decimal):
                self.widths[n] = max(self.widths[n], number_width(value, decimals if is_quantity else 2))
        self.rows.append((values, styles))


def _form_of(value: Value) -> str:
    if isinstance(value, date):
        return DAY
    if isinstance(value, Decimal):
        return MONEY
    return COUNT if isinstance(value, int) else ""


def _align(value: Value) -> Alignment:
    return LEFT if isinstance(value, str) else RIGHT


def _title(page: _Page, report: Report, f: Figures) -> None:
    year = report.period
    page.text(f"Crypto tax report {year.name}", font(bold=True, size=16))
    page.text(f"{_country(report)}, {_day(year.first)} to {_day(year.last)}", font(size=11, color=GREY))
    page.blank()
    if f.errors or f.warnings:
        words = [_count(n, word) for n, word in ((f.errors, "error"), (f.warnings, "warning")) if n]
        may = "figures may change until they are settled" if f.errors else "look at them before you file"
        text = f"Open problems: {' and '.join(words)}; {may}. See the sheet Issues."
        page.text(text, font(bold=True, color=RED if f.errors else GREY))
    else:
        page.text("No open problems.", font(bold=True))


def _basis(page: _Page, report: Report) -> None:
    page.section("Basis")
    for name, value in (
        ("Country", _country(report)),
        ("Tax year", f"{report.period.first.isoformat()} to {report.period.last.isoformat()}"),
        ("Currency", report.currency),
        ("Time zone", report.zone.key),
        ("Method", report.method),
        ("Lots are kept", {"account": "per account", "global": "over all accounts"}.get(report.scope, report.scope)),
        ("Program", f"taxsync {report.version}"),
        ("Digest of the inputs", report.inputs),
    ):
        page.row(name, value)


def _gains(page: _Page, report: Report, f: Figures) -> None:
    page.section(f"Capital gains ({report.currency})")
    page.row("Proceeds", f.proceeds)
    page.row("Cost basis", f.cost_basis)
    page.row("Gain", f.gain, total=True)
    if _has_terms(f):
        page.row("of this short-term", f.short_term_gain)
        page.row("of this long-term", f.long_term_gain)
    page.row("Sum of gains", f.gains)
    page.row("Sum of losses", f.losses)
    lowest, highest = gain_range(report)
    if report.rules.gains and (lowest != highest or lowest is None):  # while problems are open
        page.row("Gain could be as low as", "not known" if lowest is None else lowest)
        page.row("Gain could be as high as", "not known" if highest is None else highest)
    if f.unpriced_disposals:
        page.row("Left out: no price known", f.unpriced_disposals)
    if f.without_gain:
        page.row("Without gain (gifts, ...)", f.without_gain)


def _income(page: _Page, report: Report, f: Figures) -> None:
    if not f.income:
        return
    page.section(f"Income ({report.currency})")
    for kind, value in f.income.items():
        page.row(kind.capitalize(), "not known" if value is None else value)
    page.row("Total", f.income_total, total=True)
    if f.unpriced_income:
        page.row("Left out: no price known", f.unpriced_income)


def _form(page: _Page, report: Report, form: Form, table: Table) -> None:
    """The form's totals, as they are carried over to the return."""
    names = [c.name for c in table.columns]
    keys = [names.index(name) for name in form.totals_by]
    sums = [i for i, c in enumerate(table.columns) if c.type is Type.CENTS]
    groups: dict[tuple[str, ...], list[tuple[Value, ...]]] = defaultdict(list)
    for row in table.rows:
        groups[tuple(str(row[k]) for k in keys)].append(row)
    if not groups:
        return
    page.section(f"{form.title} ({report.currency})")
    page.headings(_capital(", ".join(form.totals_by)), "Rows", *(_words(names[i]) for i in sums))
    for group, rows in sorted(groups.items()):
        with exact():
            totals = [sum((v for row in rows if isinstance(v := row[i], Decimal)), ZERO) for i in sums]
        page.row(
            _capital(", ".join(f"{name} {g}" for name, g in zip(form.totals_by, group, strict=True))),
            len(rows),
            *totals,
        )


def _months(page: _Page, report: Report, f: Figures) -> None:
    months = gain_by_month(report)
    terms = _has_terms(f)
    page.section(f"Gain by month ({report.currency})")
    page.headings("Month", "Proceeds", "Cost basis", "Gain", *(("Short-term", "Long-term") if terms else ()))
    for m in months:
        page.row(
            f"{m.first:%B %Y}",
            m.proceeds,
            m.cost_basis,
            m.gain,
            *((m.short_term_gain, m.long_term_gain) if terms else ()),
        )
    page.row(
        "Year",
        f.proceeds,
        f.cost_basis,
        f.gain,
        *((f.short_term_gain, f.long_term_gain) if terms else ()),
        total=True,
    )


def _holdings(page: _Page, report: Report) -> None:
    """What is held at the end of the year, per asset."""
    lots = crypto_lots_of(report)
    if not lots:
        return
    page.section(f"Holdings at the end of {_day(report.period.last)} ({report.currency})")
    decimals = decimals_of([x.quantity for x in lots])
    page.headings("Asset", "Quantity", "Cost basis", "Market value")
    with exact():
        for asset in sorted({x.asset for x in lots}):
            held = [x for x in lots if x.asset == asset]
            page.row(
                asset,
                sum((x.quantity for x in held), ZERO),
                sum((x.cost_basis for x in held), ZERO),
                _sum_if_all([x.market_value for x in held]),
                decimals=decimals,
            )
        cost = sum((x.cost_basis for x in lots), ZERO)
        page.row("Total", None, cost, _sum_if_all([x.market_value for x in lots]), total=True)


def _sum_if_all(values: Sequence[Decimal | None]) -> Value:
    """The sum, or text where a part of it is not known: never a sum that looks whole."""
    known = [v for v in values if v is not None]
    return sum(known, ZERO) if len(known) == len(values) else "not known"


def _problems(page: _Page, report: Report) -> None:
    if not report.result.issues:
        return
    page.section("Open problems")
    page.headings("What", "Severity", "How many", texts=(1, 2))
    order = list(Severity)
    counts = Counter((order.index(i.severity), i.code) for i in report.result.issues)
    for (rank, code), count in sorted(counts.items()):
        page.row(_words(code), order[rank].value, count)


def _sources(page: _Page, report: Report) -> None:
    sources = sorted(report.sources, key=lambda s: (s.account, s.source))
    if not sources:
        return
    page.section("Sources")
    page.headings("Account", "Records", "First", "Last", "Source", texts=(1, 5))
    for s in sources:
        first, last = (at.astimezone(report.zone).date() if at else None for at in (s.first, s.last))
        page.row(s.account, s.records, first, last, s.source)


def _has_terms(f: Figures) -> bool:
    return bool(f.short_term_gain or f.long_term_gain)


def _country(report: Report) -> str:
    return _capital(report.rules.name)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number:,} {word}s"
