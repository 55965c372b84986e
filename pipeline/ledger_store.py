"""An open ledger file: how it is opened and brought up to date, and its transactions.

Takes a data folder, gives what `Ledger` reads and writes through. Files are made 0600 in a folder
0700; a link in the ledger's place, another program's file and a newer ledger are refused.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Executable, Select, Table
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from pipeline import __version__
from pipeline.folder import create_private, make_folder, replace_private, require_plain
from pipeline.ledger_access import NO_LEDGER, PATIENCE, LedgerError, ReadOnly, os_error, readable
from pipeline.schema import engine_of, migrate, newest_version, still_in_transaction, version_of

FILE = "ledger.db"
STREAMED = 5_000  # rows that are read at once


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """An open ledger file. Made by `open`, closed by `with` or `close`; for one thread."""

    def __init__(self, folder: Path, engine: Engine, connection: Connection, clock: Callable[[], datetime]) -> None:
        self.folder, self.path = folder, folder / FILE
        self._engine, self._connection, self._clock = engine, connection, clock

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
        engine = engine_of(path, patience)
        try:
            with readable(path):
                connection = engine.connect()
        except BaseException:
            engine.dispose()
            raise
        store = cls(folder, engine, connection, clock)
        try:
            store._bring_up_to_date(create)
        except BaseException:
            store.close()
            raise
        return store

    def _bring_up_to_date(self, create: bool) -> None:
        with self.snapshot(), readable(self.path):
            version = version_of(self._connection)
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
                version = version_of(self._connection)  # by now, as another process may have done it
                if version and version < newest_version():
                    self._keep_as_it_is(self.folder / f"ledger-version-{version}.db")
                migrate(self._connection, self._clock(), __version__)
        except ReadOnly:
            raise ReadOnly(
                f"{self.path} is of an older taxsync and can only be read: run `taxsync status` once where it can be "
                "changed; nothing was kept"
            ) from None

    def _keep_as_it_is(self, copy: Path) -> None:
        """Makes `copy`, 0600 and on the disk, the ledger before it is changed. The caller's transaction keeps others
        from changing it; it is read by a connection of its own, as one that has begun to write can't be copied."""
        part, kept = copy.with_suffix(".part"), f"{self.path.absolute().as_uri()}?mode=ro"
        try:
            part.unlink(missing_ok=True)
            create_private(part)
            with closing(sqlite3.connect(kept, uri=True)) as source, closing(sqlite3.connect(part)) as target:
                source.backup(target)
            replace_private(part, copy)
        except (OSError, sqlite3.Error) as error:
            with suppress(OSError):
                part.unlink()
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise LedgerError(
                f"{self.path} is of an older taxsync, and {copy}, where it is kept as it was, can't be written "
                f"({str(why).lower()}); nothing was changed, run again where it can"
            ) from None

    def close(self) -> None:
        with suppress(SQLAlchemyError):
            self._connection.close()
        self._engine.dispose()

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
        inner = self._connection.in_transaction()
        if inner:
            self._require_alive()
        with readable(self.path):
            work = self._connection.begin_nested() if inner else self._connection.begin()
        try:
            yield
            self._require_alive()
            with readable(self.path):
                work.commit()
        except BaseException:
            with suppress(SQLAlchemyError):  # on a full disk SQLite has rolled back already; the cause counts
                work.rollback()
            raise

    def _require_alive(self) -> None:
        """SQLite rolls back on its own on a full disk: whoever swallowed that error must not go on."""
        if not still_in_transaction(self._connection):
            raise LedgerError(f"{self.path} could not keep what was being imported: nothing was kept; run again")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read inside is of one state, whatever others keep meanwhile (they wait: be brief)."""
        if self._connection.in_transaction():
            yield
            return
        self._connection.execution_options(reading=True)
        try:
            with readable(self.path):
                work = self._connection.begin()
            try:
                yield
            finally:
                with suppress(SQLAlchemyError):
                    work.rollback()
        finally:
            self._connection.execution_options(reading=False)

    @property
    def _reading(self) -> bool:
        return bool(self._connection.get_execution_options().get("reading", False))

    def _rows(self, statement: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        with self.snapshot(), readable(self.path):
            return self._connection.execute(statement).all()

    def _stream(self, statement: Select[*tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The same, some rows at a time, inside the caller's snapshot: what is read of a million rows may be let go.

        For texts and integers alone, bound values too: SQLAlchemy's rows and column types take twice as long.
        """
        with readable(self.path):
            cursor = self._connection.connection.cursor()
            sql = statement.compile(dialect=self._engine.dialect, compile_kwargs={"render_postcompile": True})
            cursor.execute(str(sql), [sql.params[name] for name in sql.positiontup or ()])
            while rows := cursor.fetchmany(STREAMED):
                yield from rows

    def _insert(self, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows inside the caller's transaction: texts and integers, in the order of `columns`.

        For the two tables that hold a row per record: SQLAlchemy's way by dicts and column types takes
        three times as long.
        """
        if rows:
            statement = table.insert().compile(dialect=self._engine.dialect, column_keys=list(columns))
            assert statement.positiontup == list(columns)
            with readable(self.path):
                self._connection.exec_driver_sql(str(statement), list(rows))

    def _insert_new(self, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> bool:
        """Adds rows as `_insert` does; False, and none is added, if one of them is there already."""
        try:
            with self.transaction():
                self._insert(table, columns, rows)
        except LedgerError as error:
            if isinstance(error.__cause__, IntegrityError):
                return False
            raise
        return True

    def _run(self, statement: Executable, rows: list[dict[str, Any]] | None = None) -> int:
        """Runs a change inside the caller's transaction; how many rows it touched."""
        if rows == []:
            return 0
        with readable(self.path):
            return self._connection.execute(statement, rows).rowcount
