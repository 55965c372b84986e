"""Layouts that are not ours: the exports of exchanges, wallets and other tools.

    FORMAT = export(
        "bitstamp_old", 1,
        needs=("Type", "Datetime", "Account", "Amount", "Value", "Rate", "Fee", "Sub Type"),
        exchange="bitstamp", date="Datetime", times=("%b. %d, %Y, %I:%M %p",), each=read,
    )

A row is kept as it stands, whatever it says. `each` reads one row, `together` all rows of an account at once, where
one happening is spread over several; both give Transactions (`Row.transaction`), and raise `Unread` with a reason for
what they don't understand: an open problem then, that quotes the row. Numbers are exact, times UTC.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Self

from msgspec import Struct

from importers import assets, cells, turned
from importers.base import Format, RowError, shown
from importers.clocks import clock, moment
from importers.layout import NAMED, ZONE, Cells, Export, any_zone, no_row, zone_in
from importers.parsers.build import MALFORMED, Unread, sort_out, transaction
from pipeline.issues import Issue
from pipeline.model import Amount, Label, Parsed, RawRecord, Transaction, instant_text, transaction_id
from pipeline.money import ZERO, exact, parse

Said = Transaction | Issue
LOCAL = "local"  # in place of a zone: the person's own
TOOL = 8  # the `rank` of another tool's export: an API's and an exchange's own rows of an account count before it
JAVASCRIPT = "%a %b %d %Y %H:%M:%S GMT%z"  # a Date as JavaScript prints it, "Mon Jan 04 2021 12:11:14 GMT+0000 (UTC)"

_SIGNS = re.compile(r"[$€£¥₿]|\s|\u00a0|\u202f")
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?", re.ASCII),
}
_WITH_UNIT = re.compile(r"\(?\s*([-+\u2212]?[\d.,]+(?:[eE][+-]?\d+)?)\s*([^\d\s().,+-][^\s()]*)\s*\)?")
_NOTHING = frozenset(("", "-", "--", "n/a", "none", "null"))
QUOTED = 300  # characters of a row that an open problem quotes


def number(text: str, point: str = ".") -> Decimal:
    """A number as a layout writes it, with its sign: `$1,234.50`, `(0.5)`, `1E-8`; with `point` "," also 1.234,50.

    0 for an empty cell, "-" or "N/A". Raises Unread.
    """
    bare = _SIGNS.sub("", text).replace("\u2212", "-")
    if bare.casefold() in _NOTHING:
        return ZERO
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if _GROUPED[point].fullmatch(bare):
        bare = bare.replace("," if point == "." else ".", "")
    try:
        return parse(bare.replace(",", ".") if point == "," else bare)
    except ValueError:
        raise Unread(f"'{shown(text)}' is no number") from None


class Row:
    """One stored row, its cells by the layout's own names of the columns: `row["Type"]` ("" where it is empty); `cells`
    are all that are not empty, also of columns that only a pattern knows."""

    __slots__ = ("_at", "_layout", "_zones", "cells", "fold", "record")

    def __init__(self, record: RawRecord, cells: Cells, layout: "_Layout", zones: Mapping[str, str]) -> None:
        self.record, self.cells, self._layout, self._zones = record, cells, layout, zones
        self._at: datetime | None = None
        self.fold = 0  # 1 where its time is there twice, and it is the second

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "").strip()

    @property
    def account(self) -> str:
        return self.record.account

    @property
    def at(self) -> datetime:
        """When it is of (UTC). Raises Unread."""
        if self._at is None:
            self._at = self.when(self._layout.dated(self.cells))
        return self._at

    @property
    def clock(self) -> tuple[datetime, str]:
        """The same as it is written, and the zone of one that names none. Raises Unread."""
        return self._layout.clock_of(self.cells, self._layout.dated(self.cells), self._zones)

    @property
    def named(self) -> str:
        """The word of the file's name that the layout looks for, in small letters; "" where it had none."""
        return self.cells.get(NAMED, "")

    def when(self, column: str) -> datetime:
        """The instant in a column (UTC); a column whose name tells a zone is of that one. Raises Unread."""
        return self._layout.when(self.cells, column, self._zones, self.fold)

    def number(self, column: str) -> Decimal:
        """The number in a column, with its sign; 0 for an empty cell. Raises Unread."""
        return number(self[column], self._layout.point)

    def with_unit(self, column: str) -> tuple[Decimal, str]:
        """Number and asset of a cell such as "0.5 BTC"; (0, "") for an empty one. Raises Unread."""
        if self[column].casefold() in _NOTHING:
            return ZERO, ""
        match = _WITH_UNIT.fullmatch(self[column])
        if match is None:
            raise Unread(f"'{shown(self[column])}' is no amount with its unit")
        value = number(match[1], self._layout.point)
        return (-value if self[column].startswith("(") else value), self.asset(match[2])

    def asset(self, code: str) -> str:
        """The ledger's name of a code of this layout. Raises Unread."""
        try:
            name = cells.asset("an asset", code)
        except RowError as error:
            raise Unread(str(error)) from None
        if self._layout.exchange:
            return assets.asset(name, self._layout.exchange, self.at)
        return assets.named(name, self.account, self.at)

    def amount(self, column: str, code: str) -> Amount | None:
        """How much of an asset, a number that should not be negative; None for 0 and an empty cell. Raises Unread."""
        quantity = self.number(column)
        if quantity < 0:
            raise Unread(f"{column} {self[column]} should not be negative")
        return self.of(quantity, code)

    def size(self, column: str, code: str) -> Amount | None:
        """The same whatever the sign, where another column says which side it is."""
        return self.of(abs(self.number(column)), code)

    def of(self, quantity: Decimal, code: str) -> Amount | None:
        """So much of an asset; None for 0. Raises Unread."""
        return Amount(quantity, self.asset(code)) if quantity else None

    def transaction(
        self,
        *,
        sent: Amount | None = None,
        received: Amount | None = None,
        fee: Amount | None = None,
        label: Label | None = None,
        net_worth: Amount | None = None,
        description: str = "",
        txhash: str = "",
        leg: str = "",
        at: datetime | None = None,
    ) -> Transaction:
        """What the row says. A trade whose sides are one asset, or that moves nothing, is Unread. `leg` tells several
        transactions of one row apart ("" for the first); a row with nothing but a fee is a cost."""
        if sent is None and received is None and fee is not None:
            sent, fee, label = fee, None, label or Label.COST
        if sent is None and received is None:
            raise Unread("it moves nothing")
        if sent is not None and received is not None and sent.asset == received.asset:
            raise Unread(f"it gives {sent.asset} for {received.asset}")
        return transaction(
            self.record,
            at or self.at,
            sent=sent,
            received=received,
            fee=fee,
            label=label,
            net_worth=net_worth,
            description=description,
            txhash=txhash,
            leg=leg,
        )

    def unread(self, why: Exception | str) -> Issue:
        """The open problem of a row that is not understood: why, and what it says."""
        reason = (
            shown(str(why), QUOTED) if isinstance(why, Unread | str) else "it has another form than this version knows"
        )
        kind = {"kind": why.kind} if isinstance(why, Unread) and why.kind else {}
        quote = ", ".join(f"{name}: {text}" for name, text in self.cells.items() if text)
        try:
            at = self.at
        except Unread:
            at = None
        return Issue(
            "unread_record",
            self.account,
            at=at,
            ref=transaction_id(self.account, self.record.stream, self.record.source_id),
            details={"why": f"{self.record.origin}: {reason}; it says: {shown(quote, QUOTED)}"} | kind,
        )


