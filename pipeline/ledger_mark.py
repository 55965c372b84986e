"""The file `ledger.postgresql` of a data folder whose ledger is in PostgreSQL: it names the schema.

The name is 96 random bits, so that no two folders have the same by accident. Neither the client's name nor the server's
address is in it: the environment says where the server is.
"""

import json
import re
import secrets
from pathlib import Path
from typing import NamedTuple

from pipeline.folder import read_bounded, require_plain, write_private
from pipeline.ledger_errors import LedgerError

FILE = "ledger.postgresql"

_SCHEMA = re.compile(r"taxsync_[0-9a-f]{24}")


class Mark(NamedTuple):
    """What `ledger.postgresql` says. `turn` is the schema's word for the folder that it belongs to, `next` the one that
    is about to take its place. `state`: "making" till the schema is there for the first time; "moved" while the ledger
    goes back into a file. `aside`: the name that the file gets which the schema takes the place of."""

    schema: str
    turn: str
    next: str = ""
    state: str = ""
    aside: str = ""


def new_mark(state: str = "making", aside: str = "") -> Mark:
    return Mark(f"taxsync_{secrets.token_hex(12)}", secrets.token_hex(8), state=state, aside=aside)


def read_mark(path: Path) -> Mark:
    """Raises OSError, LedgerError."""
    require_plain(path)
    try:
        found = json.loads(read_bounded(path, 4096))
        mark = Mark(*(str(found.get(name, "")) for name in Mark._fields))
    except (ValueError, AttributeError):
        mark = Mark("", "")
    if not _SCHEMA.fullmatch(mark.schema) or not mark.turn:
        raise LedgerError(f"{path} does not say where the ledger is: put it back from a copy of the folder, as it was")
    return mark


def write_mark(path: Path, mark: Mark) -> None:
    about = "the ledger of this folder is in PostgreSQL, in this schema; TAXSYNC_LEDGER_URL says in which database"
    said = {name: value for name, value in mark._asdict().items() if value}
    write_private(path, json.dumps({"about": about, **said}, indent=1).encode() + b"\n")
