"""CSV, XLSX and OpenDocument files as tables of text: header and rows, one after the other.

    with open_file(Path("trades.csv")) as file:
        for sheet in sheets(file, "trades.csv"):
            sheet.header            # ('Date', 'Account', ...)
            for number, cells in sheet.rows: ...

Promises: nothing is guessed and nothing is dropped. A file is UTF-8 (with or without a byte order
mark) or UTF-16 with one; every other encoding is refused, since bytes alone don't tell Western
European from Polish or Cyrillic text. The separator is the one in the header line. An unclosed
quote, text behind the header's last column, a cell under no heading, a damaged workbook are refused with
`Refused`, one line each. Rows without any text are left out; row numbers are those that a spreadsheet
program shows: a CSV row with line breaks in a cell is one. Memory does not grow with the rows.
"""

import codecs
import csv
import io
import os
import re
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from importers import archives, marked, opendocument
from importers.base import Refused, shown
from importers.markup import Budget, CellError
from importers.worksheet import CELL_LIMIT, Book, rows, shared_strings

FILE_LIMIT = 2 << 30  # bytes of a file
LINE_LIMIT = 1 << 20  # characters of a line
HEADER_LIMIT = 100_000  # characters of a line that may be a header
CELLS_LIMIT = 4096  # cells of a row; some exports end in empty ones
EMPTY_LIMIT = 2_000_000  # rows without text one after the other; a whole worksheet saved as CSV has half as many
LINES_ABOVE = 40  # among which a header is looked for
COLUMN_LIMIT = 256
STRINGS_LIMIT = 100 << 20  # bytes of the shared strings, which are held in memory
MARK = "\ufeff"  # a byte order mark, which some exports write before every cell

Row = tuple[int, list[str]]


class Sheet(Struct, frozen=True):
    """One table. `header` is as written, with one blank for all white space between words, a name that it has again as
    "Cur. (2)", which is then `twice`; `title` is "" for a CSV file; `above` is what stands above the header, line by
    line; `separator` is what stands between the cells of a CSV file."""

    title: str
    header: tuple[str, ...]
    rows: Iterator[Row]
    twice: str = ""
    above: tuple[str, ...] = ()
    separator: str = ""


def open_file(path: Path) -> io.BufferedReader:
    """`path` opened to read, if it is an ordinary file of bounded size; a pipe or a device never blocks."""
    name = shown(path.name or str(path), 120)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Refused(
            f"{shown(str(path), 200)}: can't be opened ({why}); name a file that is there and yours"
        ) from None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise Refused(f"{name}: is not an ordinary file; name one")
    if not 0 < found.st_size <= FILE_LIMIT:
        os.close(handle)
        why = f"is larger than {FILE_LIMIT >> 30} GB; divide it" if found.st_size else "is empty; export it again"
        raise Refused(f"{name}: {why}")
    return os.fdopen(handle, "rb")


