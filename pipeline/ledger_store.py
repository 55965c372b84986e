"""An open ledger file: how it is opened and brought up to date, and its transactions.

Takes a data folder, gives what `Ledger` reads and writes through. Files are made 0600 in a folder
0700; a link in the ledger's place, another program's file and a newer ledger are refused.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline import __version__
from pipeline.folder import create_private, make_folder, replace_private, require_plain
from pipeline.ledger_access import NO_LEDGER, PATIENCE, LedgerError, ReadOnly, os_error, readable
from pipeline.migrations import newest_version
from pipeline.sqlite import Sqlite, copied

FILE = "ledger.db"
STREAMED = 5_000  # rows that are read at once


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """An open ledger file. Made by `open`, closed by `with` or `close`; for one thread."""

    def __init__(self, folder: Path, database: Sqlite, clock: Callable[[], datetime]) -> None:
        self.folder, self.path = folder, folder / FILE
        self._database, self._clock = database, clock
        self._depth, self._reading = 0, False  # of transactions, one inside the other; of a snapshot

    @classmethod
    def open(
        cls, folder: Path, *, create: bool, patience: float = PATIENCE, clock: Callable[[], datetime] = _now
    ) -> Self:
        """The ledger of a data folder, brought up to date; made (0600, in a folder 0700) if `create`.

        `patience`: seconds to wait for another process's transaction.
        """
        path = folder / FILE
        try:
            if create:
                make_folder(folder)
                create_private(path)
            else:
                require_plain(path)
        except FileNotFoundError:
            raise LedgerError(
                f"{path} is missing: restore it from a backup, or begin anew with `taxsync init`"
            ) from None
        except OSError as error:
            raise os_error(path, error) from None
        with readable(path):
            database = Sqlite.at(path, patience)
        store = cls(folder, database, clock)
        try:
            store._bring_up_to_date(create)
        except BaseException:
            store.close()
            raise
        return store

    def _bring_up_to_date(self, create: bool) -> None:
        with self.snapshot(), readable(self.path):
            version = self._database.version()
        if version is None:
            raise LedgerError(f"{self.path} {NO_LEDGER}")
        if version == 0 and not create:
            raise LedgerError(
                f"{self.path} is empty: restore it from a backup, or remove it and begin anew with `taxsync init`"
            )
        if version > newest_version():
            raise LedgerError(
                f"{self.path} is of a newer taxsync (its version {version}, this program reads {newest_version()}): "
                "update taxsync; nothing was changed"
            )
        if version < newest_version():
            self._migrate()

    def _migrate(self) -> None:
        """Brings the tables up to date, once the file as it was is kept beside it: all or nothing."""
        try:
            with self.transaction(), readable(self.path):
                version = self._database.version()  # by now, as another process may have done it
                if version and version < newest_version():
                    self._keep_as_it_is(self.folder / f"ledger-version-{version}.db")
                self._database.migrate(self._clock(), __version__)
        except ReadOnly:
            raise ReadOnly(
                f"{self.path} is of an older taxsync and can only be read: run `taxsync status` once where it can be "
                "changed; nothing was kept"
            ) from None

    def _keep_as_it_is(self, copy: Path) -> None:
        """Makes `copy`, 0600 and on the disk, the ledger before it is changed. The caller's transaction keeps others
        from changing it."""
        part = copy.with_suffix(".part")
        try:
            part.unlink(missing_ok=True)
            create_private(part)
            copied(self.path, part)
            replace_private(part, copy)
        except (OSError, Sqlite.errors) as error:
            with suppress(OSError):
                part.unlink()
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise LedgerError(
                f"{self.path} is of an older taxsync, and {copy}, where it is kept as it was, can't be written "
                f"({str(why).lower()}); nothing was changed, run again where it can"
            ) from None

    def close(self) -> None:
        with suppress(self._database.errors):
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is kept inside is kept, or nothing. One inside another is undone on its own, and
        kept with the outer one."""
        if self._reading:
            raise RuntimeError("nothing is kept inside a snapshot")
        within = f"inner_{self._depth}" if self._depth else ""
        if within:
            self._require_alive()
        with readable(self.path):
            if within:
                self._database.execute(f"SAVEPOINT {within}")
            else:
                self._database.begin()
        self._depth += 1
        try:
            yield
            self._require_alive()
            with readable(self.path):
                self._database.execute(f"RELEASE SAVEPOINT {within}" if within else "COMMIT")
        except BaseException:
            with suppress(self._database.errors):  # on a full disk SQLite has rolled back already; the cause counts
                self._database.execute(f"ROLLBACK TO SAVEPOINT {within}" if within else "ROLLBACK")
            raise
        finally:
            self._depth -= 1

    def _require_alive(self) -> None:
        """SQLite rolls back on its own on a full disk: whoever swallowed that error must not go on."""
        if not self._database.alive:
            raise LedgerError(f"{self.path} could not keep what was being imported: nothing was kept; run again")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read inside is of one state, whatever others keep meanwhile (they wait: be brief)."""
        if self._depth:
            yield
            return
        with readable(self.path):
            self._database.begin(reading=True)
        self._depth, self._reading = 1, True
        try:
            yield
        finally:
            self._depth, self._reading = 0, False
            with suppress(self._database.errors):
                self._database.execute("ROLLBACK")

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What SQL finds, values in the place of its `?`: texts, integers, bytes and None, both ways."""
        with self.snapshot(), readable(self.path):
            return self._database.execute(sql, values).fetchall()

    def _stream(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The same, some rows at a time, inside the caller's snapshot: what is read of a million rows may be let go."""
        with readable(self.path):
            cursor = self._database.execute(sql, values)
            while rows := cursor.fetchmany(STREAMED):
                yield from rows

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows inside the caller's transaction, in the order of `columns`."""
        if rows:
            with readable(self.path):
                self._database.many(insert_into(table, tuple(columns)), rows)

    def _insert_new(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> bool:
        """Adds rows as `_insert` does; False, and none is added, if one of them is there already."""
        try:
            with self.transaction():
                self._insert(table, columns, rows)
        except LedgerError as error:
            if isinstance(error.__cause__, self._database.conflict):
                return False
            raise
        return True

    def _run(self, sql: str, *values: object) -> int:
        """Runs a change inside the caller's transaction; how many rows it touched."""
        with readable(self.path):
            return self._database.execute(sql, values).rowcount


@cache
def insert_into(table: str, columns: tuple[str, ...]) -> str:
    """What adds a row of these columns; the names are our own."""
    names = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({marks(len(columns))})"  # noqa: S608


def marks(count: int) -> str:
    """As many marks for values, for a list of them."""
    return ", ".join("?" * count)
