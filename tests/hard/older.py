"""Data folders as released versions of the ledger's tables left them.

    tests/hard/ledgers/N/   ledger.sql      the ledger of version N, as SQL, written by that version's own program
                            taxsync.toml    the settings that it wrote
                            disposals.csv   what it then reported for 2025

Ten rows of two accounts (purchases, a transfer, a reward, a swap, sales) and five prices, from the programs of commits
bdc1145 (version 1), 7355140 (2), 69b30d5 (3), 4f7a85c (4) and 50f21ce (5); from 2 on a gift is labelled, from 3 on 2024
is closed. A new version of the tables gets its folder here before it is released; one that is there is never changed.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.person import Person

LEDGERS = Path(__file__).parent / "ledgers"
VERSIONS = sorted(int(folder.name) for folder in LEDGERS.iterdir())


def older(person: Person, version: int) -> None:
    """Gives a person the data folder of a version."""
    person.data.mkdir(mode=0o700)
    (person.data / ".gitignore").write_text("*\n")
    shutil.copy(LEDGERS / str(version) / "taxsync.toml", person.data)
    (person.data / "ledger.db").touch(0o600)
    with closing(sqlite3.connect(person.data / "ledger.db")) as ledger:
        ledger.executescript((LEDGERS / str(version) / "ledger.sql").read_text(encoding="utf-8"))


def reported(version: int) -> bytes:
    """What that version reported of it for 2025."""
    return (LEDGERS / str(version) / "disposals.csv").read_bytes()
