"""CSV and XLSX to text: real files, every one read exactly or refused in one line that names it."""

# ruff: noqa: DTZ001  (a date cell has no zone)

import io
import os
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from importers import ahead
from importers.base import Refused
from importers.markup import Budget, CellError, feed
from importers.sheets import Sheet, open_file, sheets
from importers.worksheet import Book, date_text, number_text

HEADER = "Date,Sent Amount,Note\n"


def read(path: Path) -> list[tuple[int, list[str]]]:
    """The rows of the only sheet, without the header."""
    with open_file(path) as file:
        (sheet,) = sheets(file, path.name)
        return list(sheet.rows)


def all_sheets(path: Path) -> list[Sheet]:
    with open_file(path) as file:
        return sheets(file, path.name)


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as caught, open_file(path) as file:
        for sheet in sheets(file, path.name):
            list(sheet.rows)
    text = str(caught.value)
    assert path.name in text
    assert "\n" not in text
    return text


def csv_file(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ---- CSV ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = csv_file(tmp_path, (HEADER + "2025-01-01,1,Zürich ₿ 🚀\n").encode(encoding))
    assert read(path) == [(2, ["2025-01-01", "1", "Zürich ₿ 🚀"])]


def test_utf_16_big_endian(tmp_path: Path) -> None:
    path = csv_file(tmp_path, b"\xfe\xff" + (HEADER + "1,2,ß\n").encode("utf-16-be"))
    assert read(path) == [(2, ["1", "2", "ß"])]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ((HEADER + "1,2,ok\n1,2,Zürich\n1,2,ok\n").encode("latin-1"), "line 3: is not UTF-8 text"),
        (HEADER.encode() + b"1,2,\xe2\x82\n1,2,x\n", "line 2: is not UTF-8"),
        (HEADER.encode() + b"1,2,\xed\xa0\x80\n", "line 2: is not UTF-8"),
        (b"\xff\xfe" + HEADER.encode("utf-16-le") + b"\x00\xd8,\x00", "is not UTF-16"),
        (
            (HEADER + "1,2,3\n").encode("utf-16-le"),
            "is UTF-16 without a byte order mark; save the file again as 'CSV UTF-8'",
        ),
        (HEADER.encode() + b"1,2,a\0b\n", "line 2: holds a NUL"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture, whatever its name says"),
        (b"%PDF-1.4\n%\xe2\xe3", "is a PDF, whatever its name says"),
        (b'[{"Date": "2025-01-01"}]', "is a JSON file, whatever its name says"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old or password-protected"),
    ],
)
def test_broken_encodings_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    assert says in refusal(csv_file(tmp_path, content))


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_separator_is_that_of_the_header(tmp_path: Path, sign: str) -> None:
    path = csv_file(tmp_path, sign.join(["Date", '"a,b;c\td"', "Note"]) + "\n" + sign.join(["1", '"x,y;z"', "2"]))
    assert read(path) == [(2, ["1", "x,y;z", "2"])]


def test_excels_separator_line(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, "sep=;\r\nDate;Note\r\n1;a,b\r\n")) == [(3, ["1", "a,b"])]


def test_header_that_can_be_split_in_two_ways_is_refused(tmp_path: Path) -> None:
    assert "commas, semicolons or tabs" in refusal(csv_file(tmp_path, "a,b;c\n1,2;3\n"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_and_row_numbers(tmp_path: Path, end: str, last: str) -> None:
    lines = ["", "Date,Note", "1,a", "", " , ", '2,"b' + end + 'c"', "3,d"]
    path = csv_file(tmp_path, end.join(lines) + (end if last else ""))
    assert read(path) == [(3, ["1", "a"]), (6, ["2", f"b{end}c"]), (7, ["3", "d"])]


def test_quotes(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'Date,"Sent ""x"""\n"a,b","say ""hi"""\n5 " disk,\'x\'\n')
    (sheet,) = all_sheets(path)
    assert sheet.header == ("Date", 'Sent "x"')
    assert read(path) == [(2, ["a,b", 'say "hi"']), (3, ['5 " disk', "'x'"])]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('1,2,"open\n1,2,x\n', "row 3: a quote is opened and never closed"),
        ('1,"2"3,x\n', "row 3: there is text behind a closing quote"),
        ('1,2,"' + "x" * 140_000 + '"\n', "row 3: a cell is longer than 131072"),
        ("1,2,3,4\n", "row 3: has 4 cells, the header 3"),
        ("1,2", "row 3: the file ends in the middle of this row"),
    ],
)
def test_rows_that_break_the_table(tmp_path: Path, row: str, says: str) -> None:
    path = csv_file(tmp_path, HEADER + "1,2,good\n" + row)
    assert says in refusal(path)


