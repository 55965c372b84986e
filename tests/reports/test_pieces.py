"""Cells made a column at a time are those that are made one by one, and what openpyxl itself would write."""

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from pipeline.money import exact
from reports.cells import Formula, part
from reports.layout import Computed
from reports.pieces import Pieces, each, instants, numbers, texts
from reports.sheet import Book
from tests.reports.test_workbook import HOSTILE

ZONES = [ZoneInfo(name) for name in ("America/New_York", "Europe/Dublin", "Asia/Kathmandu", "UTC")]
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
SMALL = st.sampled_from([Decimal(text) for text in ("0E-8", "-0.00", "1E-7", "1E+3", "1.50", "100", "0.1", "-2.0")])
WORDS = st.text(max_size=300) | st.sampled_from(HOSTILE) | st.from_regex(r"[0-9a-zA-Z.:/-]{1,20}", fullmatch=True)
INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def whole(pieces: Pieces, count: int) -> list[str]:
    """Each cell in one text."""
    return ["".join(p if isinstance(p, str) else p[n] for p in pieces) for n in range(count)]


def plainly(at: datetime | None, zone: ZoneInfo) -> str:
    return part(at and at.astimezone(zone).replace(tzinfo=None, microsecond=0))


@given(st.lists(AMOUNTS | SMALL) | st.lists(AMOUNTS | SMALL | WORDS | st.none() | st.integers()))
def test_columns_of_numbers(values: list[Any]) -> None:
    assert whole(numbers(values), len(values)) == [part(value) for value in values]


@given(st.lists(WORDS) | st.lists(WORDS | st.none()))
@pytest.mark.parametrize("made", [texts, each])
def test_columns_of_texts(made: Callable[[Sequence[Any]], Pieces], values: list[Any]) -> None:
    assert whole(made(values), len(values)) == [part(value) for value in values]


@given(st.lists(INSTANTS) | st.lists(INSTANTS | st.none()), st.sampled_from(ZONES))
def test_columns_of_instants(values: list[datetime | None], zone: ZoneInfo) -> None:
    assert whole(instants(values, zone), len(values)) == [plainly(at, zone) for at in values]


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, st.sampled_from([0, 0, 0, 1]) | st.none())))
def test_columns_that_are_sums_of_others(rows: list[tuple[Decimal, Decimal, int | None]]) -> None:
    """The value, not the sum, where rounding or an unknown part makes them differ."""
    with exact():
        gains = [None if off is None else paid - cost + off for paid, cost, off in rows]
        columns: list[list[Any]] = [[paid for paid, _, _ in rows], [cost for _, cost, _ in rows], gains]
        cells = whole(Computed(2, (("", 0, "A"), ("-", 1, "B"))).pieces(columns, 2), len(rows))
    for row, (cell, gain, (_, _, off)) in enumerate(zip(cells, gains, rows, strict=True), 2):
        assert cell == part(gain if off != 0 else Formula(f"A{row}-B{row}", gain))


def test_rows_of_columns_are_those_written_one_by_one_and_read_as_openpyxls_own() -> None:
    at = datetime(2025, 3, 30, 6, 59, 59, tzinfo=UTC)
    zone = ZoneInfo("America/New_York")
    rows = [
        ("a1", Decimal("1.50"), at, "Kraken", None),
        ("a2", Decimal("-3"), at.replace(month=7), "Kraken", "a word"),
        ("a3", Decimal("0.1234567890123456"), at.replace(hour=7), "K & <n>", ""),
    ]
    local = [(a, b, c.astimezone(zone).replace(tzinfo=None), d, e) for a, b, c, d, e in rows]
    ids, amounts, times, names, gaps = zip(*rows, strict=True)
    books, plain = [Book("t", datetime(2026, 1, 1)) for _ in range(2)], Workbook(write_only=True)  # noqa: DTZ001
    with books[0].sheet("S") as sheet:
        first, linked, time = sheet.style(), sheet.style("0.00"), sheet.style("yyyy-mm-dd hh:mm:ss")
        styles = [first, first, time, first, first]
        for row, high in zip(local, (1, 2, 1), strict=True):
            sheet.write(row, [linked if row[0] == "a2" else first, *styles[1:]], high)
    with books[1].sheet("S") as sheet:
        assert [sheet.style(), sheet.style("0.00"), sheet.style("yyyy-mm-dd hh:mm:ss")] == [first, linked, time]
        cells = [texts(ids), numbers(amounts), instants(times, zone), each(names), each(gaps)]
        sheet.write_columns(cells, [[first, linked, first], *styles[1:]], [1, 2, 1])
    plain.create_sheet("S")
    for row in local:
        plain.worksheets[0].append(row)
    out = io.BytesIO()
    plain.save(out)
    found = [read(book.finish()) for book in books]
    assert found[0] == found[1]
    assert [[value for value, _, _ in row] for row in found[1]] == [
        [v for v, _, _ in row] for row in read(out.getvalue())
    ]


def read(data: bytes) -> list[list[tuple[object, str, float | None]]]:
    """Of each cell its value and format, and how high its row is."""
    sheet: Any = load_workbook(io.BytesIO(data)).worksheets[0]
    return [
        [(cell.value, cell.number_format, sheet.row_dimensions[cell.row].height) for cell in row]
        for row in sheet.iter_rows(max_col=5)
    ]