_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "an archive"),
    (b"[{", "a JSON file"),
    (b'{"', "a JSON file"),
    *((begins, "a picture") for begins in (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")),
    *((begins, "a web page") for begins in (b"<!DOCTYP", b"<!doctyp", b"<html", b"<HTML")),
)  # fmt: skip

Header = tuple[str, ...]
IsHeader = Callable[[Header], bool]


def sheets(file: BinaryIO, name: str, *, strict: bool = True, is_header: IsHeader = lambda _: True) -> list[Sheet]:
    """The tables of `file` that have a header: the first of its first rows that `is_header`, else the first with text.

    `name` is what messages call the file. Not `strict`: a cell of a workbook that can't be read as text is
    `Unreadable`."""
    if is_workbook(file):
        return _workbook(file, name, strict, is_header)
    if _start(file) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Refused(
            f"{name}: an old or password-protected Excel workbook; save it as .xlsx without password, or as CSV"
        )
    if what := next((what for begins, what in _OTHERS if _start(file).startswith(begins)), ""):
        raise Refused(f"{name}: is {what}, whatever its name says; export the same as CSV or XLSX where it is from")
    encoding, complete = _encoding(file, name)
    file.seek(0)
    above, separator = list[str](), list[str]()
    sheet = _sheet(name, "", _csv_rows(file, encoding, name, complete, is_header, above, separator))
    return [replace(sheet, above=tuple(above), separator=separator[0])] if sheet else []


def titles(some: Sequence[Sheet], among: Sequence[Sheet]) -> str:
    """Sheets by name, "'A' and 'B'"; where two of a workbook have one name, by their place, too."""
    names = [sheet.title for sheet in among]
    told = [
        f"'{shown(sheet.title)}'" + (f" (table {among.index(sheet) + 1})" if names.count(sheet.title) > 1 else "")
        for sheet in some
    ]
    return " and ".join(dict.fromkeys(told))


def is_workbook(file: BinaryIO) -> bool:
    """Whether it is a ZIP archive, as XLSX files are."""
    return _start(file).startswith((b"PK\x03\x04", b"PK\x05\x06"))


def _start(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    return start


def _sheet(name: str, title: str, found: Iterator[Row], is_header: IsHeader = lambda _: True) -> Sheet | None:
    """The header and what is below it; None when no row has text."""
    where = f"{name}, sheet {shown(title)}" if title else name
    above: list[Row] = []
    for number, cells in found:
        if any(map(str.strip, cells)):
            above.append((number, cells))
            if _heads(cells, is_header) or len(above) == LINES_ABOVE:
                break
    if not above:
        return None
    at = len(above) - 1 if _heads(above[-1][1], is_header) else 0
    if len(above[at][1]) > COLUMN_LIMIT:
        raise Refused(f"{where}: has {len(above[at][1])} columns, more than {COLUMN_LIMIT}; leave what is needed")
    header = _header(above[at][1])
    names = [column.strip().casefold() for column in above[at][1] if column.strip()]
    twice = next((column for column in names if names.count(column) > 1), "")
    lines = tuple(",".join(cells) for _, cells in above[:at])
    return Sheet(title, header, _body(where, header, chain(above[at + 1 :], found)), twice, lines)


def _heads(cells: list[str], is_header: IsHeader) -> bool:
    """Whether a row is a header; one that has more columns than any table may have is so where any row is."""
    return is_header(_header(cells) if len(cells) <= COLUMN_LIMIT else ())


def _header(cells: list[str]) -> Header:
    """The names of columns; one that is there before has its number behind it."""
    names = [" ".join(cell.strip().strip(MARK).split()) for cell in cells]
    counts: dict[str, int] = {}
    for index, name in enumerate(names):
        counts[name.casefold()] = count = counts.get(name.casefold(), 0) + 1
        names[index] = name if count == 1 or not name else f"{name} ({count})"
    return tuple(names)


def wide(cells: Sequence[str], width: int) -> str:
    """What is wrong with a row of more cells than the header has."""
    return (
        f"has {len(cells)} cells, the header {width}; a cell that holds the separator (a decimal comma?) belongs in "
        "quotes: put it there"
    )


def _body(where: str, header: tuple[str, ...], found: Iterator[Row]) -> Iterator[Row]:
    width = len(header)
    unnamed = [index for index, column in enumerate(header) if not column]
    for number, cells in found:
        if not any(cells) or not any(map(str.strip, cells)):
            continue
        if len(cells) > width and any(map(str.strip, cells[width:])):
            raise Refused(f"{where} row {number}: {wide(cells, width)}")
        for index in unnamed:
            if index < len(cells) and cells[index].strip():
                raise Refused(
                    f"{where} row {number}: '{shown(cells[index])}' stands in a column without a heading; give it one"
                )
        yield number, cells


# ---- CSV ------------------------------------------------------------------------------------------------------------

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _encoding(file: BinaryIO, name: str) -> tuple[str, bool]:
    """The encoding, tried on the whole file before a row is given, and whether the last line has an end."""
    start = file.read(64)
    file.seek(0)
    if b"\0" in start and (not any(start[::2]) or not any(start[1::2])):
        raise Refused(f"{name}: is UTF-16 without a byte order mark; save the file again as 'CSV UTF-8'")
    encoding = next((code for mark, code in _BYTE_ORDER_MARKS if start.startswith(mark)), "utf-8")
    decoder = codecs.getincrementaldecoder(encoding)()
    line, last = 1, ""
    while True:
        data = file.read(1 << 20)
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise Refused(
                f"{name} line {line}: is not {'UTF-8' if encoding != 'utf-16' else 'UTF-16'} text; "
                "save the file again as 'CSV UTF-8'"
            ) from None
        if "\0" in text:
            line += text[: text.index("\0")].count("\n")
            raise Refused(f"{name} line {line}: holds a NUL character; it is damaged or no CSV file; export it again")
        line += text.count("\n")
        last = text[-1:] or last
        if not data:
            return encoding, last in ("\n", "\r")


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    readline = text.readline
    while line := readline(LINE_LIMIT):
        if len(line) == LINE_LIMIT:
            raise Refused(
                f"{name}: has a line of more than {LINE_LIMIT} characters; it is no CSV file: export it again"
            )
        yield line


def _csv_rows(
    file: BinaryIO,
    encoding: str,
    name: str,
    complete: bool,
    is_header: IsHeader,
    passed_over: list[str],
    separators: list[str],
) -> Iterator[Row]:
    """Every row from the header on, with its number. `complete`: the file's last line has an end. The lines above the
    header are added to `passed_over`, what separates the cells to `separators`."""
    with io.TextIOWrapper(file, encoding, newline="") as text:
        above = list(islice(_lines(text, name), LINES_ABOVE))
        start = next((place for place, line in enumerate(above) if _heads(_cells_of(line), is_header)), 0)
        passed_over += above[:start]
        lines: Iterator[str] = chain(above[start:], _lines(text, name))
        skipped, separator = start, ""
        for first in lines:
            declared = re.fullmatch(r'"?sep=([,;\t])"?\s*', first)  # Excel's own way to name the separator
            if first.strip() and not declared:
                lines = chain([first], lines)
                separator = separator or _separator(first, name)
                break
            separator = declared[1] if declared else separator
            skipped += 1
            if skipped > EMPTY_LIMIT:
                raise Refused(f"{name}: begins with more than {EMPTY_LIMIT} empty lines; it is no table: remove them")
        separators.append(separator or ",")
        yield from _split(lines, name, complete, separators[0], skipped)


def _cells_of(line: str) -> list[str]:
    """One line as a row, for a look at it; none of a line that is too long for a header."""
    if len(line) > HEADER_LIMIT:
        return []
    try:
        return next(csv.reader([line], delimiter=_separator(line, "")), [])
    except (csv.Error, Refused):
        return []


def _separator(header: str, name: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    counts = sorted(((outside_quotes.count(sign), sign) for sign in ",;\t"), reverse=True)
    if counts[0][0] and counts[0][0] == counts[1][0]:
        raise Refused(f"{name}: the header can be split at commas, semicolons or tabs; use one of them")
    return counts[0][1] if counts[0][0] else ","


def _split(lines: Iterable[str], name: str, complete: bool, separator: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    width, number, cells, empty = 0, skipped, list[str](), 0
    while True:
        before = reader.line_num
        try:
            found = next(reader, None)
        except csv.Error as error:
            raise Refused(f"{name} row {number + 1}: {_quote_problem(str(error))}") from None
        if found is None:
            break
        number, cells = number + 1, found
        empty = 0 if any(cells) else empty + 1
        if empty > EMPTY_LIMIT:
            raise Refused(f"{name} row {number}: more than {EMPTY_LIMIT} empty rows end here; remove them")
        if len(cells) > CELLS_LIMIT:
            raise Refused(
                f"{name} row {number}: has {len(cells)} cells; a table has at most {COLUMN_LIMIT} columns: keep fewer"
            )
        if reader.line_num - before > 1 and width > 3:
            _refuse_swallowed_rows(cells, separator, width, f"{name} row {number}")
        width = width or len(cells)
        yield number, cells
    if not complete and 0 < len(cells) < width:
        raise Refused(f"{name} row {number}: the file ends in the middle of this row; export it again")


def _quote_problem(error: str) -> str:
    if "field larger" in error:
        return f"a cell is longer than {CELL_LIMIT} characters; is a quote left open? Close it, or shorten the cell"
    if "unexpected end" in error:
        return "a quote is opened and never closed; close it, or remove it"
    return "there is text behind a closing quote; write a quote inside a quoted cell twice"


def _refuse_swallowed_rows(cells: list[str], separator: str, width: int, where: str) -> None:
    """A quote left open takes in whole rows until the next quote closes it, and they would vanish."""
    for cell in cells:
        if any(line.count(separator) >= width - 1 for line in cell.splitlines()):
            raise Refused(f"{where}: a quoted cell holds what looks like whole rows; is a quote left open? Correct it")


# ---- XLSX -----------------------------------------------------------------------------------------------------------


def _workbook(file: BinaryIO, name: str, strict: bool, is_header: IsHeader) -> list[Sheet]:
    """The worksheets that have a header. openpyxl reads the workbook's structure and styles, `worksheet` the cells."""
    tables = _readable(name, _documents(file) if _is_document(file) else _worksheets(file, strict))
    found = (_sheet(name, title, _readable(name, cells), is_header) for title, cells in tables)
    return [sheet for sheet in found if sheet is not None]


T = TypeVar("T")


def _readable(name: str, parts: Iterator[T]) -> Iterator[T]:
    """`parts`, with whatever goes wrong inside a broken workbook as one line: openpyxl, zipfile, zlib and expat
    raise a dozen kinds of exceptions between them."""
    try:
        yield from parts
    except CellError as error:
        raise Refused(f"{name}: {shown(str(error), 300)}") from None
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001
        why = shown(str(error).partition("\n")[0], 100) or type(error).__name__
        raise Refused(
            f"{name}: not a readable workbook ({why}); open it in a spreadsheet program and save it again, or as CSV"
        ) from None


def _is_document(file: BinaryIO) -> bool:
    """Whether it is an OpenDocument spreadsheet."""
    try:
        return opendocument.is_document(archives.opened(file))
    except Exception:  # noqa: BLE001  # what is wrong with it is told where it is read
        return False


def _documents(file: BinaryIO) -> Iterator[tuple[str, Iterator[Row]]]:
    archive = archives.opened(file)
    for table in marked.joined(opendocument.tables(archive)):
        yield table.title, table.rows()


def _worksheets(file: BinaryIO, strict: bool) -> Iterator[tuple[str, Iterator[Row]]]:
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.styles.stylesheet import apply_stylesheet
    from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS

    archive = archives.opened(file)
    for part in archive.namelist():
        if part in ("[Content_Types].xml", ARC_STYLE) or part.endswith(".rels"):
            archives.require_small(archive, part)
    reader: Any = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    with warnings.catch_warnings():  # openpyxl tells of extensions it leaves out; they hold no cells
        warnings.simplefilter("ignore")
        reader.read_manifest()
        for part in reader.package.Override:
            if "main+xml" in part.ContentType:  # the workbook itself
                archives.require_small(archive, part.PartName[1:])
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        listed = [
            (sheet.name, rel.target) for sheet, rel in reader.parser.find_sheets() if "chartsheet" not in rel.Type
        ]
    if not listed:
        raise CellError("not a readable workbook (it has no worksheet); save it again, or as CSV")
    if len(listed) > archives.PART_LIMIT:  # several may be of one part
        raise CellError(f"has more than {archives.PART_LIMIT} sheets; save the one that is meant as CSV")
    strings, budget = reader.package.find(SHARED_STRINGS), Budget()
    book = Book(
        _strings(reader.archive, strings.PartName[1:], budget) if strings is not None else [],
        frozenset(reader.wb._date_formats),
        frozenset(reader.wb._timedelta_formats),
        reader.wb.epoch,
        budget,
    )
    for title, part in listed:
        yield title, _cells(reader.archive, part, book, strict)


def _strings(archive: zipfile.ZipFile, part: str, budget: Budget) -> list[str]:
    archives.require_small(archive, part, STRINGS_LIMIT)
    with archive.open(part) as source:
        return shared_strings(source, budget)


def _cells(archive: zipfile.ZipFile, part: str, book: Book, strict: bool) -> Iterator[Row]:
    with archive.open(part) as source:
        yield from rows(source, book, COLUMN_LIMIT, strict=strict)
