"""Writes the folder of a tax year: the whole of it or nothing.

    write_year(Path("data/reports/2025"), report, xlsx=True)

Everything is built in a temporary folder beside the target, synced to disk, then swapped in by
renaming. Killed at any point, the folder is the old one or the new one, or the next run puts it right.
Files in it that taxsync never writes (notes, receipts) stay. Folders 0700, files 0600.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reports.csv_file import write_csv
from reports.forms import every_form, forms_of
from reports.summary import summary
from reports.table import Report, ReportError, Table
from reports.tables import TABLES


def write_year(folder: Path, report: Report, *, xlsx: bool) -> list[Path]:
    """Writes all files of the year into `folder`, in place of those of an earlier run.

    Gives their paths, in the order of the contract. Raises ReportError (one readable line); the
    folder is then what it was before.
    """
    try:
        _settle(folder)
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _staging(folder) as staging:
            names = _build(staging, report, xlsx)
            _sync(staging)
            _swap(staging, folder)
    except OSError as exc:
        why = (exc.strerror or str(exc) or type(exc).__name__).lower()
        hint = " (is one of its files open in another program?)" if isinstance(exc, PermissionError) else ""
        raise ReportError(
            f"the report for {report.period.name} could not be written to {folder}: {why}{hint}; "
            "what was there before is unchanged"
        ) from exc
    return [folder / name for name in names]


def _build(staging: Path, report: Report, xlsx: bool) -> list[str]:
    """Writes every file of the year; gives their names."""
    tables = [function(report) for function in TABLES]
    forms = [(form, form.table(report)) for form in forms_of(report.rules)]
    files = [(f"{t.name}.csv", t) for t in (*tables[:3], summary(report), *tables[3:])]
    files += [(form.file, table) for form, table in forms]
    for name, table in files:
        _csv(staging / name, table, report)
    names = [name for name, _ in files]
    if xlsx:
        from reports.workbook import workbook

        names.append(f"taxsync-{report.period.name}.xlsx")
        data = workbook(report, tables, forms, scratch=staging)
        with _private(staging / names[-1]) as out:
            out.write(data)
    return names


def _csv(path: Path, table: Table, report: Report) -> None:
    import io

    with _private(path) as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as out:
        write_csv(out, table, report.zone)


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    ...
