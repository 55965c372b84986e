"""For all tests: the same random ledgers on every machine and every run; their folders in memory; what is dear, once.

`pytest --hypothesis-profile thorough` draws many more, and new ones each time. A ledger waits for the disk at every
page that it keeps: where the system has a folder in memory with room, theirs are there.
`--basetemp` or PYTEST_DEBUG_TEMPROOT name another.
"""

import os
import shutil
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf import scrypt
from hypothesis import settings

from tests import postgres

settings.register_profile("taxsync", derandomize=True, deadline=None, database=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=3000)
settings.load_profile("taxsync")

MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

_derive = scrypt.Scrypt


class Derived:
    """`scrypt.Scrypt`, at the cost that it is asked for, once for each passphrase, salt and cost: a vault that many
    commands of one test open would take half a second each time to give what it gave before."""

    def __init__(self, **asked: object) -> None:
        self._asked = tuple(sorted(asked.items()))

    def derive(self, passphrase: bytes) -> bytes:
        return _derived(passphrase, self._asked)


@cache
def _derived(passphrase: bytes, asked: tuple[tuple[str, object], ...]) -> bytes:
    return _derive(**dict(asked)).derive(passphrase)  # type: ignore[arg-type]


scrypt.Scrypt = Derived  # type: ignore[assignment,misc]


# ---- the same tests with every ledger in PostgreSQL -----------------------------------------------------------------
#
# TAXSYNC_TEST_LEDGERS=postgresql starts a server for the session (tests/postgres.py); an address uses one that is.
# Tests of what SQLite's files alone are or do say so: `@pytest.mark.sqlite("why")`.

_ENDING = ExitStack()
ASKED = os.environ.get("TAXSYNC_TEST_LEDGERS", "")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite(why): of SQLite's files alone; left out where ledgers are in PostgreSQL")
    if ASKED and "TAXSYNC_LEDGER_URL" not in os.environ:  # the processes of a session get it from the first
        try:
            url = ASKED if "://" in ASKED else _ENDING.enter_context(postgres.server())
        except postgres.NoServer as why:
            pytest.exit(f"no test was run: {why}", 3)
        os.environ["TAXSYNC_LEDGER_URL"] = url


def pytest_unconfigure() -> None:
    _ENDING.close()


if ASKED:  # who copies a folder copies the ledger with it, as a copy of ledger.db is one
    _copytree = shutil.copytree

    def _with_ledgers(*arguments: Any, **options: Any) -> Any:
        from tests.person import LEDGERS

        place = _copytree(*arguments, **options)
        for mark in Path(place).rglob("ledger.postgresql"):
            postgres.copy_ledger(mark, LEDGERS["TAXSYNC_LEDGER_URL"])
        return place

    shutil.copytree = _with_ledgers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items if ASKED else ():
        for mark in item.iter_markers("sqlite"):
            item.add_marker(pytest.mark.skip(reason=f"SQLite's own: {mark.args[0]}"))
