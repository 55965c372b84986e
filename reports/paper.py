"""How a sheet comes onto paper: as large as its columns allow, and no small table on two pages.

Widths are in characters, heights in points, as spreadsheet programs count them. Programs that fit a sheet to a page
by themselves leave out where it is told to break; so a sheet with breaks has a scale of its own.

This module loads openpyxl: import it only where a workbook is written.
"""

from collections.abc import Sequence

from openpyxl.worksheet.pagebreak import Break

from reports.sheet import POINTS, Sheet

_SIZES = {1: (8.5, 11.0), 9: (8.27, 11.69)}  # Letter, A4: inches
_CHARS, _POINTS = 12.9, 72  # in an inch; a digit of Calibri 11 is 5.577 points wide, which Excel rounds down
_SLACK = 0.98  # programs differ a little in how wide and high they draw
_HEAD = 8  # rows of a block longer than a page that stay together
_MOST_BREAKS = 1000  # Excel takes 1,026 on a sheet
_SMALLEST = 0.49  # of the usual size: below it, print is hard to read


def room(sheet: Sheet) -> tuple[float, float]:
    """How many characters beside each other, and how many points of height, a page takes at the usual size."""
    short, long = _SIZES[int(sheet.page_setup.paperSize)]
    wide, high = (long, short) if sheet.page_setup.orientation == "landscape" else (short, long)
    margins = sheet.page_margins
    return (wide - margins.left - margins.right) * _CHARS, (high - margins.top - margins.bottom) * _POINTS


def spread(sheet: Sheet, widths: Sequence[float], beside: int) -> None:
    """Over as many pages beside each other as it takes to be read; each begins with the first `beside` columns."""
    _rows_of_one_height(sheet)
    wide, _ = room(sheet)
    pages = 1
    while pages < 4 and wide * pages / (sum(widths) + (pages - 1) * sum(widths[:beside])) < _SMALLEST:
        pages += 1
    sheet.page_setup.fitToWidth = pages
    if pages > 1 and beside:
        sheet.print_title_cols = f"A:{chr(ord('A') + beside - 1)}"


def break_between(sheet: Sheet, width: float, heights: Sequence[float], begins: Sequence[int]) -> None:
    """One page wide; a block of rows that would lie on two pages goes to the next, unless it is longer than a page.
    `heights`: of all rows; `begins`: the first row of each block, counted from 1."""
    _rows_of_one_height(sheet)
    wide, high = room(sheet)
    scale = min(1.0, int(wide * _SLACK / width * 100) / 100)
    sheet.sheet_properties.pageSetUpPr.fitToPage = False
    sheet.page_setup.fitToWidth = sheet.page_setup.fitToHeight = None
    sheet.page_setup.scale = round(scale * 100)
    most = high * _SLACK / scale
    ends = [*begins[1:], len(heights) + 1]
    used = sum(heights[: begins[0] - 1]) if begins else 0.0
    for begin, end in zip(begins, ends, strict=True):
        block = heights[begin - 1 : end - 1]
        together = block if sum(block) <= most else block[:_HEAD]
        if used and used + sum(together) > most:
            _break(sheet, begin)
            used = 0.0
        for row, each in enumerate(block, begin):
            if used + each > most:
                _break(sheet, row)
                used = 0.0
            used += each


def _rows_of_one_height(sheet: Sheet) -> None:
    """Else programs squeeze rows that say nothing, each in its own way."""
    sheet.sheet_format.defaultRowHeight, sheet.sheet_format.customHeight = POINTS, True


def _break(sheet: Sheet, row: int) -> None:
    """A page begins with this row."""
    if len(sheet.row_breaks) < _MOST_BREAKS:
        sheet.row_breaks.append(Break(id=row - 1))
