"""The ledger as a whole: the chain over its records, whether it is sound, a copy of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.folder import create_private
from pipeline.ledger_access import RESCUE, LedgerError, readable
from pipeline.ledger_cache import Cached
from pipeline.ledger_filing import Filings
from pipeline.ledger_on_sqlite import OnSQLite
from pipeline.ledger_rows import RAW_ROW
from pipeline.model import digest_of, instant_text
from pipeline.schema_chain import MARK, chain_all, link, mark, marks_of
from pipeline.sqlite import columns

_ROW = ", ".join(("id", *RAW_ROW))
_PAYLOAD, _SEAL = RAW_ROW.index("payload"), RAW_ROW.index("seal")
_SHOWN = 3  # faults in one message
_AT_ONCE = 5_000  # rows
_TABLES = ("migration", "batch", "raw", "chain", "cursor", "answer", "price", "filing")

_ALL_AND_LAST = "SELECT (SELECT count(*) FROM raw), (SELECT coalesce(max(id), 0) FROM raw)"  # each is soonest alone
_PARSED_TO = "SELECT coalesce(max(CAST(last_row AS INTEGER)), 0) FROM parsed"  # what the cache knows of


@cache
def _kept() -> dict[str, tuple[str, ...]]:
    """Every table but the cache with its columns, in an order in which rows name only what is there."""
    return {table: tuple(name for name, _, _ in columns(table)) for table in _TABLES}


class Whole(Filings, Cached):
    """What a ledger knows of its own file."""

    def _chain(self, rows: Sequence[Sequence[Any]]) -> None:
        """Adds a link for the rows of records that were added last, inside the caller's transaction."""
        if rows:
            first = int(self._rows("SELECT max(id) FROM raw")[0][0]) - len(rows) + 1
            last = self._rows("SELECT link FROM chain ORDER BY id DESC LIMIT 1")
            marks = marks_of(rows)
            new = (first, marks, link(last[0][0] if last else "", first, marks))
            self._insert("chain", ("first", "marks", "link"), [new])

    def check_integrity(self) -> None:
        """Raises LedgerError unless the file is sound and every record is what was kept, and all are there."""
        with self.snapshot(), readable(self.path):
            found = list(self._database.damage())
            found += () if self._as_kept() else self._broken()
            found += [f"the filing of {year} was changed" for year in self.damaged_filings()]
        if found:
            more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise LedgerError(f"{self.path} is damaged ({'; '.join(found[:_SHOWN])}{more}): {RESCUE}")

    def require_all_there(self) -> None:
        """Raises LedgerError where records are missing or were put in, as far as their number and the last row tell:
        some milliseconds. What they say is looked at by `check_integrity` alone."""
        with self.snapshot(), readable(self.path):
            (count, last), *_ = self._rows(_ALL_AND_LAST)
            (marked,), *_ = self._rows("SELECT coalesce(sum(length(marks)), 0) FROM chain")
            (parsed,), *_ = self._rows(_PARSED_TO)
        if count * MARK != marked or parsed > last:
            self.check_integrity()

    def _as_kept(self) -> bool:
        """Whether every record is what the chain says: a link at a time, three times as fast as row by row, which is
        left to `_broken` where one is not."""
        rows = self._stream(f"SELECT {_ROW} FROM raw ORDER BY id")  # noqa: S608 - our own
        before, end = "", 0
        for first, marks, digest in self._stream("SELECT first, marks, link FROM chain ORDER BY id"):
            if not isinstance(marks, bytes) or not isinstance(first, int) or first <= end:
                return False
            if link(before, first, marks) != digest:
                return False
            before, behind = digest, first + len(marks) // MARK
            some = list(islice(rows, behind - first))
            if [row[0] for row in some] != list(range(first, behind)) or not are_kept(some, marks):
                return False
            end = behind - 1
        (parsed,), *_ = self._stream(_PARSED_TO)
        return next(rows, None) is None and parsed <= end

    def _broken(self) -> Iterator[str]:
        """Each record that is not what the chain says, in the order in which they were kept."""
        rows = self._stream(f"SELECT {_ROW} FROM raw ORDER BY id")  # noqa: S608 - our own
        row = next(rows, None)
        before, end, last, missing = "", 0, "the beginning", 0
        for first, marks, digest in self._stream("SELECT first, marks, link FROM chain ORDER BY id"):
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
        for account, source_id in self._unfounded():
            yield f"the record of {account}'s transaction {source_id} is missing"

    def take_rows(self, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Fills a new ledger with rows of its tables as they were kept elsewhere (table, column -> value), all or none.

        Rows of an import that was lost get one without a name. Raises LedgerError for rows that don't fit together.
        """
        with self.transaction(), readable(self.path):
            self._database.defer_references()
            for table, row in rows:
                self._database.insert(table, tuple(row), [tuple(row.values())])
            columns, at = ("id", "kind", "name", "digest", "at", "program"), instant_text(self._clock())
            for of in ("raw", "price"):
                lost = f"SELECT DISTINCT batch FROM {of} WHERE batch NOT IN (SELECT id FROM batch)"  # noqa: S608
                self._insert("batch", columns, [(batch, "file", "lost", "", at, "") for (batch,) in self._rows(lost)])
            chain_all(self._database)

    def copy_to(self, path: Path) -> None:
        """Makes `path`, 0600, a SQLite ledger of all that is kept now, whatever others keep meanwhile (they wait)."""
        create_private(path)
        with self.snapshot(), readable(self.path):
            if not self._database.copy_to(path):
                with Whole.making(OnSQLite(path.parent, path.name)) as copy:
                    self.copy_facts(copy)

    def copy_facts(self, target: "Whole") -> None:
        """Fills a ledger that is being made with every fact of this one, row by row with its number; not the cache."""
        with self.snapshot(), target.transaction():
            for table, columns in _kept().items():
                for rows in self._chunks(table):
                    try:
                        target._insert(table, columns, rows)
                    except LedgerError:
                        for row in rows:
                            if why := next(filter(None, map(target._unkeepable, row)), ""):
                                why = f"{why.partition(';')[0]} (row {row[0]} of the table {table})"
                                raise LedgerError(f"{target.path} {why}; keep it where it is") from None
                        raise

    def _unkeepable(self, value: object) -> str:
        return self._database.unkeepable(value) if isinstance(value, str) else ""

    def contents(self) -> str:
        """What tells whether two ledgers hold the same facts, wherever they are: of every row of every table but the
        cache."""
        digest = sha256()
        with self.snapshot():
            for table in _TABLES:
                digest.update(table.encode())
                for rows in self._chunks(table):
                    digest.update(repr(rows).encode())
        return digest.hexdigest()

    def _chunks(self, table: str) -> Iterator[list[tuple[Any, ...]]]:
        columns = ", ".join(f'"{name}"' for name in _kept()[table])
        order = "account, source, stream" if table == "cursor" else columns.partition(",")[0]
        rows = self._stream(f"SELECT {columns} FROM {table} ORDER BY {order}")  # noqa: S608 - our own
        while some := list(islice(rows, _AT_ONCE)):
            yield some

    def size(self) -> int:
        """Bytes that the ledger takes, about."""
        with self.snapshot(), readable(self.path):
            return self._database.size()


def is_kept(row: Sequence[Any], marked: bytes) -> bool:
    """Whether a row (RAW_ROW) is what the mark of its place says, its payload what its seal says."""
    payload = row[_PAYLOAD]  # of any type, where a hand was in it
    return mark(row) == marked and isinstance(payload, str) and digest_of(payload) == row[_SEAL]


def are_kept(rows: Sequence[Sequence[Any]], marked: bytes) -> bool:
    """The same of rows that follow each other, with their numbers before them."""
    payloads, seals = 1 + _PAYLOAD, 1 + _SEAL
    return marks_of(row[1:] for row in rows) == marked and all(
        isinstance(row[payloads], str) and digest_of(row[payloads]) == row[seals] for row in rows
    )


def _named(row: Sequence[Any]) -> str:
    _, source, account, stream, source_id, *_ = row
    return f"record {source_id} of {account}, {source} {stream} ({row[1 + RAW_ROW.index('origin')]})"
