"""Work beside this: the same result wherever it is done, and no process that outlives it."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.meanwhile import meanwhile
from reports.table import ReportError

SOMEWHERE_ELSE = sys.platform == "linux"  # where a process makes safe copies of itself


@pytest.mark.parametrize("worth", [False, True])
def test_work_gives_its_result_and_hears_what_is_said(worth: bool, tmp_path: Path) -> None:
    def work(said: Callable[[], int]) -> tuple[int, int]:
        (tmp_path / "begun").touch()
        return said() * 2, os.getpid()

    with meanwhile(work, worth=worth) as result:
        found, process = result(21)
    assert found == 42 and (tmp_path / "begun").exists()
    assert (process != os.getpid()) == (worth and SOMEWHERE_ELSE)


@pytest.mark.parametrize("worth", [False, True])
def test_what_goes_wrong_there_is_raised_where_the_result_is_asked_for(worth: bool) -> None:
    def work(_said: Callable[[], None]) -> None:
        raise FileExistsError(17, "File exists", "disposals.csv")

    with meanwhile(work, worth=worth) as result, pytest.raises(FileExistsError, match="disposals"):
        result(None)


def test_a_process_that_is_ended_from_outside_is_told_in_one_line() -> None:
    def work(_said: Callable[[], None]) -> None:
        if SOMEWHERE_ELSE:
            os.kill(os.getpid(), signal.SIGKILL)
        raise ReportError("what did a part of the work was ended from outside; run the command again")

    with meanwhile(work, worth=True) as result, pytest.raises(ReportError, match="run the command again"):
        result(None)


def test_what_nobody_asks_for_any_more_ends(tmp_path: Path) -> None:
    note = tmp_path / "process"
    os.mkfifo(note) if SOMEWHERE_ELSE else note.write_text("0")

    def work(said: Callable[[], None]) -> None:
        note.write_text(str(os.getpid()))
        said()

    with pytest.raises(KeyboardInterrupt), meanwhile(work, worth=True):
        process = int(note.read_text())
        raise KeyboardInterrupt
    if SOMEWHERE_ELSE:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)
