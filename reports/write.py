"""Writes the folder of a tax year: the whole of it or nothing.

    write_year(Path("data/reports/2025"), report, xlsx=True)

Everything is built in a temporary folder beside the target, synced to disk, then swapped in by
renaming. Killed at any point, the folder is the old one or the new one, or the next run puts it
right. Files in it that taxsync never writes (notes, receipts) stay. Folders 0700, files 0600.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reports.csv_file import write_csv
from reports.forms import every_form, forms_of
from reports.summary import summary
from reports.table import Report, ReportError, Table
from reports.tables import TABLES

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def write_year(folder: Path, report: Report, *, xlsx: bool) -> list[Path]:
    """Writes all files of the year into `folder`, in place of those of an earlier run.

    Gives their paths. Raises ReportError (one readable line); the folder is then as it was before.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ReportError(f"{folder} is not a folder: move it away, then run report again")
    year = report.period.name
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _settle(folder)
        with _staging(folder) as staging:
            names = _build(staging, report, xlsx)
            _swap(staging, folder)
    except OSError as exc:
        raise ReportError(
            f"the report for {year} could not be written to {folder}: {_why(exc)}; nothing in it was changed"
        ) from exc
    try:
        _settle(folder)
    except OSError as exc:
        raise ReportError(
            f"the report for {year} is in {folder}, but what was there before could not be cleared from "
            f"{_aside(folder)}: {_why(exc)}; run report again"
        ) from exc
    return [folder / name for name in names]


def _why(exc: OSError) -> str:
    why = (exc.strerror or str(exc) or type(exc).__name__).lower()
    return f"{why} (is a file of it open in another program?)" if isinstance(exc, PermissionError) else why


def _build(staging: Path, report: Report, xlsx: bool) -> list[str]:
    """Writes every file of the year; gives their names."""
    tables = [function(report) for function in TABLES]
    forms = [(form, form.table(report)) for form in forms_of(report.rules)]
    files = [(_csv_name(t.name), t) for t in (summary(report), *tables)]
    files += [(form.file, table) for form, table in forms]
    for name, table in files:
        _write_csv(staging / name, table, report)
    names = [name for name, _ in files]
    if xlsx:
        from reports.workbook import workbook

        names.append(f"{_WORKBOOK}{report.period.name}.xlsx")
        _write_bytes(staging / names[-1], workbook(report, tables, forms))
    return names


_WORKBOOK = "taxsync-"


def _csv_name(table: str) -> str:
    return f"{table}.csv"


def _write_csv(path: Path, table: Table, report: Report) -> None:
    with open(_private(path), "w", encoding="utf-8", newline="") as out:
        write_csv(out, table, report.zone)
        out.flush()
        os.fsync(out.fileno())


def _write_bytes(path: Path, data: bytes) -> None:
    with open(_private(path), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _private(path: Path) -> int:
    """A new file that only its owner may read."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS | getattr(os, "O_BINARY", 0), 0o600)


# ---- the swap ---------------------------------------------------------------------------------
# States a kill can leave: a staging folder (thrown away by the next run); the old folder set aside
# and nothing in its place (put back); both there (finished).


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
    aside.rmdir()
    _sync(folder.parent)


def _is_ours(name: str) -> bool:
    """Whether taxsync writes files of this name into a year's folder, in any country."""
    ours = {_csv_name(function.__name__) for function in (summary, *TABLES)} | {form.file for form in every_form()}
    return name in ours or (name.startswith(_WORKBOOK) and name.endswith(".xlsx"))


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
