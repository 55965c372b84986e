"""`taxsync backup` and `taxsync restore`: the data folder as one encrypted file, or its rows as JSON lines; and back.

A file is whole or not there, and so is a folder: each is made beside its place and moved there in one step. What a kill
leaves beside it is as private as the folder, and the next such command takes it away.
"""

import glob
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal

from msgspec import Struct

from importers.passphrase import SHORTEST
from importers.sealed import Reader, SealedError, is_sealed, sealing, unsealing
from importers.vault import FILE_NAME as VAULT
from pipeline.folder import create_private, make_folder, sync_folder, write_private
from pipeline.issues import Stop, Usage
from pipeline.ledger import Ledger, LedgerError, import_lock
from pipeline.ledger_access import Conflict, folder_lock
from pipeline.ledger_on_sqlite import FILE as LEDGER
from pipeline.ledger_on_sqlite import OnSQLite
from pipeline.ledger_place import place_of, server_asked
from pipeline.ledger_salvage import Lost, NothingSaved, saved, take
from pipeline.run.moving import into_server
from pipeline.run.project import DEMO, opened
from pipeline.run.records import FIRST, Records, write_records
from pipeline.settings import FILE as SETTINGS
from pipeline.settings import load

REPORTS, REVIEW = "reports", "review.xlsx"
ALONE = (SETTINGS, DEMO, REVIEW)  # beside the ledger and the reports
PLACEHOLDERS = {".gitkeep", ".gitignore"}  # a folder with these alone is empty

_COPY = 1 << 18  # bytes at once

Ask = Callable[[bool], str]  # asks for a passphrase; True: a new one


class Outcome(Struct, frozen=True):
    """What was done, lines on what a person should know of it, and whether all of it is there."""

    said: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    whole: bool = True


# ---- out --------------------------------------------------------------------------------------


def backup(folder: Path, file: Path, ask: Ask, *, with_keys: bool, force: bool) -> Outcome:
    """One consistent copy of the data folder, encrypted, also while others use it. A ledger that is not sound is
    refused, in its own words."""
    _require_free(file, force)
    with opened(folder) as (_, ledger), _workshop(folder, "taxsync backup") as work:
        passphrase = ask(True)
        ledger.copy_to(work / LEDGER)
        _require_sound(work, ledger.path)
        members = _members(folder, work / LEDGER, with_keys)
        before = _stamps(members)
        with _in_place(file, force) as made, sealing(made, passphrase) as sealed, _archive(sealed, "w|") as archive:
            for name, path in members:
                _add(archive, name, path)
            if _stamps(_members(folder, work / LEDGER, with_keys)) != before:
                raise Stop(f"{folder}: reports or settings were written while they were copied: run again")
    reports = sum(name.startswith(f"{REPORTS}/") for name, _ in members)
    keys = "with the keys" if any(name == VAULT for name, _ in members) else "without keys"
    said = f"{file}: the ledger, the settings and {reports} files of reports, {keys}; encrypted"
    return Outcome((said,), tuple(_advice(passphrase, with_keys, keys, folder)))


def _advice(passphrase: str, with_keys: bool, keys: str, folder: Path) -> Iterator[str]:
    if len(passphrase) < SHORTEST:
        yield "the passphrase is short: who gets the file can guess it; several random words are better"
    if with_keys and keys == "without keys":
        yield f"{folder} has no {VAULT}, so there were no keys to copy"
    elif with_keys and b" keyring " in (folder / VAULT).read_bytes()[:80]:
        yield f"{VAULT} opens with the keyring of this system alone: elsewhere the keys have to be made anew"


def save_records(folder: Path, file: Path, *, force: bool) -> Outcome:
    """What can be read of the ledger, damaged or not, as JSON lines, not encrypted."""
    _require_free(file, force)
    place = place_of(folder)
    if not place.path.is_file():
        raise Stop(f"{place.path} is missing, so there is nothing to save: name the right folder with --data")
    lost = Lost()
    with import_lock(folder, "taxsync backup --records"), _workshop(folder, "taxsync backup") as work:
        if not place.copy_raw(work):
            with Ledger.at(place, create=False) as ledger:
                ledger.copy_to(work / LEDGER)
        try:
            with _in_place(file, force) as made:
                count = write_records(made, saved(work / LEDGER, lost), _settings(folder))
        except NothingSaved as why:
            raise Stop(f"{place.path} is damaged, and {why}; restore a backup into a new folder") from None
    said = f"{file}: {count} rows of the ledger as JSON lines, not encrypted: keep it where nobody else can read it"
    lacking = tuple(_lacking(lost))
    return Outcome((said,), lacking, not lacking)


