"""The ledger's file as a whole: the chain over its records, whether it is sound, a copy of it."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Column, func, select

from pipeline.folder import create_private
from pipeline.ledger_access import RESCUE, LedgerError, readable
from pipeline.ledger_filing import Filings
from pipeline.ledger_rows import RAW_ROW
from pipeline.model import digest_of
from pipeline.schema import BATCH, CHAIN, METADATA, PARSED, PRICE, RAW, TXN, damage, version_of
from pipeline.schema_chain import MARK, chain_all, link, mark, marks_of

_ROW = [RAW.c[name] for name in ("id", *RAW_ROW)]
_PAYLOAD, _SEAL = RAW_ROW.index("payload"), RAW_ROW.index("seal")
_SHOWN = 3  # faults in one message


def _last(row: Column[Any]) -> Any:
    """The last number of a column, 0 where there is no row."""
    return func.coalesce(func.max(row), 0)


_PARSED_TO = select(_last(PARSED.c.last_row))  # what the cache knows of
_INSERT = {
    name: f"INSERT INTO {name} ({', '.join(c.name for c in table.c)}) VALUES ({', '.join('?' for _ in table.c)})"  # noqa: S608
    for name, table in METADATA.tables.items()
}


class Whole(Filings):
    """What a ledger knows of its own file."""

    def _chain(self, rows: Sequence[Sequence[Any]]) -> None:
        """Adds a link for the rows of records that were added last, inside the caller's transaction."""
        if rows:
            first = int(self._rows(select(func.max(RAW.c.id)))[0][0]) - len(rows) + 1
            last = self._rows(select(CHAIN.c.link).order_by(CHAIN.c.id.desc()).limit(1))
            marks = marks_of(rows)
            new = {"first": first, "marks": marks, "link": link(last[0].link if last else "", first, marks)}
            self._run(CHAIN.insert(), [new])

    def check_integrity(self) -> None:
        """Raises LedgerError unless the file is sound and every record is what was kept, and all are there."""
        with self.snapshot(), readable(self.path):
            found = list(damage(self._connection))
            found += self._broken()
            found += [f"the filing of {year} was changed" for year in self.damaged_filings()]
        if found:
            more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise LedgerError(f"{self.path} is damaged ({'; '.join(found[:_SHOWN])}{more}): {RESCUE}")

    def require_all_there(self) -> None:
        """Raises LedgerError where records are missing or were put in, as far as their number and the last row tell:
        some milliseconds. What they say is looked at by `check_integrity` alone."""
        with self.snapshot(), readable(self.path):
            rows = select(func.count(), _last(RAW.c.id)).select_from(RAW)
            marks = select(func.coalesce(func.sum(func.length(CHAIN.c.marks)) / MARK, 0))
            (count, last), *_ = self._stream(rows)
            (marked,), *_ = self._stream(marks)
            (parsed,), *_ = self._stream(_PARSED_TO)
        if count != marked or parsed > last:
            self.check_integrity()

    def _broken(self) -> Iterator[str]:
        """Each record that is not what the chain says, in the order in which they were kept."""
        rows = self._stream(select(*_ROW).order_by(RAW.c.id))
        row = next(rows, None)
        before, end, last, missing = "", 0, "the beginning", 0
        for first, marks, digest in self._stream(
            select(CHAIN.c.first, CHAIN.c.marks, CHAIN.c.link).order_by(CHAIN.c.id)
        ):
            if not isinstance(marks, bytes) or not isinstance(first, int):
                yield "the chain of records was changed"
                continue
            if first <= end or link(before, first, marks) != digest:
                yield f"the chain of records was changed at row {first}"
            before, end = digest, first + len(marks) // MARK - 1
            for id in range(first, end + 1):
                while row is not None and row[0] < id:
                    yield f"{_named(row)} is not in the chain"
                    row = next(rows, None)
                if row is None or row[0] > id:
                    missing += 1
                    yield f"row {id} is missing, behind {last}"
                    continue
                if not is_kept(row[1:], marks[(id - first) * MARK :][:MARK]):
                    yield f"{_named(row)} was changed"
                last, row = _named(row), next(rows, None)
        while row is not None:
            yield f"{_named(row)} is not in the chain"
            end, row = max(end, row[0]), next(rows, None)
        (parsed,), *_ = self._stream(_PARSED_TO)
        if parsed > end:
            yield f"what was kept behind {last} is missing, to row {parsed}"
        if missing or parsed > end:
            yield from self._without_record()

    def _without_record(self) -> Iterator[str]:
        """Transactions in the cache whose record is gone: the name of what is missing, where a record is one."""
        same = (RAW.c.account == TXN.c.account) & (RAW.c.source == TXN.c.source) & (RAW.c.source_id == TXN.c.source_id)
        gone = select(TXN.c.account, TXN.c.source_id).where(~select(RAW.c.id).where(same).exists())
        for account, source_id in self._stream(gone.order_by(TXN.c.account, TXN.c.number)):
            yield f"the record of {account}'s transaction {source_id} is missing"

    def take_rows(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Fills a new ledger with rows of its tables as they were kept elsewhere (table, column -> value), all or none.

        Rows of an import that was lost get one without a name. Raises LedgerError for rows that don't fit together.
        """
        with self.transaction(), readable(self.path):
            self._connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            cursor = self._connection.connection.cursor()
            for table, row in rows:
                cursor.execute(_INSERT[table], [row[column.name] for column in METADATA.tables[table].c])
            for of in (RAW, PRICE):
                known = select(BATCH.c.id)
                for (batch,) in self._rows(select(of.c.batch).where(of.c.batch.not_in(known)).distinct()):
                    new = {
                        "id": batch,
                        "kind": "file",
                        "name": "lost",
                        "digest": "",
                        "at": self._clock(),
                        "program": "",
                    }
                    self._run(BATCH.insert(), [new])
            chain_all(self._connection)

    def copy_to(self, path: Path) -> None:
        """Makes `path`, 0600, the ledger as it is now, whatever others keep meanwhile (they wait for it)."""
        create_private(path)
        with self.snapshot(), readable(self.path):
            version_of(self._connection)  # the first look is what makes others wait
            source = self._connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            with closing(sqlite3.connect(path)) as copy:
                source.backup(copy)


def is_kept(row: Sequence[Any], marked: bytes) -> bool:
    """Whether a row (RAW_ROW) is what the mark of its place says, its payload what its seal says."""
    payload = row[_PAYLOAD]  # of any type, where a hand was in it
    return mark(row) == marked and isinstance(payload, str) and digest_of(payload) == row[_SEAL]


def _named(row: Sequence[Any]) -> str:
    _, source, account, stream, source_id, *_ = row
    return f"record {source_id} of {account}, {source} {stream} ({row[1 + RAW_ROW.index('origin')]})"
