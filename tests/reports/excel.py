"""What Excel would call a damaged file, told from its parts: Excel opens no workbook by halves as others do.

    assert damage(data) == []

Limits as Microsoft publishes them ("Excel specifications and limits"), the order of elements and the values of
attributes as ECMA-376 part 1 has them (18.3.1.99 and after).
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from io import BytesIO
from posixpath import dirname, join, normpath
from string import ascii_uppercase
from zipfile import ZipFile

from openpyxl.utils import column_index_from_string, range_boundaries

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_ORDER = (  # CT_Worksheet
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting "
    "dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties "
    "cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF picture oleObjects controls "
    "webPublishItems tableParts extLst"
).split()
_NEEDED = ("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/styles.xml", "docProps/core.xml",
           "docProps/app.xml")  # fmt: skip
_TITLE = re.compile(r"[^\[\]:*?/\\']([^\[\]:*?/\\]*[^\[\]:*?/\\'])?")
_NAME = re.compile(r"[A-Za-z_\\][\w.\\]*")
_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[rRcC]\d*")
_PLACE = re.compile(r"'([^']+)'!\$?([A-Z]+)\$?(\d+)(?::\$?([A-Z]+)\$?(\d+))?")
_TEXT_ENDS = re.compile(r"^\s|\s$")


class _Book:
    def __init__(self, data: bytes) -> None:
        self.zip = ZipFile(BytesIO(data))
        self.parts = {
            name: ET.fromstring(self.zip.read(name)) for name in self.zip.namelist() if name.endswith((".xml", ".rels"))
        }
        related = self.related("xl/workbook.xml")
        self.sheets = {
            str(each.get("name")): related[str(each.get(f"{_R}id"))]
            for each in self.parts["xl/workbook.xml"].iter(f"{_MAIN}sheet")
        }

    def related(self, part: str) -> dict[str, str]:
        """What a part leads to, by the id that it has there."""
        rels = self.parts.get(join(dirname(part), "_rels", part.rpartition("/")[2] + ".rels"))
        found = {}
        for each in rels if rels is not None else ():
            target = str(each.get("Target"))
            assert each.get("TargetMode") != "External", target
            found[str(each.get("Id"))] = normpath(join(dirname(part), target)) if target[0] != "/" else target[1:]
        return found


def damage(data: bytes) -> list[str]:
    """Everything that is wrong, each with its place."""
    book = _Book(data)
    found = [f"no {name}" for name in _NEEDED if name not in book.parts]
    found += [
        f"{part} leads to {to}" for part in book.parts for to in book.related(part).values() if not _is_there(book, to)
    ]
    found += _types(book)
    titles = [title.casefold() for title in book.sheets]
    found += [f"sheet {t}" for t in book.sheets if not _TITLE.fullmatch(t) or len(t) > 31 or t.casefold() == "history"]
    found += ["two sheets of one name"] * (len(set(titles)) < len(titles))
    styles = len(book.parts["xl/styles.xml"].find(f"{_MAIN}cellXfs") or ())
    found += ["styles"] * (not 0 < styles <= 65_490)
    cells: dict[str, set[str]] = {}
    for title, part in book.sheets.items():
        cells[title] = set()
        found += [f"{title}: {what}" for what in _sheet(book, book.parts[part], styles, cells[title])]
    found += _tables(book)
    for title, part in book.sheets.items():
        found += [f"{title}: link to {to}" for to in _links(book.parts[part]) if not _leads(to, cells)]
    for name in book.parts["xl/workbook.xml"].iter(f"{_MAIN}definedName"):
        found += [f"{name.get('name')}: {name.text}"] * (str(name.text).split("!")[0].strip("'") not in book.sheets)
    for part, root in book.parts.items():
        if part.startswith("xl/charts/"):
            found += [f"{part}: {what}" for what in _chart(root, cells)]
    return found


def _is_there(book: _Book, part: str) -> bool:
    return part in book.zip.namelist()


def _types(book: _Book) -> Iterator[str]:
    types = book.parts["[Content_Types].xml"]
    named = {str(each.get("PartName"))[1:] for each in types if each.get("PartName")}
    ends = {each.get("Extension") for each in types if each.get("Extension")}
    yield from (f"type of {name}, which is not there" for name in named if not _is_there(book, name))
    for name in book.zip.namelist():
        if name not in named and name != "[Content_Types].xml" and name.rpartition(".")[2] not in ends - {"xml"}:
            yield f"no type of {name}"


def _sheet(book: _Book, sheet: ET.Element, styles: int, cells: set[str]) -> Iterator[str]:
    names = [each.tag.removeprefix(_MAIN) for each in sheet]
    once = [name for name in names if name != "conditionalFormatting"]
    if names != sorted(names, key=_ORDER.index) or len(set(once)) < len(once):
        yield "its elements are in no order"
    looks = len(book.parts["xl/styles.xml"].find(f"{_MAIN}dxfs") or ())
    rules = [(int(each.get("priority", "0")), int(each.get("dxfId", "0"))) for each in sheet.iter(f"{_MAIN}cfRule")]
    if len({priority for priority, _ in rules}) < len(rules) or any(look >= looks for _, look in rules):
        yield "rules of looks"
    for column in sheet.iter(f"{_MAIN}col"):
        if not 0 < float(column.get("width", "1")) <= 255:
            yield f"width {column.get('width')}"
    last = 0
    for row in sheet.iter(f"{_MAIN}row"):
        number, before = int(row.get("r", "0")), 0
        if not last < number <= 1_048_576 or not 0 < float(row.get("ht", "15")) <= 409:
            yield f"row {number}"
        last = number
        for cell in row:
            place = str(cell.get("r"))
            letters = place.rstrip("0123456789")
            column = column_index_from_string(letters)
            if place != f"{letters}{number}" or not before < column <= 16_384:
                yield f"place {place}"
            before = column
            cells.add(place)
            yield from (f"{place}: {what}" for what in _cell(cell, styles))
    footers = [str(each.text) for each in sheet.iter() if each.tag.endswith(("Footer", "Header")) and each.text]
    yield from (f"footer of {len(text)} characters" for text in footers if len(text) > 255)
    breaks = sheet.find(f"{_MAIN}rowBreaks")
    if breaks is not None and not len(breaks) == int(breaks.get("count", "0")) <= 1026:
        yield "page breaks"
    links = [each.get("ref") for each in sheet.iter(f"{_MAIN}hyperlink")]
    if len(links) > 65_530 or len(set(links)) < len(links) or not set(links) <= cells:
        yield "links"
    for one in sheet.iter(f"{_MAIN}dataValidation"):
        listed = one.findtext(f"{_MAIN}formula1") or ""
        if len(listed) > 257:  # with its quotes
            yield f"a list of {len(listed)} characters"


def _cell(cell: ET.Element, styles: int) -> Iterator[str]:
    if not 0 <= int(cell.get("s", "0")) < styles:
        yield "style"
    formula, value, kind = cell.findtext(f"{_MAIN}f"), cell.findtext(f"{_MAIN}v"), cell.get("t", "n")
    if formula is not None:
        outside = re.sub(r'"[^"]*"', "", formula)
        if len(formula) > 8192 or outside.count("(") != outside.count(")") or formula.startswith("="):
            yield f"formula {formula[:60]}"
        if any(len(call.split(",")) > 255 for call in re.findall(r"\(([^()]*)\)", outside)):
            yield "a function of more than 255 arguments"
    if kind == "inlineStr":
        text = cell.find(f"{_MAIN}is/{_MAIN}t")
        if text is None or len((text.text or "").encode("utf-16-le")) > 2 * 32_767:
            yield "text"
        elif _TEXT_ENDS.search(text.text or "") and "preserve" not in text.attrib.values():
            yield "text that loses its spaces"
    elif kind != "n":
        yield f"type {kind}"
    elif value is not None and not re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d{1,3})?", value):
        yield f"number {value}"


def _tables(book: _Book) -> Iterator[str]:
    names, ids = list[str](), list[str]()
    for title, part in book.sheets.items():
        sheet, related = book.parts[part], book.related(part)
        wanted = [related[str(each.get(f"{_R}id"))] for each in sheet.iter(f"{_MAIN}tablePart")]
        if len(wanted) > 1 or (wanted and sheet.find(f"{_MAIN}autoFilter") is not None):
            yield f"{title}: tables and filters over each other"
        for table in (book.parts[each] for each in wanted):
            name, ref = str(table.get("displayName")), str(table.get("ref"))
            names.append(name.casefold())
            ids.append(str(table.get("id")))
            if not _NAME.fullmatch(name) or _CELL.fullmatch(name) or len(name) > 255 or table.get("name") != name:
                yield f"table {name}"
            left, top, right, bottom = range_boundaries(ref)
            last = max(int(row.get("r", "0")) for row in sheet.iter(f"{_MAIN}row"))
            if (left, top) != (1, 1) or not top < bottom == last:
                yield f"{title}: table {ref} of {last} rows"
            filters = table.find(f"{_MAIN}autoFilter")
            if filters is None or filters.get("ref") != ref:
                yield f"{title}: filter"
            heads = [str(c.findtext(f"{_MAIN}is/{_MAIN}t")) for c in next(sheet.iter(f"{_MAIN}row"))]
            columns = [str(c.get("name")) for c in table.iter(f"{_MAIN}tableColumn")]
            if heads != columns or len(columns) != right or len({c.casefold() for c in columns}) < len(columns):
                yield f"{title}: columns {columns}, headings {heads}"
    if len(set(names)) < len(names) or len(set(ids)) < len(ids):
        yield f"two tables of one name: {sorted(names)}"


def _links(sheet: ET.Element) -> Iterator[str]:
    return (str(each.get("location")) for each in sheet.iter(f"{_MAIN}hyperlink"))


def _leads(to: str, cells: dict[str, set[str]]) -> bool:
    place = _PLACE.fullmatch(to)
    rows = {each.lstrip(ascii_uppercase) for each in cells.get(place[1], ())} if place else set()
    return place is not None and len(to) <= 2079 and place[3] in rows


def _chart(chart: ET.Element, cells: dict[str, set[str]]) -> Iterator[str]:
    for each in chart.iter(f"{_CHART}f"):
        place = _PLACE.fullmatch(str(each.text))
        ends = {f"{place[2]}{place[3]}", f"{place[4] or place[2]}{place[5] or place[3]}"} if place else set()
        if place is None or not ends <= cells.get(place[1], set()):
            yield f"is of {each.text}"
    for cache in (*chart.iter(f"{_CHART}numCache"), *chart.iter(f"{_CHART}strCache")):
        points = cache.findall(f"{_CHART}pt")
        count = cache.find(f"{_CHART}ptCount")
        if not points or count is None or not len(points) <= int(count.get("val", "0")):
            yield "shows nothing where nothing is computed"
    if len(list(chart.iter(f"{_CHART}ser"))) * 2 != sum(1 for e in chart.iter() if e.tag.endswith("Cache")):
        yield "lacks what it shows"
