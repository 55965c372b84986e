"""The tax years that were filed, in the ledger: kept whole, never changed."""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from pipeline import __version__
from pipeline.filing import FiledTable, FiledTables, Filing, Marks
from pipeline.ledger_access import RESCUE, LedgerError
from pipeline.ledger_rows import (
    ANSWER_COLUMNS,
    PRICE_COLUMNS,
    AnswerKept,
    answer_of,
    instant_kept,
    json_text,
    price_of,
)
from pipeline.ledger_store import Store
from pipeline.model import Price, instant_text

_ROW = ("year", "at", "program", "why", "seal", "content", "tables")
_HEAD = "id, year, at, program, why"
_WHOLE = "seal, content, tables"


class RecordCame(NamedTuple):
    """A row of a record: its first contents (`revision` 0) or later ones, and the import that brought it."""

    id: int
    account: str
    source: str
    stream: str
    source_id: str
    revision: int
    origin: str
    batch: int


class RecordMark(NamedTuple):
    """How far the records are kept: a link of their chain, by its number, and the last row in it."""

    chain: int
    link: str
    row: int


class PriceCame(NamedTuple):
    """A row of a price."""

    id: int
    price: Price


class AnswerCame(NamedTuple):
    """A row of an answer."""

    id: int
    answer: AnswerKept


class Filings(Store):
    """What a ledger knows of filed years."""

    def marks(self) -> Marks:
        """How far records, prices and answers are kept by now."""
        last = (f"(SELECT coalesce(max(id), 0) FROM {table})" for table in ("raw", "price", "answer"))  # noqa: S608
        return Marks(*self._rows(f"SELECT {', '.join(last)}")[0])

    def records_after(self, marks: Marks) -> list[RecordCame]:
        """The rows of records that came later."""
        later = f"SELECT {', '.join(RecordCame._fields)} FROM raw WHERE id > ? ORDER BY id"  # noqa: S608 - our own
        return [RecordCame(*row) for row in self._rows(later, marks.raw)]

    def last_record(self) -> RecordMark:
        """The last row of the records, and the link of their chain that ends with it."""
        row = "(SELECT coalesce(max(id), 0) FROM raw)"
        chain = self._rows(f"SELECT id, link, {row} FROM chain ORDER BY id DESC LIMIT 1")  # noqa: S608 - our own
        return RecordMark(*chain[0]) if chain else RecordMark(0, "", 0)

    def only_added(self, since: RecordMark, source: str) -> bool:
        """Whether all records of that time are there (of a ledger that was put together again, some may not be), and
        none of `source` has got other contents since."""
        there = self._rows("SELECT id FROM chain WHERE id = ? AND link = ?", since.chain, since.link)
        revised = "SELECT id FROM raw WHERE id > ? AND revision > 0 AND source = ? LIMIT 1"
        return bool(there) and not self._rows(revised, since.row, source)

    def prices_after(self, marks: Marks) -> list[PriceCame]:
        later = self._rows(f"SELECT id, {PRICE_COLUMNS} FROM price WHERE id > ? ORDER BY id", marks.price)  # noqa: S608
        return [PriceCame(row[0], price_of(row[1:])) for row in later]

    def answers_after(self, marks: Marks) -> list[AnswerCame]:
        later = self._rows(f"SELECT id, {ANSWER_COLUMNS} FROM answer WHERE id > ? ORDER BY id", marks.answer)  # noqa: S608
        return [AnswerCame(row[0], answer_of(row[1:])) for row in later]

    def keep_filing(self, year: str, content: Mapping[str, Any], tables: FiledTables, why: str = "") -> Filing:
        """Keeps a year as filed, beside an earlier filing of it."""
        texts = {name: [table.columns, table.rows] for name, table in tables.items()}
        parts = _packed(content), _packed(texts)
        row = (year, instant_text(self._clock()), __version__, why, _seal_of(*parts), *parts)
        with self.transaction():
            self._insert("filing", _ROW, [row])
            return self.filings()[year]

    def filings(self) -> dict[str, Filing]:
        """Year -> the filing of it that counts, without its content; the years in order."""
        newest = {filing.year: filing for filing in self.filing_history()}
        return {year: newest[year] for year in sorted(newest)}

    def filing_history(self) -> list[Filing]:
        """Every filing, the oldest first, without its content."""
        return [_filing(*row) for row in self._rows(f"SELECT {_HEAD} FROM filing ORDER BY id")]  # noqa: S608 - our own

    def filing(self, id: int) -> Filing:
        """One filing, with its content."""
        head, content, _ = self._filed(id)
        return replace(head, content=_unpacked(content))

    def filed_tables(self, id: int) -> FiledTables:
        """The tables of one filing."""
        found = _unpacked(self._filed(id)[2])
        return {name: FiledTable([(c, t) for c, t in columns], rows) for name, (columns, rows) in found.items()}

    def _filed(self, id: int) -> tuple[Filing, bytes, bytes]:
        """A filing without its content, its content and its tables, as they were packed. Raises LedgerError for one
        that is not what was kept."""
        row = self._rows(f"SELECT {_HEAD}, {_WHOLE} FROM filing WHERE id = ?", id)[0]  # noqa: S608 - our own
        (*head, seal, content, tables) = row
        one = _filing(*head)
        if not is_filed(content, tables, seal):
            raise LedgerError(f"{self.path} is damaged (the filing of {one.year} was changed): {RESCUE}")
        return one, content, tables

    def damaged_filings(self) -> Iterator[str]:
        """The years of filings that are not what was kept."""
        for year, seal, content, tables in self._rows(f"SELECT year, {_WHOLE} FROM filing ORDER BY id"):  # noqa: S608
            if not is_filed(content, tables, seal):
                yield str(year)


def _filing(id: int, year: str, at: str, program: str, why: str) -> Filing:
    return Filing(id, year, instant_kept(at), program, why)


def _packed(document: object) -> bytes:
    return zlib.compress(json_text(document).encode(), 6)


def _unpacked(packed: bytes) -> Any:
    return json.loads(zlib.decompress(packed))


def is_filed(content: object, tables: object, seal: object) -> bool:
    """Whether a filing is what was kept; a hand that was in it may have left values of any type."""
    return isinstance(content, bytes) and isinstance(tables, bytes) and _seal_of(content, tables) == seal


def _seal_of(content: bytes, tables: bytes) -> str:
    """What tells damage of a filing."""
    return hashlib.sha256(content + tables).hexdigest()[:32]
