"""The year's tables as one workbook, for a person: a Summary, the forms, then every table in full.

Takes a Report and its tables, gives the bytes of an XLSX file; same report, same bytes. Totals, gains and differences
are formulas that bear the engine's figures as their values; cells lead to what they come from (`reports/traced.py`).

This module loads openpyxl: import it only where a workbook is written.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from decimal import Decimal

from openpyxl.utils import get_column_letter

from pipeline.money import exact
from reports import method_page, overview
from reports.columns import lines, shown
from reports.forms import Form
from reports.layout import Tab, computed
from reports.overview import METHOD, NO_GAIN, NO_PRICE, YES
from reports.roll_forward import lots, transfers
from reports.sheet import LAST_ROW, Book, Cell, Sheet, print_setup, widths
from reports.table import Column, Report, Table, Type, Value
from reports.tables import disposals_of
from reports.traced import Find, traced

_TITLES = {"issues": "Problems"}
# Tables in the order of the sheets; the country's forms come before them.
_ORDER = ("disposals", "income", "derivatives", "holdings", "lots", "transfers", "transactions", "prices", "issues")


def workbook(
    report: Report, tables: Sequence[Table], forms: Sequence[tuple[Form, Table]], last_row: int = LAST_ROW
) -> bytes:
    """The XLSX file of the year; a table of more rows than fit above `last_row` goes on on further sheets."""
    # Made at a time that the inputs fix, so that the same inputs give the same bytes.
    book = Book(f"Crypto tax {report.period.name}", report.period.ends.astimezone(UTC).replace(tzinfo=None))
    footer = f"taxsync {report.version}, {report.rules.name}, tax year {report.period.name}".replace("&", "&&")
    letter = report.rules.country in ("us", "ca")
    tabs = _tabs(report, tables, forms, last_row)
    with book.sheet("Summary") as sheet:
        print_setup(sheet, footer, landscape=False, letter=letter)
        overview.fill(sheet, report, forms, tabs)
    found = traced(report, tabs)
    for name, tab in tabs.items():
        for title, start, end in tab.sheets():
            with book.sheet(title) as sheet:
                print_setup(sheet, footer, landscape=True, letter=letter)
                _fill(sheet, tab, start, end, found[name])
    with book.sheet(METHOD) as sheet:
        print_setup(sheet, footer, landscape=True, letter=letter)
        method_page.fill(sheet, report, forms)
    return book.finish()


def _tabs(
    report: Report, tables: Sequence[Table], forms: Sequence[tuple[Form, Table]], last_row: int
) -> Mapping[str, Tab]:
    named = {table.name: table for table in (*tables, lots(report), transfers(report))}
    named["disposals"] = _counted(named["disposals"], report)
    named["holdings"] = _unrealised(named["holdings"])
    titled = [(form.title, table) for form, table in forms]
    titled += [(_TITLES.get(name, name.capitalize()), named[name]) for name in _ORDER]
    return {table.name: Tab(title, table, shown(table, report), last_row) for title, table in titled}


def _counted(table: Table, report: Report) -> Table:
    """Disposals, each with whether it is in the totals."""
    column = Column("counts", Type.TEXT, "yes; no gain: none by law; no price: none is known")
    counts = (NO_GAIN if not d.taxed else NO_PRICE if d.proceeds is None else YES for d in disposals_of(report))
    rows = [(*row, counted) for row, counted in zip(table.rows, counts, strict=True)]
    return Table(table.name, (*table.columns, column), rows)


def _unrealised(table: Table) -> Table:
    """Holdings with what selling them would bring, the largest loss first, as who harvests losses looks for it."""
    names = [column.name for column in table.columns]
    value, cost = names.index("market_value"), names.index("cost_basis")
    column = Column("unrealised_gain", Type.MONEY, "market_value - cost_basis; empty where no price is known")
    known: list[tuple[Decimal, tuple[Value, ...]]] = []
    unknown: list[tuple[Value, ...]] = []
    with exact():
        for row in table.rows:
            worth, paid = row[value], row[cost]
            if isinstance(worth, Decimal) and isinstance(paid, Decimal):
                known.append((worth - paid, row))
            else:
                unknown.append((*row, None))
    known.sort(key=lambda each: each[0])
    rows = [*((*row, gain) for gain, row in known), *unknown]
    return Table(table.name, (*table.columns, column), rows)


def _fill(sheet: Sheet, tab: Tab, start: int, end: int, found: Mapping[str, Find]) -> None:
    """Heading and rows from `start` to `end`, the heading frozen, filtered and repeated on every printed page."""
    columns = tab.columns
    headings = [c.heading for c in columns]
    widths(sheet, [c.width for c in columns])
    sheet.sparse = True
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    if end > start:
        sheet.table(headings, end - start)
    sheet.write(headings, [sheet.heading_style(right=c.right) for c in columns])
    styles = [c.style(sheet) for c in columns]
    blue = [sheet.linked_style(style) for style in styles]
    leading = [(tab.number(name), get_column_letter(tab.number(name) + 1), find) for name, find in found.items()]
    formulas = list(computed(tab).items())
    wrapped = [c.index for c in columns if c.wrapped]
    picks = [(c.index, c.value) for c in columns]
    with exact():
        for number in range(start, end):
            row, place = tab.table.rows[number], number - start + 2
            cells: list[Cell] = [_value(row[index], convert) for index, convert in picks]
            for i, formula in formulas:
                cells[i] = formula.cell(row, place)
            shown_as = styles
            if leading and sheet.takes_links:
                shown_as = styles.copy()
                for i, column, find in leading:
                    if cells[i] is not None and (target := find(number)) and sheet.takes_links:
                        sheet.link(f"{column}{place}", target)
                        shown_as[i] = blue[i]
            height = max(lines(str(row[i])) for i in wrapped) if wrapped else 1
            sheet.write(cells, shown_as, height)


def _value(value: Value, convert: Callable[[Value], Value] | None) -> Value:
    if value is None or value == "":
        return None
    return value if convert is None else convert(value)
