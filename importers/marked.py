"""Tables between marks, several in one sheet, as RP2 reads them: put together to one.

    IN                              Table   Timestamp  Asset  Crypto In  Crypto Sent
    Timestamp  Asset  Crypto In     IN      2021-...   BTC    1
    2021-...   BTC    1         ->  INTRA   2021-...   BTC               0.5
    TABLE END
    INTRA
    ...

A sheet begins with one of the marks; each table has a header of its own below its mark. What stands outside of any
table, or under no heading, is refused (`CellError`) or kept under "column 7": nothing is dropped.

Source: eprbell/rp2, docs/input_files.md and ods_parser.py (read 2026-11).
"""

from collections.abc import Iterable, Iterator, Sequence

from importers.markup import CellError
from importers.opendocument import Row, Table

MARKS = ("IN", "OUT", "INTRA")
END = "TABLE END"
MARK_COLUMN = "Table"


def joined(tables: Sequence[Table]) -> Sequence[Table]:
    """One table of all sheets that begin with a mark; where none does, the tables as they are."""
    marked = [table for table in tables if _begins(table)]
    return [Table("", lambda: _rows(marked))] if marked else tables


def _begins(table: Table) -> bool:
    _, first = next(table.rows(), (0, [""]))
    return first[0].strip() in MARKS and not any(first[1:])


def _rows(tables: Iterable[Table]) -> Iterator[Row]:
    tables = list(tables)
    columns: dict[str, int] = {}
    for table in tables:
        for _, _, header, _ in _inside(table):
            for name in header:
                columns.setdefault(name.casefold(), len(columns) + 1)
    names = {name.casefold(): name for table in tables for _, _, header, _ in _inside(table) for name in header}
    yield 1, [MARK_COLUMN, *(names[name] for name in columns)]
    for table in tables:
        for number, mark, header, cells in _inside(table):
            row = [mark, *[""] * len(columns)]
            for name, text in zip(header, cells, strict=True):
                row[columns[name.casefold()]] = text
            yield number, row


def _inside(table: Table) -> Iterator[tuple[int, str, list[str], list[str]]]:
    """Each row of a table between marks: its number, mark, the header above it and its cells, as many as that has."""
    mark, header = "", list[str]()
    for number, cells in table.rows():
        where, first = f"sheet '{table.title}' row {number}", cells[0].strip()
        if first == END:
            mark, header = "", []
        elif not mark and first in MARKS and not any(cells[1:]):
            mark = first
        elif not mark:
            raise CellError(f"{where}: stands outside of the tables IN, OUT and INTRA; move it into one")
        elif not header:
            header = _header(cells, where)
        else:
            header += [f"column {place + 1}" for place in range(len(header), len(cells))]
            yield number, mark, list(header), [*cells, *[""] * (len(header) - len(cells))]


def _header(cells: Sequence[str], where: str) -> list[str]:
    names = [cell.strip().replace("_", " ") or f"column {place + 1}" for place, cell in enumerate(cells)]
    folded = [name.casefold() for name in names]
    twice = next((name for name in names if folded.count(name.casefold()) > 1), "")
    if twice:
        raise CellError(f"{where}: names the column '{twice}' twice; rename one")
    return names