def _lacking(lost: Lost) -> Iterator[str]:
    for table, (what, remedy) in _TABLES.items():
        rows = lost.rows.get(table)
        if rows:
            more = ", and more may be behind them" if table in lost.beyond else ""
            yield f"{len(rows)} of the {what} {_be(rows)} lost (row {_ranges(rows)} of the table {table}{more})"
        elif table in lost.beyond:
            yield f"{what} behind the last that can be read may be lost (table {table})"
        if lost.of(table) and remedy:
            yield remedy
    if rows := lost.unproven:
        yield (
            f"{len(rows)} of the records {_be(rows)} saved by their own digests alone (row {_ranges(rows)}): what the "
            "chain says of them can't be read or was changed, so that one which was put in would not be told"
        )


def _be(rows: list[int]) -> str:
    return "is" if len(rows) == 1 else "are"


# What is in a table, and what to do where some is lost.
_TABLES = {
    "raw": (
        "records",
        "after `taxsync restore`, run `taxsync import` (lists are fetched from their beginning) and import all files "
        "again: what is there already counts once",
    ),
    "batch": ("names of imports", ""),
    "price": ("prices", "`taxsync import` looks prices up again; import your price files again"),
    "answer": ("answers", "`taxsync check` shows what is open without them: answer it again"),
    "filing": ("closed years", "a year that is lost is open again: `taxsync close` keeps it as it is computed today"),
    "cursor": ("ends of lists", ""),
}


def _ranges(numbers: list[int]) -> str:
    """[3, 4, 5, 9] as '3-5, 9'; the first ten."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans[:10])
    return f"{shown}, ..." if len(spans) > 10 else shown


def _settings(folder: Path) -> str:
    """taxsync.toml as it stands; "" where it can't be read."""
    with suppress(OSError, UnicodeDecodeError):
        return (folder / SETTINGS).read_text(encoding="utf-8")
    return ""


def _members(folder: Path, ledger: Path, with_keys: bool) -> list[tuple[str, Path]]:
    """What goes into a copy: name in it, file. Links, locks and what is under way are left out, as is what is not
    taxsync's own."""
    names = [*ALONE, VAULT] if with_keys else [*ALONE]
    found = [(name, folder / name) for name in names]
    for place, folders, files in os.walk(folder / REPORTS):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place) / name
            if not name.startswith(".") and path.suffix not in (".lock", ".holder"):
                found.append((path.relative_to(folder).as_posix(), path))
    return [(LEDGER, ledger), *((name, path) for name, path in found if path.is_file() and not path.is_symlink())]


