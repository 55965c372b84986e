"""A tax year as it was filed: what is kept of it, append-only.

`content` is what JSON holds: by what the year was computed, the position at its end, how many problems were open. The
tables stand beside it, as texts. Of the inputs only marks are kept: the ledger never loses a record, a price or an
answer, so the last row of each tells them all.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from pipeline.fact import fact


@fact()
class Marks:
    """The last row of the ledger's records, prices and answers; 0 where there is none."""

    raw: int
    price: int
    answer: int


@fact()
class FiledTable:
    """One file of a year: the name and the type of each column, and rows of texts as the CSV has them."""

    columns: list[tuple[str, str]]
    rows: list[list[str]]


FiledTables = Mapping[str, FiledTable]


@fact()
class Filing:
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
