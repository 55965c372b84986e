"""What a cell of a spreadsheet holds, in the words of the format (ECMA-376, 18.3.1.4): text is always an inline string.

    part(Decimal("1.50"))       # '"><v>1.5</v></c>': what follows on the number of the cell's style
    part(None)                  # '': no cell

Text from outside is made harmless here and nowhere else; no formula but a Formula.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from xml.sax.saxutils import escape

from msgspec import Struct

from reports.table import Value, printable

LONGEST = 32_767  # UTF-16 units in a cell; Excel calls a file with more of them damaged
CUT = " ... [cut: too long for a cell, whole in the CSV file]"
EMPTY = '"/>'  # a cell that has a style and nothing in it
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
SHORT = 200  # characters that fit into a cell in any case
DIGITS = 17  # of a double
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of spreadsheet programs, for all days after February 1900
EPOCH = _EPOCH.replace(tzinfo=UTC)


class Formula(Struct, frozen=True):
    """What a cell computes, without the '=', and what that comes to: programs that compute nothing show `value`. Never
    made of text from outside."""

    text: str
    value: Value


Cell = Value | Formula


def part(value: Cell) -> str:
    """One cell after the number of its style; instants come without a zone, as they are to be read."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Formula):
        return f'"><f>{_markup(value.text)}</f><v>{number(value.value)}</v></c>'
    return f'"><v>{number(value)}</v></c>'


def number(value: Value) -> str:
    """As many digits as a double keeps, no trailing zeros: equal numbers are the same bytes. Days and instants are the
    days since 1899."""
    if isinstance(value, datetime):
        return days(value - _EPOCH)
    if isinstance(value, date):
        return str(value.toordinal() - _EPOCH.toordinal())
    assert isinstance(value, Decimal | int)
    digits = str(value)
    if len(digits) > DIGITS or "E" in digits:
        digits = f"{value:.{DIGITS}g}" if value else "0"
    return digits.rstrip("0").rstrip(".") if "." in digits and "e" not in digits else digits


def days(since: timedelta) -> str:
    """In whole seconds: spreadsheet programs round 23:59:59.6 up into the next day, or year."""
    return repr(since.days + since.seconds / 86400).removesuffix(".0")


def _markup(formula: str) -> str:
    return escape(formula) if "<" in formula or ">" in formula or "&" in formula else formula


def _text(text: str) -> str:
    if len(text) < SHORT and is_harmless(text):
        return f'" t="inlineStr"><is><t>{text}</t></is></c>'
    return f'" t="inlineStr"><is><t xml:space="preserve">{_escaped(text)}</t></is></c>'


def is_harmless(text: str) -> bool:
    """Whether there is nothing to be escaped in it, nor lost at its ends."""
    return text.isprintable() and not any(mark in text for mark in " &<>_")


@lru_cache(maxsize=4096)
def _escaped(text: str) -> str:
    return escape(in_cell(text))


def in_cell(text: str) -> str:
    """`text` as a cell can hold it: line ends as LF, unprintable made visible, cut with a mark."""
    text = printable(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _ESCAPE.sub("_x005F\\g<0>", text)  # Excel takes _x000D_ for the character of that number
    if len(text) * 2 <= LONGEST:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * LONGEST:
        return text
    return units[: 2 * (LONGEST - len(CUT))].decode("utf-16-le", "ignore") + CUT
