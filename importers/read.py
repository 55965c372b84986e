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

import difflib
import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from importers import cells as cell
from importers import review as reviewed
from importers.base import Format, Refused, RowError, Told, shown
from importers.sheets import Sheet, is_workbook, open_file, sheets
from pipeline.answers import Answer
from pipeline.model import Page, Parsed, Price, RawRecord, Said
from pipeline.money import plain

STREAM = "rows"
OWN = frozenset(("disposal id", "disposed at"))  # columns that only the workbook of a report has together
BARE_DATE = len("2025-03-31")
PAGE = 2000  # records that are given at once
PROBLEM_LINES = 3
PROBLEM_LIMIT = 1000  # rows after which a file is not read any further

_json_text = json.encoder.encode_basestring


@dataclass(frozen=True, slots=True)
class Reading:
    """One recognised file. `digest` is the SHA-256 of its bytes. A price file has `prices` and no page, a file of
    answers has `answers`, each with the number of its row, the workbook of open questions a `review`.

    `bare_dates`: rows given so far whose date has no time, which is then 00:00 UTC.
    """

    name: str
    format: str
    digest: str
    pages: Iterator[Page]
    prices: list[Price] = field(default_factory=list)
    bare_dates: Callable[[], int] = lambda: 0
    answers: list[tuple[int, Answer]] = field(default_factory=list)
    review: reviewed.Review | None = None


@cache
def formats() -> Mapping[str, Format]:
    """Every layout that has a file in the folder `formats`, by name."""
    package = importlib.import_module("importers.formats")
    modules = (importlib.import_module(f"importers.formats.{m.name}") for m in pkgutil.iter_modules(package.__path__))
    return {module.FORMAT.name: module.FORMAT for module in modules}


def read(path: Path, account: str | None = None) -> Reading:
    """The records or prices of one file. A row's account is its Account cell, else `account`, else the file's stem."""
    name = shown(path.name, 120)
    file = open_file(path)
    try:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        found = _sheets(file, name)
        if questions := reviewed.asked(found):
            with file:
                return Reading(name, "review", digest, iter(()), review=reviewed.read(questions, name))
        sheet, layout = _recognised(found, name)
        rows = _Rows(name, sheet, layout, _default_account(path, account))
        if layout.prices:
            with file:
                return Reading(name, layout.name, digest, iter(()), rows.prices())
        if layout.answers:
            with file:
                return Reading(name, layout.name, digest, iter(()), answers=rows.answers())
        pages = _closing(file, rows.pages())
        next(pages)
        return Reading(name, layout.name, digest, pages, bare_dates=lambda: rows.bare_dates)
    except BaseException:
        file.close()
        raise


def _sheets(file: BinaryIO, name: str) -> list[Sheet]:
    """The tables; those of a workbook of questions, where a wrong cell hides no other, with what can't be read."""
    if not is_workbook(file):
        return sheets(file, name)
    try:
        found, refused = sheets(file, name), None
    except Refused as error:
        found, refused = sheets(file, name, strict=False), error
    if reviewed.asked(found):
        return sheets(file, name, strict=False)
    if refused is not None:
        raise refused
    return found


def parse(source: str, records: Iterable[RawRecord]) -> Iterator[Parsed]:
    """What stored rows of one account say, in parts; `source` is the name of the format that took them."""
    layout = formats().get(source)
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


# ---- recognition ----------------------------------------------------------------------------------------------------


def claims(header: Iterable[str]) -> list[Format]:
    """The layouts that a header fits."""
    names = {column.casefold() for column in header}

    def fits(layout: Format) -> bool:
        needed, some = ({column.casefold() for column in columns} for columns in (layout.header, layout.one_of))
        return needed <= names and (not some or bool(some & names))

    return [layout for layout in formats().values() if fits(layout)]


