"""The rows of one table into raw records, prices or answers: checked one after the other, or a page at once.

    rows = Rows("kraken.csv", sheet, layout, "Kraken", "UTC")
    for page in rows.pages(): ...           # Refused in place of the last, if any row can't be taken

Where all rows of a page are written as most are, they are read a column at a time (`columns`), in a third of the time;
any other page row by row, which alone says what is wrong with one.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TypeVar

from msgspec.structs import replace

from importers import cells as cell
from importers import columns, mapped, written
from importers.base import Format, Refused, RowError, Told, shown
from importers.identity import Identities, content_of, moved_of
from importers.layout import NAMED, SKIPPED, TABLE, ZONE, Cells, any_zone, zone_in
from importers.mapping import Mapped
from importers.recognition import unknown
from importers.sheets import MARK, Row, Sheet, wide
from pipeline.answers import Answer
from pipeline.model import Page, Price, RawRecord, Said, digest_of, transaction_id
from pipeline.money import plain
from pipeline.said import Pages

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

T = TypeVar("T")
_Said = tuple[RawRecord, tuple[str, Said]]  # a record, and the transaction that it is, with its id
_Read = tuple[tuple[str, str, Said], str]  # what a row says with its account and ID (`Told`), and its payload


class Rows:
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
        self._names = {column: cell.json_text(header) for column, header in self._header.items()}
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
        rows = self._clock.in_order(sheet.rows) if self._clock is not None else sheet.rows
        rows = rows if export is not None else self._narrow(rows)  # some exports end in empty cells
        self._found = rows if layout.page is None or mapping is not None else self._together(rows)

    def pages(self) -> Iterator[Page]:
        """Up to `PAGE` records at a time, and `Refused` in place of the last ones if any row can't be taken."""
        if self._layout.export is not None or self._mapping is not None:
            kept = chain.from_iterable(self._each(self._mapped if self._mapping else self._exported))
            while records := list(islice(kept, PAGE)):
                yield Page(records)
            if self._undated and not self._any_dated:
                raise Refused(f"{self._name}: {_UNDATED.format(self._layout.name, shown(self._undated))}")
            return
        rows, said = self._each(self._record), Pages()
        while some := list(islice(rows, PAGE)):
            full = said.add(map(_kept, some)) if self._layout.row_by_row else []
            yield Page([record for record, _ in some], said=full)
        if rest := said.rest():
            yield Page([], said=rest)

    def prices(self) -> list[Price]:
        """Each price once. Two prices of one asset, currency and date are refused."""
        return list(self._each(self._price))

    def answers(self) -> list[tuple[int, Answer]]:
        """What each row answers, with its number."""
        return list(self._each(self._answer))

    def _each(self, take: Callable[[int, Any], T | None]) -> Iterator[T]:
        """What `take` makes of each row. After the first problem nothing is given, but every row is still looked at."""
        problems: list[str] = []
        try:
            for number, cells in self._found:
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

    def _narrow(self, rows: Iterator[Row]) -> Iterator[Row]:
        width = len(self._columns)
        for row in rows:
            if len(row[1]) > width:
                raise Refused(f"{self._name} row {row[0]}: {wide(row[1], width)}")
            yield row

    def _together(self, rows: Iterator[Row]) -> Iterator[tuple[int, list[str] | _Read]]:
        """Rows already read, where those of a page can be read together; others as they are. Before what is refused
        come the rows before it."""
        while True:
            some, refused = list[Row](), None
            try:
                some.extend(islice(rows, PAGE))
            except Refused as error:
                refused = error
            yield from (some and self._read_together(some)) or some
            if refused is not None:
                raise refused
            if not some:
                return

    def _read_together(self, rows: Sequence[Row]) -> Iterable[tuple[int, _Read]] | None:
        """What rows are, a column at a time: a fourth of the time that each takes by itself."""
        numbers, cells = zip(*rows, strict=True)
        told = self._layout.page(self._columns, cells) if self._layout.page is not None else None
        if told is None:
            return None
        names = [self._names[column] for column in self._columns]
        payloads = columns.objects(names, zip(*cells, strict=True))
        return zip(numbers, zip(told, payloads, strict=True), strict=True)

    def doubts(self) -> list[str]:
        """What is to be said of times that could be read in two ways."""
        return self._clock.doubts() if self._clock is not None else []

    def _row(self, filled: Cells) -> Told | Price | Answer:
        assert self._layout.row is not None
        return self._layout.row(filled)

    def _filled(self, cells: list[str]) -> dict[str, str]:
        """The cells that are not empty, by the layout's own names of the columns."""
        return {column: text for column, text in zip(self._columns, cells, strict=False) if text and not text.isspace()}

    def _record(self, number: int, row: list[str] | _Read) -> _Said | None:
        """The record of one row, and the transaction that it is; None when its ID was there before with the same
        content."""
        (account, given, said), payload = self._read(row) if isinstance(row, list) else row
        account = account or self._account
        if not account:
            raise RowError("Account", "", "is empty and the file's name can't be one; give --account NAME")
        moved = moved_of(said)
        content = content_of(moved, said)
        source_id = self._identities.of(account, given, content, moved)
        if source_id is None:
            return None
        origin, told = f"{self._name} row {number}", digest_of(content)
        record = RawRecord(self._layout.name, account, STREAM, source_id, number, payload, origin, told)
        return record, (transaction_id(account, STREAM, source_id), self._layout.named(account, said))

    def _read(self, cells: list[str]) -> _Read:
        """What one row says, and the cells as they are kept."""
        filled = self._filled(cells)
        found = self._row(filled)
        assert isinstance(found, Told)
        self.bare_dates += len(filled.get(self._layout.date, "").strip()) == BARE_DATE
        names = self._names
        payload = ",".join([f"{names[column]}:{cell.json_text(text)}" for column, text in filled.items()])
        return found, f"{{{payload}}}"

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
                        told=digest_of(content),
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
        return [RawRecord(self._layout.name, account, STREAM, source_id, position, text, origin, digest_of(content))]

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


def _kept(one: _Said) -> tuple[str, tuple[Any, ...]]:
    """What the ledger's cache keeps of the transaction, behind its account."""
    record, (id, said) = one
    return record.account, (id, record.source, record.source_id, record.position, *said)


def _pair(known: str, said: str) -> str:
    return f"{known}\t{said}" if known else said


def _in_short(problems: list[str]) -> str:
    """The first problems in full, the others counted."""
    more = len(problems) - PROBLEM_LINES
    if more <= 0:
        return "\n".join(problems)
    count = f"more than {PROBLEM_LIMIT - PROBLEM_LINES}" if len(problems) > PROBLEM_LIMIT else more
    return "\n".join(problems[:PROBLEM_LINES]) + f" (and {count} more {'row' if more == 1 else 'rows'})"
