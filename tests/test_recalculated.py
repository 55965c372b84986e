"""Workbooks of every country's cases, opened and computed anew by LibreOffice: each formula comes to our figure.

What stands in the cells of formulas is taken out before, so that nothing but LibreOffice's own arithmetic can come
back. Skipped where LibreOffice is not installed; `.ci/run` installs it. All cases: TAXSYNC_WORKBOOKS=100.
"""

import os
import re
import shutil
import subprocess
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import load_workbook

from tests.test_countries import CASES, reported

EACH = int(os.environ.get("TAXSYNC_WORKBOOKS", "2"))  # cases of each country
_FORMULA = re.compile(r"(<f>[^<]*</f>)<v>[^<]*</v>")
_CENT, _DIGITS = 0.005, 1e-14  # LibreOffice saves 15 digits


def longest(cases: list[Path]) -> list[Path]:
    """Of each country the cases with the longest histories: of all 74 of them LibreOffice takes minutes."""
    found: dict[str, list[Path]] = {}
    for case in sorted(cases, key=lambda case: -(case / "transactions.csv").stat().st_size):
        found.setdefault(case.parent.name, []).append(case)
    return [case for of in found.values() for case in of[:EACH]]


def emptied(book: Path, path: Path) -> None:
    """A copy of a workbook whose formulas bear no values."""
    with ZipFile(book) as old, ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, _FORMULA.sub(r"\1", old.read(name).decode()) if "/sheet" in name else old.read(name))


def recalculated(books: list[Path], home: Path) -> Path:
    """The folder with the workbooks as LibreOffice has computed and saved them."""
    program = shutil.which("soffice")
    assert program is not None
    out = home / "saved"
    subprocess.run(
        [program, f"-env:UserInstallation={(home / 'office').as_uri()}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(out), *map(str, books)],
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    return out


def values(path: Path) -> dict[tuple[str, str], Any]:
    book = load_workbook(path, data_only=True)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def formulas(path: Path) -> list[tuple[str, str]]:
    book = load_workbook(path)
    return [
        (sheet.title, cell.coordinate)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, datetime) or isinstance(theirs, datetime):
        return bool(ours == theirs)
    return isinstance(theirs, int | float) and abs(float(ours) - theirs) < max(_CENT, abs(theirs) * _DIGITS)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_every_formula_comes_to_our_figure_in_libreoffice(tmp_path: Path) -> None:
    written: dict[str, Path] = {}
    (tmp_path / "emptied").mkdir()
    for case in longest(CASES):
        name = f"{case.parent.name}-{case.name}.xlsx"
        facts = tomllib.loads((case / "case.toml").read_text(encoding="utf-8"))
        folder = reported(case, facts, tmp_path / name.removesuffix(".xlsx"), xlsx=True)
        (written[name],) = folder.glob("taxsync-*.xlsx")
        emptied(written[name], tmp_path / "emptied" / name)
    out = recalculated([tmp_path / "emptied" / name for name in written], tmp_path)
    wrong, count = [], 0
    for name, path in written.items():
        ours, theirs = values(path), values(out / name)
        assert not [where for where, value in theirs.items() if isinstance(value, str) and value.startswith("#")], name
        for where in formulas(path):
            count += 1
            if not same(ours[where], theirs.get(where)):
                wrong.append((name, *where, ours[where], theirs.get(where)))
    assert wrong == []
    assert count > 10 * len(written)
