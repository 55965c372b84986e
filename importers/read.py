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
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from importers import cells as cell
from importers import mapped, written
from importers import review as reviewed
from importers.base import Format, Refused, RowError, Told, shown
from importers.identity import Identities, content_of, moved_of
from importers.layout import NAMED, SKIPPED, TABLE, ZONE, Cells, any_zone, zone_in
from importers.mapping import Mapped
from importers.recognition import formats, is_header, layout_of, recognised, unknown
from importers.sheets import MARK, Sheet, is_workbook, open_file, sheets, titles, wide
from pipeline.answers import Answer, BrokerGiven
from pipeline.model import Page, Parsed, Price, RawRecord, Said
from pipeline.money import plain

STREAM = "rows"
BARE_DATE = len("2025-03-31")
LAST = 10**9  # the position of a last row, where a file begins with the newest
PAGE = 2000  # records that are given at once
PROBLEM_LINES = 3
PROBLEM_LIMIT = 1000  # rows after which a file is not read any further

_COMMA = (
    "may be a decimal comma or mark thousands: a program of another language saved this file anew; import it as it was "
    "downloaded, or map it (--map FILE.toml)"
)

_UNDATED = (
    "no row has a date as {} writes it ('{}'); where a program saved this file anew, import it as it was downloaded, "
    "or map it (--map FILE.toml)"
)

_json_text = json.encoder.encode_basestring


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
            sheet, layout = _table(path, file, name, mapping), formats()["universal"]
            rows = _Rows(name, sheet, layout, _default_account(path, account), zone, mapping)
            return _reading(file, rows, Reading(name, layout.name, digest, iter(()), mapping=mapping.name))
        found = _sheets(file, name)
        if questions := reviewed.asked(found):
            with file:
                return Reading(name, "review", digest, iter(()), review=reviewed.read(questions, name))
        sheet, layout = recognised(found, name)
        owner = layout.export.owner(path.name) if layout.export else None
        rows = _Rows(name, sheet, layout, _default_account(path, owner if account is None else account), zone)
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


