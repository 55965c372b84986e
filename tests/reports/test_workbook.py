"""The workbook, read back: typed cells, no formulas, the same figures as the CSV files."""

import io
import re
import zipfile
from datetime import datetime
from decimal import Decimal as D
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from pipeline.issues import Issue
from pipeline.model import Amount, Lot
from reports import workbook as module
from reports.forms import forms_of
from reports.sheet import CUT, in_cell
from reports.table import Report
from reports.tables import TABLES
from reports.workbook import workbook
from tests.reports.example import LOT, at, disposal, full, income, report, transaction

HOSTILE = [
    "=1+1",
    "=HYPERLINK(\"http://x\",\"y\")",
    "=cmd|' /C calc'!A0",
    "#REF!",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    "http://example.com",
    "<b>&amp;</b>]]>",
    "a\x00\x07\x1b[31m\x7f\x85",
    "lone \ud800 and \ufffe\uffff",
    "🚀" * 20_000,
    "x" * 40_000,
    " leading and trailing ",
    "_x003D_1",
    "'=1",
]  # fmt: skip


def made(r: Report) -> bytes:
    return workbook(r, [t(r) for t in TABLES], [(f, f.table(r)) for f in forms_of(r.rules)])


def read(r: Report) -> Workbook:
    return load_workbook(io.BytesIO(made(r)))


def cells(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    head, *rows = book[sheet].iter_rows()
    return [{str(h.value): c for h, c in zip(head, row, strict=True)} for row in rows]


def test_sheets_and_frozen_filtered_headings() -> None:
    book = read(full())
    assert book.sheetnames == ["Summary", "Form 8949", "Disposals", "Income", "Holdings", "Transactions", "Issues"]
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A2"
        assert sheet.print_title_rows in ("1:1", "$1:$1")
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in sheet.oddFooter.right.text
    assert book["Disposals"].auto_filter.ref == "A1:M5"
    assert "Form 8949" not in read(report(country="generic")).sheetnames


def test_numbers_and_dates_are_typed_and_ids_are_text() -> None:
    row = cells(read(full()), "Disposals")[0]
    assert row["Proceeds (USD)"].value == 150.255
    assert row["Proceeds (USD)"].number_format == "#,##0.00;[Red]-#,##0.00"
    assert row["Quantity"].value == 0.5
    assert row["Disposed at"].value == datetime(2025, 3, 1, 14, 5)  # noqa: DTZ001
    assert row["Disposed at"].number_format == "yyyy-mm-dd hh:mm:ss"
    numbered = read(report(transactions=[transaction(source_id="00123", sent=Amount(D(1), "BTC"))]))
    assert cells(numbered, "Transactions")[0]["Source id"].value == "00123"


def test_unknown_is_an_empty_cell() -> None:
    row = cells(read(full()), "Disposals")[2]
    assert [row[name].value for name in ("Proceeds (USD)", "Cost basis (USD)", "Gain (USD)")] == [None, None, None]


def test_a_moment_before_midnight_stays_in_its_year() -> None:
    last = disposal(disposed_at=at("2026-01-01 04:59:59.9"))
    shown = cells(read(report(disposals=[last])), "Disposals")[0]["Disposed at"].value
    assert shown == datetime(2025, 12, 31, 23, 59, 59)  # noqa: DTZ001


def test_quantities_a_spreadsheet_cannot_hold_stand_beside_in_full() -> None:
    long = Lot("a", "Kraken", "ETH", D("123456789.123456789012345678"), None, D(1), D(1))
    first, second = cells(read(report(lots=[LOT, long])), "Holdings")
    assert first["Quantity (exact)"].value is None
    assert second["Quantity (exact)"].value == "123456789.123456789012345678"
    assert "Quantity (exact)" not in cells(read(report(lots=[LOT])), "Holdings")[0]


def hostile() -> Report:
    ids = range(len(HOSTILE))
    details = {"quantity": "1"}
    return report(
        disposals=[disposal(f"d{n}", account=HOSTILE[n], asset=HOSTILE[n], acquisition_id=HOSTILE[n]) for n in ids],
        incomes=[income(f"i{n}", account=HOSTILE[n], asset=HOSTILE[n]) for n in ids],
        lots=[Lot(f"a{n}", HOSTILE[n], HOSTILE[n], D(1), None, D(1), D(1)) for n in ids],
        transactions=[transaction(HOSTILE[n], source=HOSTILE[n], source_id=HOSTILE[n]) for n in ids],
        issues=[Issue("missing_acquisition", HOSTILE[n], HOSTILE[n], details=details) for n in ids],
    )


def test_text_from_outside_is_text() -> None:
    data = made(hostile())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode()
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text), name
            assert not re.search(r"<f[ >/]|hyperlink|t=\"[ef]\"", text), name
    book = load_workbook(io.BytesIO(data))
    kinds = {c.data_type for sheet in book for row in sheet.iter_rows() for c in row if isinstance(c.value, str)}
    assert kinds == {"s"}
    shown = [row["Account"].value for row in cells(book, "Disposals")]
    assert shown[:2] == HOSTILE[:2]
    assert shown == [in_cell(text) for text in HOSTILE]


