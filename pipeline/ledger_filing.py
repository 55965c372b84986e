"""The tax years that were filed, in the ledger: kept whole, never changed."""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, func, literal, select

from pipeline import __version__
from pipeline.filing import FiledTable, FiledTables, Filing, Marks
from pipeline.ledger_access import RESCUE, LedgerError
from pipeline.ledger_rows import PRICE_COLUMNS, TXN_COLUMNS, AnswerKept, json_text, price_of
from pipeline.ledger_store import Store
from pipeline.model import Price, instant_text
from pipeline.schema import ANSWER, CHAIN, FILING, PRICE, RAW, TXN

_HEAD = [FILING.c[name] for name in ("id", "year", "at", "program", "why")]
_WHOLE = [FILING.c[name] for name in ("seal", "content", "tables")]


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
        with self.snapshot():
            return Marks(*(int(self._rows(select(func.max(table.c.id)))[0][0] or 0) for table in (RAW, PRICE, ANSWER)))

    def contents_until(self, end: datetime) -> dict[str, tuple[str, int]]:
        """Of each transaction before `end`: when it was, as `instant_text` has it, and what tells its contents from
        others, in this process."""
        before = select(TXN.c.id, TXN.c.at, *TXN_COLUMNS).where(TXN.c.at < literal(instant_text(end), Text))
        with self.snapshot():
            return {row[0]: (row[1], hash(row)) for row in self._stream(before)}

    def records_after(self, marks: Marks) -> list[RecordCame]:
        """The rows of records that came later."""
        columns = (RAW.c[name] for name in RecordCame._fields)
        return [RecordCame(*row) for row in self._rows(select(*columns).where(RAW.c.id > marks.raw).order_by(RAW.c.id))]

    def last_record(self) -> RecordMark:
        """The last row of the records, and the link of their chain that ends with it."""
        row = func.coalesce(select(func.max(RAW.c.id)).scalar_subquery(), 0)
        chain = self._rows(select(CHAIN.c.id, CHAIN.c.link, row).order_by(CHAIN.c.id.desc()).limit(1))
        return RecordMark(*chain[0]) if chain else RecordMark(0, "", 0)

    def only_added(self, since: RecordMark, source: str) -> bool:
        """Whether all records of that time are there (of a ledger that was put together again, some may not be), and
        none of `source` has got other contents since."""
        there = select(CHAIN.c.id).where(CHAIN.c.id == since.chain, CHAIN.c.link == since.link)
        revised = select(RAW.c.id).where(RAW.c.id > since.row, RAW.c.revision > 0, RAW.c.source == source)
        return bool(self._rows(there)) and not self._rows(revised.limit(1))

    def prices_after(self, marks: Marks) -> list[PriceCame]:
        later = select(PRICE.c.id, *PRICE_COLUMNS).where(PRICE.c.id > marks.price).order_by(PRICE.c.id)
        return [PriceCame(row[0], price_of(row[1:])) for row in self._rows(later)]

    def answers_after(self, marks: Marks) -> list[AnswerCame]:
        columns = (ANSWER.c[name] for name in AnswerKept._fields)
        later = select(ANSWER.c.id, *columns).where(ANSWER.c.id > marks.answer).order_by(ANSWER.c.id)
        return [AnswerCame(row[0], AnswerKept(*row[1:])) for row in self._rows(later)]

    def keep_filing(self, year: str, content: Mapping[str, Any], tables: FiledTables, why: str = "") -> Filing:
        """Keeps a year as filed, beside an earlier filing of it."""
        texts = {name: [table.columns, table.rows] for name, table in tables.items()}
        parts = _packed(content), _packed(texts)
        row = {"year": year, "at": self._clock(), "program": __version__, "why": why, "seal": _seal_of(*parts)}
        with self.transaction():
            self._run(FILING.insert(), [{**row, "content": parts[0], "tables": parts[1]}])
            return self.filings()[year]

    def filings(self) -> dict[str, Filing]:
        """Year -> the filing of it that counts, without its content; the years in order."""
        found = {row.year: Filing(*row) for row in self._rows(select(*_HEAD).order_by(FILING.c.id))}
        return dict(sorted(found.items()))

    def filing_history(self) -> list[Filing]:
        """Every filing, the oldest first, without its content."""
        return [Filing(*row) for row in self._rows(select(*_HEAD).order_by(FILING.c.id))]

    def filing(self, id: int) -> Filing:
        """One filing, with its content."""
        row = self._filed(id)
        return Filing(row.id, row.year, row.at, row.program, row.why, _unpacked(row.content))

    def filed_tables(self, id: int) -> FiledTables:
        """The tables of one filing."""
        found = _unpacked(self._filed(id).tables)
        return {name: FiledTable([(c, t) for c, t in columns], rows) for name, (columns, rows) in found.items()}

    def _filed(self, id: int) -> Any:
        """Raises LedgerError for a filing that is not what was kept."""
        row = self._rows(select(*_HEAD, *_WHOLE).where(FILING.c.id == id))[0]
        if not is_filed(row.content, row.tables, row.seal):
            raise LedgerError(f"{self.path} is damaged (the filing of {row.year} was changed): {RESCUE}")
        return row

    def damaged_filings(self) -> Iterator[str]:
        """The years of filings that are not what was kept."""
        for row in self._rows(select(FILING.c.year, *_WHOLE)):
            if not is_filed(row.content, row.tables, row.seal):
                yield str(row.year)


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
