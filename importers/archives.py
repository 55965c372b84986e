"""A workbook's archive, opened only where unpacking it is bounded.

    archive = opened(file)                  # a ZipFile, or CellError: one readable line
    require_small(archive, "xl/styles.xml") # of a part that is held in memory whole

A ZIP says what its parts unpack to, and zipfile stops there: so what it says is what has to be bounded, before a part
is touched. Its list of parts itself is read whole by zipfile, and looked at before that.
"""

import os
import struct
import zipfile
from typing import BinaryIO

from importers.base import shown
from importers.markup import CellError

PART_LIMIT = 1000  # parts of a workbook
LIST_LIMIT = 1 << 20  # bytes of the list of its parts
UNPACKED_LIMIT = 800 << 20  # bytes of all parts; a million rows of ten columns are 300 to 600 MB
RATIO_LIMIT = 100  # how far more than DENSE may be compressed; even 50,000 equal rows reach only 14
DENSE = 10 << 20  # bytes
WHOLE_LIMIT = 4 << 20  # bytes of a part that becomes objects: twenty times as much, and ten seconds

_TOO_MUCH = f"unpacks to more than {UNPACKED_LIMIT >> 20} MB or {PART_LIMIT} parts; save it as CSV, or in several files"
_END, _END_64, _PLACE_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_TAIL = (1 << 16) + 22 + 20 + 56  # the longest comment, and what stands at the end


def opened(file: BinaryIO) -> zipfile.ZipFile:
    """The archive in a file. Raises CellError, and BadZipFile for what is none."""
    if _list_size(file) > LIST_LIMIT:
        raise CellError(_TOO_MUCH)
    archive = zipfile.ZipFile(file)
    parts = archive.infolist()
    if len(parts) > PART_LIMIT or sum(part.file_size for part in parts) > UNPACKED_LIMIT:
        raise CellError(_TOO_MUCH)
    for part in parts:
        if _too_dense(part.file_size, part.compress_size):
            raise CellError(f"its part {shown(part.filename)} is compressed as no real data is; save it as CSV")
    if _too_dense(sum(part.file_size for part in parts), sum(part.compress_size for part in parts)):
        raise CellError("it is compressed as no real data is; save it as CSV")
    return archive


def _too_dense(size: int, packed: int) -> bool:
    return size > DENSE and size > RATIO_LIMIT * packed


def require_small(archive: zipfile.ZipFile, part: str, limit: int = WHOLE_LIMIT) -> None:
    """Raises CellError for a part of more than `limit` bytes. One that is not there is for others to miss."""
    if part in archive.namelist() and archive.getinfo(part).file_size > limit:
        raise CellError(f"its part {shown(part)} unpacks to more than {limit >> 20} MB; save it as CSV")


def _list_size(file: BinaryIO) -> int:
    """The size of the list of parts, as the end of the archive tells it; 0 where there is no such end."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(0, length - _TAIL))
    tail = file.read(_TAIL)
    file.seek(0)
    sizes = [0]
    for mark, place, form in ((_END, 12, "<L"), (_END_64, 40, "<Q")):
        at = tail.find(mark)
        while at >= 0:  # a comment may hold what looks like an end: the largest counts
            told = tail[at + place : at + place + struct.calcsize(form)]
            if len(told) == struct.calcsize(form):
                sizes.append(struct.unpack(form, told)[0])
            at = tail.find(mark, at + 1)
    if _PLACE_64 in tail:  # then the first size may be all ones
        sizes = [size for size in sizes if size != 0xFFFFFFFF]
    return min(max(sizes), length)
