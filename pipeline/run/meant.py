"""The files that a person means: those that are named, those of folders that are named, and what can't be read.

one = meant([Path("downloads"), Path("trades.csv")], reports)
one.files           # to be read
one.refused         # a line for each path that was named, and can't be
one.left            # a line for each kind of file that lies in a folder and was left out
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct, field

from importers.base import shown

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".ods")
NAMES = 3  # of the files of a kind that are named, the others counted

_CSV = "export the same as CSV or XLSX where it is from"
_KINDS = (  # what it is, how it ends, what to do
    ("PDF", (".pdf",), _CSV),
    ("picture", (".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".heif", ".bmp", ".tif", ".tiff", ".svg"), _CSV),
    ("old Excel workbook", (".xls", ".xlsb"), "save it as .xlsx or CSV"),
    ("spreadsheet", (".numbers", ".fods"), "save it as .xlsx or CSV"),
    ("archive", (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".xz", ".bz2"), "unpack it, and import what is in it"),
    ("JSON or XML file", (".json", ".jsonl", ".ndjson", ".xml"), _CSV),
    ("web page", (".html", ".htm", ".mhtml"), _CSV),
    ("document", (".doc", ".docx", ".odt", ".rtf", ".eml", ".msg"), _CSV),
)


class Meant(Struct):
    """What is read, and what is not."""

    files: list[Path] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def meant(paths: Sequence[Path], reports: Path) -> Meant:
    """The files in order, each once, but for what was written to `reports`."""
    found = Meant()
    for path in paths:
        if path.is_dir():
            _add_folder(found, path, reports)
        elif (kind := _kind(path)) and path.suffix.lower() != ".xls" and path.is_file():  # .xls: it may be text
            found.refused.append(f"{shown(path.name, 120)}: {_a(kind[0])} can't be read; {kind[2]}")
        else:
            found.files.append(path)
    found.files[:] = dict.fromkeys(found.files)
    return found


def _add_folder(found: Meant, folder: Path, reports: Path) -> None:
    inside = [p for p in sorted(folder.rglob("*")) if p.is_file() and not _hidden(p, folder)]
    inside = [p for p in inside if not p.resolve().is_relative_to(reports)]
    files = [p for p in inside if p.suffix.lower() in SUFFIXES]
    found.files += files
    if not files:
        found.refused.append(f"{folder}: there is no CSV or XLSX file in this folder; name another, or the files")
    others = [p for p in inside if p.suffix.lower() not in SUFFIXES]
    name = shown(folder.name or str(folder), 120)
    for kind in _KINDS:
        if mine := [p for p in others if _kind(p) == kind]:
            them = "it" if len(mine) == 1 else "them"
            found.left.append(
                f"{name}: left out {_some(kind[0], mine)}; if there are transactions in {them}, {kind[2]}"
            )
    if rest := [p for p in others if _kind(p) is None]:
        found.left.append(f"{name}: left out {_some('other file', rest)}")


def _kind(path: Path) -> tuple[str, tuple[str, ...], str] | None:
    return next((kind for kind in _KINDS if path.suffix.lower() in kind[1]), None)


def _some(what: str, files: Sequence[Path]) -> str:
    """`2 PDFs (a.pdf, b.pdf)`; of many, the first."""
    names = [shown(p.name, 40) for p in files[:NAMES]] + ["..."] * (len(files) > NAMES)
    return f"{len(files)} {what}{'s' * (len(files) != 1)} ({', '.join(names)})"


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _hidden(path: Path, folder: Path) -> bool:
    """Whether it, or a folder it is in, is hidden, or the lock file of an office program."""
    return any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