def test_quote_that_another_quote_closes_takes_no_rows_in(tmp_path: Path) -> None:
    text = 'a,b,c,d\n1,2,3,"open\n4,5,6,x\n7,8,9,closed"\n1,2,3,4\n'
    assert "row 2: a quoted cell holds what looks like whole rows" in refusal(csv_file(tmp_path, text))


def test_short_rows_with_a_line_end_are_whole(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, HEADER + "1\n1,2\n")) == [(2, ["1"]), (3, ["1", "2"])]


def test_columns_without_a_heading_hold_nothing(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, "Date,,Note,\n1,,a,\n")) == [(2, ["1", "", "a", ""])]
    assert "row 2: 'x' stands in a column without a heading" in refusal(csv_file(tmp_path, "Date,,Note\n1,x,a\n"))


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    refusal(csv_file(tmp_path, "," * 1_000_000 + "a\n"))
    assert "has 300 columns" in refusal(csv_file(tmp_path, ",".join(f"c{i}" for i in range(300)) + "\n"))


def test_line_without_end_is_refused(tmp_path: Path) -> None:
    assert "line of more than" in refusal(csv_file(tmp_path, HEADER + "," * (5 << 20)))


def test_files_without_rows(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, HEADER)) == []
    assert all_sheets(csv_file(tmp_path, "\n\n , ,\n")) == []
    assert "is empty" in refusal(csv_file(tmp_path, ""))


# ---- what is no file ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipe_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "not an ordinary file" in refusal(tmp_path / "pipe.csv")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_device_is_refused() -> None:
    assert "not an ordinary file" in refusal(Path("/dev/zero"))


def test_folder_missing_file_and_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone")
    assert "can't be opened" in refusal(tmp_path / "link.csv")
    assert "can't be opened" in refusal(tmp_path / "missing.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "not an ordinary file" in refusal(tmp_path / "folder.csv")


def test_name_with_control_characters_is_escaped(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        open_file(tmp_path / "a\x1b[2Jb\n.csv")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


# ---- XLSX -----------------------------------------------------------------------------------------------------------


def book(tmp_path: Path, *sheet_rows: list[list[object]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for rows in sheet_rows:
        sheet = workbook.create_sheet()
        for row in rows:
            sheet.append(row)
    path = tmp_path / "t.xlsx"
    workbook.save(path)
    return path


def with_strings(path: Path, items: str, doctype: str = "") -> Path:
    """The workbook with a table of shared strings."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/sharedStrings.xml"] = f'{doctype}<sst xmlns="{main}">{items}</sst>'.encode()
    if b"sharedStrings+xml" not in parts["[Content_Types].xml"]:
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", override.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def edited(path: Path, part: str, old: str, new: str) -> Path:
    """The workbook with one text of one part replaced."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_cells_of_every_kind(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        [
            ["Date", "Amount", "Note"],
            [datetime(2025, 3, 31, 14, 5), 0.1, "text"],
            [date(2025, 3, 31), 1e-8, "=1+1 as text"[1:]],
            [datetime(2025, 3, 31, 14, 5, 7, 250000), 12345678, "001"],
            [],
            [None, None, "only here"],
        ],
    )
    assert read(path) == [
        (2, ["2025-03-31T14:05:00", "0.1", "text"]),
        (3, ["2025-03-31", "0.00000001", "1+1 as text"]),
        (4, ["2025-03-31T14:05:07.250", "12345678", "001"]),
        (6, ["", "", "only here"]),
    ]


@pytest.mark.parametrize(
    ("saved", "text"),
    [
        ("1.1000000000000001", "1.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1E-8", "0.00000001"),
        ("1.5e3", "1500"),
        ("-2.50", "-2.5"),
        ("123456789012345", "123456789012345"),
        ("007", "7"),
        ("0", "0"),
        (".5", "0.5"),
        ("0E-8", "0"),
        ("0.12345678901234567", "0.12345678901234567"),
    ],
)
def test_number_is_the_shortest_decimal_of_its_double(saved: str, text: str) -> None:
    assert number_text(saved) == text


@pytest.mark.parametrize("saved", ["NaN", "INF", "1e999", "1_000", "１２", "1,5", "0x10", "1e-999", " 1", "--1"])
def test_what_is_no_number_is_refused(saved: str) -> None:
    with pytest.raises(CellError):
        number_text(saved)


def test_dates_of_both_calendars() -> None:
    assert date_text("45747", 1, Book([])) == "2025-03-31"
    assert date_text("45747.586805555555", 1, Book([])) == "2025-03-31T14:05:00"
    assert date_text("44285", 1, Book([], epoch=datetime(1904, 1, 1))) == "2025-03-31"
    for serial in ("0.5", "-3", "99999999999"):
        with pytest.raises(CellError):
            date_text(serial, 1, Book([]))


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (True, "cell B2 holds a truth value"),
        ("#REF!", "cell B2 holds the error #REF!"),
        ("=1+1", "cell B2 holds a formula without a saved value"),
        (time(14, 5), "cell B2 holds a time without a date"),
        (timedelta(hours=30), "cell B2 holds a duration"),
    ],
)
def test_cells_that_are_no_text(tmp_path: Path, cell: object, says: str) -> None:
    path = book(tmp_path, [["Date", "Amount"], ["2025-01-01", cell]])
    assert says in refusal(path)


