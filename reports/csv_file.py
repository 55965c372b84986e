"""A table as CSV that any program reads and no spreadsheet program executes.

UTF-8 with byte order mark, commas, RFC 4180 with CRLF. Numbers are plain decimals in full precision,
instants ISO 8601 in the taxpayer's zone, unknown is an empty cell. Text stays text: what a
spreadsheet program would evaluate gets an apostrophe in front.
"""

import csv
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from pipeline.money import plain
from reports.table import Table, Type, Value, printable

BOM = "\ufeff"

# Excel, LibreOffice and gnumeric evaluate a cell that begins so (quoting doesn't help); the
# full-width forms count in Japanese settings, and space of no width may be dropped on the way in.
_TRIGGER = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_EVALUATED = re.compile(rf"\A(?:[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[{_TRIGGER}])")

# Where the list separator is ';', a program splits our fields there, too, and reads quotes anew.
_EVALUATED_INSIDE = re.compile(rf"([;|\t\r\n])(?=[ \"']*[{_TRIGGER}])")


def write_csv(out: TextIO, table: Table, zone: ZoneInfo) -> None:
    """Writes `table` to a text stream opened as UTF-8 with `newline=""`, row by row."""
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([c.name for c in table.columns])
    writers = [_writer(c.type, zone) for c in table.columns]
    writer.writerows(
        ["" if value is None else write(value) for write, value in zip(writers, row, strict=True)] for row in table.rows
    )


def _writer(type: Type, zone: ZoneInfo) -> Callable[[Any], str]:
    """How the values of one column are written."""
    if type is Type.CENTS:  # rounded numbers keep their own decimals
        return lambda value: format(value, "f")
    if type in (Type.MONEY, Type.QUANTITY):
        return lambda value: plain(value) if isinstance(value, Decimal) else cell(value, zone)
    if type is Type.INSTANT:
        return lambda value: value.astimezone(zone).isoformat() if isinstance(value, datetime) else cell(value, zone)
    return inert if type in (Type.TEXT, Type.ID) else lambda value: cell(value, zone)


def cell(value: Value, zone: ZoneInfo) -> str:
    """One value as the CSV writes it: columns such as the summary's hold values of several types."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    return inert(value) if isinstance(value, str) else str(value)


def inert(text: str) -> str:
    """`text` as no spreadsheet program evaluates it, without characters that break the file."""
    return text if text.isalnum() else _inert(text)


@lru_cache(maxsize=4096)
def _inert(text: str) -> str:
    text = _EVALUATED_INSIDE.sub(r"\1'", printable(text))
    return f"'{text}" if _EVALUATED.match(text) else text