def _reading(file: BinaryIO, rows: "_Rows", told: Reading) -> Reading:
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

    def __init__(
        self, name: str, sheet: Sheet, layout: Format, account: str, zone: str, mapping: Mapped | None = None
    ) -> None:
        known = {column.casefold(): column for column in layout.columns}
        self._name, self._sheet, self._layout, self._account = name, sheet, layout, account
        self._columns = [
            known.get(column.casefold()) or known.get(any_zone(column).casefold(), column) for column in sheet.header
        ]
        self._header = dict(zip(self._columns, sheet.header, strict=True))
        self._zones = {column: zone_in(name) for column, name in self._header.items() if "(UTC*)" in column}
        self._names = {column: _json_text(header) for column, header in self._header.items()}
        export = layout.export
        strangers = set(unknown(sheet.header, layout)) if export is not None else set()  # a later export may have more
        self._changing = strangers | {name for name in self._columns if export is not None and export.changes(name)}
        self._labels = {name for name in self._columns if export is not None and export.labelled(name)}
        self._identities, self._commas = Identities(), written.Commas(sheet.separator)
        self._prices: dict[object, Price] = {}
        self._zone, self._mapping = zone, mapping
        self.bare_dates = 0
        self.passed: dict[str, int] = {}
        self._undated = ""  # the first date that can't be read, as long as none can
        self._any_dated = False
        self._clock = mapped.Clock(mapping, name, sheet.header) if mapping is not None else None
        self._found = self._clock.in_order(sheet.rows) if self._clock is not None else sheet.rows

    def pages(self) -> Iterator[Page]:
        """Up to `PAGE` records at a time, and `Refused` in place of the last ones if any row can't be taken."""
        if self._layout.export is not None or self._mapping is not None:
            kept = chain.from_iterable(self._each(self._mapped if self._mapping else self._exported))
            while records := list(islice(kept, PAGE)):
                yield Page(records)
            if self._undated and not self._any_dated:
                raise Refused(f"{self._name}: {_UNDATED.format(self._layout.name, shown(self._undated))}")
            return
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
        width = 1 << 20 if self._layout.export is not None else len(self._columns)  # some exports end in empty cells
        try:
            for number, cells in self._found:
                if len(cells) > width:
                    raise Refused(f"{self._name} row {number}: {wide(cells, width)}")
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

    def doubts(self) -> list[str]:
        """What is to be said of times that could be read in two ways."""
        return self._clock.doubts() if self._clock is not None else []

    def _row(self, filled: Cells) -> Told | Price | Answer:
        assert self._layout.row is not None
        return self._layout.row(filled)

    def _filled(self, cells: list[str]) -> dict[str, str]:
        """The cells that are not empty, by the layout's own names of the columns."""
        return {column: text for column, text in zip(self._columns, cells, strict=False) if text and not text.isspace()}

    def _record(self, number: int, cells: list[str]) -> tuple[RawRecord, Said] | None:
        """The record of one row, and what it says; None when its ID was there before with the same content."""
        filled = self._filled(cells)
        found = self._row(filled)
        assert isinstance(found, Told)
        account, said = found.account or self._account, found.said
        if not account:
            raise RowError("Account", "", "is empty and the file's name can't be one; give --account NAME")
        self.bare_dates += len(filled.get(self._layout.date, "").strip()) == BARE_DATE
        moved = moved_of(said)
        content = content_of(moved, said)
        source_id = self._identities.of(account, found.id, content, moved)
        if source_id is None:
            return None
        names = self._names
        payload = ",".join([f"{names[column]}:{_json_text(text)}" for column, text in filled.items()])
        origin = f"{self._name} row {number}"
        record = RawRecord(
            self._layout.name, account, STREAM, source_id, number, f"{{{payload}}}", origin, content
        )  # fmt: skip  # by name takes twice as long
        return record, self._layout.named(account, said)

    def _exported(self, number: int, cells: list[str]) -> list[RawRecord]:
        """The records of one row that is not ours, one in each of its accounts: kept whether or not they can be read.

        A row without an id is known by its account and all its cells but those that may change; one whose id stood
        above with another content has a number behind it."""
        layout = self._layout
        assert layout.export is not None
        filled = {column: text.strip().strip(MARK) for column, text in self._filled(cells).items()}
        self.bare_dates += len(filled.get(layout.date, "")) == BARE_DATE
        why = layout.export.passed(filled)
        if why:
            self.passed[why] = self.passed.get(why, 0) + 1
        by_name = layout.export.told_by(self._name, self._sheet.above)
        beside = ({ZONE: self._zone} if layout.export.local else {}) | by_name
        column, at = layout.export.instant(filled | beside, self._zones) or ("", "")
        alike = layout.export.alike
        fixed = sorted((alike.get(name, name), name) for name in filled if name not in {*self._changing, column})
        point = layout.export.point
        for name, text in filled.items():
            if "," in text and name not in self._changing and self._commas.doubtful(name, text) and point == ".":
                raise RowError(self._header[name], text, _COMMA)
        whole = [(name, known, written.alike(filled[name], point)) for known, name in fixed]
        if at:
            whole.append(("", "", at))
            self._any_dated = True
        elif not why and layout.date not in self._changing:
            self._undated = self._undated or filled.get(layout.date, "")
        given = "/".join(filled[name] for name in layout.export.id if name in filled)
        payload = {self._header[column]: text for column, text in filled.items()} | beside
        records, labelled = [], self._labels
        named = layout.export.accounts(filled) if layout.export.accounts is not None else ("",)
        for account in dict.fromkeys(each.strip() or self._account for each in named):
            if not account:
                raise RowError("the account", "", "is not named, and the file's name can't be one; give --account NAME")
            moved = "\n".join(_pair(known, written.short(said)) for name, known, said in whole if name not in labelled)
            exactly = [_pair(known, said) for name, known, said in whole if name not in labelled]
            labels = [_pair(known, said) for name, known, said in whole if name in labelled]
            content = "\n".join((*exactly, why, by_name.get(NAMED, ""), *labels))
            source_id = self._identities.of_export(account, given, content, moved)
            if source_id is not None:
                records.append(
                    RawRecord(
                        source=layout.export.kept_as or layout.name,
                        account=account,
                        stream=layout.name,
                        source_id=source_id,
                        position=LAST - number if layout.export.newest_first else number,
                        payload=json.dumps(payload, ensure_ascii=False),
                        origin=f"{self._name} row {number}",
                        content=content,
                    )
                )
        return records

    def _mapped(self, number: int, cells: list[str]) -> list[RawRecord]:
        """The record of one row of a table that is mapped by hand: the universal cells, and the table's own beside.

        A row without an ID is known by its account and all its cells but those that may change, whatever the mapping
        makes of them: read otherwise, it is the same row. One that counts for nothing is kept, too: a better mapping
        may say so of a row that counted, and the other way round."""
        mapping = self._mapping
        assert mapping is not None
        pairs = zip(self._sheet.header, cells, strict=False)
        table = [(column, text.strip()) for column, text in pairs if not text.isspace() and text]
        row = {column.casefold(): text for column, text in table}
        changing = {column.casefold() for column in mapping.changing}
        fixed = sorted(row.keys() - changing)
        said = (f"{name}\t{written.short(written.alike(row[name], mapping.decimal))}" for name in fixed)
        moved = "\n".join(["table", *said])
        try:
            if mapped.skipped(mapping, row):
                payload = {**mapped.owner(mapping, row), SKIPPED: mapping.name}
                account, given = (payload.get(name, "") for name in ("Account", "ID"))
                content = "skipped"
                why = f"skipped, as {mapping.name} says"
                self.passed[why] = self.passed.get(why, 0) + 1
            else:
                payload = mapped.cells_of(mapping, row, self._clock.fold if self._clock is not None else 0)
                found = self._row(payload)
                assert isinstance(found, Told)
                account, given, content = found.account, found.id, content_of(moved_of(found.said), found.said)
                self.bare_dates += mapped.is_bare(mapping, row)
            account = cell.name("Account", account, 100) or self._account
            source_id = self._identities.of(account, cell.identity("ID", given), content, moved)
        except RowError as error:
            raise mapped.where(mapping, error) from None
        if not account:
            raise RowError("Account", "", "is empty and the file's name can't be one; give --account NAME")
        if source_id is None:
            return []
        payload |= {f"{TABLE}{column}": text for column, text in table}
        position = LAST - number if mapping.newest_first else number
        text, origin = json.dumps(payload, ensure_ascii=False), f"{self._name} row {number}"
        return [RawRecord(self._layout.name, account, STREAM, source_id, position, text, origin, content)]

    def _price(self, number: int, cells: list[str]) -> Price | None:
        filled = self._filled(cells)
        found = self._row(filled)
        assert isinstance(found, Price)
        price = replace(found, source=f"file {self._name} row {number}")
        first = self._prices.setdefault((price.asset, price.currency, price.at, price.day), price)
        if first.price != price.price:
            raise RowError(
                "Price",
                filled["Price"],
                f"differs from {plain(first.price)} ({first.source}) of the same date; leave one",
            )
        return price if first is price else None

    def _answer(self, number: int, cells: list[str]) -> tuple[int, Answer]:
        found = self._row(self._filled(cells))
        assert not isinstance(found, Told | Price)
        return number, found


def _pair(known: str, said: str) -> str:
    return f"{known}\t{said}" if known else said


def _in_short(problems: list[str]) -> str:
    """The first problems in full, the others counted."""
    more = len(problems) - PROBLEM_LINES
    if more <= 0:
        return "\n".join(problems)
    count = f"more than {PROBLEM_LIMIT - PROBLEM_LINES}" if len(problems) > PROBLEM_LIMIT else more
    return "\n".join(problems[:PROBLEM_LINES]) + f" (and {count} more {'row' if more == 1 else 'rows'})"
