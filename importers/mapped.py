"""A row of any table as a row of the universal file, by a mapping.

    cells = cells_of(mapping, {"Time": "31.03.2025 14:05", "Coin": "BTC", "Change": "-0,5"})
    # {"Date": "2025-03-31T12:05:00.000000+00:00", "Sent Amount": "0.5", "Sent Currency": "BTC"}

Raises `RowError`, naming the table's column, for what the mapping does not say how to read; nothing is guessed: not the
sign of thousands, not the side, not a word.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from importers import clocks
from importers.base import RowError, shown
from importers.layout import Cells
from importers.mapping import (
    AMOUNT,
    CURRENCY,
    ISO,
    PAIR,
    RECEIVED,
    SENT,
    SIDE,
    TOTAL,
    TOTAL_CURRENCY,
    WORDS,
    Mapped,
)
from importers.parsers.build import Unread, milliseconds, seconds
from pipeline import money
from pipeline.model import instant_text

Row = tuple[int, list[str]]  # its number, its cells

_SINCE_1970 = {"seconds": seconds, "milliseconds": milliseconds}
_MONEY = re.compile(r"[$€£¥₿]")
_NOTHING = ("", "-", "--", "n/a")
_WITH_UNIT = re.compile(r"(\(?[-+\u2212]?[\d.,' \u00a0\u202f]*\d\)?)\s*([^\W\d]\S*)", re.ASCII)
_SIDES = {RECEIVED: ("Received Amount", "Received Currency"), SENT: ("Sent Amount", "Sent Currency")}
_OTHER = {RECEIVED: SENT, SENT: RECEIVED}
_PAIRS = (*_SIDES.values(), ("Fee Amount", "Fee Currency"), ("Net Worth Amount", "Net Worth Currency"))
_CURRENCY_OF = dict(_PAIRS) | {AMOUNT: CURRENCY, TOTAL: TOTAL_CURRENCY}


def skipped(mapping: Mapped, row: Cells) -> bool:
    """Whether a row counts for nothing. Raises RowError where the mapping says which rows count, and not this one."""
    if any(_word(row, each.column) in each.words for each in mapping.skip):
        return True
    for each in mapping.take:
        if _word(row, each.column) not in each.words:
            should = f"is in neither [take] nor [skip] of {mapping.name}; add it there"
            raise RowError(shown(each.column), _text(row, each.column), should)
    return False


def cells_of(mapping: Mapped, row: Cells, fold: int = 0) -> dict[str, str]:
    """The cells of the universal file, those that are empty left out. `fold`: 1 for the second of a time that clocks
    show twice."""
    said = {name: " ".join(filter(None, (_text(row, each) for each in columns)))
            for name, columns in mapping.columns.items()}  # fmt: skip
    cells = {name: said[name] for name in ("Account", "Description", "TxHash", "ID") if said.get(name)}
    cells |= {name: mapping.constants[name] for name in ("Account", "Label") if name in mapping.constants}
    cells["Date"] = _date(mapping, said["Date"], fold)
    if "Label" in said and (label := _label(mapping, said["Label"])):
        cells["Label"] = label
    both = _of_pair(mapping, said[PAIR]) if PAIR in said else {}
    if AMOUNT in said:
        cells |= _sides(mapping, said, both)
    for amount, currency in _PAIRS:
        if amount in said:
            cells |= _side(mapping, said, (amount, currency))
    return cells


class Clock:
    """The rows of a table in their order, by which a time that clocks show twice is the first (`fold` 0 of the row that
    is given) or the second (1); where that does not tell, it is the first, and one of the `doubts`."""

    def __init__(self, mapping: Mapped, table: str, header: Sequence[str]) -> None:
        self._mapping, self._table, self._header = mapping, table, [column.casefold() for column in header]
        self._zone = clocks.zone_of(mapping.zone)
        self._first, self._count = "", 0
        self.fold = 0

    def in_order(self, rows: Iterator[Row]) -> Iterator[Row]:
        if not isinstance(self._zone, ZoneInfo):
            yield from rows
            return
        for (row, at), fold in clocks.in_order(map(self._read, rows)):
            if fold is None and at is not None:
                self._count += 1
                self._first = self._first or self._told(row, at)
            self.fold = fold or 0
            yield row

    def doubts(self) -> list[str]:
        """What is to be said of them: one line."""
        more = f" (and {self._count - 1} more)" if self._count > 1 else ""
        cure = (
            "if it was the second, import a row of your own with its time in UTC, and say `REPEAT,FIRST,once` of the "
            "two under `Repeat,First,Counts`"
        )
        return [f"{self._first}{more}; {cure}"] if self._first else []

    def _read(self, row: Row) -> tuple[tuple[Row, datetime | None], datetime | None, bool]:
        try:
            at = _clock(self._mapping, _date_text(self._mapping, dict(zip(self._header, row[1], strict=False))))
        except RowError:  # told where the row is read
            return (row, None), None, False
        return (row, at), None if at.tzinfo else at, clocks.twice(at, self._zone)

    def _told(self, row: Row, at: datetime) -> str:
        first, second = (f"{at.replace(tzinfo=self._zone, fold=fold).astimezone(UTC):%H:%M}" for fold in (0, 1))
        return (
            f"{self._table} row {row[0]}: {at:%Y-%m-%d %H:%M} is there twice in {self._mapping.zone}, and the order of "
            f"the rows does not say which it is: taken as the first, {first} UTC, not {second} UTC"
        )


def owner(mapping: Mapped, row: Cells) -> dict[str, str]:
    """The cells Account and ID alone: whose row it is, and which."""
    said = {name: _text(row, mapping.columns[name][0]) for name in ("Account", "ID") if name in mapping.columns}
    return said | {name: text for name, text in mapping.constants.items() if name == "Account"}


def where(mapping: Mapped, error: RowError) -> RowError:
    """The same about the table's own column, where it is of the universal one."""
    columns = mapping.columns.get(error.column) or mapping.columns.get(_OF_SIDE.get(error.column, ""))
    return RowError(f"{shown(' + '.join(columns))} ({error.column})", error.found, error.should) if columns else error


