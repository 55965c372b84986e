"""How each column of a table looks on a sheet: its heading, format and width, and what its cells get.

    shown(table, report)        # for Type.QUANTITY two of them, where one number has too many digits for a spreadsheet

Numbers and dates are typed cells, text is text. A spreadsheet keeps 15 to 17 digits: where a quantity has more, a
column beside it has it exactly, as text; the CSV files hold everything in full.

This module loads openpyxl: import it only where a workbook is written.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from unicodedata import east_asian_width

from msgspec import Struct
from msgspec.structs import replace

from pipeline.fiat import decimals_of as decimals_of_currency
from pipeline.money import plain
from reports.cells import part
from reports.pieces import Pieces, each, instants, numbers, texts
from reports.sheet import (
    COUNT,
    DAY,
    FORM_DAY,
    INSTANT,
    LEFT,
    MONEY,
    MOST_DECIMALS,
    RIGHT,
    WHOLE,
    WRAPPED,
    Sheet,
    decimals_shown,
    money,
    number_width,
    quantity,
)
from reports.table import Column, Report, Row, Table, Type, Value

_WIDEST = 60  # longer text is wrapped
_LEADING = {"name": 100}  # but not where it leads on by click: LibreOffice cuts links that are wrapped
_DIGITS = 15  # what every spreadsheet program keeps of a number


class Shown(Struct, frozen=True):
    """A column of a sheet: its heading, which value of the row it shows, and how. `pieces` makes the cells of some
    rows, see `reports.pieces`."""

    heading: str
    index: int
    width: float
    right: bool
    style: Callable[[Sheet], int]
    pieces: Callable[[Sequence[Any]], Pieces]
    wrapped: bool = False
    decimals: int | None = None  # of money that may be below 0

    @property
    def heading_lines(self) -> int:
        return 1 if _bold(self.heading) <= self.width else 2


class _Span(Struct):
    """What the values of a column need: the longest text, the least and the most number, how many decimals, the
    longest number that a spreadsheet can't hold (0: it holds all), and whether a form has whole units."""

    type: Type
    text: int = 0
    least: Decimal | int | None = None
    most: Decimal | int | None = None
    decimals: int = 2
    inexact: int = 0
    whole: bool = True

    def see(self, values: Sequence[Value]) -> None:
        if self.type in (Type.TEXT, Type.ID):
            self.text = max(self.text, _widest(values))
        elif self.type in _NUMBERS:
            numbers: Sequence[Any] = values
            if set(map(type, values)) != {Decimal}:
                numbers = [v for v in values if isinstance(v, Decimal | int)]
            if numbers:
                least, most = min(numbers), max(numbers)
                self.least = least if self.least is None else min(self.least, least)
                self.most = most if self.most is None else max(self.most, most)
            if self.type is Type.QUANTITY:
                self._see_digits(numbers)
            elif self.type is Type.CENTS:
                self.whole = self.whole and not any("." in str(n) for n in numbers)

    def _see_digits(self, numbers: Sequence[Decimal | int]) -> None:
        for text in map(str, numbers):
            if len(text) <= _DIGITS and text.find(".") + 1 + self.decimals >= len(text) and "E" not in text:
                continue  # most are no news
            text = plain(Decimal(text))
            if self.decimals < MOST_DECIMALS:
                self.decimals = max(self.decimals, decimals_shown(text))
            if not _fits(text):
                self.inexact = max(self.inexact, len(text))

    def width(self, decimals: int) -> float:
        """Room for every number with so many decimals."""
        return max((number_width(n, decimals) for n in (self.least, self.most) if n is not None), default=0)


_EXACT = ("exact", "difference")
_UNITS = ("amount",)  # of a form's line: may be a number of things; `exact` beside it has the currency
_NUMBERS = (Type.MONEY, Type.CENTS, Type.QUANTITY, Type.COUNT)


def shown(table: Table, report: Report, see: Callable[[Sequence[Row]], None] | None = None) -> list[Shown]:
    """The sheet's columns for a table. All its rows have to be seen for that; `see` may do so, too."""
    spans = [_Span(column.type) for column in table.columns]
    for rows in table.parts():
        if see is not None:
            see(rows)
        for span, values in zip(spans, zip(*rows, strict=True), strict=True):
            span.see(values)
    found = zip(table.columns, spans, strict=True)
    return [each for i, (column, span) in enumerate(found) for each in _columns(column, i, span, report)]