def test_formula_gives_its_saved_value(tmp_path: Path) -> None:
    path = book(tmp_path, [["Date", "Amount", "Note"], ["2025-01-01", "=1+1", '=""']])
    edited(path, SHEET, "<f>1+1</f><v></v>", "<f>1+1</f><v>2</v>")
    edited(path, SHEET, '<c r="C2"><f>""</f><v></v></c>', '<c r="C2" t="str"><f>""</f><v></v></c>')
    assert read(path) == [(2, ["2025-01-01", "2"])]


def test_shared_rich_and_inline_texts(tmp_path: Path) -> None:
    path = book(tmp_path, [["Date", "Note"], [1, 2]])
    runs = '<si><r><t>on</t></r><r><t xml:space="preserve">e </t></r><rPh sb="0" eb="1"><t>x</t></rPh></si>'
    with_strings(path, f"<si><t>zero</t></si>{runs}")
    edited(path, SHEET, '<c r="A2" t="n">', '<c r="A2" t="s">')
    inline = '<is><t>t</t><r><t>wo</t></r><rPh sb="0" eb="1"><t>x</t></rPh></is>'
    edited(path, SHEET, '<c r="B2" t="n"><v>2</v></c>', f'<c r="B2" t="inlineStr">{inline}</c>')
    assert read(path) == [(2, ["one ", "two"])]


def test_cells_without_places(tmp_path: Path) -> None:
    path = book(tmp_path, [["Date", "Note"], [1, 2]])
    edited(path, SHEET, '<c r="A2" t="n">', '<c t="n">')
    edited(path, SHEET, '<c r="B2" t="n">', '<c t="n">')
    assert read(path) == [(2, ["1", "2"])]


def test_only_sheets_with_a_header_are_given(tmp_path: Path) -> None:
    found = all_sheets(book(tmp_path, [], [["Date"], ["x"]], [["Notes"]]))
    assert [(sheet.title, sheet.header) for sheet in found] == [("Sheet1", ("Date",)), ("Sheet2", ("Notes",))]


def test_cell_beyond_the_header_is_refused(tmp_path: Path) -> None:
    assert "row 2: has 3 cells, the header 2" in refusal(book(tmp_path, [["Date", "Note"], [1, 2, 3]]))


def test_cell_in_the_last_place_of_a_sheet_is_refused_at_once(tmp_path: Path) -> None:
    path = edited(book(tmp_path, [["Date", "Note"], [1, 2]]), SHEET, 'r="B2"', 'r="XFD2"')
    assert "columns that are read" in refusal(path)


