"""The facts of a ledger as JSON lines, which anything can read, and back.

    {"taxsync": "records", "version": 1, "program": "0.1.0", "settings": "country = ..."}
    {"table": "batch", "id": 1, "kind": "file", ...}
    {"table": "raw", "id": 1, "source": "kraken", ...}
    {"end": 2, "digest": "..."}

ASCII, one row of the ledger a line, its columns as they are kept; bytes are {"base64": "..."}. The last line has the
number of rows and the SHA-256 of all lines before, so that a file that is cut short or changed is told.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pipeline import __version__
from pipeline.issues import Stop
from pipeline.ledger_salvage import Row

FIRST = b'{"taxsync": "records", '
_LONGEST = 256 << 20  # bytes of a line: a filed year of a big history is some megabytes


def write_records(file: BinaryIO, rows: Iterable[tuple[str, Row]], settings: str) -> int:
    """Writes the lines; how many rows."""
    digest, count = hashlib.sha256(), 0

    def put(line: dict[str, Any]) -> None:
        text = json.dumps(line).encode() + b"\n"
        digest.update(text)
        file.write(text)

    put({"taxsync": "records", "version": 1, "program": __version__, "settings": settings})
    for table, row in rows:
        put({"table": table} | {name: _told(value) for name, value in row.items()})
        count += 1
    file.write(json.dumps({"end": count, "digest": digest.hexdigest()}).encode() + b"\n")
    return count


class Records:
    """The lines of a file that begins with FIRST: `settings`, then `rows`, once. Raises Stop, which calls it `path`."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path, self._digest = file, path, hashlib.sha256()
        head = self._line()
        if head.get("version") != 1 or not isinstance(head.get("settings"), str):
            raise Stop(f"{path} was written by a newer taxsync; update taxsync")
        self.settings = str(head["settings"])
        self.count = 0

    def rows(self) -> Iterator[tuple[str, Row]]:
        while True:
            before = self._digest.hexdigest()
            line = self._line()
            if "end" in line:
                break
            self.count += 1
            table = str(line.pop("table", ""))
            yield table, {name: _meant(value) for name, value in line.items()}
        if line != {"end": self.count, "digest": before} or self._file.read(1):
            raise self._damaged()

    def _line(self) -> dict[str, Any]:
        text = self._file.readline(_LONGEST)
        self._digest.update(text)
        try:
            line = json.loads(text)
        except ValueError:
            raise self._damaged() from None
        if not isinstance(line, dict):
            raise self._damaged()
        return line

    def _damaged(self) -> Stop:
        return Stop(f"{self._path} is changed or cut short: use another copy of it; nothing was written")


def _told(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _meant(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) and "base64" in value else value