def lines(text: str) -> int:
    """How many lines a wrapped text takes."""
    return sum(1 + len(line) // (_WIDEST - 5) for line in text.splitlines())


def _wide(text: str) -> int:
    """How many characters wide: Chinese and Japanese ones are as wide as two."""
    return len(text) if text.isascii() else len(text) + sum(east_asian_width(c) in "WF" for c in text)


def _widest(values: Sequence[Value]) -> int:
    texts = [str(value) for value in set(values) if value is not None]
    return max(map(len if "".join(texts).isascii() else _wide, texts), default=0)


def _columns(column: Column, index: int, span: _Span, report: Report) -> list[Shown]:
    """The sheet's columns for one of the table's: a second one where a number has too many digits."""
    name = column.name.replace("_", " ").capitalize()
    match column.type:
        case Type.MONEY | Type.CENTS:
            name = name if column.name in _UNITS else f"{name} ({report.currency})"
            form = WHOLE if span.whole and column.type is Type.CENTS else money(report.currency)
            form = MONEY if column.name.startswith(_EXACT) else form  # what was rounded away is to be seen there
            decimals = 0 if form == WHOLE else 2 if form == MONEY else decimals_of_currency(report.currency)
            found = _number(name, index, form, span.width(decimals))
            return [replace(found, decimals=decimals) if span.least is not None and span.least < 0 else found]
        case Type.QUANTITY:
            return _quantities(name, index, span)
        case Type.COUNT:
            return [_number(name, index, COUNT, span.width(0))]
        case Type.INSTANT:
            return [_moment(name, index, INSTANT, 19, partial(instants, zone=report.zone))]
        case Type.DAY:
            return [_moment(name, index, DAY, 10, each)]
        case Type.FORM_DAY:
            return [_moment(name, index, FORM_DAY, 10, partial(each, made=_form_day))]
    return [_text(name, index, span.text, _LEADING.get(column.name, _WIDEST))]


def _width(heading: str, widest: float) -> float:
    """Room for the heading, in bold on two lines beside the button of its filter, and for the widest value."""
    words = heading.split()
    halves = (max(" ".join(words[:n]), " ".join(words[n:]), key=len) for n in range(1, len(words) + 1))
    return max(min(map(_bold, halves), default=0), widest * 1.05 + 2)


def _bold(heading: str) -> float:
    return len(heading) * 1.15 + 5


def _number(name: str, index: int, form: str, widest: float) -> Shown:
    width = max(_width(name, 0), widest)
    return Shown(name, index, width, True, lambda sheet: sheet.style(form, align=RIGHT), numbers)


def _quantities(name: str, index: int, span: _Span) -> list[Shown]:
    """The number, and where a spreadsheet can't hold all digits of one, the exact text beside it."""
    found = [_number(name, index, quantity(span.decimals), span.width(span.decimals))]
    if span.inexact:
        name = f"{name} (exact)"
        width = _width(name, span.inexact)
        pieces = partial(each, made=_exact)
        found.append(Shown(name, index, width, True, lambda sheet: sheet.style(align=RIGHT), pieces))
    return found


def _fits(text: str) -> bool:
    """Whether a spreadsheet keeps every digit of a number."""
    return len(text) <= _DIGITS or len(text.replace(".", "").strip("-0")) <= _DIGITS


def _exact(value: Value) -> str:
    text = plain(value) if isinstance(value, Decimal) else ""
    return part(None if _fits(text) else text)


def _moment(name: str, index: int, form: str, widest: int, pieces: Callable[[Sequence[Any]], Pieces]) -> Shown:
    return Shown(name, index, _width(name, widest), False, lambda sheet: sheet.style(form, align=LEFT), pieces)


@lru_cache(maxsize=4096)
def _form_day(value: Value) -> str:
    """The day that a form's text says; a word in its place, such as VARIOUS, stays."""
    try:
        return part(datetime.strptime(str(value), "%m/%d/%Y").date())  # noqa: DTZ007 - the form's own day
    except ValueError:
        return part(value)


def _text(name: str, index: int, widest: int, most: int) -> Shown:
    wrapped = widest > most
    style = WRAPPED if wrapped else LEFT
    width = _width(name, min(widest, most))
    return Shown(name, index, width, False, lambda sheet: sheet.style(align=style), texts, wrapped)