def test_wrong_dimension_changes_nothing(tmp_path: Path) -> None:
    path = edited(book(tmp_path, [["Date", "Note"], [1, 2]]), SHEET, 'ref="A1:B2"', 'ref="A1:A1"')
    assert read(path) == [(2, ["1", "2"])]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<worksheet", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet', "declares a document type"),
        ("<worksheet", '<!DOCTYPE x SYSTEM "file:///etc/hosts"><worksheet', "declares a document type"),
        ("</sheetData>", "", "not a readable workbook"),
        ('<c r="A2" t="n"><v>1</v>', '<c r="A2" t="s"><v>99</v>', "not a readable workbook"),
        ('<c r="A2" t="n"><v>1</v>', '<c r="A2" t="s"><v>-1</v>', "cell A2 refers to no text"),
        ('<c r="A2" t="n"><v>1</v>', '<c r="A2" t="n"><v>1_0</v>', "cell A2 holds '1_0'"),
        ('<c r="A2" t="n">', '<c r="B2" t="n">', "out of order"),
        ('<c r="A2" t="n">', '<c r="é2" t="n">', "place that does not exist"),
        ('<row r="2">', '<row r="1">', "row 1 comes after row 1"),
        ('<row r="2">', '<row r="x">', "not a readable workbook"),
        ("<v>1</v>", f"<v>{'1' * 200_000}</v>", "longer than 131072"),
    ],
)
def test_hostile_worksheets(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert says in refusal(edited(book(tmp_path, [["Date", "Note"], [1, 2]]), SHEET, old, new))


@pytest.mark.parametrize("part", ["[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET])
def test_workbook_that_lacks_a_part_or_holds_garbage(tmp_path: Path, part: str) -> None:
    path = book(tmp_path, [["Date", "Note"], ["x", 2]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for broken in (None, b"", b"<a", parts[part][: len(parts[part]) // 2]):
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                if name != part:
                    archive.writestr(name, data)
                elif broken is not None:
                    archive.writestr(name, broken)
        refusal(path)


def test_damaged_archives(tmp_path: Path) -> None:
    path = book(tmp_path, [["Date", "Note"], ["x", 2]])
    whole = path.read_bytes()
    at = whole.index(SHEET.encode()) + 60
    for broken in (whole[: len(whole) // 2], whole[:at] + bytes(40) + whole[at + 40 :], b"PK\x03\x04", whole[:-10]):
        path.write_bytes(broken)
        refusal(path)


def zip_of(tmp_path: Path, parts: dict[str, bytes]) -> Path:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_bombs_are_refused_before_they_unpack(tmp_path: Path) -> None:
    assert "compressed as no real data is" in refusal(zip_of(tmp_path, {"xl/sharedStrings.xml": b"a" * (30 << 20)}))
    assert "parts" in refusal(zip_of(tmp_path, {f"p{i}": b"" for i in range(1200)}))


def test_directory_that_declares_900_mb(tmp_path: Path) -> None:
    path = zip_of(tmp_path, {"xl/a.xml": b"a"})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (900 << 20).to_bytes(4, "little")
    path.write_bytes(data)
    assert "unpacks to more than 800 MB" in refusal(path)


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    doctype = f'<!DOCTYPE sst [<!ENTITY l0 "ha">{laughs}]>'
    path = with_strings(book(tmp_path, [["Date"], [1]]), "<si><t>&l11;</t></si>", doctype)
    assert "declares a document type" in refusal(path)
    path = book(tmp_path, [["Date"], [1]])
    edited(path, "xl/workbook.xml", "<workbook", f"{doctype}<workbook")
    edited(path, "xl/workbook.xml", 'name="Sheet"', 'name="&l11;"')
    refusal(path)


def test_a_workbook_that_is_not_read_to_its_end_closes(tmp_path: Path) -> None:
    path = book(tmp_path, [["Date"], *([i] for i in range(50))])
    with open_file(path) as file:
        (sheet,) = sheets(file, path.name)
        assert next(sheet.rows) == (2, ["0"])
    assert file.closed


@pytest.mark.parametrize("markup", ["<a/>" * 300, "<a></a>" * 300, '<a xmlns:b="c"/>' * 60])
def test_markup_without_a_word_ends_with_the_budget_of_its_workbook(markup: str) -> None:
    """Eighty million begins and ends in earnest; a few hundred here, of several parts together."""
    part, budget = f"<worksheet>{markup}</worksheet>".encode(), Budget(1000)
    seen = _Seen()
    assert len(list(feed(io.BytesIO(part), seen, budget))) == 2 and seen.begun > 60
    with pytest.raises(CellError, match="has more markup than any table; save the sheet that is meant as CSV"):
        list(feed(io.BytesIO(part), seen, budget))


class _Seen:
    begun = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.begun += 1

    def text(self, data: str) -> None: ...

    def end(self, tag: str) -> None: ...


def test_two_sheets_of_one_name_are_told_apart_by_their_place(tmp_path: Path) -> None:
    """No spreadsheet program makes such a workbook; a script may."""
    workbook = openpyxl.Workbook()
    for title in ("Notes", "Rows", "More"):
        workbook.create_sheet(title).append(
            ["Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency"]
        )
    del workbook["Sheet"]
    workbook.save(path := tmp_path / "two.xlsx")
    edited(path, "xl/workbook.xml", 'name="More"', 'name="Rows"')
    with pytest.raises(Refused) as refused:
        ahead.read(path)
    assert "the sheets 'Notes' and 'Rows' (table 2) and 'Rows' (table 3) could both be read; keep" in str(refused.value)
