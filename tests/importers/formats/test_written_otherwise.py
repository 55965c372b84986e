"""Samples as a person may have them: saved anew by another program, put together, with what stands around a table."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import importers
from importers import ahead
from importers.base import Refused
from importers.formats import formats
from importers.recognition import is_header
from importers.sheets import open_file, sheets
from tests.importers.exchanges.judged import as_row
from tests.importers.formats.test_samples import CASES

Table = list[list[str]]
FILES = [(layout, path) for layout, path in CASES if path.suffix != ".xlsx" and path.suffix != ".ods"]
NOTE = "This is no tax document, and no advice.\n"


def written(rows: Table, separator: str, quoting: int = csv.QUOTE_MINIMAL, end: str = "\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=end).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def put_together(above: str, rows: Table, separator: str) -> bytes:
    """Quoted, in UTF-16, lines above, the header again between the rows, blank lines, a note below."""
    again = [rows[0], *rows[1:2], rows[0], *rows[2:], [""] * len(rows[0])]
    text = written(again, separator, csv.QUOTE_ALL, "\r\n")
    return f"My history\r\nmade on 1 May\r\n\r\n{above}{text}\r\n\r\n{NOTE}".encode("utf-16")


def saved_anew(above: str, rows: Table, separator: str) -> bytes:
    """Between semicolons or tabs, padded, the columns turned around, with one more, a separator at the end."""
    width, names = len(rows[0]), [name.casefold() for name in rows[0]]
    way = 1 if len(set(names)) < width else -1  # of columns with one name, the order tells which is which
    turned = [[f" {cell} " for cell in [*row, *[""] * width][:width][::way]] for row in rows]
    more = [[*row, f"day {number}" * (sum(map(bool, map(str.strip, row))) > 1)] for number, row in enumerate(turned)]
    more[0][-1] = "Changed at"
    return (above + written([[*row, ""] for row in more], "\t" if separator == ";" else ";")).encode("utf-8-sig")


def of_another_country(above: str, rows: Table, separator: str) -> bytes:
    """With decimal commas and dates as a spreadsheet program of Germany writes them."""

    def cell(text: str) -> str:
        whole, _, digits = text.removeprefix("-").partition(".")
        if whole.isdecimal() and digits.isdecimal():
            return f"{'-' * text.startswith('-')}{int(whole):,}".replace(",", ".") + f",{digits}"
        return text

    return (above + written([[cell(text) for text in row] for row in rows], ";")).encode()


def table(path: Path) -> tuple[str, Table, str]:
    """What stands above the table, its rows, and what separates the cells."""
    data = path.read_bytes()
    text = data.decode("utf-16" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8-sig")
    with open_file(path) as file:
        (sheet, *_) = sheets(file, path.name, is_header=is_header)
    lines = text.splitlines(keepends=True)
    above = "".join(lines[: len(sheet.above)])
    return above, list(csv.reader(io.StringIO(text[len(above) :]), delimiter=sheet.separator)), sheet.separator


def said(path: Path) -> tuple[Counter[str], set[tuple[str, str]], int]:
    """The transactions of a file, the ids of its rows, and how many of them are not understood."""
    reading = ahead.read(path, None, "Europe/Berlin")
    records = [record for page in reading.pages for record in page.records]
    counts = reading.passed()
    told: Counter[str] = Counter()
    unread = 0
    for account in sorted({record.account for record in records}):
        for parsed in importers.parse(reading.format, [one for one in records if one.account == account]):
            told.update(repr(as_row(transaction)) for transaction in parsed.transactions)
            unread += sum(issue.code == "unread_record" for issue in parsed.issues)
    kept = len(records) - counts.get("note", 0) - counts.get("header", 0)
    return told, {(one.account, one.source_id) for one in records}, unread if kept else 0


@pytest.mark.parametrize("otherwise", [put_together, saved_anew])
def test_a_table_that_was_saved_anew_or_put_together_says_the_same(
    otherwise: Callable[[str, Table, str], bytes], tmp_path: Path
) -> None:
    """All samples of all layouts, by the same ids. Those whose names are everybody's take no other column; a comma in a
    number, in some samples, is doubtful between semicolons; a note may not stand where a column has no name."""
    refused = 0
    for layout, path in FILES:
        export = formats()[layout].export
        assert export is not None
        if otherwise is saved_anew and export.exactly:
            continue
        copy = tmp_path / path.name
        copy.write_bytes(otherwise(*table(path)))
        before = said(path)
        try:
            after = said(copy)
        except Refused as why:
            assert "may be a decimal comma" in str(why) or "without a heading" in str(why), (path, why)
            refused += 1
            continue
        assert after[0] == before[0] and after[2] == before[2], path
        assert before[1] <= after[1], path
    assert refused < 5


def test_a_table_in_the_writing_of_another_country_is_refused_or_says_nothing_else(tmp_path: Path) -> None:
    """A decimal comma is no mark of thousands; rows that nobody can read don't stay beside those read later."""
    told = 0
    for _, path in FILES:
        copy = tmp_path / path.name
        copy.write_bytes(of_another_country(*table(path)))
        try:
            after = said(copy)[0]
        except Refused as why:
            told += 1
            assert "--map FILE.toml" in str(why), (path, why)
        else:
            assert after <= said(path)[0], path
    assert told > 0.8 * len(FILES)
