"""The chain over the raw records: what makes a changed, missing or inserted row show.

Each row has a mark, made of all that is kept of it (its payload by the payload's seal). Rows that were kept together
are a link: the first row's number, the marks of the rows from it on, and a digest of both and of the link before.
There is no key in it: whoever can write the file can compute it anew.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

MARK = 16  # bytes
ROWS = 5_000  # of a link that is made afterwards
COLUMNS = "source, account, stream, source_id, revision, digest, seal, position, origin, payload, batch"


def mark(row: Sequence[Any]) -> bytes:
    """What tells a row from any other: `row` is its COLUMNS."""
    return marks_of([row])


def marks_of(rows: Iterable[Sequence[Any]]) -> bytes:
    """The marks of rows, one behind the other."""
    sha256, size = hashlib.sha256, MARK
    texts = (
        f"{revision} {position} {batch} {digest} {seal}\0{source}\0{account}\0{stream}\0{source_id}\0{origin}"
        for source, account, stream, source_id, revision, digest, seal, position, origin, _, batch in rows
    )
    return b"".join([sha256(text.encode()).digest()[:size] for text in texts])


def link(before: str, first: int, marks: bytes) -> str:
    """The digest of a link behind the link `before` ("" for the first), whose rows begin with number `first`."""
    return hashlib.sha256(f"{before} {first} ".encode() + marks).hexdigest()


def chain_all(database: Any) -> None:
    """Makes the chain of a ledger that has rows and no chain, inside the caller's transaction."""
    rows = database.execute(f"SELECT id, {COLUMNS} FROM raw ORDER BY id")  # noqa: S608 - our own
    before = ""
    for first, some in _runs(rows):
        marks = marks_of(some)
        before = link(before, first, marks)
        database.execute("INSERT INTO chain (first, marks, link) VALUES (?, ?, ?)", (first, marks, before))


def _runs(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, list[Sequence[Any]]]]:
    """Rows that follow each other without a gap, ROWS at most: the first one's number, and their COLUMNS."""
    first, some = 0, list[Sequence[Any]]()
    for id, *row in rows:
        if some and (id != first + len(some) or len(some) == ROWS):
            yield first, some
            some = []
        if not some:
            first = id
        some.append(row)
    if some:
        yield first, some