class _Layout:
    """How a layout writes what it says."""

    def __init__(
        self, dates: Sequence[str], times: Sequence[str], zone: str, point: str, exchange: str, clock: str, place: str
    ) -> None:
        self.dates, self.times, self.zone, self.point, self.exchange = dates, times, zone, point, exchange
        self.clock, self.place = clock, place
        self.turns = bool(place) or zone != "UTC"  # whether clocks may be set back and forward in its zone

    def dated(self, cells: Cells) -> str:
        """The column of a row's date."""
        return next((column for column in self.dates if cells.get(column, "").strip()), self.dates[0])

    def when(self, cells: Cells, column: str, zones: Mapping[str, str], fold: int = 0) -> datetime:
        """The instant in a column; `zones`: those that names of columns tell. Raises Unread."""
        return moment(self.text(cells, column), self.times, self._zone(cells, column, zones), fold)

    def clock_of(self, cells: Cells, column: str, zones: Mapping[str, str]) -> tuple[datetime, str]:
        """The time as it is written, and the zone of one that names none. Raises Unread."""
        zone = self._zone(cells, column, zones)
        return clock(self.text(cells, column), self.times, zone), zone

    def skipped(self, cells: Cells, column: str, zones: Mapping[str, str]) -> str:
        """What is wrong with a time that its zone does not have, and the cure; "" for any other. Raises Unread."""
        return turned.skipped(*self.clock_of(cells, column, zones), by_name=self.zone == LOCAL) if self.turns else ""

    def _zone(self, cells: Cells, column: str, zones: Mapping[str, str]) -> str:
        if self.place:
            return cells.get(self.place, "").strip()
        return zones.get(column) or (cells.get(ZONE, "UTC") if self.zone == LOCAL else self.zone)

    def text(self, cells: Cells, column: str) -> str:
        day, clock = cells.get(column, "").strip(), cells.get(self.clock, "").strip()
        if not day:
            raise Unread(f"{column} is empty")
        clock = clock.removeprefix(day)  # a date cell of a workbook has its time
        return day if ":" in day else f"{day} {clock}"


