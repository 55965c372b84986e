"""What the cells of a column hold, for some rows at once: what `cells.part` makes of each, in a tenth of the time.

Most columns hold one kind of value. What stands around them is then the same in every cell, and is said once:

    numbers([Decimal("1.50"), Decimal(2)])      # ('"><v>', ["1.5", "2"], '</v></c>')
    numbers([Decimal("1.50"), None])            # (['"><v>1.5</v></c>', ""],): each cell whole, "" for none
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.local import ahead_of_utc
from reports.cells import DIGITS, EPOCH, SHORT, days, is_harmless, number, part

# What follows on the style of each cell: texts that all of them have, and lists of each one's own.
Pieces = Sequence[str | Sequence[str]]

_NUMBER, _TEXT, _FORMULA = '"><v>', '" t="inlineStr"><is><t>', '"><f>'
_NUMBER_ENDS, _TEXT_ENDS, _FORMULA_ENDS = "</v></c>", "</t></is></c>", "</f><v>"


def each(values: Sequence[Any], made: Callable[[Any], str] = part) -> Pieces:
    """Cells of values of any kind, which stand in a table again and again."""
    known = {value: made(value) for value in set(values)}
    return ([known[value] for value in values],)


def numbers(values: Sequence[Any]) -> Pieces:
    """A word in the place of a number is a text."""
    if set(map(type, values)) != {Decimal}:
        return ([part(value) for value in values],)
    return _NUMBER, digits(values), _NUMBER_ENDS


def digits(values: Sequence[Decimal]) -> list[str]:
    """`cells.number` of each; most texts of numbers are as they should be."""
    return [
        text if text[-1] != "0" and len(text) <= DIGITS and "E" not in text else number(value)
        for text, value in zip(map(str, values), values, strict=True)
    ]


def texts(values: Sequence[Any]) -> Pieces:
    """Texts that mostly differ, such as ids."""
    if set(map(type, values)) != {str} or not all(values) or max(map(len, values)) >= SHORT:
        return each(values)
    return (_TEXT, values, _TEXT_ENDS) if is_harmless("".join(values)) else each(values)


def instants(values: Sequence[Any], zone: ZoneInfo) -> Pieces:
    """What a clock in `zone` shows at instants in UTC."""

    def clock(at: datetime) -> str:
        return days(at - EPOCH + ahead_of_utc(at, zone))

    if not all(values):
        return ([_NUMBER + clock(at) + _NUMBER_ENDS if at else "" for at in values],)
    return _NUMBER, [*map(clock, values)], _NUMBER_ENDS


def formulas(text: Sequence[str | Sequence[str]], values: Sequence[Decimal]) -> Pieces:
    """Cells of a formula, which is given in pieces, and what it comes to."""
    return _FORMULA, *text, _FORMULA_ENDS, digits(values), _NUMBER_ENDS
