"""The year's tables as one workbook, for a person: a Summary, the forms, then every table in full.

Takes a Report and its tables, writes an XLSX file; same report, same bytes. Totals, gains and differences
are formulas that bear the engine's figures as their values; cells lead to what they come from (`reports/traced.py`).

This module loads openpyxl: import it only where a workbook is written.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from openpyxl.utils import get_column_letter

from pipeline.money import exact
from reports import method_page, overview
from reports.columns import lines, shown
from reports.forms import Form
from reports.layout import Tab, computed
from reports.meanwhile import in_copies, meanwhile
from reports.overview import METHOD, NO_GAIN, NO_PRICE, YES
from reports.paper import spread
from reports.roll_forward import lots, transfers
from reports.sheet import LAST_ROW, Book, Sheet, print_setup, widths
from reports.table import Column, Made, Report, Row, Table, Type, Value
from reports.tables import disposals_of
from reports.totals import Totals
from reports.traced import FORM_LINE, Filing, Find, filings, form_line, is_grouped, traced

_TITLES = {"issues": "Problems"}
# Tables in the order of the sheets; the country's forms come before them.
_ORDER = ("disposals", "income", "derivatives", "holdings", "lots", "transfers", "transactions", "prices", "issues")
_BEHIND = {"transactions", "prices", "issues"}  # the last of them, which take as long as the others
MANY = 5_000  # rows of those, from which on two processes write the sheets


def workbook(
    out: IO[bytes],
    report: Report,
    tables: Sequence[Table],
    forms: Sequence[tuple[Form, Table]],
    *,
    last_row: int = LAST_ROW,
    many: int = MANY,
    beside: Path | None = None,
    progress: Callable[[str, int], None] = lambda _what, _rows: None,
) -> None:
    """Writes the XLSX file of the year; a table of more rows than fit above `last_row` goes on on further sheets.
    `progress` gets the title of each sheet, and how many rows more are written. `beside`: the folder of a file without
    a name, by which a second process gives its sheets where they have `many` rows."""
    # Made at a time that the inputs fix, so that the same inputs give the same bytes.
    made = report.period.ends.astimezone(UTC).replace(tzinfo=None)
    footer = f"taxsync {report.version}, {report.rules.name}, tax year {report.period.name}".replace("&", "&&")
    letter = report.rules.country in ("us", "ca")
    filed = filings(report, forms)
    totals = {table.name: Totals(form, table) for form, table in forms}
    tabs = _tabs(report, tables, forms, filed, totals, last_row)
    found = traced(tabs, filed, [form for form, _ in forms])

    def pages(book: Book, ours: Collection[str], told: Callable[[str, int], None]) -> None:
        """Every table's sheets; of those that are not ours all but the rows."""
        for name, tab in tabs.items():
            for title, start, end in tab.sheets():
                with book.sheet(title, apart=name not in ours) as sheet:
                    print_setup(sheet, footer, landscape=True, letter=letter)
                    if end == start:
                        sheet.oddFooter.center.text = "&A: none"
                    for rows in _fill(sheet, tab, start, end, found[name] if name in ours else None):
                        told(title, rows)

    def behind(_asked: Callable[[], None]) -> None:
        book.turn_to(part)
        pages(book, _BEHIND, lambda _what, _rows: None)
        book.close_pages()
        part.flush()

    rows = sum(len(tabs[name].table.rows) for name in _BEHIND)
    with Book(f"Crypto tax {report.period.name}", made, out) as book:
        with book.sheet("Summary") as sheet:
            print_setup(sheet, footer, landscape=False, letter=letter)
            overview.fill(sheet, report, forms, tabs, totals)
        if not in_copies(rows >= many):
            pages(book, tabs, progress)
        else:
            with TemporaryFile(dir=beside) as part, meanwhile(behind, worth=True) as rest:
                pages(book, tabs.keys() - _BEHIND, progress)
                rest(None)
                book.take(part)
            progress("Transactions", rows)
        with book.sheet(METHOD) as sheet:
            print_setup(sheet, footer, landscape=True, letter=letter)
            method_page.fill(sheet, report, forms)
        book.finish()


