"""Writes the folder of a tax year: the whole of it or nothing.

    write_year(Path("data/reports/2025"), report, xlsx=True)

Everything is built in a temporary folder beside the target, synced to disk, then swapped in by
renaming; one run at a time, by a lock file beside the target. Killed at any point, the folder is the
old one or the new one, or the next run, or `restore`, puts it right. Files in it that taxsync never
writes (notes, receipts) stay. Folders 0700, files 0600.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import IO

from msgspec import Struct

from pipeline.lock import Held, NoLock, locked
from pipeline.model import RawRecord
from reports.csv_file import write_csv
from reports.forms import Also, Form, forms_of, is_form_file
from reports.meanwhile import meanwhile
from reports.pack import PAGE
from reports.summary import summary
from reports.table import Report, ReportError, Table
from reports.tables import TABLES

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
Progress = Callable[[str, int, int | None], None]  # what is being done, how much of it is, of how much
MANY = 5_000  # values of a year, from which on two processes write its files
PATIENCE = 600.0  # seconds to wait for another run: the workbook of a million rows takes minutes


def silent(_what: str, _done: int, _total: int | None) -> None:
    pass


def write_year(
    folder: Path,
    report: Report,
    *,
    xlsx: bool,
    waiting: Callable[[str], None] | None = None,
    patience: float = PATIENCE,
    records: Iterable[RawRecord] | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Writes all files of the year into `folder`, in place of those of an earlier run.

    `progress` hears what is being written, how many rows are, and of how many.
    `records`, if given, go with all other files into one archive for the accountant, the last file.
    Gives their paths. `xlsx`: with what is for a person's eyes, the workbook and the page. While another run writes
    them: `waiting` gets one line, then it is waited for up to `patience` seconds. Raises ReportError (one readable
    line); the folder is then as it was before.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ReportError(f"{folder} is not a folder: move it away, then run report again")
    year = report.period.name

    def tell(who: str) -> None:
        if waiting is not None:
            waiting(f"{who} is writing {folder}: waiting for it to end")

    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        restore(folder.parent)
        with locked(_lock(folder), f"taxsync report --year {year}", tell, patience):
            return _write(folder, report, xlsx, records, progress)
    except Held as who:
        raise ReportError(f"{who} is writing {folder}: run again when it has ended") from None
    except NoLock as no:
        remedy = "choose one on a disk of this machine with --out" * no.unknown
        raise _unwritten(year, folder, no.cause, remedy) from None
    except OSError as exc:
        raise _unwritten(year, folder, exc) from exc


def _write(
    folder: Path, report: Report, xlsx: bool, records: Iterable[RawRecord] | None, progress: Progress
) -> list[Path]:
    """Writes the year for the one who holds the lock."""
    year = report.period.name
    try:
        _settle(folder)
        with _staging(folder) as staging:
            names = _build(staging, report, xlsx, progress)
            if records is not None:
                names.append(_pack(staging, report, names, records))
            _swap(staging, folder)
    except OSError as exc:
        raise _unwritten(year, folder, exc) from exc
    try:
        _settle(folder)
    except OSError as exc:
        raise ReportError(
            f"the report for {year} is in {folder}, but what was there before could not be cleared from "
            f"{_aside(folder)}: {_why(exc)}; see that it is yours to change, and run report again"
        ) from exc
    return [folder / name for name in names]


def _unwritten(year: str, folder: Path, exc: OSError, remedy: str = "") -> ReportError:
    return ReportError(
        f"the report for {year} could not be written to {folder}: {_why(exc)} ({remedy or _cure(exc)}); nothing in it "
        "was changed"
    )


def _why(exc: OSError) -> str:
    return (exc.strerror or str(exc) or type(exc).__name__).lower()


def _cure(exc: OSError) -> str:
    if isinstance(exc, PermissionError) or exc.errno == errno.EROFS:
        if os.name == "nt":  # Windows says the same of a file that is open
            return "close what has a file of it open, or choose another folder with --out"
        return "you may not write there: choose another folder with --out"
    return _CURES.get(exc.errno or 0, "choose another folder with --out")


_IN_ITS_PLACE = "move away what is in its place, or choose another folder with --out"
_CURES = {
    errno.EEXIST: _IN_ITS_PLACE,
    errno.ENOTDIR: _IN_ITS_PLACE,
    errno.ELOOP: _IN_ITS_PLACE,
    errno.ENAMETOOLONG: "choose a shorter one with --out",
    errno.ENOSPC: "free some space, or choose another folder with --out",
}


def _build(staging: Path, report: Report, xlsx: bool, progress: Progress) -> list[str]:
    """Writes every file of the year; gives their names."""
    year, done = report.period.name, 0

    def tell(what: str, rows: int) -> None:
        nonlocal done
        done += rows
        progress(f"{year}: {what}", done, max(done, total))

    of_form = cache(lambda form: form.table(report))
    tables, forms = [function(report) for function in TABLES], forms_of(report.rules)
    files = [_File(_csv_name("summary"), partial(summary, report))]
    files += [_File(_csv_name(table.name), partial(_itself, table)) for table in tables]
    files += [_File(form.file, partial(of_form, form), form.also) for form in forms]
    shown = [(form, of_form(form)) for form in forms] if xlsx else []  # else by the process that writes them
    total = sum(len(table.rows) for table in [*tables, *(table for _, table in shown)])

    def others(_asked: Callable[[], None]) -> dict[str, list[str]]:
        written = _write_all(staging, report, reversed(files))
        if xlsx:
            _write_page(staging, report, shown)
        return written

    with meanwhile(others, worth=len(report.origins) >= MANY) as rest:
        if xlsx:
            from reports.workbook import workbook

            last = [PAGE, f"{_WORKBOOK}{year}.xlsx"]
            with _written(staging / last[-1]) as out:
                workbook(out, report, tables, shown, beside=staging, progress=tell)
            written = rest(None)
        else:
            last, written = [], _write_all(staging, report, files, tell)
            written |= rest(None)
    return [*(file.name for file in files), *(name for file in files for name in written[file.name]), *last]


class _File(Struct, frozen=True):
    """A table's file; `also`: as in `Form`."""

    name: str
    table: Callable[[], Table]
    also: Callable[[Report], Also] = lambda _: Also()


