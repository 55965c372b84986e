"""A PostgreSQL server of our own: in a temporary folder, on a unix socket or loopback, gone when the test ends.

    with server() as url: ...        # "postgresql://taxsync@127.0.0.1:PORT/taxsync"; raises NoServer

It is not for data: nothing waits for the disk. PostgreSQL refuses to run as root, so root starts it as another user.
`python tests/postgres.py` runs one until Ctrl-C, and says its address.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

USER = DATABASE = "taxsync"
_SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0", "max_connections": "200",
    "shared_buffers": "128MB", "autovacuum": "off", "log_min_messages": "fatal", "log_min_error_statement": "panic",
    "lc_messages": "C", "unix_socket_directories": "",
}  # fmt: skip

_HBA = f"host all {USER} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"  # others need a password


class NoServer(Exception):
    """There is no PostgreSQL server that could be started here: why."""


def programs() -> Path:
    """The folder of initdb and postgres: Debian keeps them out of the path, one folder a version."""
    found = shutil.which("postgres")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders += [Path(found).resolve().parent] if found else []
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready", "createdb")):
            return folder
    raise NoServer("no PostgreSQL server is installed (Debian: apt-get install postgresql)")


@contextmanager
def server(**settings: str) -> Iterator[str]:
    """A server with an empty database, as the address of its owner, who needs no password on this machine."""
    at, home = programs(), Path(tempfile.mkdtemp(prefix="taxsync-pg-"))
    process = None
    try:
        as_other, user = _other_user()
        if user is not None:
            os.chown(home, user, -1)
        home.chmod(0o700)
        data = home / "data"
        made = ["-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        _run([*as_other, str(at / "initdb"), *made], home)
        (data / "pg_hba.conf").write_text(_HBA)
        port = _free_port()
        told = {**_SETTINGS, "listen_addresses": "127.0.0.1", "port": str(port), **settings}
        options = [word for name, value in told.items() for word in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [*as_other, str(at / "postgres"), "-D", str(data), *options], cwd=home, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        base = f"postgresql://{USER}@127.0.0.1:{port}"
        _await(process, at, port)
        _run([str(at / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", USER, DATABASE], home)
        yield f"{base}/{DATABASE}"
    finally:
        if process is not None:
            process.terminate()  # setpriv has become the server: its fast way to stop is SIGINT, its smart one waits
            process.send_signal(2)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _other_user() -> tuple[Sequence[str], int | None]:
    """What stands before a program that may not be root's, and whose the folder then is."""
    setpriv = shutil.which("setpriv")
    ends = (setpriv, "--pdeathsig=INT") if setpriv else ()  # with this process, even if that is killed
    if os.name != "posix" or os.geteuid():
        return ends, None
    for name in ("postgres", "nobody"):
        import pwd

        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        if ends:
            return (*ends, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"), user.pw_uid
        if program := shutil.which("runuser"):
            return (program, "-u", name, "--"), user.pw_uid
    raise NoServer("PostgreSQL does not run as root, and there is no setpriv or runuser to start it as another")


def _run(command: Sequence[str], home: Path) -> None:
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise NoServer(f"{Path(command[0]).name}: {done.stderr.strip()[-300:]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(process: "subprocess.Popen[bytes]", at: Path, port: int) -> None:
    for _ in range(600):
        asked = [str(at / "pg_isready"), "-q", "-t", "1", "-h", "127.0.0.1", "-p", str(port)]
        if subprocess.run(asked, timeout=30).returncode == 0:
            return
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        raise NoServer("the PostgreSQL server ended at once")
    raise NoServer("the PostgreSQL server does not answer")


def copy_ledger(mark: Path, url: str) -> None:
    """Gives a folder that was copied a ledger of its own: a new schema with every row of the one that `mark` names."""
    import psycopg

    from pipeline.postgresql import statements
    from pipeline.schema import METADATA

    said = json.loads(mark.read_text())
    old, new = said["schema"], f"taxsync_{secrets.token_hex(12)}"
    with psycopg.connect(url) as connection:
        for statement in statements(new):
            connection.execute(statement)
        for table in METADATA.sorted_tables:
            connection.execute(f'INSERT INTO "{new}"."{table.name}" SELECT * FROM "{old}"."{table.name}" ORDER BY 1')
        place = f"{socket.gethostname()}:{mark.parent.resolve()}"
        connection.execute(f'INSERT INTO "{new}".client SELECT turn, %s, since FROM "{old}".client', (place,))
    mark.write_text(json.dumps({**said, "schema": new}))


if __name__ == "__main__":
    with server() as address:
        print(address, flush=True)
        with suppress(KeyboardInterrupt, EOFError):
            input()
