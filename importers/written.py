"""A cell however it is written: what a row without an id is known by, and where a comma is doubtful.

    alike("0.50000000"), alike("+.5"), alike("5E-1")        # "0.5", three times
    alike("2021-05-10T14:23:05Z")                           # the instant, as "2021-05-10 14:23:05" is
    Commas(";").doubtful("Amount", "1,234")                 # True

A file that a spreadsheet program opened and saved again says the same with other digits, dates and separators: it is
the same rows. Such a program keeps 15 digits of a number, so that rows are known by these.
"""

import re
from decimal import ROUND_DOWN, Context

from importers.clocks import moment
from importers.exports import number
from importers.parsers.build import Unread
from pipeline.model import instant_text
from pipeline.money import plain

DIGITS = 15  # of a number, that Excel keeps

_DIGIT = re.compile(r"\d", re.ASCII)
_DATED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?(\d+),(\d+)", re.ASCII)
_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+", re.ASCII)  # 1.234,56
_SHORT = Context(prec=DIGITS, rounding=ROUND_DOWN)


def alike(text: str, point: str = ".") -> str:
    """The same text for a number or an instant however it is written; anything else as it stands. `point`: of the
    numbers."""
    if _PLAIN.fullmatch(text) and point == ".":  # most are
        digits = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if digits == "-0" else digits
    if not _DIGIT.search(text):
        return text
    try:
        if _DATED.match(text):
            return instant_text(moment(text))
        return plain(number(text, point))
    except Unread:
        return text


def short(said: str) -> str:
    """What `alike` gives, of a number its first 15 digits."""
    return plain(_SHORT.create_decimal(said)) if len(said) > DIGITS and _PLAIN.fullmatch(said) else said


class Commas:
    """Whether the commas in the numbers of a table, whose layout has decimal points, may be decimal commas: "1,234" is
    a thousand in the one habit and little more than 1 in the other."""

    def __init__(self, separator: str) -> None:
        self._elsewhere = separator in (";", "\t")  # as programs of countries with decimal commas save tables
        self._decimal: set[str] = set()
        self._either: set[str] = set()

    def doubtful(self, column: str, text: str) -> bool:
        """Whether a cell leaves that open, or has a decimal comma: between semicolons, or where another cell of its
        column is a decimal."""
        match = _COMMA.fullmatch(text)
        if match is None:
            return self._elsewhere and _POINTS.fullmatch(text) is not None
        decimal = match[1].startswith("0") or len(match[1]) > 3 or len(match[2]) != 3
        (self._decimal if decimal else self._either).add(column)
        return self._elsewhere or (column in self._decimal and column in self._either)
