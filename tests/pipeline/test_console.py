"""What a terminal gets: text from outside moves no cursor, columns stand under each other, a pipe gets no progress."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import console

if os.name == "posix":
    import pty


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain BTC", "plain BTC"),
        ("Café ₿ 日本 Мой", "Café ₿ 日本 Мой"),
        ("1\u00a0000", "1\u00a0000"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("over\rwritten\x08", "over\\rwritten\\x08"),
        ("two\nlines\ttabbed", "two\\nlines\\ttabbed"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("B\u200bTC", "B\\u200bTC"),
        ("line\u2028end", "line\\u2028end"),
        ("half \ud83d", "half \\ud83d"),
        ("\x9b31m", "\\x9b31m"),
        ("", ""),
    ],
)
def test_what_moves_the_cursor_or_hides_is_written_out(text: str, shown: str) -> None:
    assert console.clean(text) == shown


@given(st.text())
def test_clean_text_is_one_visible_line_and_stays_as_it_is(text: str) -> None:
    shown = console.clean(text)
    assert all(c.isprintable() or c.isspace() for c in shown)
    assert len(shown.splitlines()) <= 1
    assert console.clean(shown) == shown
    shown.encode()


def test_results_and_problems_go_to_their_own_streams(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("one", "two\nthree \x1b[31m")
    console.complain("four \x07")
    assert capsys.readouterr() == ("one\ntwo\nthree \\x1b[31m\n", "four \\x07\n")


def test_columns_stand_under_each_other() -> None:
    rows = [("Kraken", "0.5", "equal"), ("Ledger \x1b[2J\n", "12345.25", "")]
    assert console.table(("Account", "Units", ""), rows, right=(1,)) == [
        "Account              Units",
        "----------------  --------  -----",
        "Kraken                 0.5  equal",
        "Ledger \\x1b[2J\\n  12345.25",
    ]
    assert console.table(("Account", "Units"), []) == []


@contextmanager
def terminal(**environment: str) -> Iterator[list[str]]:
    """Standard error as a real terminal; what was written to it is in the list afterwards."""
    master, slave = pty.openpty()
    written: list[str] = []
    with (
        os.fdopen(master, "rb", buffering=0) as screen,
        os.fdopen(slave, "w") as stderr,
        redirect_stderr(stderr),
        mock.patch.dict(os.environ, {"TERM": "xterm", "COLUMNS": "100", "NO_COLOR": ""} | environment),
    ):
        yield written
        stderr.write("end")
        stderr.flush()
        text = b""
        while not text.endswith(b"end"):
            text += screen.read(4096)
        written.append(text.decode().removesuffix("end"))


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
def test_progress_on_a_terminal_says_what_and_how_many_and_obeys_no_name() -> None:
    with terminal() as written, console.progress() as report:
        report("[bold]kraken\x1b[2J: Ledgers", 5, None)
        report("[bold]kraken\x1b[2J: Ledgers", 50, 100)
    assert "[bold]kraken\\x1b[2J: Ledgers" in written[0]
    assert "50/100" in written[0]
    assert "\x1b[2J" not in written[0]


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
def test_the_lists_of_an_account_are_one_line_of_progress_and_accounts_are_several() -> None:
    with terminal() as written, console.progress() as report:
        report("mine: Ledgers, page 1", 1, 10)
        report("other: trades BTC-USD (1 of 7), page 1", 1, None)
        report("mine: TradesHistory, page 1", 2, 10)
    last = written[0][written[0].index("TradesHistory") :]
    assert "2/10" in last and "other: trades BTC-USD (1 of 7), page 1" in last and "Ledgers" not in last


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals of POSIX systems")
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_that_wants_nothing_fancy_gets_no_progress(environment: dict[str, str]) -> None:
    with terminal(**environment) as written, console.progress() as report:
        report("kraken", 5, 10)
    assert written == [""]


def test_what_is_no_terminal_gets_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress() as report:
        report("kraken", 5, 10)
    assert capsys.readouterr() == ("", "")
    assert not console.is_terminal()


def test_no_standard_input_at_all_is_no_terminal() -> None:
    with mock.patch.object(sys, "stdin", None):
        assert not console.is_terminal()
