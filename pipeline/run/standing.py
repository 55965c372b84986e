"""How a client stood at the last report: kept beside the ledger, so that thousands of folders can be looked at.

`report` keeps one entry a tax year in `.standing.json`: open problems and the range of the gain, and the marks of what
they rest on. It is derived, in no digest and in no backup; without it a folder says that there is no report yet.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct

from pipeline import __version__
from pipeline.folder import read_bounded, write_private
from pipeline.issues import Severity
from pipeline.ledger_access import LedgerError
from pipeline.ledger_seen import Marks, seen
from pipeline.money import parse, plain
from pipeline.run.coverage import KEY_RIGHTS
from pipeline.run.methods import METHODS
from pipeline.settings import FILE, LIMIT
from reports.ranges import ranges
from reports.summary import figures
from reports.table import Report

NAME = ".standing.json"
MACHINE = ("opening", KEY_RIGHTS, METHODS)  # answers that commands give themselves
_LIMIT = 256 * 1024  # bytes; a year is 300


class Standing(Struct, frozen=True):
    """One tax year as of `at`. `lowest`, `highest` None: no telling. `marks`, `settings`: what it was made from."""

    year: str
    at: datetime
    program: str
    currency: str
    errors: int
    warnings: int
    gain: Decimal
    lowest: Decimal | None
    highest: Decimal | None
    marks: Marks
    settings: str


def begun(folder: Path) -> Marks | None:
    """What a report that begins now rests on at least; None where another process is at work."""
    try:
        return seen(folder, MACHINE).marks
    except LedgerError:
        return None


def keep(folder: Path, marks: Marks | None, one: Report, now: datetime) -> None:
    """Keeps how a year stands; where nothing can be written, or `marks` are not known, nothing is kept."""
    if marks is None:
        return
    severities = [issue.severity for issue in one.result.issues]
    gain = figures(one).gain
    found = next((each for each in ranges(one.result.issues) if each.year == one.period.name), None)
    lowest, highest = (found.lowest, found.highest) if found else (gain, gain)
    entry: dict[str, Any] = {
        "at": now.isoformat(timespec="seconds"), "program": __version__, "currency": one.currency,
        "errors": severities.count(Severity.ERROR), "warnings": severities.count(Severity.WARNING),
        "gain": plain(gain), "lowest": _text(lowest), "highest": _text(highest), "marks": list(marks),
    }  # fmt: skip
    with suppress(OSError):
        entry["settings"] = settings_digest(folder)
        years = {**_years(folder), one.period.name: entry}
        write_private(folder / NAME, json.dumps(years, indent=1, sort_keys=True).encode())


def newest(folder: Path) -> Standing | None:
    """How the newest tax year stood that was reported; None where none was."""
    years = _years(folder)
    if not years:
        return None
    try:
        year = max(years, key=int)
        e = years[year]
        return Standing(
            year, datetime.fromisoformat(e["at"]), str(e["program"]), str(e["currency"]), int(e["errors"]),
            int(e["warnings"]), parse(e["gain"]), _number(e["lowest"]), _number(e["highest"]), Marks(*e["marks"]),
            str(e["settings"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, OverflowError):  # of another version, or changed by hand: as none
        return None


def settings_digest(folder: Path) -> str:
    """What tells whether taxsync.toml is the same."""
    return hashlib.sha256(read_bounded(folder / FILE, LIMIT)).hexdigest()[:16]


def _years(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(read_bounded(folder / NAME, _LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    return {year: e for year, e in found.items() if year.isdecimal()} if isinstance(found, dict) else {}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else parse(text)
