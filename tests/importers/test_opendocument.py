"""OpenDocument spreadsheets: their cells as a person sees them, and what is refused."""

import zipfile
from pathlib import Path

import pytest

from importers import ahead
from importers.base import Refused
from importers.sheets import open_file, sheets

NAMES = " ".join(
    f'xmlns:{prefix}="{name}"'
    for prefix, name in {
        "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
        "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
        "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
    }.items()
)
ERROR = '<table:table-cell office:value-type="string" calcext:value-type="error"><text:p>#REF!</text:p>'


def document(path: Path, *tables: str, before: str = "") -> Path:
    """A spreadsheet of these tables, each the XML of its rows."""
    body = "".join(f'<table:table table:name="T{place}">{rows}</table:table>' for place, rows in enumerate(tables))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<office:document-content {NAMES}><office:body>'
        f"<office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return path


def row(*cells: str, repeated: int = 1) -> str:
    texts = (cell if cell.startswith("<") else f"<table:table-cell><text:p>{cell}</text:p>" for cell in cells)
    made = "".join(f"{text}</table:table-cell>" for text in texts)
    return f'<table:table-row table:number-rows-repeated="{repeated}">{made}</table:table-row>'


def number(value: str, kind: str = "float") -> str:
    return f'<table:table-cell office:value-type="{kind}" office:value="{value}"><text:p>shown rounded</text:p>'


EMPTY = '<table:table-cell table:number-columns-repeated="{}">'


def test_cells_are_read_as_they_are_kept(tmp_path: Path) -> None:
    """Numbers with all their digits, dates, repeated cells and rows, spaces; no comments."""
    comment = "<office:annotation><text:p>a note</text:p></office:annotation>"
    path = document(
        tmp_path / "t.ods",
        row(EMPTY.format(16384), repeated=2)
        + row("Date", "A", "B", "C", "D")
        + row(
            '<table:table-cell office:value-type="date" office:date-value="2021-01-02T10:30:00">',
            number("1E-08"),
            number("1234567890.12345678", "currency"),
            f"<table:table-cell>{comment}<text:p>two<text:s text:c='2'/>words</text:p><text:p>and lines</text:p>",
            EMPTY.format(16000),
        )
        + row(EMPTY.format(16384), repeated=1_000_000)
        + row("x", EMPTY.format(2), "y", repeated=2),
    )
    with open_file(path) as file:
        (sheet,) = sheets(file, "t.ods")
        assert sheet.header == ("Date", "A", "B", "C", "D")
        assert list(sheet.rows) == [
            (4, ["2021-01-02T10:30:00", "0.00000001", "1234567890.12345678", "two  words\nand lines"]),
            (1_000_005, ["x", "", "", "y"]),
            (1_000_006, ["x", "", "", "y"]),
        ]


def test_a_table_is_the_same_in_a_spreadsheet_and_in_csv(tmp_path: Path) -> None:
    header = ("Date", "Received Amount", "Received Currency")
    ods = document(tmp_path / "mine.ods", row("notes of mine"), row(*header) + row("2021-01-02", number("0.5"), "BTC"))
    csv = tmp_path / "mine.csv"
    csv.write_text(f"{','.join(header)}\n2021-01-02,0.5,BTC\n")
    records = [[record for page in ahead.read(path).pages for record in page.records] for path in (ods, csv)]
    assert [r.source_id for r in records[0]] == [r.source_id for r in records[1]]
    assert [r.digest for r in records[0]] == [r.digest for r in records[1]]


@pytest.mark.parametrize(
    ("tables", "before", "said"),
    [
        ((row("A") + row(ERROR),), "", "t.ods: sheet 'T0' row 2: a cell shows the error #REF!"),
        ((row("A") + row("1", repeated=5000),), "", "t.ods: sheet 'T0' row 2: is repeated 5000 times"),
        ((row("A"),), '<!DOCTYPE a [<!ENTITY b "c">]>', "t.ods: declares a document type"),
        ((row("IN") + row("A", "a"),), "", "t.ods: sheet 'T0' row 2: names the column 'A' twice"),
        ((row("IN") + row("A") + row("TABLE END") + row("1"),), "", "t.ods: sheet 'T0' row 4: stands outside of the"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(
    tmp_path: Path, tables: tuple[str, ...], before: str, said: str
) -> None:
    path = document(tmp_path / "t.ods", *tables, before=before)
    with open_file(path) as file, pytest.raises(Refused) as refused:
        for sheet in sheets(file, "t.ods"):
            list(sheet.rows)
    assert str(refused.value).startswith(said)
