"""A sheet that is read like a page: titles, sections, small tables; and the charts on it.

Rows are kept until their widths are known, then written; `number` is that of the next row, for formulas.

This module loads openpyxl: import it only where a workbook is written.
"""

import textwrap
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.data_source import AxDataSource, NumData, NumRef, NumVal, StrData, StrRef, StrVal
from openpyxl.drawing.text import CharacterProperties
from openpyxl.styles import Alignment, Font

from pipeline.fiat import decimals_of as decimals_of_currency
from reports.cells import Cell, Formula, in_cell, number
from reports.paper import break_between
from reports.sheet import (
    BLUE,
    COUNT,
    DAY,
    GREY,
    LEFT,
    MONTH,
    OVERLINED,
    POINTS,
    RIGHT,
    WHOLE,
    WRAPPED,
    Sheet,
    font,
    money,
    number_width,
    quantity,
    widths,
)
from reports.table import Value

_SHORT = '[>=1000000]#,##0.0,,"m";[>=10000]#,##0,"k";#,##0'  # along an axis, where full numbers run into each other
_NOTE = 120  # characters of a note's line: what the page's columns are wide
_CHART = 15  # rows that a chart is high
_USUAL = 12  # points of letters that a row of one line has room for
_WIDEST = 44  # characters of a row's name; a longer one is wrapped
UNKNOWN = "not known"  # stands where a figure would


