"""The workbook, read back: typed cells, formulas that come to the engine's figures, links that lead on."""

import io
import re
import zipfile
from datetime import datetime
from decimal import Decimal as D
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from pipeline.issues import Issue
from pipeline.model import Amount, Lot, Rule, Term
from reports.cells import CUT, in_cell
from reports.forms import forms_of
from reports.sheet import LAST_ROW, MONEY, MOST_LINKS, WHOLE, Book
from reports.table import Report, SourceUsed
from reports.tables import TABLES
from reports.workbook import workbook
from tests.reports.computing import Computing
from tests.reports.example import LOT, at, disposal, full, gift, income, report, transaction

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


# All that a formula may be made of: places, numbers, our functions and our own words.
OURS = re.compile(
    r"(?:'(?:Summary|Disposals|Income|Derivatives|Holdings|Lots|Transfers|Problems|Form 8949|Form 1099-DA|"
    r"Schedule [1D])( \d+)?'!|"
    r"\$?[A-Z]\$?\d+|SUM|SUMIFS|COUNTIFS|SUMPRODUCT|EXACT|EDATE|\"[a-z_ -]+\"|\"[<>]=?0?\"|[-+&,:()1])+"
)
LINK = re.compile(r"ref=\"[A-Z]+\d+\" location=\"'[A-Za-z0-9 -]+'![A-Z]+\d+\"")


def made(r: Report, last_row: int = LAST_ROW) -> bytes:
    out = io.BytesIO()
    workbook(out, r, [t(r) for t in TABLES], [(f, f.table(r)) for f in forms_of(r.rules)], last_row=last_row)
    return out.getvalue()


def read(r: Report, last_row: int = LAST_ROW) -> Workbook:
    return load_workbook(io.BytesIO(made(r, last_row)))


def shown(r: Report, last_row: int = LAST_ROW) -> Workbook:
    """With values in place of formulas, as a program shows them that computes nothing."""
    return load_workbook(io.BytesIO(made(r, last_row)), data_only=True)


