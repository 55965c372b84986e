"""A tax year as it was filed: what is kept of it, append-only.

`content` is what JSON holds: by what the year was computed, the position at its end, how many problems were open. The
tables stand beside it, as texts. Of the inputs only marks are kept: the ledger never loses a record, a price or an
answer, so the last row of each tells them all.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field


class Marks(Struct, frozen=True, gc=False):
    """The last row of the ledger's records, prices and answers; 0 where there is none."""

    raw: int
    price: int
    answer: int


class FiledTable(Struct, frozen=True, gc=False):
    """One file of a year: the name and the type of each column, and rows of texts as the CSV has them."""

    columns: list[tuple[str, str]]
    rows: list[list[str]]


FiledTables = Mapping[str, FiledTable]


class Filing(Struct, frozen=True, gc=False):
    """`id` counts all filings; `why` is the reason for filing the year again, "" for the first time."""

    id: int
    year: str
    at: datetime
    program: str
    why: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def marks(self) -> Marks:
        return Marks(**self.content["marks"])
