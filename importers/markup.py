"""A spreadsheet's XML, piece by piece, within bounds: whatever it holds, it ends soon.

    budget = Budget()                               # of one workbook, however many of its parts are read, and how often
    for _ in feed(source, events, budget): ...      # after every chunk; what it held, `events` has been told

Markup without a word in it takes as long as a table: 800 MB of it would be minutes, and a single tag of that size
hours, since the parser begins anew with every chunk until it has its end. No table comes near the bounds.
"""

from collections.abc import Iterator
from typing import IO, Protocol
from xml.parsers import expat

from msgspec import Struct

MARKS = 80_000_000  # begins and ends of elements; a million rows of ten columns have 63 million of them
TAG = 1 << 20  # bytes of a single tag or comment
NAMESPACE = 10  # marks that the name of a namespace counts for: it takes as long

_CHUNK = 1 << 16


class CellError(Exception):
    """A cell or a part that can't be read as text: one readable line."""


class Events(Protocol):
    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def text(self, data: str) -> None: ...
    def end(self, tag: str) -> None: ...


class Budget(Struct):
    """How many marks may still be read."""

    left: int = MARKS

    def take(self, chunk: bytes) -> None:
        """Raises CellError where it is spent."""
        self.left -= chunk.count(b"<") + chunk.count(b"/>") + NAMESPACE * chunk.count(b"xmlns")
        if self.left < 0:
            raise CellError("has more markup than any table; save the sheet that is meant as CSV")


def feed(source: IO[bytes], events: Events, budget: Budget) -> Iterator[None]:
    """Parses `source` and stops after every chunk. Document types are refused: no entity is ever expanded."""
    parser = expat.ParserCreate(namespace_separator="|")
    parser.buffer_text = True
    parser.StartElementHandler = events.start
    parser.EndElementHandler = events.end
    parser.CharacterDataHandler = events.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    fed = 0
    while chunk := source.read(_CHUNK):
        budget.take(chunk)
        parser.Parse(chunk, False)
        fed += len(chunk)
        if fed - parser.CurrentByteIndex > TAG:
            raise CellError(f"has a tag of more than {TAG >> 20} MB; save the sheet that is meant as CSV")
        yield
    parser.Parse(b"", True)
    yield


def _refuse_document_type(*_: object) -> None:
    raise CellError("declares a document type, which no spreadsheet program writes; save it again, or as CSV")