def _recognised(found: list[Sheet], name: str) -> tuple[Sheet, Format]:
    if not found:
        raise Refused(f"{name}: has no header line")
    if any(set(map(str.casefold, sheet.header)) >= OWN for sheet in found):  # its other sheets look like sources
        raise Refused(f"{name}: is a report that taxsync wrote, and no source; import what it was made from")
    known = [(sheet, layout) for sheet in found for layout in claims(sheet.header)]
    if not known:
        headers = "; ".join(shown(", ".join(sheet.header), 200) for sheet in found[:3])
        layouts = "; ".join(f"{layout.name} ({_needs(layout)})" for layout in formats().values())
        raise Refused(f"{name}: is of no known layout; its header is: {headers}\n{name}: known layouts: {layouts}")
    if len({sheet.title for sheet, _ in known}) > 1:
        titles = " and ".join(f"'{shown(sheet.title)}'" for sheet, _ in known)
        raise Refused(f"{name}: the sheets {titles} could both be read; keep one in the file")
    if len(known) > 1:
        names = " and ".join(layout.name for _, layout in known)
        raise Refused(f"{name}: its header fits the layouts {names}; remove the columns of one of them")
    sheet, layout = known[0]
    _refuse_misspelt(sheet.header, layout, name)
    return sheet, layout


def _needs(layout: Format) -> str:
    columns = [column for column in layout.columns if column in layout.header]
    some = [column for column in layout.columns if column in layout.one_of]
    return ", ".join([*columns, " or ".join(some)] if some else columns)


def _refuse_misspelt(header: Iterable[str], layout: Format, name: str) -> None:
    """A column the layout doesn't know is kept and means nothing, unless it was meant to be one that is missing."""
    names = {column.casefold() for column in header if column}
    known = {column.casefold(): column for column in layout.columns}
    missing = [column for column in known if column not in names]
    for column in sorted(names - known.keys()):
        meant = difflib.get_close_matches(column, missing, n=1, cutoff=0.8)
        meant = meant or [other for other in missing if other.startswith(f"{column} ")]
        if meant:
            raise Refused(
                f"{name}: the column '{shown(column)}' is not known; is it '{known[meant[0]]}'? Rename or remove it"
            )


# ---- rows -----------------------------------------------------------------------------------------------------------


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


T = TypeVar("T")


class _Rows:
    """The rows of one sheet in one layout, checked one after the other."""

    def __init__(self, name: str, sheet: Sheet, layout: Format, account: str) -> None:
        known = {column.casefold(): column for column in layout.columns}
        self._name, self._sheet, self._layout, self._account = name, sheet, layout, account
        self._columns = [known.get(column.casefold(), column) for column in sheet.header]
        self._header = dict(zip(self._columns, sheet.header, strict=True))
        self._names = {column: _json_text(header) for column, header in self._header.items()}
        self._identities = _Identities()
        self._prices: dict[object, Price] = {}
        self.bare_dates = 0

    def pages(self) -> Iterator[Page]:
        """Up to `PAGE` records at a time, and `Refused` in place of the last ones if any row can't be taken."""
        rows = self._each(self._record)
        while some := list(islice(rows, PAGE)):
            said = [texts for _, texts in some] if self._layout.row_by_row else []
            yield Page([record for record, _ in some], said=said)

    def prices(self) -> list[Price]:
        """Each price once. Two prices of one asset, currency and date are refused."""
        return list(self._each(self._price))

    def answers(self) -> list[tuple[int, Answer]]:
        """What each row answers, with its number."""
        return list(self._each(self._answer))

    def _each(self, take: Callable[[int, list[str]], T | None]) -> Iterator[T]:
        """What `take` makes of each row. After the first problem nothing is given, but every row is still looked at."""
        problems: list[str] = []
        try:
            for number, cells in self._sheet.rows:
                try:
                    taken = take(number, cells)
                except RowError as error:
                    problems.append(f"{self._name} row {number}: {error}")
                    if len(problems) > PROBLEM_LIMIT:
                        break
                    continue
                if taken is not None and not problems:
                    yield taken
        except Refused as error:
            problems.append(str(error))
        if problems:
            raise Refused(_in_short(problems))

    def _filled(self, cells: list[str]) -> dict[str, str]:
        """The cells that are not empty, by the layout's own names of the columns."""
        return {column: text for column, text in zip(self._columns, cells, strict=False) if text and not text.isspace()}

    def _record(self, number: int, cells: list[str]) -> tuple[RawRecord, Said] | None:
        """The record of one row, and what it says; None when its ID was there before with the same content."""
        filled = self._filled(cells)
        found = self._layout.row(filled)
        assert isinstance(found, Told)
        account, said = found.account or self._account, found.said
        if not account:
            raise RowError("Account", "", "is empty and the file's name can't be one; give --account NAME")
        self.bare_dates += len(filled.get(self._layout.date, "").strip()) == BARE_DATE
        moved = _moved(said)
        content = _content(moved, said)
        source_id = self._identities.of(account, found.id, content, moved)
        if source_id is None:
            return None
        names = self._names
        payload = ",".join([f"{names[column]}:{_json_text(text)}" for column, text in filled.items()])
        record = RawRecord(
            source=self._layout.name,
            account=account,
            stream=STREAM,
            source_id=source_id,
            position=number,
            payload=f"{{{payload}}}",
            origin=f"{self._name} row {number}",
            content=content,
        )
        return record, self._layout.named(account, said)

    def _price(self, number: int, cells: list[str]) -> Price | None:
        filled = self._filled(cells)
        found = self._layout.row(filled)
        assert isinstance(found, Price)
        price = replace(found, source=f"file {self._name} row {number}")
        first = self._prices.setdefault((price.asset, price.currency, price.at, price.day), price)
        if first.price != price.price:
            raise RowError(
                "Price", filled["Price"], f"differs from {plain(first.price)} ({first.source}) of the same date"
            )
        return price if first is price else None

    def _answer(self, number: int, cells: list[str]) -> tuple[int, Answer]:
        found = self._layout.row(self._filled(cells))
        assert not isinstance(found, Told | Price)
        return number, found


