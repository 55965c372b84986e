"""The workbook's first sheet: whose report this is, what is open, and the figures on one page.

Figures are formulas over the sheets that follow, with what the engine makes of them as their value; section titles
lead to these sheets.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from pipeline.issues import Severity
from pipeline.model import Lot
from pipeline.money import ZERO, exact
from reports.basis import basis_of, country_of, made_by
from reports.cells import Cell, Formula
from reports.forms import Form
from reports.forms.lines import TOTALS_BY
from reports.layout import Tab, Tabs, count, live, quoted, runs_of, total, total_of_runs, total_of_text
from reports.page import CHART_ROWS, UNKNOWN, Page
from reports.sheet import GREY, MONTH, RED, Sheet, decimals_of, font
from reports.summary import Figures, figures, gain_by_month, gain_range, told_range
from reports.table import Report, Table, Value
from reports.tables import crypto_lots_of
from reports.totals import Totals

_NARROWEST = (30.0, 22.0, 18.0, 18.0, 18.0, 18.0)
_IN_CHART = 12  # assets; more bars can't be read

YES, NO_GAIN, NO_PRICE = "yes", "no gain", "no price"  # whether a disposal is in the totals
_COUNTED = ("counts", quoted(YES))


def fill(
    sheet: Sheet, report: Report, forms: Sequence[tuple[Form, Table]], tabs: Tabs, totals: Mapping[str, Totals]
) -> None:
    """Writes the whole page; `totals`: of the forms, by their names."""
    page = Page(sheet, _NARROWEST, report.currency)
    f = figures(report)
    _title(page, report, f)
    _basis(page, report)
    _gains(page, report, f, tabs)
    _income(page, report, f, tabs["income"])
    _derivatives(page, report, f, tabs["derivatives"])
    _problems(page, report, tabs["issues"])
    charts = page.number + 1
    if _is_drawn(f) or _is_worth(report):
        page.block()
        page.blank(CHART_ROWS + 1)
    for form, table in forms:
        _form(page, report, form, tabs[table.name], totals[table.name])
    if report.rules.gains:
        _months(page, report, f, tabs["disposals"], charts)
    _holdings(page, report, tabs["holdings"], f"{'D' if _is_drawn(f) else 'A'}{charts}")
    _sheets(page, tabs)
    page.finish()


def _title(page: Page, report: Report, f: Figures) -> None:
    year = report.period
    page.text(f"Crypto tax report {year.name}", font(bold=True, size=16))
    page.text(f"{country_of(report)}, {_day(year.first)} to {_day(year.last)}", font(size=11, color=GREY))
    page.blank()
    if f.errors or f.warnings:
        words = [_count(n, word) for n, word in ((f.errors, "error"), (f.warnings, "warning")) if n]
        may = "figures may change until they are settled" if f.errors else "look at them before you file"
        text = f"Open problems: {' and '.join(words)}; {may}. See the sheet Problems."
        page.text(text, font(bold=True, color=RED if f.errors else GREY))
    else:
        page.text("No open problems.", font(bold=True))


def _basis(page: Page, report: Report) -> None:
    page.section("Basis")
    for name, value in (*basis_of(report), *made_by(report)):
        page.row(name, value)


def _gains(page: Page, report: Report, f: Figures, tab: Tabs) -> None:
    sold = tab["disposals"]
    page.section(f"Capital gains ({report.currency})", _top(sold))
    if not report.rules.gains:
        page.note(f"None are computed for {country_of(report)}: the sheet {METHOD} has the law.")
        return
    first = page.number
    page.row("Proceeds", live(total(sold, "proceeds", _COUNTED), f.proceeds))
    page.row("Cost basis", live(total(sold, "cost_basis", _COUNTED), f.cost_basis))
    page.row("Gain", Formula(f"B{first}-B{first + 1}", f.gain), total=True)
    if _has_terms(f):
        page.row("of this short-term", _of_term(sold, "short", f.short_term_gain))
        page.row("of this long-term", _of_term(sold, "long", f.long_term_gain))
    page.row("Sum of gains", live(total(sold, "gain", _COUNTED, ("gain", '">0"')), f.gains))
    page.row("Sum of losses", live(total(sold, "gain", _COUNTED, ("gain", '"<0"')), f.losses))
    lowest, highest = gain_range(report)
    if lowest != highest or lowest is None:  # while problems are open
        page.row("Gain could be as low as", UNKNOWN if lowest is None else lowest)
        page.row("Gain could be as high as", UNKNOWN if highest is None else highest)
        for word, end in zip(("low", "high"), told_range(report) or (), strict=False):
            page.row(f"as far as it can be told, as {word} as", end)
    if f.unpriced_disposals:
        page.row("Left out: no price known", _how_many(sold, NO_PRICE, f.unpriced_disposals))
    if f.without_gain:
        page.row("Without gain (gifts, ...)", _how_many(sold, NO_GAIN, f.without_gain))


def _of_term(tab: Tab, term: str, value: Decimal) -> Cell:
    return live(total(tab, "gain", _COUNTED, ("term", quoted(term))), value)


def _how_many(tab: Tab, counts: str, value: int) -> Cell:
    return live(count(tab, ("counts", quoted(counts))), value)


def _income(page: Page, report: Report, f: Figures, tab: Tab) -> None:
    if not f.income:
        return
    page.section(f"Income ({report.currency})", _top(tab))
    first = page.number
    for kind, value in f.income.items():
        known = UNKNOWN if value is None else value
        page.row(kind.capitalize(), live(total(tab, "value", ("kind", quoted(kind))), known))
    page.row("Total", Formula(f"SUM(B{first}:B{page.number - 1})", f.income_total), total=True)
    if f.unpriced_income:
        page.row("Left out: no price known", f.unpriced_income)


_RESULTS = {"profits": "profit", "losses": "loss", "fees": "fee"}


def _derivatives(page: Page, report: Report, f: Figures, tab: Tab) -> None:
    if not f.derivatives:
        return
    among = "also among the gains above" if report.rules.derivatives_are_gains else "in no figure above"
    page.section(f"Margin and derivatives, {among} ({report.currency})", _top(tab))
    first = page.number
    for name, what in _RESULTS.items():
        page.row(name.capitalize(), live(total(tab, "value", ("what", quoted(what))), f.derivatives[name]))
    page.row("Result", Formula(f"SUM(B{first}:B{page.number - 1})", f.derivatives["result"]), total=True)
    if f.unpriced_derivatives:
        page.row("Left out: no price known", f.unpriced_derivatives)


def _whole(value: Value) -> Value:
    """Of a form in whole units: without decimals, as it is filed."""
    return int(value) if isinstance(value, Decimal) else value


def _form(page: Page, report: Report, form: Form, tab: Tab, totals: Totals) -> None:
    """The form's totals, as they are carried over to the return."""
    table, sums = tab.table, totals.sums
    if not totals.groups:
        return
    names = table.names
    page.section(f"{form.title} ({report.currency})" if sums else form.title, _top(tab))
    by_line = "line" in form.totals_by  # one row each: nothing to count
    page.headings(_capital(", ".join(form.totals_by)), "" if by_line else "Rows", *(_words(names[i]) for i in sums))
    for group, of in totals.groups.items():
        values = zip(sums, map(_whole, of.sums) if totals.whole else of.sums, strict=True)
        runs = runs_of(tab, of.rows)
        cells = [live(total_of_runs(tab, names[i], runs), value) for i, value in values]
        if cells == [None] and "entry" in names:  # a line that asks for words
            cells = [table.rows[of.rows[0]][names.index("entry")]]
        page.row(_named(form, group), None if by_line else len(of.rows), *cells)
    for note in form.notes(report):
        page.note(note)


