"""For all tests: the same random ledgers on every machine and every run; their folders in memory; what is dear, once.

`pytest --hypothesis-profile thorough` draws many more, and new ones each time. A ledger waits for the disk at every
page that it keeps: where the system has a folder in memory with room, theirs are there.
`--basetemp` or PYTEST_DEBUG_TEMPROOT name another.
"""

import os
import shutil
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.kdf import scrypt
from hypothesis import settings

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