def _stamps(members: list[tuple[str, Path]]) -> list[tuple[str, int, int, int]]:
    """What tells whether a file of a copy is another one now, or was written to."""
    found = []
    for name, path in members:
        with suppress(FileNotFoundError):  # one that has gone is told by its name
            stat = path.stat()
            found.append((name, stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return found


def _archive(stream: Any, mode: Literal["r|", "w|"]) -> tarfile.TarFile:
    """An archive that asks `stream` for no more than to read, or to write, on and on."""
    return tarfile.open(fileobj=stream, mode=mode, format=tarfile.PAX_FORMAT, bufsize=_COPY)


def _add(archive: tarfile.TarFile, name: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            entry = tarfile.TarInfo(name)
            entry.size = os.fstat(file.fileno()).st_size
            entry.mode = 0o600
            archive.addfile(entry, file)
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError):  # None: tarfile's, the file became shorter
            raise Stop(f"{path} was changed while it was copied: run again") from None
        raise


def _require_free(file: Path, force: bool) -> None:
    if file.is_dir():
        raise Usage(f"{file} is a folder: name a file")
    if os.path.lexists(file) and not force:
        raise Stop(f"{file} is there already: name another file, or give --force")
    if not file.absolute().parent.is_dir():
        raise Stop(f"{file.parent} is no folder: make it first")


@contextmanager
def _workshop(folder: Path, what: str) -> Iterator[Path]:
    """A private folder in the data folder for one command at a time; what a killed one has left there goes first."""
    work = folder / ".backup"
    _make_private(work)
    try:
        with folder_lock(work, what):
            _clear(work)
            try:
                yield work
            finally:
                _clear(work)
    finally:
        _remove_empty(work)


def _make_private(work: Path) -> None:
    """Makes a folder, 0700, or takes one that a killed command has left; another's, or a link, is refused."""
    try:
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        if work.is_symlink() or (os.name == "posix" and work.stat().st_uid != os.geteuid()):
            raise Stop(f"{work} is a link or another user's: remove it, or name another place; nothing was written")
        work.chmod(0o700)
    except OSError as error:
        raise Stop(
            f"{work} can't be made: {error.strerror}; nothing was written: make room or use another folder"
        ) from None


def _clear(work: Path) -> None:
    """Empties a folder whose lock is held."""
    for path in work.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in ("ledger.lock", "ledger.holder"):
            path.unlink()


def _remove_empty(work: Path) -> None:
    """Removes a folder that has no more than its lock, unless another command has begun to use it."""
    with suppress(OSError):
        (work / "ledger.lock").unlink(missing_ok=True)
        work.rmdir()


@contextmanager
def _in_place(file: Path, force: bool) -> Iterator[BinaryIO]:
    """A file to write, 0600, that takes its place in one step, or is not there."""
    for left in file.parent.glob(f".{glob.escape(file.name)}.*.part"):
        with suppress(OSError):
            left.unlink()
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    except OSError as error:
        raise Stop(f"{file} can't be written: {error.strerror}; nothing was written: name another place") from None
    try:
        with os.fdopen(descriptor, "wb") as made:
            yield made
            made.flush()
            os.fsync(made.fileno())
        _require_free(file, force)
        Path(name).replace(file)
        sync_folder(file.parent)
    except BaseException as error:
        with suppress(OSError):
            Path(name).unlink()
        if isinstance(error, OSError):
            why = error.strerror or error
            raise Stop(f"{file} can't be written: {why}; nothing was written: name another place") from None
        raise


# ---- in ---------------------------------------------------------------------------------------


def restore(file: Path, folder: Path, ask: Ask) -> Outcome:
    """Makes a data folder, new or empty till then, of what `backup` or `save_records` wrote."""
    if file.exists() and not file.is_file():
        raise Stop(f"{file} is not an ordinary file; nothing was written: name a backup")  # a pipe would wait for ever
    try:
        content = file.open("rb")
    except OSError as error:
        raise Stop(f"{file} can't be read: {error.strerror}; name what `taxsync backup` wrote") from None
    with content:
        head = content.readline(200)
        content.seek(0)
        if is_sealed(head):
            _require_vacant(folder)
            passphrase = ask(False)
            with _new_folder(folder) as work:
                with unsealing(content, passphrase, str(file)) as plain:
                    _unpack(plain, work, file)
                _require_sound(work, folder / LEDGER)
                _put_where_asked(work, folder)
            return Outcome((f"{folder}: restored from {file}",), tuple(_without_keys(folder)))
        if head.startswith(FIRST):
            return _restore_records(content, file, folder)
    raise SealedError(f"{file} is no backup of taxsync; nothing was written: name what `taxsync backup` wrote")


def _restore_records(content: BinaryIO, file: Path, folder: Path) -> Outcome:
    with _new_folder(folder) as work:
        records = Records(content, file)
        try:
            take(work, records.rows())
        except LedgerError as why:
            if not isinstance(why, Conflict):
                raise
            raise Stop(f"{file} holds what are no rows of a ledger; nothing was written: use another backup") from None
        except ValueError:
            raise Stop(f"{file} holds what are no rows of a ledger; nothing was written: use another backup") from None
        _require_sound(work, folder / LEDGER)
        if records.settings:
            write_private(work / SETTINGS, records.settings.encode())
        _put_where_asked(work, folder)
    said = f"{folder}: restored from {file}, {records.count} rows; reports are made anew by `taxsync report`"
    lacking = () if records.settings else (f"it has no settings: `taxsync init --country COUNTRY --data {folder}`",)
    return Outcome((said,), (*lacking, *_without_keys(folder)))


def _without_keys(folder: Path) -> Iterator[str]:
    """Who is to be told that keys have to be stored anew: whoever has accounts behind an API, and no vault."""
    with suppress(Stop, OSError):
        if (accounts := load(folder).accounts) and not (folder / VAULT).exists():
            yield f"keys were not in it: `taxsync keys add` for each of {', '.join(accounts)} before the next import"


def _unpack(plain: Reader, work: Path, file: Path) -> None:
    """Writes the members of an archive, which are files that `backup` may have put in, and nothing else."""
    wrong = f"{file} holds what no backup of taxsync does; nothing was written: use another backup"
    try:
        with _archive(plain, "r|") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() and _may_be(entry.name) else None
                if content is None:
                    raise Stop(wrong)
                path = work / entry.name
                for place in [*reversed(path.relative_to(work).parents)][1:]:
                    (work / place).mkdir(mode=0o700, exist_ok=True)
                create_private(path)
                with path.open("wb") as made:
                    shutil.copyfileobj(content, made, _COPY)
                    made.flush()
                    os.fsync(made.fileno())
    except tarfile.TarError:
        raise Stop(wrong) from None


def _may_be(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if len(parts) == 1:
        return name in (LEDGER, VAULT, *ALONE)
    return parts[0] == REPORTS and not any(c in name for c in "\\:\0") and ".." not in parts


def _require_sound(work: Path, name: Path) -> None:
    """Raises LedgerError unless the ledger in `work` is sound; it is called `name`."""
    made = OnSQLite(work)
    try:
        with Ledger.at(made, create=False) as ledger:
            ledger.check_integrity()
    except LedgerError as why:
        raise LedgerError(str(why).replace(str(made.path), str(name)).replace(str(work), str(name.parent))) from None


def _put_where_asked(work: Path, folder: Path) -> None:
    """Puts the ledger of a folder that is being made into PostgreSQL, where TAXSYNC_LEDGER_URL says so."""
    at = server_asked()
    if at is not None:
        into_server(work, at, home=folder)
        (work / LEDGER).unlink()


def _require_vacant(folder: Path) -> None:
    try:
        there = {path.name for path in folder.iterdir()} - PLACEHOLDERS if folder.exists() else set()
    except OSError as error:
        raise Stop(f"{folder} can't be used: {error.strerror}; name a new folder with --data") from None
    if there:
        raise Stop(f"{folder} is not empty: restore into a new folder, `taxsync restore FILE --data NEW`")


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which takes the place of `folder`, that is new or empty, in one step, or is gone."""
    _require_vacant(folder)
    place = folder.resolve()
    work = place.parent / f".{place.name}.restoring"
    _make_private(work)
    try:
        with folder_lock(work, "taxsync restore"):
            _clear(work)
            try:
                new = work / "new"
                make_folder(new)
                yield new
                _put(new, place, folder)
            finally:
                _clear(work)
    except OSError as error:
        why = error.strerror or error
        raise Stop(f"{folder} can't be written: {why}; nothing was written: name a new folder with --data") from None
    finally:
        _remove_empty(work)


def _put(new: Path, place: Path, folder: Path) -> None:
    """Gives a folder that is whole its place, and what may have been there of PLACEHOLDERS to it."""
    for inside in [*(path for path in new.rglob("*") if path.is_dir()), new]:
        sync_folder(inside)
    _require_vacant(place)
    try:
        for left in place.iterdir() if place.exists() else ():
            left.unlink() if (new / left.name).exists() else left.replace(new / left.name)
        if place.exists():
            place.rmdir()
        new.replace(place)
    except OSError as error:
        raise Stop(f"{folder} can't be replaced: {error.strerror}; name a new folder with --data") from None
    sync_folder(place.parent)