Each = Callable[[Row], Iterable[Said]]
Together = Callable[[list[Row]], Iterable[Said]]


def export(
    name: str,
    version: int,
    *,
    needs: Iterable[str],
    may_have: Iterable[str] = (),
    one_of: Iterable[str] = (),
    date: str | tuple[str, ...],
    times: Sequence[str] = (),
    zone: str = "UTC",
    point: str = ".",
    exchange: str = "",
    each: Each | None = None,
    together: Together | None = None,
    id: Sequence[str] = (),
    changing: Iterable[str] = (),
    labels: Iterable[str] = (),
    status: "Status | None" = None,
    passed: Callable[[Cells], str] = lambda _: "",
    accounts: Callable[[Cells], Iterable[str]] | None = None,
    newest_first: bool = False,
    rank: int = 1,
    more: re.Pattern[str] | None = None,
    named: re.Pattern[str] | None = None,
    clock: str = "",
    place: str = "",
    exactly: bool = False,
    by_owner: bool = False,
    alike: Mapping[str, str] | None = None,
    kept_as: str = "",
) -> Format:
    """A layout: the columns that it `needs`, `may_have`, and has at least `one_of` ("Time(UTC*)" is a column whose name
    tells its zone); the column of its `date`, or several (the first with text counts), the patterns of its `times`
    besides ISO 8601 (strptime's, or "seconds", "milliseconds" since 1970) and their `zone` (an IANA name, or `LOCAL`);
    its decimal `point`; the `exchange` by whose codes assets are named (an id; "": by anybody's). Either `each` or
    `together` reads its rows. The rest is as `Status` and `Export` have it."""
    needs, may_have, one_of = tuple(needs), tuple(may_have), tuple(one_of)
    dates = (date,) if isinstance(date, str) else date
    layout = _Layout(dates, times, zone, point, exchange, clock, place)
    columns = (*needs, *one_of, *may_have)

    def passes(row: Cells) -> str:
        return (status.passed(row) if status is not None else "") or passed(row) or no_row(row)

    def instant(cells: Cells, zones: Mapping[str, str]) -> tuple[str, str] | None:
        column = layout.dated(cells)
        try:
            at = layout.when(cells, column, zones)
        except Unread:
            return None
        if why := layout.skipped(cells, column, zones):
            raise RowError(column, layout.text(cells, column), why)
        return column, instant_text(at)

    def read(records: Iterable[RawRecord]) -> Parsed:
        parsed = Parsed()
        with exact():
            rows = list[Row]()
            counting = list(_counting(records, columns, layout, passes))
            if layout.turns:
                parsed.issues.extend(turned.settle(counting))
            for row in counting:
                try:
                    if status is not None:
                        status.check(row)
                    if each is not None:
                        sort_out(parsed, list(each(row)))
                except MALFORMED as why:
                    parsed.issues.append(row.unread(why))
                else:
                    rows.append(row)
            if together is not None:
                try:
                    sort_out(parsed, list(together(rows)))
                except MALFORMED as why:  # a row that nothing foresaw: none of them counts unseen
                    parsed.issues.extend(row.unread(why) for row in rows)
        return parsed

    return Format(
        name=name,
        version=version,
        header=frozenset(needs),
        one_of=frozenset(one_of),
        columns=columns,
        parse=read,
        date="" if clock else dates[0],
        rank=rank,
        export=Export(
            tuple(id),
            frozenset(changing),
            frozenset(labels),
            passes,
            accounts,
            newest_first,
            zone == LOCAL,
            more,
            named,
            exactly,
            instant=instant,
            by_owner=by_owner,
            alike=alike or {},
            point=point,
            kept_as=kept_as,
        ),
    )