def _tabs(
    report: Report,
    tables: Sequence[Table],
    forms: Sequence[tuple[Form, Table]],
    filed: Sequence[Filing],
    totals: Mapping[str, Totals],
    last_row: int,
) -> Mapping[str, Tab]:
    """Every table's place; what forms come to is added up on the way."""
    named = {table.name: table for table in (*tables, lots(report), transfers(report))}
    named["disposals"] = _counted(named["disposals"], report, filed)
    named["holdings"] = _unrealised(named["holdings"])
    titled = [(form.title, table) for form, table in forms]
    titled += [(_TITLES.get(name, name.capitalize()), named[name]) for name in _ORDER]
    see = {name: of.see for name, of in totals.items()}
    return {t.name: Tab(title, t, shown(t, report, see.get(t.name)), last_row) for title, t in titled}


def _counted(table: Table, report: Report, filed: Sequence[Filing]) -> Table:
    """Disposals, each with whether it is in the totals, and in which line of a form that adds them up."""
    columns = [*table.columns, Column("counts", Type.TEXT, "yes; no gain: none by law; no price: none is known")]
    grouped = is_grouped(filed)
    if grouped:
        columns.append(Column(FORM_LINE, Type.TEXT, "the line of the form that it is part of: filter by it"))
    disposals = disposals_of(report)

    def row(number: int) -> Row:
        d = disposals[number]
        counts = NO_GAIN if not d.taxed else NO_PRICE if d.proceeds is None else YES
        return (*table.rows[number], counts, *((form_line(filed, number),) if grouped else ()))

    return Table(table.name, tuple(columns), Made(range(len(disposals)), row))


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


def _fill(sheet: Sheet, tab: Tab, start: int, end: int, found: Mapping[str, Find] | None) -> Iterator[int]:
    """Heading and rows from `start` to `end`, the heading frozen, filtered and repeated on every printed page. Gives
    how many rows it has written, some at a time. `found`: where cells lead; None: the rows are written elsewhere."""
    columns = tab.columns
    headings = [c.heading for c in columns]
    widths(sheet, [c.width for c in columns])
    if end > start:
        spread(sheet, [c.width for c in columns], 2)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    if end > start:
        sheet.table(headings, end - start)
        for letter, c in zip(map(get_column_letter, range(1, 1 + len(columns))), columns, strict=True):
            if c.decimals is not None:
                sheet.no_red_zeros(f"{letter}2", f"{letter}{end - start + 1}", c.decimals)
    sheet.write(headings, [sheet.heading_style(right=c.right) for c in columns], max(c.heading_lines for c in columns))
    styles = [c.style(sheet) for c in columns]
    blue = [sheet.linked_style(style) for style in styles]
    if found is None:
        return
    leading = [(tab.number(name), tab.index(name), find) for name, find in found.items()]
    formulas = computed(tab)
    wrapped = [c.index for c in columns if c.wrapped]
    with exact():
        for rows in tab.table.parts(start, end):
            values = list(zip(*rows, strict=True))
            first = sheet.number
            cells = [
                formulas[i].pieces(values, first) if i in formulas else c.pieces(values[c.index])
                for i, c in enumerate(columns)
            ]
            looks: list[int | list[int]] = [*styles]
            if sheet.takes_links:
                for i, _, _ in leading:
                    looks[i] = [styles[i]] * len(rows)
                _link(sheet, rows, start, leading, looks, blue)
            high = [max(lines(str(row[i])) for i in wrapped) for row in rows] if wrapped else [1] * len(rows)
            sheet.write_columns(cells, looks, high)
            start += len(rows)
            yield len(rows)


def _link(
    sheet: Sheet,
    rows: Sequence[Row],
    start: int,
    leading: Sequence[tuple[int, int, Find]],
    looks: Sequence[int | list[int]],
    blue: Sequence[int],
) -> None:
    """Makes cells of these rows lead elsewhere, as long as the sheet takes links; they are blue."""
    first = sheet.number
    for n, row in enumerate(rows):
        for i, index, find in leading:
            if row[index] not in _NOTHING and (target := find(start + n, row)) and sheet.takes_links:
                sheet.link(f"{get_column_letter(i + 1)}{first + n}", target)
                look = looks[i]
                assert isinstance(look, list)
                look[n] = blue[i]


_NOTHING = (None, "")