_OF_SIDE = {"Received Amount": AMOUNT, "Sent Amount": AMOUNT, "Received Currency": CURRENCY, "Sent Currency": CURRENCY}


# ---- cells ------------------------------------------------------------------------------------


def _text(row: Cells, column: str) -> str:
    return row.get(column.casefold(), "").strip()


def _word(row: Cells, column: str) -> str:
    return _text(row, column).casefold()


def _column(mapping: Mapped, name: str) -> str:
    return shown(" + ".join(mapping.columns[name]))


def _date_text(mapping: Mapped, row: Cells) -> str:
    return " ".join(filter(None, (_text(row, each) for each in mapping.columns["Date"])))


def _clock(mapping: Mapped, text: str) -> datetime:
    for pattern in mapping.formats:
        try:
            if pattern == ISO:
                return clocks.clock(text)
            return _SINCE_1970[pattern](text) if pattern in WORDS else datetime.strptime(text, pattern)  # noqa: DTZ007
        except (Unread, ValueError, OverflowError):
            continue
    patterns = " or ".join(mapping.formats)
    should = f"is not written as {patterns}; say in [date] format of {mapping.name} how it is"
    raise RowError(_column(mapping, "Date"), text, should)


def _date(mapping: Mapped, text: str, fold: int) -> str:
    """The instant as the ledger writes it."""
    at, zone = _clock(mapping, text), clocks.zone_of(mapping.zone)
    if clocks.skips(at, zone):
        should = (
            f"is an hour that clocks in {mapping.zone} skip, so the times are of another zone; correct [date] zone of "
            f'{mapping.name}, "UTC" perhaps'
        )
        raise RowError(_column(mapping, "Date"), text, should)
    try:
        return instant_text((at if at.tzinfo else at.replace(tzinfo=zone, fold=fold)).astimezone(UTC))
    except OverflowError:
        raise RowError(_column(mapping, "Date"), text, "is no date that a ledger can have; correct it") from None


def is_bare(mapping: Mapped, row: Cells) -> bool:
    """Whether the date has no time, and nothing says whose midnight is meant."""
    since_1970 = any(pattern in _SINCE_1970 for pattern in mapping.formats)
    return (
        mapping.zone == "UTC"
        and not since_1970
        and not any(":" in _text(row, each) for each in mapping.columns["Date"])
    )


def _label(mapping: Mapped, text: str) -> str:
    if mapping.labels is None or not text:
        return text
    if text.casefold() not in mapping.labels:
        should = f'is not in [labels] of {mapping.name}; add it with one of our labels, or "" for a transfer or trade'
        raise RowError(_column(mapping, "Label"), text, should)
    return mapping.labels[text.casefold()]


def _of_pair(mapping: Mapped, text: str) -> Mapping[str, str]:
    """The currencies of the amount and of what it was traded for."""
    base, sign, quote = (part.strip() for part in text.partition(mapping.separator))
    if text and (not base or not quote or mapping.separator in quote):
        should = f"is no pair with one '{mapping.separator}'; say in [pair] separator of {mapping.name} what is between"
        raise RowError(_column(mapping, PAIR), text, should)
    return {AMOUNT: base, TOTAL: quote} if sign else {}


