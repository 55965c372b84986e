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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from importers import cells as cell
from importers import review as reviewed
from importers.base import Format, Refused, RowError, Told, shown
from importers.layout import NAMED, ZONE, Cells, Export, any_zone, zone_in
from importers.recognition import formats, is_header, recognised, unknown
from importers.sheets import Sheet, is_workbook, open_file, sheets
from pipeline.answers import Answer, BrokerGiven
from pipeline.model import Page, Parsed, Price, RawRecord, Said
from pipeline.money import plain

STREAM = "rows"
BARE_DATE = len("2025-03-31")
LAST = 10**9  # the position of a last row, where a file begins with the newest
PAGE = 2000  # records that are given at once
PROBLEM_LINES = 3
PROBLEM_LIMIT = 1000  # rows after which a file is not read any further

_json_text = json.encoder.encode_basestring


@dataclass(frozen=True, slots=True)
class Reading:
    """One recognised file. `digest` is the SHA-256 of its bytes. A price file has `prices` and no page, a file of
    answers has `answers`, each with the number of its row, the workbook of open questions a `review`.

    Of the rows given so far, `bare_dates` are those whose date has no time, which is then 00:00 UTC, and `passed` says
    why how many of them count for nothing ("failed": 2). `unknown`: columns that the layout does not know. `export`:
    the layout is not ours; its source may have changed what it said before.
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
    unknown: tuple[str, ...] = ()
    export: bool = False


def read(path: Path, account: str | None = None, zone: str = "UTC") -> Reading:
    """The records or prices of one file. A row's account is its Account cell, else `account`, else the file's stem.
    `zone`: the person's own, in which some layouts write times."""
    name = shown(path.name, 120)
    file = open_file(path)
    try:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        found = _sheets(file, name)
        if questions := reviewed.asked(found):
            with file:
                return Reading(name, "review", digest, iter(()), review=reviewed.read(questions, name))
        sheet, layout = recognised(found, name)
        rows = _Rows(name, sheet, layout, _default_account(path, account), zone)
        if layout.prices:
            with file:
                return Reading(name, layout.name, digest, iter(()), rows.prices())
        if layout.answers:
            with file:
                return Reading(name, layout.name, digest, iter(()), answers=_in_account(rows.answers(), account))
        pages = _closing(file, rows.pages())
        next(pages)
        return Reading(
            name,
            layout.name,
            digest,
            pages,
            bare_dates=lambda: rows.bare_dates,
            passed=lambda: rows.passed,
            unknown=unknown(sheet.header, layout) if layout.export else (),
            export=layout.export is not None,
        )
    except BaseException:
        file.close()
        raise


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

    def __init__(self, name: str, sheet: Sheet, layout: Format, account: str, zone: str) -> None:
        known = {column.casefold(): column for column in layout.columns}
        self._name, self._sheet, self._layout, self._account = name, sheet, layout, account
        self._columns = [
            known.get(column.casefold()) or known.get(any_zone(column).casefold(), column) for column in sheet.header
        ]
        self._header = dict(zip(self._columns, sheet.header, strict=True))
        self._names = {column: _json_text(header) for column, header in self._header.items()}
        self._identities = _Identities()
        self._prices: dict[object, Price] = {}
        self._zone = zone
        self.bare_dates = 0
        self.passed: dict[str, int] = {}

    def pages(self) -> Iterator[Page]:
        """Up to `PAGE` records at a time, and `Refused` in place of the last ones if any row can't be taken."""
        if self._layout.export is not None:
            kept = chain.from_iterable(self._each(self._exported))
            while records := list(islice(kept, PAGE)):
                yield Page(records)
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
        moved = _moved(said)
        content = _content(moved, said)
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
        filled = {column: text.strip() for column, text in self._filled(cells).items()}
        self.bare_dates += len(filled.get(layout.date, "")) == BARE_DATE
        why = layout.export.passed(filled)
        if why:
            self.passed[why] = self.passed.get(why, 0) + 1
        fixed = [f"{name}\t{filled[name]}" for name in sorted(filled) if name not in layout.export.changing]
        given = "/".join(filled[name] for name in layout.export.id if name in filled)
        payload = {self._header[column]: text for column, text in filled.items()}
        by_name = _by_name(self._name, layout.export)
        payload |= ({ZONE: self._zone} if layout.export.local else {}) | by_name
        records = []
        named = layout.export.accounts(filled) if layout.export.accounts is not None else ("",)
        for account in dict.fromkeys(each.strip() or self._account for each in named):
            if not account:
                raise RowError("the account", "", "is not named, and the file's name can't be one; give --account NAME")
            moved = "\n".join(fixed)
            content = "\n".join((moved, why, *by_name.values()))
            source_id = self._identities.of_export(account, given, content, moved)
            if source_id is not None:
                records.append(
                    RawRecord(
                        source=layout.name,
                        account=account,
                        stream=STREAM,
                        source_id=source_id,
                        position=LAST - number if layout.export.newest_first else number,
                        payload=json.dumps(payload, ensure_ascii=False),
                        origin=f"{self._name} row {number}",
                        content=content,
                    )
                )
        return records

    def _price(self, number: int, cells: list[str]) -> Price | None:
        filled = self._filled(cells)
        found = self._row(filled)
        assert isinstance(found, Price)
        price = replace(found, source=f"file {self._name} row {number}")
        first = self._prices.setdefault((price.asset, price.currency, price.at, price.day), price)
        if first.price != price.price:
            raise RowError(
                "Price", filled["Price"], f"differs from {plain(first.price)} ({first.source}) of the same date"
            )
        return price if first is price else None

    def _answer(self, number: int, cells: list[str]) -> tuple[int, Answer]:
        found = self._row(self._filled(cells))
        assert not isinstance(found, Told | Price)
        return number, found


def _by_name(name: str, export: Export) -> dict[str, str]:
    """What a file's name tells of its rows."""
    word = export.named.search(name) if export.named else None
    zone = zone_in(name) if export.local else ""
    return ({ZONE: zone} if zone else {}) | ({NAMED: word[0].casefold()} if word else {})


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

    def of_export(self, account: str, given: str, content: str, moved: str) -> str | None:
        """The same of a row that is not ours, whose id may be one of several rows: the next has "#2"."""
        if not given:
            return self.of(account, "", content, moved)
        number, place = hash(content), 1
        while (before := self._contents.setdefault(hash((account, given, place)), number)) is not number:
            if before == number:
                return None
            place += 1
        return given if place == 1 else f"{given}#{place}"

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
