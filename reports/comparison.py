"""Another tool's report beside ours as a workbook: what the difference comes from, then every row of both sides.

Takes a Comparison, gives the bytes of an XLSX file; text is text. The totals and their differences are formulas over
the causes, whose sums are exact: they come to the difference of the two reports, in all and for each asset.

This module loads openpyxl and pandas: import it only where a workbook is written.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC
from decimal import Decimal

from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from pipeline.money import ZERO, exact
from pipeline.rules.base import Period
from pipeline.theirs import (
    CAUSES,
    DIFFERING,
    EQUAL,
    ONLY_OURS,
    ONLY_THEIRS,
    Comparison,
    Here,
    Share,
    Tied,
    Told,
    by_cause,
    difference,
)
from reports.by_asset import by_asset
from reports.cells import Cell, Formula
from reports.sheet import DAY, LEFT, MONEY, OVERLINED, RIGHT, WRAPPED, Book, Sheet, font, print_setup, quantity, widths
from reports.sheet import money as form_of

TITLES = {DIFFERING: "Differing", ONLY_THEIRS: "Only theirs", ONLY_OURS: "Only here", EQUAL: "Equal"}
_ABOUT = {
    DIFFERING: "found on both sides, with a difference",
    ONLY_THEIRS: "rows of the other report without a sale here",
    ONLY_OURS: "disposals here without a row of the other report",
    EQUAL: "the same on both sides, to the rounding of their rows",
}
_COLUMNS = (
    ("Group", 8, ""), ("Side", 12, ""), ("Row or disposal", 28, ""), ("Asset", 10, ""), ("Quantity", 18, quantity(8)),
    ("Acquired", 12, DAY), ("Sold", 12, DAY), ("Proceeds", 16, MONEY), ("Cost basis", 16, MONEY), ("Gain", 16, MONEY),
    ("Term", 8, ""), ("Box", 6, ""), ("Account", 18, ""), ("Differences", 30, ""), ("Likely cause", 60, ""),
)  # fmt: skip
_APART = "difference"  # theirs less ours
_FIGURES = ("Quantity", "Proceeds", "Cost basis", "Gain")


def workbook(comparison: Comparison, whose: str, period: Period, currency: str, version: str) -> bytes:
    """The XLSX file; `whose`: the other report in words."""
    book = Book(f"Comparison {period.name}", period.ends.astimezone(UTC).replace(tzinfo=None))
    footer = f"taxsync {version}, comparison, tax year {period.name}"
    with exact():
        with book.sheet("Summary") as sheet:
            print_setup(sheet, footer, landscape=False, letter=currency == "USD")
            _summary(sheet, comparison, whose, period, currency)
        with book.sheet("By asset") as sheet:
            print_setup(sheet, footer, landscape=True, letter=currency == "USD")
            _by_asset(sheet, comparison, currency)
        for status, title in TITLES.items():
            with book.sheet(title) as sheet:
                print_setup(sheet, footer, landscape=True, letter=currency == "USD")
                _rows(sheet, comparison.of(status), currency)
    return book.finish()


def _summary(sheet: Sheet, comparison: Comparison, whose: str, period: Period, currency: str) -> None:
    widths(sheet, [72, 10, 18, 18, 18])
    bold, text = sheet.style(font=font(bold=True), align=WRAPPED), sheet.style(align=WRAPPED)
    form = form_of(currency)
    money, count = sheet.style(form, align=RIGHT), sheet.style("#,##0", align=RIGHT)
    total = sheet.style(form, align=RIGHT, font=font(bold=True))
    heads = [sheet.heading_style(right=False), *[sheet.heading_style(right=True)] * 4]
    sheet.write([f"{whose} beside taxsync, tax year {period.name}: {period.first} to {period.last}"], [bold], 2)
    sheet.write(["Differences are theirs less ours. A cause is what fits best, not a proof."], [text])
    sheet.write([None], [text])
    sheet.write([f"What differs, {currency}", "Places", "Proceeds", "Cost basis", "Gain"], heads)
    causes, first = by_cause(comparison), sheet.number
    for share, places in causes:
        words = CAUSES[share.cause]
        line: list[Cell] = [words, places, share.proceeds, share.basis, share.gain]
        sheet.write(line, [text, count, money, money, money], 1 + len(words) // 80)
    apart = difference(comparison)
    last = sheet.number - 1
    sums: list[Cell] = [
        Formula(f"SUM({letter}{first}:{letter}{last})", value) if causes else value
        for letter, value in zip("CDE", _amounts(apart), strict=True)
    ]
    sheet.write(["Difference in all", None, *sums], [bold, count, total, total, total])
    ours = sheet.number
    sheet.write(["Here", None, *_amounts(comparison.ours)], [text, count, money, money, money])
    theirs = [
        Formula(f"{letter}{ours - 1}+{letter}{ours}", value)
        for letter, value in zip("CDE", _amounts(comparison.theirs), strict=True)
    ]
    sheet.write(["The other report", None, *theirs], [bold, count, total, total, total])
    sheet.write([None], [text])
    sheet.write(["Sheet", "Groups", "Their rows", "Rows here", None], heads)
    for status, title in TITLES.items():
        tied = comparison.of(status)
        counts = (len(tied), sum(len(each.told) for each in tied), sum(len(each.here) for each in tied))
        sheet.write([f"{title}: {_ABOUT[status]}", *counts], [text, count, count, count])


def _by_asset(sheet: Sheet, comparison: Comparison, currency: str) -> None:
    """A line an asset: its gain on both sides, and what of the difference each cause is."""
    causes, lines = by_asset(comparison)
    heads = [f"Asset, gains in {currency}", "The other report", "Here", "Difference", *map(_named, causes)]
    widths(sheet, [24, 18, 18, 18, *[16] * len(causes)])
    sheet.freeze_panes = "B2"
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:A"
    sheet.write(heads, [sheet.heading_style(right=n > 0) for n in range(len(heads))], 2)
    form = form_of(currency)
    text, money = sheet.style(align=LEFT), sheet.style(form, align=RIGHT)
    bold = sheet.style(font=font(bold=True), align=LEFT, border=OVERLINED)
    total = sheet.style(form, align=RIGHT, font=font(bold=True), border=OVERLINED)
    last = get_column_letter(len(heads))
    for row, line in enumerate(lines, 2):
        apart: Cell = Formula(f"SUM(E{row}:{last}{row})", line.apart) if causes else line.apart
        cells: list[Cell] = [line.asset, line.theirs, line.ours, apart, *(part or None for part in line.parts)]
        sheet.write(cells, [text, *[money] * (len(heads) - 1)])
    columns = zip(*((line.theirs, line.ours, line.apart, *line.parts) for line in lines), strict=True)
    sums: list[Cell] = [
        Formula(f"SUM({letter}2:{letter}{len(lines) + 1})", sum(column, ZERO))
        for letter, column in zip(map(get_column_letter, range(2, len(heads) + 1)), columns, strict=True)
    ]
    sheet.write(["In all", *sums], [bold, *[total] * len(sums)])


def _named(cause: str) -> str:
    return cause.replace("_", " ")


def _amounts(share: Share) -> tuple[Decimal, Decimal, Decimal]:
    return share.proceeds, share.basis, share.gain


def _rows(sheet: Sheet, tied: Sequence[Tied], currency: str) -> None:
    widths(sheet, [width for _, width, _ in _COLUMNS])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    count = sum(len(list(_lines(each))) for each in tied)
    if count:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(_COLUMNS))}{count + 1}"
    sheet.write([name for name, *_ in _COLUMNS], [sheet.heading_style(right=n in _FIGURES) for n, *_ in _COLUMNS])
    forms = [(form_of(currency) if form == MONEY else form, _align(name)) for name, _, form in _COLUMNS]
    styles = [sheet.style(form, align=align) for form, align in forms]
    bold = [sheet.style(form, align=align, font=font(bold=True)) for form, align in forms]
    for number, each in enumerate(tied, 1):
        words, names = "; ".join(CAUSES[cause] for cause in each.causes), _named(", ".join(each.differences))
        height = 1 + max(len(words) // 64, len(names) // 30)
        for line in _lines(each):
            sheet.write([number, *line, names, words], bold if line[0] == _APART else styles, height)


def _align(name: str) -> Alignment:
    return RIGHT if name in _FIGURES else WRAPPED if name in ("Differences", "Likely cause") else LEFT


def _lines(each: Tied) -> Iterator[list[Cell]]:
    for row in each.told:
        yield _told(row)
    for part in each.here:
        yield _here(part)
    if each.status == DIFFERING:
        amounts = [sum(values, ZERO) or None for values in zip(*map(_amounts, each.shares), strict=True)]
        yield [_APART, *[None] * 5, *(amounts or [None] * 3), *[None] * 3]


def _told(row: Told) -> list[Cell]:
    gain = row.proceeds - row.basis + row.adjustment
    acquired = "various" if row.various else row.acquired
    return [
        "theirs", row.place, row.asset, row.quantity, acquired, row.sold, row.proceeds, row.basis, gain, row.term,
        row.box, row.account,
    ]  # fmt: skip


def _here(part: Here) -> list[Cell]:
    d = part.disposal
    known = d.proceeds is not None
    figures = (part.proceeds, part.basis, part.proceeds - part.basis) if known else (None, None, None)
    return [
        "here", d.id, d.asset, d.quantity, part.acquired, part.sold, *figures, d.term.value, part.box, d.account
    ]  # fmt: skip
