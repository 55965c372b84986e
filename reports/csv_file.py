"""A table as CSV that any program reads and no spreadsheet program executes.

UTF-8 with byte order mark, commas, RFC 4180 with CRLF. Numbers are plain decimals in full precision,
instants ISO 8601 in the taxpayer's zone, unknown is an empty cell. Text stays text: what a
spreadsheet program would evaluate gets an apostrophe in front.
"""

import csv
import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TextIO
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
    rounded = [c.type is Type.CENTS for c in table.columns]
    writer.writerows(
        [cell(value, zone, as_is) for value, as_is in zip(row, rounded, strict=True)] for row in table.rows
    )


def cell(value: Value, zone: ZoneInfo, as_is: bool = False) -> str:
    """One value as the CSV writes it; `as_is` keeps a rounded number's own decimals."""
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, Decimal):
        return format(value, "f") if as_is else plain(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    return str(value)


@lru_cache(maxsize=4096)
def inert(text: str) -> str:
    """`text` as no spreadsheet program evaluates it, without characters that break the file."""
    text = _EVALUATED_INSIDE.sub(r"\1'", printable(text))
    return f"'{text}" if _EVALUATED.match(text) else text
