"""What people see: aligned plain text, progress on a terminal, errors on standard error.

Text from outside (names of assets and accounts) is shown with its control characters written out, so
that it can neither move the cursor nor reverse a line.
"""

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol


class Report(Protocol):
    """Called as long work goes on: what it is at, how much is done, and of how much (None: unknown)."""

    def __call__(self, what: str, done: int, total: int | None, /) -> None: ...


def is_terminal() -> bool:
    """Whether a person can be asked: standard input and output are both a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def clean(text: str) -> str:
    """`text` with control, format and half characters written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or unicodedata.category(c) == "Zs" else c.encode("unicode_escape").decode() for c in text
    )


def say(*lines: str) -> None:
    """Results, to standard output."""
    for line in lines:
        sys.stdout.write("\n".join(clean(part) for part in line.split("\n")) + "\n")
    sys.stdout.flush()


def complain(*lines: str) -> None:
    """Problems and notes, to standard error."""
    sys.stdout.flush()
    for line in lines:
        sys.stderr.write("\n".join(clean(part) for part in line.split("\n")) + "\n")
    sys.stderr.flush()


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Aligned lines under a header; the columns in `right` flush right. Empty without rows."""
    body = [[clean(cell) for cell in row] for row in rows]
    if not body:
        return []
    widths = [max(len(row[i]) for row in [list(header), *body]) for i in range(len(header))]
    lines = []
    for row in [list(header), *body]:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * w for w in widths))
    return lines


def _silent(_what: str, _done: int, _total: int | None) -> None:
    pass


@contextmanager
def progress() -> Iterator[Report]:
    """A progress line on a terminal: what, how many, how long still. Nothing elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        yield _silent
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def report(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(clean(what), total=total)
            bar.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        yield report