def cells(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    head, *rows = book[sheet].iter_rows()
    return [{str(h.value): c for h, c in zip(head, row, strict=True)} for row in rows]


def test_sheets_and_frozen_filtered_headings() -> None:
    book = read(full())
    assert book.sheetnames == ["Summary", "Form 8949", "Form 1099-DA", "Schedule D", "Schedule 1", "Disposals",
                               "Income", "Derivatives", "Holdings", "Lots", "Transfers", "Transactions", "Prices",
                               "Problems", "Sources and method"]  # fmt: skip
    for sheet in book.worksheets[1:-1]:
        assert sheet.freeze_panes == "A2"
        assert sheet.print_title_rows in ("1:1", "$1:$1")
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "&P" in sheet.oddFooter.right.text
    (table,) = book["Disposals"].tables.values()
    assert table.ref == table.autoFilter.ref == "A1:N5"
    assert [column.name for column in table.tableColumns] == [cell.value for cell in book["Disposals"][1]]
    assert not book["Transfers"].tables  # a table without a row is damage to a spreadsheet program
    assert len(book["Summary"]._charts) == 2
    assert not read(report())["Summary"]._charts  # nothing to draw
    assert "Form 8949" not in read(report(country="generic")).sheetnames


def test_numbers_and_dates_are_typed_and_ids_are_text() -> None:
    row = cells(read(full()), "Disposals")[0]
    assert row["Proceeds (USD)"].value == 150.255
    assert row["Proceeds (USD)"].number_format == MONEY
    assert row["Quantity"].value == 0.5
    assert row["Disposed at"].value == datetime(2025, 3, 1, 14, 5)  # noqa: DTZ001
    assert row["Disposed at"].number_format == "yyyy-mm-dd hh:mm:ss"
    numbered = read(report(transactions=[transaction(source_id="00123", sent=Amount(D(1), "BTC"))]))
    assert cells(numbered, "Transactions")[0]["Source id"].value == "00123"


def test_days_of_the_form_are_dates_and_words_in_their_place_text() -> None:
    average = disposal("d4", acquired_at=None, rule=Rule.AVERAGE)
    missing = disposal("d5", acquired_at=None, rule=Rule.MISSING)
    sheet = cells(read(report(disposals=[disposal(), average, missing])), "Form 8949")
    assert [row["Date acquired"].value for row in sheet] == [datetime(2024, 6, 1), "VARIOUS", None]  # noqa: DTZ001
    assert {row["Date sold"].value for row in sheet} == {datetime(2025, 3, 1)}  # noqa: DTZ001
    assert sheet[0]["Date sold"].number_format == "mm/dd/yyyy"


def test_what_a_form_leaves_to_the_person_stands_under_its_totals() -> None:
    page = [str(row[0]) for row in read(full())["Summary"].iter_rows(values_only=True)]
    totals, note = page.index("Part I, box I"), next(i for i, text in enumerate(page) if "No Form 1099-DA" in text)
    assert totals < note < page.index("Gain by month (USD)")


def test_unknown_is_an_empty_cell() -> None:
    row = cells(read(full()), "Disposals")[2]
    assert [row[name].value for name in ("Proceeds (USD)", "Cost basis (USD)", "Gain (USD)")] == [None, None, None]


def test_a_moment_before_midnight_stays_in_its_year() -> None:
    last = disposal(disposed_at=at("2026-01-01 04:59:59.9"))
    shown = cells(read(report(disposals=[last])), "Disposals")[0]["Disposed at"].value
    assert shown == datetime(2025, 12, 31, 23, 59, 59)  # noqa: DTZ001


def test_quantities_a_spreadsheet_cannot_hold_stand_beside_in_full() -> None:
    long = Lot("a", "Kraken", "ETH", D("123456789.123456789012345678"), None, D(1), D(1))
    second, first = cells(read(report(lots=[LOT, long])), "Holdings")
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
            assert not re.search(r"TargetMode|t=\"[ef]\"", text), name
            for formula in re.findall("<f>(.*?)</f>", text):
                assert OURS.fullmatch(unescape(formula)), formula
            for place in re.findall("<hyperlink ([^>]*)/>", text):
                assert LINK.fullmatch(place), place
    book = load_workbook(io.BytesIO(data))
    kinds = {c.data_type for sheet in book for row in sheet.iter_rows() for c in row if isinstance(c.value, str)}
    assert kinds == {"s", "f"}  # formulas: all as above
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


def test_more_rows_than_a_sheet_holds_go_to_the_next() -> None:
    book = read(report(incomes=[income(f"i{n}") for n in range(7)]), last_row=4)
    titles = [t for t in book.sheetnames if t.startswith("Income")]
    assert titles == ["Income", "Income 2", "Income 3"]
    assert [c["Transaction id"].value for t in titles for c in cells(book, t)] == [f"i{n}" for n in range(7)]


def test_every_row_is_there_with_the_csv_figures() -> None:
    r = full()
    book = read(r)
    for table in (t(r) for t in TABLES):
        title = "Problems" if table.name == "issues" else table.name.capitalize()
        assert book[title].max_row == len(table.rows) + 1


def overview(r: Report) -> dict[str, list[Any]]:
    """The rows of the Summary by what stands in front; of two with one name the first."""
    rows = shown(r)["Summary"].iter_rows(values_only=True)
    return {str(row[0]): list(row[1:]) for row in reversed(list(rows)) if row[0]}


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
    assert page["2025-03-01 00:00:00"][0] == 160.26
    assert page["BTC"][:4] == [1.25, 250.5, 300, 49.5]
    assert page["Part I, box I"][:5] == [1, 150.26, 100.13, 0, 50.13]
    assert "No open problems." in page
    assert (
        "Taxpayer" not in page and overview(replace(full(), taxpayer="Ada Lovelace"))["Taxpayer"][0] == "Ada Lovelace"
    )


def test_money_has_the_decimals_that_its_currency_has() -> None:
    formats = {}
    for currency in ("USD", "JPY"):
        book = read(replace(full(), currency=currency))
        (gain,) = (cell for cell in book["Disposals"][1] if str(cell.value).startswith("Gain"))
        total = next(row[1] for row in book["Summary"].iter_rows() if row[0].value == "Proceeds")
        formats[currency] = {book["Disposals"].cell(2, gain.column).number_format, total.number_format}
    assert formats == {"USD": {MONEY}, "JPY": {WHOLE}}


def test_what_rounds_to_0_is_no_red_minus_0() -> None:
    """Where a column has values below 0: by a rule, whose format says nothing of a sign."""
    book = read(report(disposals=[disposal(proceeds=D(1), cost_basis=D("1.001")), disposal("d2")]))
    (gain,) = (cell.column_letter for cell in book["Disposals"][1] if str(cell.value).startswith("Gain"))
    rules = {
        str(each.sqref): (rule.formula, rule.dxf.numFmt.formatCode)
        for each in book["Disposals"].conditional_formatting
        for rule in each.rules
    }
    assert rules == {f"{gain}2:{gain}3": ([f"AND({gain}2<0,ROUND({gain}2,2)=0)"], "0.00;0.00")}


def test_a_sum_with_an_unknown_part_is_not_shown_as_whole() -> None:
    page = overview(report(lots=[LOT, Lot("b", "Kraken", "BTC", D(1), None, D(1))]))
    assert page["BTC"][2] == page["Total"][2] == "not known"
    assert page["BTC"][3] is None


def test_open_problems_stand_on_the_first_page() -> None:
    page = overview(report(issues=[Issue("missing_acquisition", "K", "BTC", details={"quantity": "1"})] * 2))
    assert "Open problems: 2 errors; figures may change until they are settled. See the sheet Problems." in page
    assert page["Missing acquisition"][:2] == ["error", 2]


def test_the_problems_stand_before_the_charts_and_the_forms() -> None:
    r = replace(
        full(),
        result=replace(full().result, issues=[Issue("missing_acquisition", "K", "BTC", details={"quantity": "1"})]),
    )
    page = [str(row[0]) for row in read(r)["Summary"].iter_rows(values_only=True)]
    assert page.index("Proceeds") < page.index("Missing acquisition") < page.index("Form 8949 (USD)")


def test_lines_that_ask_for_words_show_them_and_whole_units_stay_whole() -> None:
    short = disposal(term=Term.SHORT)
    page = overview(report(country="de", disposals=[short]))
    assert page["46 Bezeichnung"][1] == "BTC"
    rows = {str(row[0].value): row for row in read(report(country="de", disposals=[short]))["Summary"].iter_rows()}
    assert rows["48 Veräußerungspreis"][2].number_format == WHOLE
    fr = overview(report(country="fr", disposals=[disposal()]))
    assert fr["All rows"][0] == 1


def test_nothing_in_the_file_says_when_it_was_written() -> None:
    with zipfile.ZipFile(io.BytesIO(made(full()))) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-01-01T05:00:00Z" in archive.read("docProps/core.xml")


def test_the_same_report_gives_the_same_bytes() -> None:
    assert made(full()) == made(full())


@pytest.mark.parametrize("last_row", [LAST_ROW, 3])
def test_two_processes_write_the_bytes_that_one_does(last_row: int, tmp_path: Path) -> None:
    r, alone, both = traceable(), io.BytesIO(), io.BytesIO()
    tables, forms = [t(r) for t in TABLES], [(f, f.table(r)) for f in forms_of(r.rules)]
    workbook(alone, r, tables, forms, last_row=last_row, many=10**9)
    workbook(both, r, tables, forms, last_row=last_row, many=0, beside=tmp_path)
    assert both.getvalue() == alone.getvalue()
    assert zipfile.ZipFile(both).testzip() is None and not list(tmp_path.iterdir())


# ---- on paper -------------------------------------------------------------------------------------------------------


def test_no_small_table_of_a_page_is_cut_and_wide_sheets_go_over_pages_beside_each_other() -> None:
    lots = [Lot(f"l{n}", "Kraken", f"A{n:02}", D(1), None, D(10), D(n)) for n in range(30)]
    book = read(replace(full(), result=replace(full().result, lots=lots)))
    sheet: Any = book["Summary"]
    assert not sheet.sheet_properties.pageSetUpPr.fitToPage, "Excel would leave out the breaks"
    begins = [each.id + 1 for each in sheet.row_breaks.brk]
    assert len(begins) == 2
    for row in begins:  # an empty row, then the title of what is kept together
        assert sheet.cell(row, 1).value is None and sheet.cell(row + 1, 1).font.b and not sheet.cell(row + 1, 2).value
    high = 72 * (11 - sheet.page_margins.top - sheet.page_margins.bottom) * 100 / sheet.page_setup.scale
    for first, after in pairwise((1, *begins, sheet.max_row + 1)):
        assert sum(sheet.row_dimensions[row].height or 15 for row in range(first, after)) <= high
    wide: Any = read(report(disposals=[disposal(account="K" * 60, asset="A" * 60)]))["Disposals"]
    assert (wide.page_setup.fitToWidth, wide.print_title_cols) == (2, "$A:$B")
    empty: Any = book["Form 1099-DA"]  # wide too, but there is nothing to read
    assert (empty.page_setup.fitToWidth, empty.oddFooter.center.text) == (1, "&A: none")
    assert book["Disposals"].page_setup.fitToWidth == 1 and not book["Disposals"].print_title_cols


# ---- formulas -------------------------------------------------------------------------------------------------------


SIMILAR = [
    Lot(f"s{n}", "Kraken", asset, D(n + 1), None, D(n), D("0.1")) for n, asset in enumerate(["AB", "ab", "a*", ">0"])
]
UK = report(
    country="uk",
    year=2026,
    disposals=[disposal(disposed_at=at("2025-04-06 12:00")), gift(disposed_at=at("2026-04-05 12:00"))],
)


@pytest.mark.parametrize("last_row", [LAST_ROW, 3])
@pytest.mark.parametrize(
    "r", [full(), report(lots=SIMILAR), UK, report()], ids=["full", "similar names", "uk", "nothing"]
)
def test_every_formula_comes_to_the_figure_that_stands_for_it(r: Report, last_row: int) -> None:
    values = Computing(shown(r, last_row))
    for sheet in read(r, last_row):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    computed = values.of(cell.value, sheet.title)
                    assert computed == pytest.approx(values.at(sheet.title, cell.coordinate)), (sheet.title, cell)


def test_totals_gains_and_differences_are_formulas() -> None:
    book = read(full())
    live = {str(row[0].value) for row in book["Summary"].iter_rows() if "f" in (row[1].data_type, row[2].data_type)}
    assert {"Proceeds", "Cost basis", "Gain", "Sum of losses", "Reward", "Result", "BTC", "Part I, box I"} <= live
    for sheet, column in (
        ("Disposals", "Gain (USD)"),
        ("Form 8949", "Gain (USD)"),
        ("Holdings", "Unrealised gain (USD)"),
        ("Lots", "Closing"),
    ):
        assert cells(book, sheet)[0][column].data_type == "f", sheet
    assert cells(book, "Disposals")[2]["Gain (USD)"].value is None  # no price: no figure


def test_the_largest_loss_stands_first_among_the_holdings() -> None:
    lots = [
        Lot(f"l{n}", "Kraken", "BTC", D(1), None, D(10), value) for n, value in enumerate([D(12), None, D(3), D(10)])
    ]
    column = [row["Unrealised gain (USD)"].value for row in cells(shown(report(lots=lots)), "Holdings")]
    assert column == [-7, 0, 2, None]


# ---- links ----------------------------------------------------------------------------------------------------------


def led(book: Workbook, sheet: str, place: str) -> tuple[str, str]:
    """Where a click on a cell leads."""
    (link,) = [c.hyperlink for row in book[sheet].iter_rows() for c in row if c.coordinate == place and c.hyperlink]
    title, cell = link.location.split("!")
    return title.strip("'"), cell


@pytest.mark.parametrize("last_row", [LAST_ROW, 3])
def test_a_line_of_the_form_leads_to_its_disposal_that_to_its_transaction_and_back(last_row: int) -> None:
    book = read(traceable(), last_row)
    sheet, place = led(book, "Form 8949", "A3")
    assert book[sheet][place].value == "t3"
    assert led(book, sheet, f"N{place[1:]}") == ("Form 8949", "A3")
    moved = led(book, sheet, place)
    assert book[moved[0]][moved[1]].value == "t3"
    assert led(book, *moved) == (sheet, place)
    acquired = led(book, sheet, f"B{place[1:]}")
    assert book[acquired[0]][acquired[1]].value == "t1"
    lot = led(book, sheet, f"D{place[1:]}")
    assert [c.value for c in book[lot[0]][lot[1][1:]]][:2] == ["BTC", "Kraken"]
    assert led(book, *lot)[0] == "Disposals"


@pytest.mark.parametrize(
    "country, year, title",
    [
        ("se", 2025, "K4 D"),
        ("ca", 2023, "Schedule 3"),
        ("es", 2025, "Modelo 100"),
        ("jp", 2025, "Crypto-asset sheet"),
        ("fr", 2025, "2086"),
    ],
)
def test_a_line_that_adds_up_disposals_leads_to_the_first_and_each_of_them_back(
    country: str, year: int, title: str
) -> None:
    sold = [
        disposal(f"t{n}", asset=asset, disposed_at=at(f"{year}-03-0{n} 12:00"))
        for n, asset in enumerate(("ETH", "BTC", "ETH"), 1)
    ]
    book = read(report(year, country, disposals=sold))
    rows = cells(book, "Disposals")
    for line, row in enumerate(book[title].iter_rows(min_row=2), 2):
        place = next(cell.coordinate for cell in row if cell.value not in (None, ""))
        sheet, place = led(book, title, place)
        first = rows[int(place[1:]) - 2]
        back = first.get("Form line") or first["Counts"]
        assert led(book, sheet, back.coordinate) == (title, f"A{line}")  # where the line begins
        if country == "fr":  # a row each
            continue
        of = [r for r in rows if r["Form line"].value == f"{title} row {line}"]
        assert of[0] is first and len({r["Asset"].value for r in of}) == 1
        assert sum(r["Proceeds (USD)"].value for r in of) == pytest.approx(150.255 * len(of))
        assert {led(book, sheet, r["Form line"].coordinate) for r in of} == {(title, f"A{line}")}


@pytest.mark.parametrize(
    "country, title, name, to",
    [
        ("us", "Schedule D", "16", "Form 8949"),
        ("us", "Schedule 1", "of which reward", "Income"),
        ("uk", "SA108", "Disposal proceeds", "SA108 computation"),
        ("ie", "CG1 and Form 11", "number of disposals", "Disposals"),
        ("au", "Item 18", "Other income: staking, airdrops, interest", "Income"),
    ],
)
def test_a_line_of_a_return_leads_to_what_it_adds_up(country: str, title: str, name: str, to: str) -> None:
    r = report(2025, country, disposals=[disposal()], incomes=[income(at=at("2025-03-05 10:00"))])
    book = read(r)
    (cell,) = [c for row in book[title].iter_rows() for c in row if c.value == name]
    assert led(book, title, cell.coordinate) == (to, "A2")


@pytest.mark.parametrize(
    "country, title, lines",
    [
        ("at", "E1kv", ["174", "176", "free: coins of before March 2021", "free: coins of before March 2021"]),
        ("au", "Item 18", ["18H", "capital losses of the year", "of which discountable", "of which discountable"]),
        (
            "ie",
            "CG1 and Form 11",
            [
                "1 January to 30 November: chargeable gains",
                "1 January to 30 November: allowable losses",
                "December: chargeable gains",
                "December: chargeable gains",
            ],
        ),
        ("de", "Anlage SO", ["", "", "not filed", "not filed"]),
    ],
)
def test_a_disposal_leads_back_to_the_line_of_the_return_that_has_its_gain(
    country: str, title: str, lines: list[str]
) -> None:
    year = 2025
    month = 6 if country == "au" else 12
    long = {"disposed_at": at(f"{year}-{month:02}-10 12:00"), "term": Term.LONG}
    sold = [
        disposal("gain", term=Term.NONE if country in ("at", "ie") else Term.SHORT),
        disposal("loss", term=Term.NONE if country in ("at", "ie") else Term.SHORT, proceeds=D(1)),
        *(disposal(f"long{n}", **long) for n in (1, 2)),
    ]
    book = read(report(year, country, disposals=sold))
    for number, (row, line) in enumerate(zip(cells(book, "Disposals"), lines, strict=True)):
        if not line:
            assert row["Form line"].value == f"Anlage SO list row {number + 2}"
            continue
        sheet, place = led(book, "Disposals", row["Form line"].coordinate)
        assert sheet == title and row["Form line"].value == f"{title} row {place[1:]}"
        words = [str(c.value) for c in book[title][place[1:]][:2] if c.value]
        assert any(word.startswith(line) for word in words), (words, line)
        name = book[title][f"B{place[1:]}"]
        assert led(book, title, name.coordinate) == ("Disposals", f"A{2 + lines.index(line)}")


def traceable() -> Report:
    """Bought as t1; sold as t2 and t3."""
    sold = [
        disposal(f"t{n}", acquisition_id="t1", disposed_at=at(f"2025-03-0{n} 12:00"), term=Term.SHORT) for n in (3, 2)
    ]
    rows = [transaction("t1", "2025-02-01", received=Amount(D(2), "BTC"), sent=Amount(D(5), "USD"))]
    rows += [
        transaction(f"t{n}", f"2025-03-0{n}", sent=Amount(D(1), "BTC"), received=Amount(D(5), "USD")) for n in (2, 3)
    ]
    return report(disposals=sold, transactions=rows)


def test_every_link_leads_to_a_cell_that_is_there() -> None:
    book = read(full())
    found = [c.hyperlink for sheet in book for row in sheet.iter_rows() for c in row if c.hyperlink]
    assert len(found) > 20
    for link in found:
        title, place = link.location.split("!")
        assert book[title.strip("'")][place].value is not None, link.location


def test_a_sheet_takes_no_more_links_than_a_spreadsheet_program_reads() -> None:
    book = Book("many", datetime(2026, 1, 1))  # noqa: DTZ001
    with book.sheet("Many") as sheet:
        for number in range(MOST_LINKS):
            assert sheet.takes_links
            sheet.link(f"A{number + 1}", "'Many'!A1")
        assert not sheet.takes_links
    with zipfile.ZipFile(io.BytesIO(book.finish())) as archive:
        assert archive.read("xl/worksheets/sheet1.xml").count(b"<hyperlink ") == MOST_LINKS


# ---- sources and method ---------------------------------------------------------------------------------------------


def test_the_last_sheet_says_what_the_figures_rest_on() -> None:
    r = report(country="de")
    r = replace(
        r,
        sources=(SourceUsed("Kraken", "kraken", 12, at("2024-01-01 12:00"), at("2025-12-30 12:00")),),
        orders=((at("2025-02-01 10:00"), "fifo from the beginning"),),
        answers=((at("2026-01-05 10:00"), "t7 is a gift, by labels.csv"),),
        settings=(("Prices are looked up", "no"),),
    )
    page = {str(row[0]): row[1:] for row in shown(r)["Sources and method"].iter_rows(values_only=True) if row[0]}
    assert page["Kraken"][0] == "kraken" and page["Kraken"][3] == 12
    assert "EStG § 23" in page["Germany"][0] or "§ 23" in page["Germany"][0]
    assert page["2025-02-01 05:00:00-05:00"][0] == "fifo from the beginning"
    assert page["2026-01-05 05:00:00-05:00"][0] == "t7 is a gift, by labels.csv"
    assert page["Prices are looked up"][0] == "no"
    assert page["Digest of the inputs"][0] == "0123456789abcdef"