class Page:
    """Rows of the page, each a list of values beginning in column A; money has the decimals of `currency`."""

    def __init__(self, sheet: Sheet, narrowest: Sequence[float], currency: str = "") -> None:
        self._money, self._decimals = money(currency), decimals_of_currency(currency) if currency else None
        sheet.sheet_view.showGridLines = False
        self.sheet = sheet
        self.rows: list[tuple[Sequence[Cell], Sequence[int], int]] = []
        self.widths = list(narrowest)
        self._drawn = False  # whether there are charts, which go over all columns
        self._begins: list[int] = []  # rows that begin what should stand on one page

    @property
    def number(self) -> int:
        """The row that comes next, as the sheet counts them."""
        return len(self.rows) + 1

    def finish(self) -> None:
        """Writes all rows."""
        widths(self.sheet, self.widths)
        columns = len(self.widths) if self._drawn else max((len(values) for values, _, _ in self.rows), default=1)
        texts = [len(values[0]) for values, _, _ in self.rows if len(values) == 1 and isinstance(values[0], str)]
        wide = max(sum(self.widths[:columns]), *texts, 1)  # a text across the page is in small print
        if self._decimals is not None:
            self.sheet.no_red_zeros("B1", f"F{len(self.rows)}", self._decimals)
        break_between(self.sheet, wide, [POINTS * lines for _, _, lines in self.rows], self._begins)
        for values, styles, lines in self.rows:
            self.sheet.write(values, styles, lines)

    def block(self) -> None:
        """What follows should stand on one page."""
        self._begins.append(self.number)

    def blank(self, rows: int = 1) -> None:
        self.rows += [([], [], 1)] * rows

    def text(self, text: str, font: Font, target: str = "") -> None:
        """A line across the page, which may lead elsewhere."""
        if target:
            self.sheet.link(f"A{self.number}", target)
        self.rows.append(([text], [self.sheet.style(font=font)], 2 if (font.sz or 0) > _USUAL else 1))

    def heading(self, title: str) -> None:
        """The page's own title."""
        self.text(title, font(bold=True, size=16))

    def note(self, text: str) -> None:
        """A sentence or two in small print."""
        for line in textwrap.wrap(text, _NOTE):
            self.text(line, font(size=10, color=GREY))

    def section(self, title: str, target: str = "") -> None:
        self.block()
        self.blank()
        self.text(title, font(bold=True, size=12, color=BLUE if target else None), target)

    def headings(self, *names: str, texts: tuple[int, ...] = (1,)) -> None:
        """Headings of columns; `texts` are the numbers of those that hold text."""
        styles = [self.sheet.heading_style(right=n not in texts) for n in range(1, len(names) + 1)]
        self.rows.append((names, styles, 1))

    def row(self, *cells: Cell, total: bool = False, decimals: int = 2, form: str = "") -> None:
        """Values in the format of their type; the second is a quantity when it has other than 2
        decimals, the first has the format `form` if there is one. A total is bold under a line."""
        face, line = (font(bold=True), OVERLINED) if total else (font(), None)
        styles = []
        for n, cell in enumerate(cells):
            value = cell.value if isinstance(cell, Formula) else cell
            is_quantity = n == 1 and decimals != 2
            style = form if form and n == 0 else quantity(decimals) if is_quantity else _form_of(value, self._money)
            styles.append(self.sheet.style(style, font=face, border=line, align=_align(value, n)))
            if isinstance(value, Decimal):
                self.widths[n] = max(self.widths[n], number_width(value, decimals if is_quantity else 2))
        name, lines = cells[0], 1
        if isinstance(name, str):
            self.widths[0] = max(self.widths[0], min(len(name), _WIDEST) * 1.05 + 3)
            lines = 1 + (len(name) - 1) // _WIDEST
        self.rows.append((cells, styles, lines))

    def listed(self, title: str, rows: int | None, what: str, target: str) -> None:
        """A sheet of this book: the way there, how many rows it has, what they are."""
        self.sheet.link(f"A{self.number}", target)
        forms = ((font(color=BLUE), LEFT), (font(), RIGHT), (font(color=GREY), LEFT))
        styles = [self.sheet.style(COUNT if n == 1 else "", font=f, align=a) for n, (f, a) in enumerate(forms)]
        self.rows.append(([title, rows, what], styles, 1))

    def told(self, name: str, text: str, width: int) -> None:
        """A name, and beside it a text that is wrapped at `width` characters: the width of column B."""
        lines = sum(max(1, len(textwrap.wrap(line, width))) for line in text.splitlines() or [""])
        styles = [self.sheet.style(font=font(), align=LEFT), self.sheet.style(font=font(), align=WRAPPED)]
        self.rows.append(([name, text], styles, lines))

    def chart(
        self, title: str, place: str, names: tuple[int, int, int], values: int, *, lying: bool, wide: float
    ) -> None:
        """Bars over the page at a cell, `_CHART` rows high and `wide` centimetres wide. `names`: column, first and last
        row of what stands under the bars; `values`: the column of what they show."""
        self._drawn = True
        chart: Any = BarChart()
        chart.type = "bar" if lying else "col"
        chart.title, chart.style, chart.legend = title, 10, None
        chart.title.overlay = False
        chart.title.tx.rich.p[0].r[0].rPr = CharacterProperties(sz=1200, b=True)
        chart.height, chart.width, chart.gapWidth = _CHART * 0.5, wide, 60
        column, first, last = names
        chart.add_data(Reference(self.sheet, min_col=values, min_row=first, max_row=last))
        series = chart.series[0]
        series.val.numRef.numCache = _numbers(self._column(values, first, last))
        beside = Reference(self.sheet, min_col=column, min_row=first, max_row=last)
        series.cat = _labels(str(beside), self._column(*names))
        series.graphicalProperties.solidFill, series.invertIfNegative = BLUE, False
        chart.x_axis.delete = chart.y_axis.delete = False
        chart.x_axis.tickLblPos = "low"  # not across bars that go below 0
        chart.y_axis.number_format, chart.y_axis.majorGridlines = "#,##0", None
        if lying:
            chart.x_axis.scaling.orientation = "maxMin"  # the first on top
            chart.y_axis.number_format = _SHORT
        sheet: Any = self.sheet
        sheet.add_chart(chart, place)

    def _column(self, number: int, first: int, last: int) -> list[Value]:
        """What stands in a column of rows that were given already."""
        cells = [values[number - 1] for values, _, _ in self.rows[first - 1 : last]]
        return [cell.value if isinstance(cell, Formula) else cell for cell in cells]


# ---- what a chart shows, for programs that don't look into its cells ------------------------------------------------


def _numbers(values: Sequence[Value], form: str = "General") -> Any:
    points = [NumVal(idx=n, v=number(v)) for n, v in enumerate(values) if isinstance(v, Decimal | date)]
    return NumData(formatCode=form, ptCount=len(values), pt=points)


def _labels(cells: str, values: Sequence[Value]) -> Any:
    """What stands beside the bars: texts, or months."""
    if all(isinstance(v, date) for v in values):
        return AxDataSource(numRef=NumRef(f=cells, numCache=_numbers(values, MONTH)))
    points = [StrVal(idx=n, v=in_cell(str(v))) for n, v in enumerate(values)]
    return AxDataSource(strRef=StrRef(f=cells, strCache=StrData(ptCount=len(values), pt=points)))


def _form_of(value: Value, money: str) -> str:
    if isinstance(value, date):
        return DAY
    if isinstance(value, Decimal):
        return money
    return WHOLE if isinstance(value, int) else ""


def _align(value: Value, column: int) -> Alignment:
    if column == 0:
        return WRAPPED if isinstance(value, str) and len(value) > _WIDEST else LEFT
    return LEFT if isinstance(value, str) and value != UNKNOWN else RIGHT


CHART_ROWS = _CHART