def _named(form: Form, group: Sequence[str]) -> str:
    """'Part I, box I'; of a form's line its number and what it asks for."""
    if not group:
        return "All rows"
    if form.totals_by == TOTALS_BY:
        return " ".join(text for text in group if text)
    return _capital(", ".join(f"{name} {text}" for name, text in zip(form.totals_by, group, strict=True) if text))


def _months(page: Page, report: Report, f: Figures, tab: Tab, charts: int) -> None:
    terms = _has_terms(f)
    page.section(f"Gain by month ({report.currency})", _top(tab))
    page.headings("Month", "Proceeds", "Cost basis", "Gain", *(("Short-term", "Long-term") if terms else ()))
    first = page.number
    for m in gain_by_month(report):
        n = page.number
        inside = (_COUNTED, ("disposed_at", f'">="&$A{n}'), ("disposed_at", f'"<"&EDATE($A{n},1)'))
        short, long = (total(tab, "gain", *inside, ("term", quoted(term))) for term in ("short", "long"))
        page.row(
            m.first,
            live(total(tab, "proceeds", *inside), m.proceeds),
            live(total(tab, "cost_basis", *inside), m.cost_basis),
            Formula(f"B{n}-C{n}", m.gain),
            *((live(short, m.short_term_gain), live(long, m.long_term_gain)) if terms else ()),
            form=MONTH,
        )
    last = page.number - 1
    sums = (f.proceeds, f.cost_basis, f.gain, *((f.short_term_gain, f.long_term_gain) if terms else ()))
    page.row(
        "Year", *(Formula(f"SUM({c}{first}:{c}{last})", v) for c, v in zip("BCDEF", sums, strict=False)), total=True
    )
    title = f"Gain by month ({report.currency})"
    if _is_drawn(f):
        page.chart(title, f"A{charts}", (1, first, last), 4, lying=False, wide=14)