def test_long_text_is_cut_with_a_mark() -> None:
    assert in_cell("_x000D_ a_x41_ _xZZZZ_") == "_x005F_x000D_ a_x41_ _xZZZZ_"  # else Excel reads a line end
    assert in_cell("x" * 32_767) == "x" * 32_767
    for text in ("x" * 32_768, "🚀" * 16_384):
        cut = in_cell(text)
        assert cut.endswith(CUT)
        assert len(cut.encode("utf-16-le")) // 2 <= 32_767


def test_more_rows_than_a_sheet_holds_go_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAST_ROW", 4)
    book = read(report(incomes=[income(f"i{n}") for n in range(7)]))
    titles = [t for t in book.sheetnames if t.startswith("Income")]
    assert titles == ["Income", "Income 2", "Income 3"]
    assert [c["Transaction id"].value for t in titles for c in cells(book, t)] == [f"i{n}" for n in range(7)]


def test_every_row_is_there_with_the_csv_figures() -> None:
    r = full()
    book = read(r)
    for table in (t(r) for t in TABLES):
        assert book[table.name.capitalize()].max_row == len(table.rows) + 1


def overview(r: Report) -> dict[str, list[Any]]:
    return {str(row[0]): list(row[1:]) for row in read(r)["Summary"].iter_rows(values_only=True) if row[0]}


def test_the_summary_says_who_what_and_how_much() -> None:
    page = overview(full())
    assert page["Tax year"][0] == "2025-01-01 to 2025-12-31"
    assert [page[name][0] for name in ("Country", "Currency", "Method", "Lots are kept")] == [
        "United States",
        "USD",
        "fifo",
        "per account",
    ]
    assert page["Proceeds"][0] == 160.26
    assert page["Reward"][0] == 25.5
    assert page["Left out: no price known"][0] == 1
    assert page["March 2025"][0] == 160.26
    assert page["BTC"][:3] == [1.25, 250.5, 300]
    assert page["Part I, box I"][:5] == [1, 150.26, 100.13, 0, 50.13]
    assert "No open problems." in page


def test_a_sum_with_an_unknown_part_is_not_shown_as_whole() -> None:
    page = overview(report(lots=[LOT, Lot("b", "Kraken", "BTC", D(1), None, D(1))]))
    assert page["BTC"][2] == page["Total"][2] == "not known"


def test_open_problems_stand_on_the_first_page() -> None:
    page = overview(report(issues=[Issue("missing_acquisition", "K", "BTC", details={"quantity": "1"})] * 2))
    assert "Open problems: 2 errors; figures may change until they are settled. See the sheet Issues." in page
    assert page["Missing acquisition"][:2] == ["error", 2]


def test_nothing_in_the_file_says_when_it_was_written() -> None:
    with zipfile.ZipFile(io.BytesIO(made(full()))) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-01-01T05:00:00Z" in archive.read("docProps/core.xml")