def _counting(
    records: Iterable[RawRecord], columns: Sequence[str], layout: _Layout, passed: Callable[[Cells], str]
) -> Iterator[Row]:
    """The stored rows that count."""
    names = {column.casefold(): column for column in columns}
    for record in records:
        said: Mapping[str, str] = json.loads(record.payload)
        known = {header: names.get(header.casefold()) or names.get(any_zone(header).casefold()) for header in said}
        filled = {known[header] or header: text for header, text in said.items()}
        if not passed(filled):
            zones = {name: zone_in(header) for header, name in known.items() if name and "(UTC*)" in name}
            yield Row(record, filled, layout, zones)


def grouped(
    rows: Iterable[Row], key: Callable[[Row], object], read: Callable[[list[Row]], Iterable[Said]]
) -> Iterator[Said]:
    """What each group of rows with one `key` says, read together or not at all: where `read` raises, each row of the
    group is an open problem."""
    groups: dict[object, list[Row]] = {}
    for row in rows:
        try:
            groups.setdefault(key(row), []).append(row)
        except MALFORMED as why:
            yield row.unread(why)
    for group in groups.values():
        try:
            yield from list(read(group))
        except MALFORMED as why:
            yield from (row.unread(why) for row in group)


class Status(Struct, frozen=True):
    """A column that says whether a row counts: the words for what `counts`, and for what does not, by reason
    ({"failed": ("failed", "rejected"), "pending": ("processing",)}). A row with any other word is not understood."""

    column: str
    counts: frozenset[str]
    reasons: Mapping[str, str]  # by word

    @classmethod
    def of(cls, column: str, counts: Iterable[str], **reasons: Iterable[str]) -> Self:
        """`Status.of("Status", ["Completed"], failed=["Failed", "Rejected"], pending=["Processing"])`."""
        by_word = {word.casefold(): reason for reason, words in reasons.items() for word in words}
        return cls(column, frozenset(word.casefold() for word in counts), by_word)

    def passed(self, row: Cells) -> str:
        """Why a row counts for nothing; "" where it counts, or its word is not known."""
        return self.reasons.get(row.get(self.column, "").strip().casefold(), "")

    def check(self, row: Row) -> None:
        """Raises Unread for a word that is not known."""
        if row[self.column].casefold() not in self.counts:
            raise Unread(f"what {self.column} '{shown(row[self.column])}' means is not known")
