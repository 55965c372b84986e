"""What people see: aligned plain text, progress on a terminal, errors on standard error.

Text from outside (names of assets and accounts) is shown with its control characters written out, so
that it can neither move the cursor nor reverse a line.
"""

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from pipeline.stop import Stop


class Report(Protocol):
    """Called as long work goes on: what it is at ("account: list, page"), how much is done, and of how much (None:
    unknown). What stands before the first ": " is one line, which goes on."""

    def __call__(self, what: str, done: int, total: int | None, /) -> None: ...


def reopen() -> None:
    """Gives a process that was started without an input or output (`>&-`) one that leads nowhere: else the next file
    that is opened would have its number, and be written into."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  # to the end


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
    """Results, to standard output. Raises Stop where that takes no more (a full disk behind it)."""
    try:
        for line in lines:
            sys.stdout.write("\n".join(clean(part) for part in line.split("\n")) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left must not fail once more at the end
        why = str(error.strerror).lower()
        raise Stop(
            f"what there is to say can't be written to standard output ({why}); nothing was lost: send it elsewhere"
        ) from None


def complain(*lines: str) -> None:
    """Problems and notes, to standard error."""
    sys.stdout.flush()
    for line in lines:
        sys.stderr.write("\n".join(clean(part) for part in line.split("\n")) + "\n")
    sys.stderr.flush()


def hidden(question: str, goes_on: Callable[[str], bool] = lambda _: False) -> str:
    """What a person types or pastes without seeing it: a line, and more of them while it `goes_on`.

    The echo stays off until the last line, since what is pasted arrives all at once. Raises EOFError where
    the terminal's input ends.
    """
    text = ""
    with _without_echo() as read:
        while not text.strip() or goes_on(text):
            if not text.strip():
                sys.stderr.write(f"{question}: ")
                sys.stderr.flush()
            line = read()
            if not line:
                raise EOFError
            first, text = not text.strip(), text + line
            sys.stderr.write("\n" if first else "")
            if first and goes_on(text):
                complain("reading on to its end, unseen (Ctrl-C stops)")
    return text.strip()


@contextmanager
def _without_echo() -> Iterator[Callable[[], str]]:
    """Reads lines of the terminal, "" at its end, and shows none of them. What is left over goes with the end."""
    try:
        import termios
    except ImportError:  # Windows, whose own way shows nothing between two lines either
        import getpass

        yield lambda: getpass.getpass("") + "\n"
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
    try:
        yield lambda: sys.stdin.buffer.readline().decode("utf-8", "replace")
    finally:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


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


SPEED_OVER = 600  # seconds that a time left is estimated from: requests may be far apart, as the exchange wants it


def _silent(_what: str, _done: int, _total: int | None) -> None:
    pass


@contextmanager
def progress(ticks: int = 10) -> Iterator[Report]:
    """A progress line on a terminal: what, how many, how long still. Nothing elsewhere. `ticks`: how often a second its
    clock moves on, by a thread of its own; 0: only as work goes on, so that this process may be copied."""
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
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        speed_estimate_period=SPEED_OVER,
        auto_refresh=ticks > 0,
        refresh_per_second=ticks or 10,
    ) as bar:
        tasks: dict[str, int] = {}

        def report(what: str, done: int, total: int | None) -> None:
            line = what.partition(": ")[0]
            if line not in tasks:
                tasks[line] = bar.add_task(clean(what), total=total)
            bar.update(
                tasks[line],  # type: ignore[arg-type]
                description=clean(what),
                completed=done,
                total=total,
                refresh=not ticks,
            )

        yield report
