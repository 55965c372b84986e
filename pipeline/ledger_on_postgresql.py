"""A ledger in a schema of a PostgreSQL database: where it is, whose it is, who may use it now.

The folder says by a file which schema that is (`ledger_mark`), and the schema knows its folder: one that was moved is
followed, a copy is refused. Its twin is `ledger_on_sqlite`.
"""

import os
import platform
import re
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from pipeline.folder import make_folder
from pipeline.ledger_errors import LedgerError, ReadOnly, os_error
from pipeline.ledger_mark import FILE, Mark, new_mark, read_mark, write_mark
from pipeline.ledger_on_sqlite import Glimpse
from pipeline.ledger_server import NO_CLIENT, VARIABLE, Door, Server, milliseconds, require_driver, told
from pipeline.lock import Held
from pipeline.migrations import newest_version
from pipeline.sqlite import Sqlite

_NOTE = re.compile(r"(.+) (\d+)@(.*)")  # how the connection that holds a lock is called
_ANOTHER = "another command"
_PLACES = 20  # of one folder that are remembered


class OnPostgreSQL(Struct, frozen=True):
    """Where such a ledger is: in `server`, as `ledger.postgresql` in `folder` says. `home`: where the folder will be,
    if it is not there yet."""

    folder: Path
    server: Server
    home: Path | None = None

    @property
    def path(self) -> Path:
        return self.folder / FILE

    # ---- opening ------------------------------------------------------------------------------

    def prepare(self, create: bool) -> None:
        """Names a new schema if `create` and the folder has none. Raises LedgerError: there is none, or no server."""
        try:
            try:
                read_mark(self.path)
            except FileNotFoundError:
                if not create:
                    raise
                self.server.connect("taxsync", {}).close()  # a server that is not there leaves nothing behind
                make_folder(self.folder)
                write_mark(self.path, new_mark())
        except FileNotFoundError:
            raise LedgerError(
                f"{self.path} is missing: restore the ledger from a backup, or begin anew with `taxsync init`"
            ) from None
        except OSError as error:
            raise os_error(self.path, error) from None

    def mark(self) -> Mark:
        try:
            return read_mark(self.path)
        except OSError as error:
            raise os_error(self.path, error) from None

    def open(self, patience: float) -> Any:
        """The schema, open; `patience` is how many seconds it waits for another's lock."""
        require_driver()
        from pipeline.postgresql import Postgresql

        mark = self.mark()
        settings = {"search_path": mark.schema, "lock_timeout": milliseconds(patience)}
        return Postgresql.at(lambda: self.server.connect("taxsync", settings), mark.schema)

    def may_begin(self) -> bool:
        """Whether a schema that is not there may be made: it never was."""
        return self.mark().state == "making"

    def missing(self) -> LedgerError:
        """What a schema that is not there is."""
        return LedgerError(
            f"{self.path} names the schema {self.mark().schema}, and {self.server} has none of that name in this "
            f"database: is {VARIABLE} right? If the ledger is lost, restore a backup into a new folder; nothing was "
            "changed"
        )

    def keep_as_it_is(self, version: int) -> None:
        """The server changes tables inside the transaction or not at all; a copy beside it is the server's backup."""

    def settle(self, database: Any) -> None:
        """The schema of a new ledger knows its folder: inside the transaction that makes it."""
        database.set_home(self.mark().turn, self._place())

    def kept(self) -> None:
        """The schema is there: from now on one that is missing is lost."""
        mark = self.mark()
        if mark.state == "making":
            self._write(mark._replace(state=""))

    def _write(self, mark: Mark) -> None:
        try:
            write_mark(self.path, mark)
        except OSError as error:
            raise os_error(self.path, error) from None

    # ---- whose it is --------------------------------------------------------------------------

    def is_at_home(self, database: Any) -> bool:
        """False where the folder has been moved since the schema was last told. Raises LedgerError in a copy of the
        folder, and in a folder that a copy elsewhere has taken the ledger from."""
        return self._is_at_home(self.mark(), *database.home())

    def _is_at_home(self, mark: Mark, turn: str, place: str, since: str) -> bool:
        places = place.split("\n")
        if turn not in (mark.turn, mark.next):
            raise LedgerError(
                f"{self.folder} is not the folder of its ledger any more: since {since[:10]} that is {places[-1]}. "
                "Work there; or, if this is the folder to go on with, `taxsync move --to here`"
            )
        if self._place() in places:
            return True
        others = (Path(one.partition(":")[2]) for one in places)
        if other := next((other for other in others if self._is_copy_of(other, mark)), None):
            raise LedgerError(
                f"{self.folder} is a copy of {other}, and a ledger has one folder: work there. For a client of its own "
                "`taxsync backup` there and `taxsync restore` into a new folder"
            )
        return False

    def _is_copy_of(self, other: Path, mark: Mark) -> bool:
        with suppress(OSError, LedgerError):
            return read_mark(other / FILE).schema == mark.schema and not other.samefile(self.folder)
        return False

    def take_home(self, database: Any) -> None:
        """Tells the schema, inside the caller's transaction, that this folder is the one it belongs to: whichever other
        folder has the same mark is refused from now on. On a disk that machines share it is one folder with one mark,
        and has a place on each."""
        now, places, _ = database.home()
        turn, mine = secrets.token_hex(8), self._place()
        others = [place for place in places.split("\n") if place.partition(":")[0] != mine.partition(":")[0]]
        try:
            self._write(self.mark()._replace(turn=now, next=turn))  # good whether or not the schema hears of it
        except LedgerError as why:
            raise ReadOnly(str(why)) from None
        database.set_home(turn, "\n".join([*others[1 - _PLACES :], mine]))

    def taken_home(self, database: Any) -> None:
        """After that is kept, inside a transaction that keeps other machines from the mark: the mark follows."""
        mark = self.mark()
        if mark.next and database.home()[0] == mark.next:
            with suppress(LedgerError):
                self._write(mark._replace(turn=mark.next, next=""))

    def leave(self, database: Any) -> None:
        """Tells the schema, inside the caller's transaction, that its ledger is in a file: whoever has it open keeps
        nothing there any more, and no copy of the folder gets it."""
        from pipeline.postgresql import LEFT

        database.set_home(LEFT, self._place())

    def _place(self) -> str:
        return f"{platform.node()}:{(self.home or self.folder).resolve()}".replace("\n", " ")

    # ---- copies -------------------------------------------------------------------------------

    def copy_raw(self, folder: Path) -> bool:
        """False: there is no file."""
        return False

    def past(self, database: Any, patience: float) -> Sqlite:
        """A ledger in memory over a copy of this one, inside the caller's snapshot."""
        return Sqlite.past(":memory:", patience, database.fill)

    def glimpse(self, machine: Collection[str], patience: float, door: Door) -> Glimpse:
        """What is cheap to know, by the connection of `door`; nothing is changed or migrated."""
        self.prepare(create=False)
        mark = self.mark()
        s = f'"{mark.schema}"'
        connection = door.connection(self.server, patience)
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (mark.schema,)).fetchone() is None:
                raise self.missing()
            version = connection.execute(f"SELECT max(version) FROM {s}.migration").fetchone()[0] or 0
            if version > newest_version():
                return Glimpse(version)
            one = (
                f"SELECT (SELECT max(id) FROM {s}.raw), (SELECT max(id) FROM {s}.price), "
                f"(SELECT max(id) FROM {s}.answer WHERE kind <> ALL(%s)), (SELECT max(id) FROM {s}.filing), "
                f"(SELECT max(at) FROM {s}.batch), (SELECT link FROM {s}.chain ORDER BY id DESC LIMIT 1), "
                f"ARRAY(SELECT DISTINCT year FROM {s}.filing ORDER BY year), turn, place, since FROM {s}.client"
            )
            found = connection.execute(one, (list(machine),)).fetchone()
            if found is None:
                raise LedgerError(f"the schema {mark.schema} {NO_CLIENT}")
            records, prices, answers, filings, last, link, years, turn, place, since = found
            self._is_at_home(mark, turn, place, since)
            marks = records or 0, prices or 0, answers or 0, filings or 0
            return Glimpse(version, marks, last, tuple(years), link or "")

    def unseen(self, why: ReadOnly) -> LedgerError:
        """What it is if it may not even be looked at."""
        return why

    # ---- one at a time ------------------------------------------------------------------------

    @contextmanager
    def lock(self, what: str, tell: Callable[[str], None], patience: float) -> Iterator[None]:
        """Holds the ledger for one import: a lock of the server, which goes with its connection, whatever way the
        holder dies. Others see who holds it by that connection's name. Raises Held, LedgerError."""
        schema = self.mark().schema
        note = f"{what[:30]} {os.getpid()}@{platform.node()}"[:63]
        connection = self.server.connect(note, {"lock_timeout": milliseconds(patience)})
        try:
            self._acquire(connection, _key(schema), tell, patience)
            yield
        finally:
            connection.close()

    def _acquire(self, connection: Any, key: int, tell: Callable[[str], None], patience: float) -> None:
        import psycopg

        try:
            if connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()[0]:
                return
            tell(_holding(connection, key) or _ANOTHER)
            if patience <= 0:
                raise Held(_holding(connection, key) or _ANOTHER)
            connection.execute("SELECT pg_advisory_lock(%s)", (key,))
        except psycopg.errors.LockNotAvailable:
            raise Held(_holding(connection, key) or _ANOTHER) from None
        except psycopg.Error as error:
            raise told(self.path, error, str) or error from None

    def holder(self) -> str:
        """Who else holds it now; "": nobody, or nobody knows."""
        with suppress(Exception):  # only ever asked for the words of another error
            connection = self.server.connect("taxsync", {})
            try:
                return _holding(connection, _key(self.mark().schema))
            finally:
                connection.close()
        return ""


def _key(schema: str) -> int:
    from pipeline.postgresql import key_of

    return key_of(schema, "import")


def _holding(connection: Any, key: int) -> str:
    """Who holds a lock, as `lock.Held` says it; "" where that can't be seen."""
    found = connection.execute(
        "SELECT application_name, backend_start AT TIME ZONE 'UTC' FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = %s AND objid = %s AND pid <> %s "
        "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        ((key >> 32) & 0xFFFFFFFF, key & 0xFFFFFFFF, connection.info.backend_pid),
    ).fetchone()
    named = _NOTE.fullmatch(found[0] or "") if found else None
    if named is None or (int(named[2]), named[3]) == (os.getpid(), platform.node()[: len(named[3])]):
        return ""
    since = f", since {found[1]:%Y-%m-%d %H:%M:%S} UTC" if found[1] else ""  # of another role's that is not told
    return f"`{named[1]}` (process {named[2]} on {named[3]}{since})"