def _in_short(problems: list[str]) -> str:
    """The first problems in full, the others counted."""
    more = len(problems) - PROBLEM_LINES
    if more <= 0:
        return "\n".join(problems)
    count = f"more than {PROBLEM_LIMIT - PROBLEM_LINES}" if len(problems) > PROBLEM_LIMIT else more
    return "\n".join(problems[:PROBLEM_LINES]) + f" (and {count} more {'row' if more == 1 else 'rows'})"


# ---- identity -------------------------------------------------------------------------------------------------------


def _moved(said: Said) -> str:
    """What moved when: what a row is, whatever is said of it. Ids are made of it: its form is for ever."""
    at, sent, sent_in, received, received_in, fee, fee_in = said[:7]
    moved = str(at).replace(".000000", "")  # as `isoformat` has it
    if sent is not None:
        moved = f"{moved}\nsent {sent} {sent_in}"
    if received is not None:
        moved = f"{moved}\nreceived {received} {received_in}"
    return moved if fee is None else f"{moved}\nfee {fee} {fee_in}"


def _content(moved: str, said: Said) -> str:
    """What a row says, however it is written: 1.0 is 1, btc is BTC, 14:05Z is 16:05+02:00.

    Only what is there is named, so that a column added to the layout one day changes no digest of
    the rows without it. Columns the layout doesn't know are left out: a user may add one.
    """
    worth, worth_in, label, description, txhash = said[7:]
    if worth is not None:
        moved = f"{moved}\nworth {worth} {worth_in}"
    if label:
        moved = f"{moved}\nlabel {label}"
    if txhash:
        moved = f"{moved}\nhash {txhash}"
    return f"{moved}\ntext {description}" if description else moved  # the last one: only it may hold a line end


class _Identities:
    """The ids of a file's rows. Holds two 64-bit numbers per row: a million rows stay under 150 MB."""

    def __init__(self) -> None:
        self._contents: dict[int, int] = {}
        self._counts: dict[int, int] = {}

    def of(self, account: str, given: str, content: str, moved: str) -> str | None:
        """The source_id of the next row; None when the row with this ID was there before, with the same content."""
        if not given:
            digest = hashlib.sha256(f"{account}\x1f{moved}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
            number = int(digest[:16], 16)
            count = self._counts.get(number, 0) + 1
            self._counts[number] = count
            return f"{digest}#{count}"
        number = hash(content)  # seeded anew in each run: nobody makes two contents meet
        first = self._contents.setdefault(hash((account, given)), number)
        if first is number:
            return given
        if first == number:
            return None
        raise RowError("ID", given, "stands above with another content; an ID is unique within its account")