def _sides(mapping: Mapped, said: Mapping[str, str], both: Mapping[str, str]) -> dict[str, str]:
    """The one amount on its side, and what it was traded for on the other."""
    column, (number, unit) = _column(mapping, AMOUNT), _number(mapping, AMOUNT, said[AMOUNT])
    if SIDE in said:
        side = mapping.sides.get(said[SIDE].casefold())
        if side is None:
            should = f"is not in [side] of {mapping.name}; add it to received or sent"
            raise RowError(_column(mapping, SIDE), said[SIDE], should)
        if number < 0 and side == RECEIVED and AMOUNT not in mapping.unsigned:
            raise RowError(column, said[AMOUNT], f"is negative, and received by {_column(mapping, SIDE)}; correct one")
    else:
        side = SENT if number < 0 else RECEIVED
    cells = _pair(mapping, said, AMOUNT, abs(number), unit, _SIDES[side], both)
    if TOTAL in said:
        total, total_unit = _number(mapping, TOTAL, said[TOTAL])
        if total and not number:
            raise RowError(
                column, said[AMOUNT], f"is nothing, beside {_column(mapping, TOTAL)} {shown(said[TOTAL])}; correct one"
            )
        cells |= _pair(mapping, said, TOTAL, abs(total), total_unit, _SIDES[_OTHER[side]], both)
    return cells


def _side(mapping: Mapped, said: Mapping[str, str], columns: tuple[str, str]) -> dict[str, str]:
    name, currency = columns
    number, unit = _number(mapping, name, said[name])
    if number < 0 and name not in mapping.unsigned:
        should = f"should not be negative; where its sign says nothing: [numbers] without_sign in {mapping.name}"
        raise RowError(_column(mapping, name), said[name], should)
    if not said[name] and said.get(currency) and name in _ALONE and _is_alone(mapping, currency):
        raise RowError(
            _column(mapping, name),
            "",
            f"is empty beside {_column(mapping, currency)} {shown(said[currency])}; fill it in",
        )
    return _pair(mapping, said, name, abs(number), unit, columns, {})


_ALONE = ("Sent Amount", "Received Amount")


def _is_alone(mapping: Mapped, name: str) -> bool:
    """Whether a column of currencies is of one amount only: then it is empty where the amount is."""
    column = mapping.columns[name]
    return list(mapping.columns.values()).count(column) == 1


def _pair(
    mapping: Mapped,
    said: Mapping[str, str],
    name: str,
    number: Decimal,
    unit: str,
    columns: tuple[str, str],
    both: Mapping[str, str],
) -> dict[str, str]:
    """An amount and its currency under their universal names; nothing where it is 0, also of a net worth, which of
    another's table is most likely "not known"."""
    if not number:
        return {}
    currency = _CURRENCY_OF[name]
    unit = unit or both.get(name) or said.get(currency) or mapping.constants.get(currency, "")
    return {columns[0]: money.plain(number), columns[1]: unit} if unit else {columns[0]: money.plain(number)}


def _number(mapping: Mapped, name: str, text: str) -> tuple[Decimal, str]:
    """A number with its sign, and the unit beside it where the currency is in no place of its own ("0.5 BTC")."""
    unit = ""
    places = {_CURRENCY_OF[name]} | ({PAIR} if name in (AMOUNT, TOTAL) else set())
    if places.isdisjoint(mapping.columns.keys() | mapping.constants.keys()):
        match = _WITH_UNIT.fullmatch(text)
        if match is None and text.casefold() not in _NOTHING:
            should = (
                f"is no amount with its currency; map {_CURRENCY_OF[name]} in {mapping.name}, or give it in [constant]"
            )
            raise RowError(_column(mapping, name), text, should)
        text, unit = (match[1], match[2]) if match else ("", "")
    bare = _MONEY.sub("", text).replace("\u2212", "-").strip()
    if bare.casefold() in _NOTHING:
        return money.ZERO, unit
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1].strip()}"
    bare = bare.replace("\u00a0", " ").replace("\u202f", " ")
    if mapping.thousands and _grouped(mapping.thousands, mapping.decimal).fullmatch(bare):
        bare = bare.replace(mapping.thousands, "")
    if mapping.decimal == ",":
        if "." in bare:
            raise RowError(_column(mapping, name), text, f"has a point; {_SAY.format(mapping.name)}")
        bare = bare.replace(",", ".", 1)
    try:
        return money.parse(bare), unit
    except ValueError:
        raise RowError(_column(mapping, name), text, f"is no number; {_SAY.format(mapping.name)}") from None


_SAY = "say in [numbers] of {} how it is written: decimal and thousands"


@lru_cache(maxsize=8)
def _grouped(thousands: str, decimal: str) -> re.Pattern[str]:
    return re.compile(rf"[+-]?\d{{1,3}}({re.escape(thousands)}\d{{3}})+({re.escape(decimal)}\d*)?", re.ASCII)
