"""Files into raw records: recognised by the header, checked row by row, taken whole or not at all.

    reading = read(Path("kraken.csv"), account=None)
    for page in reading.pages: ...          # RawRecords, to be kept in one transaction

Exactly one `Format` of the folder `formats` may claim a header. Every row is checked while the
pages are read; `Refused` may come after pages were given, so the caller keeps all or none.

Identity: a row with an ID is that ID; a row without one is the digest of what moved when (not of how it
is written), and "#2", "#3" for the next ones that say the same. So the CSV file, its copy saved by Excel
as XLSX or with semicolons, and a longer version of it give the same records; and a row that was given a
Label, a hash or a value since is the same record with new contents.
"""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, field
from msgspec.structs import replace

from importers import cells as cell
from importers import review as reviewed
from importers.base import Refused, RowError, shown
from importers.formats import layout_of
from importers.formats.universal import FORMAT as UNIVERSAL
from importers.mapping import Mapped
from importers.recognition import is_header, recognised, unknown
from importers.rows import PAGE, Rows
from importers.sheets import Sheet, is_workbook, open_file, sheets, titles
from pipeline.answers import Answer, BrokerGiven
from pipeline.model import Page, Parsed, Price, RawRecord


class Reading(Struct, frozen=True):
    """One recognised file. `digest` is the SHA-256 of its bytes. A price file has `prices` and no page, a file of
    answers has `answers`, each with the number of its row, the workbook of open questions a `review`.

    Of the rows given so far, `bare_dates` are those whose date has no time, which is then 00:00 UTC, `passed` says why
    how many of them count for nothing ("failed": 2), `doubts` which times could be read in two ways. `unknown`: columns
    that the layout does not know. `export`: the layout is not ours; its source may have changed what it said before.
    `mapping`: the name of the file by which it was read ("" for none).
    """

    name: str
    format: str
    digest: str
    pages: Iterator[Page]
    prices: list[Price] = field(default_factory=list)
    bare_dates: Callable[[], int] = lambda: 0
    answers: list[tuple[int, Answer]] = field(default_factory=list)
    review: reviewed.Review | None = None
    passed: Callable[[], Mapping[str, int]] = dict
    doubts: Callable[[], Sequence[str]] = tuple
    unknown: tuple[str, ...] = ()
    export: bool = False
    mapping: str = ""

    def close(self) -> None:
        """Closes the file, and ends the process that reads it, where the pages are not read to their end."""
        if isinstance(self.pages, Generator):
            self.pages.close()


def read(path: Path, account: str | None = None, zone: str = "UTC", mapping: Mapped | None = None) -> Reading:
    """The records or prices of one file. A row's account is its Account cell, else `account`, else the file's stem.
    `zone`: the person's own, in which some layouts write times. `mapping`: says what the columns are, whatever layout
    the file has."""
    name = shown(path.name, 120)
    file = open_file(path)
    try:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if mapping is not None:
            sheet, layout = _table(path, file, name, mapping), UNIVERSAL
            rows = Rows(name, sheet, layout, _default_account(path, account), zone, mapping)
            return _reading(file, rows, Reading(name, layout.name, digest, iter(()), mapping=mapping.name))
        found = _sheets(file, name)
        if questions := reviewed.asked(found):
            with file:
                return Reading(name, "review", digest, iter(()), review=reviewed.read(questions, name))
        sheet, layout = recognised(found, name)
        owner = layout.export.owner(path.name) if layout.export else None
        rows = Rows(name, sheet, layout, _default_account(path, owner if account is None else account), zone)
        if layout.prices:
            with file:
                return Reading(name, layout.name, digest, iter(()), rows.prices())
        if layout.answers:
            with file:
                return Reading(name, layout.name, digest, iter(()), answers=_in_account(rows.answers(), account))
        columns = unknown(sheet.header, layout) if layout.export else ()
        kept_as = layout.export.kept_as if layout.export else ""
        told = Reading(
            name, kept_as or layout.name, digest, iter(()), unknown=columns, export=layout.export is not None
        )
        return _reading(file, rows, told)
    except BaseException:
        file.close()
        raise


def _reading(file: BinaryIO, rows: "Rows", told: Reading) -> Reading:
    """`told` with its pages, and what is counted while they are read."""
    pages = _closing(file, rows.pages())
    next(pages)
    told = replace(told, pages=pages, bare_dates=lambda: rows.bare_dates, passed=lambda: rows.passed)
    return replace(told, doubts=rows.doubts)


def _table(path: Path, file: BinaryIO, name: str, mapping: Mapped) -> Sheet:
    """The one table that has the columns of a mapping. Raises Refused, which names what is lacking."""
    found = [sheet for sheet in sheets(file, name, is_header=mapping.fits) if mapping.fits(sheet.header)]
    if len(found) > 1:
        both = titles(found, found)
        raise Refused(f"{name}: the sheets {both} both have the columns of {mapping.name}; keep one in the file")
    if found:
        return found[0]
    with open_file(path) as again:
        for sheet in sheets(again, name, is_header=mapping.near):
            mapping.check(sheet.header, f"{name}, sheet {shown(sheet.title)}" if sheet.title else name)
    raise Refused(f"{name}: has no header line; add one that names the columns")


def _in_account(given: list[tuple[int, Answer]], account: str | None) -> list[tuple[int, Answer]]:
    """Forms of a broker that name no account are of the one that is given."""
    return [
        (row, replace(one, account=account) if account and isinstance(one, BrokerGiven) and not one.account else one)
        for row, one in given
    ]


def _sheets(file: BinaryIO, name: str) -> list[Sheet]:
    """The tables; those of a workbook of questions, where a wrong cell hides no other, with what can't be read."""
    if not is_workbook(file):
        return sheets(file, name, is_header=is_header)
    try:
        found, refused = sheets(file, name, is_header=is_header), None
    except Refused as error:
        found, refused = sheets(file, name, strict=False), error
    if reviewed.asked(found):
        return sheets(file, name, strict=False)
    if refused is not None:
        raise refused
    return found


def parse(source: str, records: Iterable[RawRecord]) -> Iterator[Parsed]:
    """What stored rows of one account say, in parts; `source` is the name of the format that took them."""
    layout = layout_of(source)
    if layout is None or layout.parse is None:
        raise Refused(f"rows of the format '{shown(source)}' can't be read by this version; install the newest one")
    if not layout.row_by_row:
        yield layout.parse(records)
        return
    stored = iter(records)
    while some := list(islice(stored, PAGE)):
        yield layout.parse(some)


def _closing(file: BinaryIO, pages: Iterator[Page]) -> Iterator[Page]:
    """`pages`; the file is closed at their end. The first, empty page starts the generator, so that one that
    nobody reads closes its file too."""
    with file:
        yield Page([])
        yield from pages


def _default_account(path: Path, account: str | None) -> str:
    """The account of rows without an Account cell; "" when the file's name can't be one."""
    if account is None:
        try:
            return cell.name("Account", path.stem, 100)
        except RowError:
            return ""
    try:
        chosen = cell.name("the account", account, 100)
    except RowError as error:
        raise Refused(str(error)) from None
    if not chosen:
        raise Refused("the account has no name; give one, or leave the option out")
    return chosen
