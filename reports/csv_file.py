"""A table as CSV that any program reads and no spreadsheet program executes.

UTF-8 with byte order mark, commas, RFC 4180 with CRLF. Numbers are plain decimals in full precision,
instants ISO 8601 in the taxpayer's zone, unknown is an empty cell. Text stays text: what a
spreadsheet program would evaluate gets an apostrophe in front.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from pipeline.local import local_text
from pipeline.money import plain
from reports.table import Row, Table, Type, Value, printable

BOM = "\ufeff"
END = "\r\n"
ROWS = 5000  # that are written at once

# Excel, LibreOffice and gnumeric evaluate a cell that begins so (quoting doesn't help); the
# full-width forms count in Japanese settings, and space of no width may be dropped on the way in.
_TRIGGER = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_EVALUATED = re.compile(rf"\A(?:[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[{_TRIGGER}])")

# Where the list separator is ';', a program splits our fields there, too, and reads quotes anew.
_EVALUATED_INSIDE = re.compile(rf"([;|\t\r\n])(?=[ \"']*[{_TRIGGER}])")

_QUOTED = re.compile('[,"\r\n]')

# What is as it should be, and most of what there is: ASCII after a letter or digit, without separators; also in CSV.
_PLAIN = re.compile("[0-9A-Za-z][ -:<-{}~]*")
_BARE = re.compile("[0-9A-Za-z][ !#-+\\--:<-{}~]*")


def write_csv(
    out: TextIO, table: Table, zone: ZoneInfo, heard: Callable[[Sequence[Row]], None] = lambda _: None
) -> None:
    """Writes `table` to a text stream opened as UTF-8 with `newline=""`, some rows at a time.

    `heard` gets them, too: rows that are made when they are asked for are made once."""
    out.write(BOM + ",".join(_quoted(c.name) for c in table.columns) + END)
    for start in range(0, len(table.rows), ROWS):
        rows = table.rows[start : start + ROWS]
        heard(rows)
        columns = zip(*rows, strict=True)
        texts = [_texts(c.type, values, zone) for c, values in zip(table.columns, columns, strict=True)]
        out.write(END.join(map(",".join, zip(*texts, strict=True))) + END)


def _texts(type: Type, values: Sequence[Any], zone: ZoneInfo) -> list[str]:
    """The values of one column as they are written. What needs no quotes by its type is not asked."""
    match type:
        case Type.ID:
            return [value if value and value.isalnum() else _field(value, zone) for value in values]
        case Type.MONEY | Type.QUANTITY:
            return [plain(value) if isinstance(value, Decimal) else _field(value, zone) for value in values]
        case Type.INSTANT:
            return [local_text(value, zone) if value else "" for value in values]
        case Type.CENTS:  # rounded numbers keep their own decimals
            return ["" if value is None else decimals(value) for value in values]
    texts = {value: _field(value, zone) for value in set(values)}  # the same names and days over and over
    return [texts[value] for value in values]


def _field(value: Value, zone: ZoneInfo) -> str:
    return field(value) if isinstance(value, str) else _quoted(cell(value, zone))


def field(text: str) -> str:
    """A text as it stands between two commas."""
    return text if text.isalnum() or _BARE.fullmatch(text) else _quoted(inert(text))


def _quoted(text: str) -> str:
    """`text` in quotes where it holds a comma, a quote or a line's end (RFC 4180)."""
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def cell(value: Value, zone: ZoneInfo) -> str:
    """One value as the CSV writes it: columns such as the summary's hold values of several types."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return local_text(value, zone)
    return inert(value) if isinstance(value, str) else str(value)


def decimals(number: Decimal) -> str:
    """`number` in its own decimals, never with an exponent."""
    text = str(number)
    return format(number, "f") if "E" in text else text


def inert(text: str) -> str:
    """`text` as no spreadsheet program evaluates it, without characters that break the file."""
    return text if text.isalnum() or _PLAIN.fullmatch(text) else _inert(text)


@lru_cache(maxsize=4096)
def _inert(text: str) -> str:
    text = _EVALUATED_INSIDE.sub(r"\1'", printable(text))
    return f"'{text}" if _EVALUATED.match(text) else text
