"""The PostgreSQL server that TAXSYNC_LEDGER_URL names: how it is reached, and what to say when it isn't.

    postgresql://taxsync@db.example/ledgers?sslmode=verify-full      # the password by PGPASSWORD or ~/.pgpass

The address and the password in it stand in no message: a connection is made from its parts, and of these the host alone
is ever named. The driver, psycopg, is an extra of the package: it is loaded where a ledger is in PostgreSQL.
"""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from pipeline.ledger_errors import UNKNOWN, Conflict, LedgerError, ReadOnly

VARIABLE = "TAXSYNC_LEDGER_URL"

_NAMES = ("postgresql", "postgres", "postgresql+psycopg")
_SHOULD = f"{VARIABLE} should be postgresql://USER@HOST/DATABASE"
_HOST = re.compile(r"[A-Za-z0-9.,:_-]*|/[^@?#\s]*")
_NAME = re.compile(r"[^@/:?#\s]*")
# Of libpq's parameters those that say how the server is reached, none that say what is done there.
_PARAMETERS = frozenset(
    "host hostaddr port connect_timeout sslmode sslrootcert sslcert sslkey sslcrl sslnegotiation passfile service "
    "channel_binding require_auth gssencmode krbsrvname target_session_attrs keepalives keepalives_idle "
    "keepalives_interval keepalives_count tcp_user_timeout".split()
)
_DEFAULTS = {"connect_timeout": "10", "keepalives_idle": "60", "keepalives_interval": "15"}


class Server(Struct, frozen=True):
    """One server and database: what libpq is told, the password among it."""

    _options: Mapping[str, str]

    def __repr__(self) -> str:
        return "Server()"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # a Struct's own shows every field to whoever prints with rich
        return []

    @classmethod
    def of(cls, url: str) -> "Server":
        """Raises LedgerError, which repeats nothing of the address."""
        from sqlalchemy.engine import make_url  # read by those alone who have such an address
        from sqlalchemy.exc import ArgumentError

        try:
            url.encode()  # half a character is none
            parts = make_url(url)
        except (ArgumentError, ValueError):
            raise LedgerError(_SHOULD) from None
        if parts.drivername not in _NAMES:
            raise LedgerError(f"{_SHOULD}; no other database can hold a ledger")
        if not set(parts.query) <= _PARAMETERS or not all(isinstance(value, str) for value in parts.query.values()):
            raise LedgerError(
                f"{_SHOULD}, behind it such as ?sslmode=verify-full; it has a parameter that is not passed on "
                f"(those that are: {', '.join(sorted(_PARAMETERS))})"
            )
        given = {
            "host": parts.host, "port": parts.port, "user": parts.username, "password": parts.password,
            "dbname": parts.database,
        }  # fmt: skip
        options = _DEFAULTS | {name: str(value) for name, value in parts.query.items()}
        options |= {name: str(value) for name, value in given.items() if value not in (None, "")}
        # where what is special in a password is not written as %XX, a part of it is read as the host or what follows
        if not _HOST.fullmatch(options.get("host", "")) or not _NAME.fullmatch(options.get("dbname", "")):
            raise LedgerError(f"{_SHOULD}; write what is special in the password as %XX, or give it by PGPASSWORD")
        if not _is_here(options.get("host", "")) and "PGSSLMODE" not in os.environ:
            options.setdefault("sslmode", "require")  # never in clear over a network unless somebody says so
        return cls(options)

    def __str__(self) -> str:
        host = self._options.get("host") or self._options.get("hostaddr", "")
        return f"the PostgreSQL server {host}" if host else "the PostgreSQL server"

    def connect(self, name: str, settings: Mapping[str, str]) -> Any:
        """A connection of psycopg, outside a transaction; `name` is what others see of it there. Raises LedgerError."""
        psycopg = require_driver()
        try:
            connection = psycopg.connect(
                **self._options, application_name=name, client_encoding="UTF8", autocommit=True
            )
        except psycopg.Error as error:
            raise LedgerError(f"{self} {self._refusal(str(error))}; {_AGAIN}".replace("?;", "?")) from None
        try:
            if connection.info.parameter_status("server_encoding") != "UTF8":
                raise LedgerError(f"{self}: the database is not in UTF8; make one with ENCODING 'UTF8'")
            wanted = {**_SESSION, **settings}
            wanted |= {name: "0" for name, since in _LATER.items() if connection.info.server_version >= since}
            each = ", ".join(["set_config(%s, %s, false)"] * len(wanted))
            connection.execute(f"SELECT {each}", [text for pair in wanted.items() for text in pair])
        except psycopg.Error as error:
            connection.close()
            raise LedgerError(f"{self} can't be used (PostgreSQL {error.sqlstate or 'went away'}); {_AGAIN}") from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _refusal(self, reason: str) -> str:
        for sign, words in _REFUSALS.items():
            if re.search(sign, reason, re.IGNORECASE):
                return words
        line = reason.strip().splitlines()[-1] if reason.strip() else "no reason"
        password = self._options.get("password", "")
        line = line.replace(password, "****") if password else line
        return f"can't be reached ({''.join(c for c in line if c.isprintable())[:200]})"


_AGAIN = "nothing was changed, put it right and run again"
# A commit is on the disk when it is told; nobody else's functions stand before the system's.
_SESSION = {
    "synchronous_commit": "on", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0",
    "client_min_messages": "warning", "standard_conforming_strings": "on", "search_path": "pg_catalog",
    # a machine that went away without a word holds a client for minutes, not for the two hours of most systems
    "tcp_keepalives_idle": "60", "tcp_keepalives_interval": "15", "tcp_keepalives_count": "4",
}  # fmt: skip