def _itself(table: Table) -> Table:
    return table


def _write_all(
    staging: Path, report: Report, files: Iterable[_File], tell: Callable[[str, int], None] = lambda *_: None
) -> dict[str, list[str]]:
    """Writes tables until one's file is there: two processes that begin at either end meet so. Gives the names of those
    that it wrote, each with its files for other programs."""
    written = {}
    for file in files:
        try:
            new = _private(staging / file.name)
        except FileExistsError:
            break
        tell(file.name, 0)
        table, also = file.table(), file.also(report)
        with os.fdopen(new, "w", encoding="utf-8", newline="") as out:
            write_csv(out, table, report.zone, also.add)
            out.flush()
            os.fsync(out.fileno())
        others = also.files()
        for name, data in others.items():
            with _written(staging / name) as beside:
                beside.write(data)
        written[file.name] = list(others)
        tell(file.name, len(table.rows))
    return written


def _write_page(staging: Path, report: Report, forms: Sequence[tuple[Form, Table]]) -> None:
    """Writes the year at a glance."""
    from reports.glance import page

    with _written(staging / PAGE) as out:
        page(out, report, forms, lambda name: (staging / name).read_bytes().decode("utf-8-sig"))


def _pack(staging: Path, report: Report, names: Sequence[str], records: Iterable[RawRecord]) -> str:
    from reports.pack import pack

    name = f"{_WORKBOOK}{report.period.name}.zip"
    with _written(staging / name) as out:
        pack(out, report, [staging / each for each in names], records)
    return name


_WORKBOOK = "taxsync-"


def _csv_name(table: str) -> str:
    return f"{table}.csv"


@contextmanager
def _written(path: Path) -> Iterator[IO[bytes]]:
    """A new file, on the disk at the end."""
    with open(_private(path), "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())


def _private(path: Path) -> int:
    """A new file that only its owner may read."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS | getattr(os, "O_BINARY", 0), 0o600)


# ---- the swap ---------------------------------------------------------------------------------
# States a kill can leave: a staging folder (thrown away by the next run); the old folder set aside
# and nothing in its place (put back); both there (finished).


def restore(parent: Path) -> None:
    """Puts back, in a folder of years, each year that a killed run had set aside with nothing in its place yet. What
    can't be put back now stays for the next run of that year."""
    for aside in sorted(parent.glob(".*.old")):
        folder = parent / aside.name.removeprefix(".").removesuffix(".old")
        if folder.exists() or not aside.is_dir():
            continue
        with suppress(Held, NoLock, OSError), locked(_lock(folder), "taxsync report", None, 0):
            if not folder.exists():
                aside.rename(folder)


def _lock(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A new folder beside the target, of this run only; gone at the end unless it was swapped in."""
    staging = Path(tempfile.mkdtemp(prefix=_staging_prefix(folder), dir=folder.parent))  # 0700
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _staging_prefix(folder: Path) -> str:
    return f".{folder.name}.new-"


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _swap(staging: Path, folder: Path) -> None:
    """Puts `staging` in the place of `folder`."""
    _sync(staging)
    aside = _aside(folder)
    if folder.exists():
        folder.rename(aside)
    try:
        staging.rename(folder)
    except OSError:
        if aside.exists():
            aside.rename(folder)
        raise
    _sync(folder.parent)


def _settle(folder: Path) -> None:
    """Finishes or undoes what a run began, this one or one that was killed."""
    for left in folder.parent.glob(f"{_staging_prefix(folder)}*"):
        shutil.rmtree(left)
    aside = _aside(folder)
    if not aside.exists():
        return
    if not folder.exists():
        aside.rename(folder)
        return
    for item in sorted(aside.iterdir()):
        if _is_ours(item.name):
            item.unlink()
        else:
            item.rename(_free(folder / item.name))
    _sync(folder)  # what was moved has its new name on the disk before the old folder goes
    aside.rmdir()
    _sync(folder.parent)


def _is_ours(name: str) -> bool:
    """Whether taxsync writes files of this name into a year's folder, in any country."""
    ours = {_csv_name(function.__name__) for function in (summary, *TABLES)}
    book = name.startswith(_WORKBOOK) and name.endswith((".xlsx", ".zip"))
    return name in ours or name == PAGE or book or is_form_file(name)


def _free(path: Path) -> Path:
    """`path`, or a name beside it that nothing has yet."""
    while path.exists():
        path = path.with_name(f"{path.name}.old")
    return path


def _sync(folder: Path) -> None:
    """Makes the names in `folder` survive a power cut, where the system can."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
