"""A file that was imported before, byte for byte and in the same way, is not read again.

    key = key_of(path, account, zone, mapping)      # before it is read
    if (reading := read_before(ledger, key)) ...    # what its import told
    remember(ledger, key, reading, rows)            # in the transaction that keeps its records

Records are only ever added, so what was kept of a file is there still. What its import told stands beside the cursors
of the exchanges' lists: it is no fact, and in no digest. It counts no more where rows of the ledger were lost and the
rest saved, or once a record of the file's layout has got other contents: what the file says may then be a clash to be
told, or a revision once more.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from importers.mapping import Mapped
from importers.read import Reading
from importers.sheets import open_file
from pipeline import __version__
from pipeline.ledger import Ledger
from pipeline.ledger_filing import RecordMark

FILES = ("", "file")  # in place of an account and its source


def key_of(path: Path, account: str, zone: str, mapping: Mapped | None) -> str:
    """What the records of a file come from: its bytes, its name, how it was to be read, and by which program. Raises
    Refused for what can't be opened."""
    with open_file(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    columns = "" if mapping is None else repr((replace(mapping, unsigned=frozenset()), sorted(mapping.unsigned)))
    way = json.dumps([path.name, account, zone, columns, __version__])
    return f"{digest} {hashlib.sha256(way.encode(errors='surrogatepass')).hexdigest()[:32]}"


def remember(ledger: Ledger, key: str, reading: Reading, rows: int) -> None:
    """Keeps what the import of a file has told of its `rows`, after the last page; nothing of one that was changed
    meanwhile."""
    if not key.startswith(reading.digest):
        return
    told = {
        "name": reading.name, "format": reading.format, "rows": rows, "dates": reading.bare_dates(),
        "passed": dict(reading.passed()), "doubts": list(reading.doubts()), "unknown": reading.unknown,
        "export": reading.export, "mapping": reading.mapping, "since": ledger.last_record(),
    }  # fmt: skip
    ledger.set_cursor(*FILES, key, json.dumps(told))


def read_before(ledger: Ledger, key: str) -> tuple[Reading, int] | None:
    """The file without a page, and how many rows it has; None: it is to be read."""
    text = ledger.cursor(*FILES, key)
    told: Mapping[str, Any] = json.loads(text) if text else {}
    if not told or not ledger.only_added(RecordMark(*told["since"]), told["format"]):
        return None
    reading = Reading(
        told["name"], told["format"], key.partition(" ")[0], iter(()), bare_dates=lambda: told["dates"],
        passed=lambda: told["passed"], doubts=lambda: tuple(told.get("doubts", ())), unknown=tuple(told["unknown"]),
        export=told["export"], mapping=told["mapping"],
    )  # fmt: skip
    return reading, told["rows"]