# Settings that would end a connection that waits, and the version of the server that has them.
_LATER = {"idle_session_timeout": 140_000, "transaction_timeout": 170_000}


def _is_here(host: str) -> bool:
    """Whether what goes to a host stays on this machine; without one libpq takes its socket, or what PGHOST says."""
    return not host or host.startswith(("/", "127.")) or host in ("localhost", "::1")


# What libpq or the server says -> what it means for a person.
_REFUSALS = {
    "password authentication failed|no password supplied|authentication failed": (
        f"refuses the user or the password: look at {VARIABLE}, PGPASSWORD or ~/.pgpass"
    ),
    'database ".*" does not exist': f"has no such database: look at the end of {VARIABLE}, or CREATE DATABASE",
    'role ".*" does not exist': f"has no such user: look at {VARIABLE}, or CREATE ROLE",
    "no pg_hba.conf entry": "lets no such user in from here (its pg_hba.conf)",
    "permission denied for database": "does not let this user into the database: GRANT CONNECT",
    "could not translate host name|failed to resolve host": f"is not found by its name: look at {VARIABLE}",
    "certificate|ssl": "can't be reached by TLS as sslmode and sslrootcert ask: look at its certificate",
    "too many connections|remaining connection slots": "has no connection left: run again later",
    "starting up|shutting down|recovery mode": "is starting or stopping: run again when it is there",
    "timeout expired|timed out": f"does not answer: is it running, and is {VARIABLE} right?",
    "connection refused|no such file|no route|unreachable|is the server running": (
        f"is not there: is it running, and is {VARIABLE} right?"
    ),
}


def require_driver() -> Any:
    """psycopg. Raises LedgerError where it is not installed."""
    try:
        import psycopg
    except ImportError:
        raise LedgerError(
            f"{VARIABLE} asks for PostgreSQL, and its driver is missing: `pip install 'taxsync[postgresql]'`"
        ) from None
    return psycopg


class Door(Struct):
    """One connection for looks at many folders: opened when the first is in PostgreSQL, closed by `with`. Where it
    can't be opened, it is not tried again for each folder."""

    _open: Any = None
    _failed: LedgerError | None = None

    def __enter__(self) -> "Door":
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()

    def connection(self, server: Server, patience: float) -> Any:
        if self._failed is not None:
            raise self._failed
        if self._open is None or self._open.closed:
            try:
                self._open = server.connect("taxsync", {"lock_timeout": milliseconds(patience)})
            except LedgerError as error:
                self._failed = error
                raise
        return self._open


def milliseconds(seconds: float) -> str:
    """As a setting of the server, where 0 would be no end."""
    return str(max(1, int(seconds * 1000)))


# ---- what it says when it can't be used -------------------------------------------------------

_GONE = "is out of reach, the connection was cut or the server stopped: what was kept before is kept; run again"
_WAITED = "is in use by another command: run again when it has ended"

# SQLSTATE, or its class (PostgreSQL's documentation, appendix A) -> what happened and what to do.
_WORDING = {
    "08": _GONE,
    "57P": _GONE,
    "57014": "took longer than the server allows (statement_timeout): what was kept before is kept; run again",
    "25006": "can't be changed: the server or the user may only read: name one that may write; nothing was kept",
    "42501": "can't be used: the user of the database may not read or change it: let its owner GRANT that; a new "
    "ledger needs CREATE on the database",
    "53100": "could not grow, the server's disk is full: what was kept before is kept; free some space and run again",
    "53": "can't be used, the server has not enough memory or connections: run again later",
    "54": "can't hold so long a text in an index, or so large a record: shorten it, or leave it out",
    "55P03": _WAITED,
    "40": _WAITED,
    "3F": "is damaged: its schema is missing in the server; restore a backup into a new folder",
    "42P01": "is damaged: a table is missing in the server; restore a backup into a new folder",
    "42703": "is damaged: a column is missing in the server; restore a backup into a new folder",
    "XX": "can't be read, the server's files are damaged: keep them as they are and restore a backup into a new folder",
}
_READ_ONLY = ("25006", "42501")


def told(path: Path, error: Exception, holder: Callable[[], str]) -> LedgerError | ValueError | None:
    """What an error of PostgreSQL is to a person; None for an error of another."""
    cause = getattr(error, "orig", None) or error
    if not type(cause).__module__.startswith("psycopg"):
        if type(error).__module__.startswith("sqlalchemy"):
            return LedgerError(f"{path} {_GONE}")
        return None
    state: str = getattr(cause, "sqlstate", None) or ""
    if state in ("22021", "22P05") or "NUL (0x00)" in str(cause):
        return LedgerError(f"{path} {NUL}")
    if state == "22003" or type(cause).__name__ == "NumericValueOutOfRange":
        return ValueError("a number over 64 bits can't be kept")
    if state == "55P03" and (who := holder()):
        return LedgerError(f"{path} is in use by {who}: run again when it has ended")
    if not state and type(cause).__name__ in ("OperationalError", "InterfaceError"):
        return LedgerError(f"{path} {_GONE}")
    words = next((_WORDING[state[:n]] for n in (5, 3, 2) if state[:n] in _WORDING), "")
    wrong = ReadOnly if state in _READ_ONLY else Conflict if state[:2] == "23" else LedgerError
    return wrong(f"{path} {words or f'could not be used (PostgreSQL {state or type(cause).__name__}): {UNKNOWN}'}")


NO_CLIENT = "is damaged: it does not say whose it is; restore a backup into a new folder"
NUL = "can't keep a text with a NUL character; a ledger in a file can: `taxsync move --to sqlite`"