def _is_drawn(f: Figures) -> bool:
    """Whether there are gains to draw."""
    return bool(f.gain or f.gains)


def _holdings(page: Page, report: Report, tab: Tab, chart: str) -> None:
    """What is held at the end of the year, or on the country's reference day, per asset, the most valuable first."""
    lots = crypto_lots_of(report)
    if not lots:
        return
    on = (
        f"at the beginning of {_day(report.period.first)}"
        if report.rules.reference_first
        else (f"at the end of {_day(report.period.last)}")
    )
    page.section(f"Holdings {on} ({report.currency})", _top(tab))
    decimals = decimals_of([x.quantity for x in lots])
    page.headings("Asset", "Quantity", "Cost basis", "Market value", "Unrealised gain")
    first = page.number
    with exact():
        held = defaultdict[str, list[Lot]](list)
        for lot in lots:
            held[lot.asset].append(lot)
        worth = {asset: _sum_if_all([x.market_value for x in of]) for asset, of in held.items()}
        for asset in sorted(held, key=lambda each: _most_valuable(worth[each], each)):
            n, cost = page.number, sum((x.cost_basis for x in held[asset]), ZERO)
            page.row(
                asset,
                live(total_of_text(tab, "quantity", "asset", f"$A{n}"), sum((x.quantity for x in held[asset]), ZERO)),
                live(total_of_text(tab, "cost_basis", "asset", f"$A{n}"), cost),
                live(total_of_text(tab, "market_value", "asset", f"$A{n}"), worth[asset]),
                _unrealised(worth[asset], cost, n),
                decimals=decimals,
            )
        last, n = page.number - 1, page.number
        cost, value = sum((x.cost_basis for x in lots), ZERO), _sum_if_all([x.market_value for x in lots])
        page.row(
            "Total", None, live(f"SUM(C{first}:C{last})", cost), live(f"SUM(D{first}:D{last})", value),
            _unrealised(value, cost, n), total=True,
        )  # fmt: skip
    shown = min(last, first + _IN_CHART - 1)
    if _is_worth(report):
        title = f"Holdings at market value ({report.currency})"
        page.chart(title, chart, (1, first, shown), 4, lying=True, wide=10)


def _is_worth(report: Report) -> bool:
    """Whether of anything held a price is known: else there is nothing to draw."""
    return any(lot.market_value for lot in crypto_lots_of(report))


def _most_valuable(value: Value, asset: str) -> tuple[bool, Decimal, str]:
    return (False, -value, asset) if isinstance(value, Decimal) else (True, ZERO, asset)


def _unrealised(value: Value, cost: Decimal, number: int) -> Cell:
    return Formula(f"D{number}-C{number}", value - cost) if isinstance(value, Decimal) else None


def _sum_if_all(values: Sequence[Decimal | None]) -> Value:
    """The sum, or text where a part of it is not known: never a sum that looks whole."""
    known = [v for v in values if v is not None]
    return sum(known, ZERO) if len(known) == len(values) else UNKNOWN


def _problems(page: Page, report: Report, tab: Tab) -> None:
    if not report.result.issues:
        return
    page.section("Open problems", _top(tab))
    page.headings("What", "Severity", "How many", texts=(1, 2))
    order = list(Severity)
    counts = Counter((order.index(i.severity), i.code) for i in report.result.issues)
    for (rank, code), number in sorted(counts.items()):
        severity = order[rank].value
        formula = count(tab, ("severity", quoted(severity)), ("code", quoted(code)))
        page.row(_words(code), severity, live(formula, number))


_CONTENTS = {
    "form_1099_da": "what brokers reported, beside the records",
    "disposals": "each part of a lot that was disposed of",
    "income": "what came in and is taxed as income",
    "derivatives": "results of margin and derivatives",
    "holdings": "open lots, the largest unrealised loss first",
    "lots": "units: opening, what came and went, closing",
    "transfers": "moves between own accounts, and what has no other side",
    "transactions": "everything that happened in the year",
    "prices": "what everything was worth, and where that is from",
    "issues": "open problems, and what to do about each",
}
METHOD = "Sources and method"  # the title of the last sheet


def _sheets(page: Page, tabs: Tabs) -> None:
    """All sheets, each with a way there."""
    page.section("Sheets")
    for name, tab in tabs.items():
        page.listed(tab.title, len(tab.table.rows), _CONTENTS.get(name, "the form as it is filed"), _top(tab))
    page.listed(METHOD, None, "what the figures rest on, and how to check them", f"'{METHOD}'!A1")


def _top(tab: Tab) -> str:
    """Where a table begins."""
    return f"'{tab.title}'!A1"


def _has_terms(f: Figures) -> bool:
    return bool(f.short_term_gain or f.long_term_gain)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number:,} {word}s"
