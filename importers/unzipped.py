"""A table out of a file as an exchange gives it: one CSV, as it is or alone in a zip. Nothing of it is kept.

    for row in unzipped.rows(body, ("billId", "ts")): row["billId"]

What such a file may be is bounded before it is unpacked; whatever is no such file raises `Unlike`.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable

from importers.base import Unlike

UNPACKED_LIMIT = 512 << 20  # bytes of the CSV; a million bills are some 250 MB
RATIO_LIMIT = 100  # how far one above 10 MB may be compressed: equal rows reach 14


def rows(body: bytes, needed: Iterable[str]) -> list[dict[str, str]]:
    """Every row by the names of the header, empty cells too. Raises Unlike, also where a column that is needed is
    missing."""
    try:
        table = csv.DictReader(io.StringIO(_unzipped(body).decode("utf-8-sig"), newline=""), strict=True)
        listed = list(table)
    except (UnicodeDecodeError, csv.Error):
        raise Unlike("its file is no CSV") from None
    names = table.fieldnames or ()
    if missing := [name for name in needed if name not in names]:
        raise Unlike(f"its file has no column {missing[0]}")
    if any(None in row or None in row.values() for row in listed):
        raise Unlike("its file has rows of another length than its header")
    return listed


def _unzipped(body: bytes) -> bytes:
    if not body.startswith(b"PK"):
        return body
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [part for part in archive.infolist() if not part.is_dir()]
            if len(members) != 1:
                raise Unlike(f"its file holds {len(members)} files in place of one")
            size, packed = members[0].file_size, members[0].compress_size
            if size > UNPACKED_LIMIT or (size > 10 << 20 and size > RATIO_LIMIT * packed):
                raise Unlike("its file is compressed as no real data is")
            return archive.read(members[0])  # stops at the size that was checked
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        raise Unlike("its file is no readable zip") from None
