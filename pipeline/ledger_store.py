"""An open ledger: how it is opened and brought up to date, and its transactions.

Takes a data folder, gives what `Ledger` reads and writes through. Files are made 0600 in a folder
0700; a link in the ledger's place, another program's file and a newer ledger are refused.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline import __version__
from pipeline.ledger_access import PATIENCE, Conflict, LedgerError, ReadOnly, readable
from pipeline.ledger_errors import NO_LEDGER
from pipeline.ledger_place import Database, Place, place_of
from pipeline.migrations import newest_version

STREAMED = 5000  # rows that are read at once


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """An open ledger. Made by `open`, closed by `with` or `close`; for one thread."""

    def __init__(self, place: Place, database: Database, clock: Callable[[], datetime]) -> None:
        self.folder, self.path = place.folder, place.path
        self._place, self._database, self._clock = place, database, clock
        self._depth, self._reading = 0, False  # of transactions, one inside the other; of a snapshot

    @classmethod
    def open(
        cls, folder: Path, *, create: bool, patience: float = PATIENCE, clock: Callable[[], datetime] = _now
    ) -> Self:
        """The ledger of a data folder, brought up to date; made (0600, in a folder 0700) if `create`.

        `patience`: seconds to wait for another process's transaction.
        """
        return cls.at(place_of(folder), create=create, patience=patience, clock=clock)

    @classmethod
    def at(
        cls, place: Place, *, create: bool, patience: float = PATIENCE, clock: Callable[[], datetime] = _now
    ) -> Self:
        """The same of a place, whatever the environment says."""
        store = cls._opened(place, create, patience, clock)
        try:
            store._bring_up_to_date(create)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    @contextmanager
    def making(cls, place: Place) -> Iterator[Self]:
        """A new ledger with its tables and no row at all, for a copy to fill: all of it is kept at the end, or nothing
        was made."""
        store = cls._opened(place, True, PATIENCE, _now)
        try:
            with store.transaction():
                with readable(store.path):
                    if store._database.version() != 0:
                        raise LedgerError(f"{store.path} is there already: name another folder; nothing was changed")
                    store._database.make()
                    store._database.settle()
                    place.settle(store._database)
                yield store
        finally:
            store.close()

    @classmethod
    def take_home(cls, place: Place) -> None:
        """From now on the folder of `place`, and no other that has the same mark, is the one of its ledger."""
        store = cls._opened(place, False, PATIENCE, _now)
        try:
            with store.snapshot(), readable(store.path):
                if not store._database.version():
                    raise place.missing()
            store._take_home()
        finally:
            store.close()

    @classmethod
    def _opened(cls, place: Place, create: bool, patience: float, clock: Callable[[], datetime]) -> Self:
        place.prepare(create)
        with readable(place.path):
            database = place.open(patience)
        return cls(place, database, clock)

    def _bring_up_to_date(self, create: bool) -> None:
        with self.snapshot(), readable(self.path):
            version = self._database.version()
            at_home = not version or version > newest_version() or self._place.is_at_home(self._database)
        if version is None:
            raise LedgerError(f"{self.path} {NO_LEDGER}")
        if version == 0 and not (create and self._place.may_begin()):
            raise self._place.missing()
        if version > newest_version():
            raise LedgerError(
                f"{self.path} is of a newer taxsync (its version {version}, this program reads {newest_version()}): "
                "update taxsync; nothing was changed"
            )
        if version < newest_version():
            self._migrate(version)
        self._place.kept()
        if not at_home:
            with suppress(ReadOnly):  # where it can only be read, another command tells it
                self._take_home()

    def _migrate(self, found: int) -> None:
        """Brings the tables up to date, which were `found` (0: none), once the file as it was is kept beside it: all or
        nothing."""
        try:
            with self.transaction(), readable(self.path):
                version = self._database.version()  # by now, as another process may have done it
                if version and version < newest_version():
                    self._place.keep_as_it_is(version)
                self._database.migrate(self._clock(), __version__)
                if version == 0:
                    self._place.settle(self._database)
        except ReadOnly:
            if not found:
                raise
            raise ReadOnly(
                f"{self.path} is of an older taxsync and can only be read: run `taxsync status` once where it can be "
                "changed; nothing was kept"
            ) from None

    def _take_home(self) -> None:
        with self.transaction(), readable(self.path):
            self._place.take_home(self._database)
        with self.transaction(), readable(self.path):
            self._place.taken_home(self._database)

    def leave(self) -> None:
        """Inside the caller's transaction: a copy of it is what counts once that is kept."""
        with readable(self.path):
            self._place.leave(self._database)

    def close(self) -> None:
        with suppress(*self._database.errors):
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
            with suppress(*self._database.errors):  # on a full disk SQLite has rolled back already; the cause counts
                self._database.execute(f"ROLLBACK TO SAVEPOINT {within}" if within else "ROLLBACK")
                if within:  # else one more is left for each page of records that are known already
                    self._database.execute(f"RELEASE SAVEPOINT {within}")
            raise
        finally:
            self._depth -= 1

    def _require_alive(self) -> None:
        """A database rolls back on its own, as SQLite on a full disk: whoever swallowed that error must not go on."""
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
            with suppress(*self._database.errors):
                self._database.execute("ROLLBACK")

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What SQL finds, values in the place of its `?`: texts, integers, bytes and None, both ways."""
        with self.snapshot(), readable(self.path):
            found: list[tuple[Any, ...]] = self._database.execute(sql, values).fetchall()
            return found

    def _stream(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The same, inside the caller's snapshot: what is read of a million rows may be let go."""
        for some in self._some(sql, *values):
            yield from some

    def _some(self, sql: str, *values: object) -> Iterator[list[tuple[Any, ...]]]:
        """The same, some rows at a time."""
        with readable(self.path):
            cursor = self._database.stream(sql, values)
            try:
                while rows := cursor.fetchmany(STREAMED):
                    yield rows
            finally:
                with suppress(*self._database.errors):  # whoever went no further may have ended the snapshot by now
                    cursor.close()

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows inside the caller's transaction, in the order of `columns`."""
        if rows:
            with readable(self.path):
                self._database.insert(table, columns, rows)

    def _insert_new(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> bool:
        """Adds rows as `_insert` does; False, and none is added, if one of them is there already."""
        try:
            with self.transaction():
                self._insert(table, columns, rows)
        except Conflict:
            return False
        return True

    def _run(self, sql: str, *values: object) -> int:
        """Runs a change inside the caller's transaction; how many rows it touched."""
        with readable(self.path):
            return int(self._database.execute(sql, values).rowcount)


def marks(count: int) -> str:
    """As many marks for values, for a list of them."""
    return ", ".join("?" * count)
