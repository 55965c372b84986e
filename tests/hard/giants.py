"""Files that are small, and unpack, nest or repeat to more than a machine holds."""

import io
import zipfile
from collections.abc import Iterator

COLUMNS = ("Date", "Account", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency", "ID")
HEADER = ",".join(COLUMNS) + "\n"

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OPEN = "urn:oasis:names:tc:opendocument:xmlns"


def giants() -> Iterator[tuple[str, bytes, str]]:
    """A file's name, its content, and what is said of it ("" where it is taken: its bulk says nothing)."""
    for name, sheets, said in _documents():
        yield f"{name}.ods", document(sheets), said
    for name, changed, said in _books():
        yield f"{name}.xlsx", book(changed), said
    yield "space.xlsx", archive({f"xl/{n}.xml": " " * (9 << 20) for n in range(30)}), "is compressed as no real data is"
    later = book({}).replace(b"PK\x01\x02\x14\x03\x14", b"PK\x01\x02\x14\x03\xff")  # made for a later unzip
    yield "later.xlsx", later, "not a readable workbook"
    yield "parts.xlsx", archive({str(n): "" for n in range(25_000)}), "or 1000 parts"
    commas = b"a," * 490_000 + b"\n"
    yield "commas.csv", commas, "has 490001 cells; a table has at most 256 columns"
    yield "many.csv", commas * 20, "has 490001 cells; a table has at most 256 columns"
    yield "line.csv", HEADER.encode() + b"x" * 1_100_000, "has a line of more than 1048576 characters"
    yield "quote.csv", HEADER.encode() + b'"' + b"\n" * 1_000_000, "is a quote left open?"
    yield "blank.csv", b"\n" * 2_100_000, "begins with more than 2000000 empty lines"
    yield "empty.csv", HEADER.encode() + b",,\n" * 2_100_000, "more than 2000000 empty rows"
    yield "dots.toml", b"a." * 100_000 + b"b = 1", "is nested too deeply"
    yield "table.toml", b"[" + b"a." * 100_000 + b"b]", "is nested too deeply"
    yield "deep.toml", b"a = " + b"[" * 100_000, "is nested too deeply"
    yield "digits.toml", b"a = " + b"9" * 100_000, "holds a value that can't be read"


def _documents() -> Iterator[tuple[str, str, str]]:
    head = _row(*COLUMNS)
    yield "spaces", _table(head + _row('<text:s text:c="131072"/>' * 90_000)), "more than 131072 characters"
    yield "lines", _table(head + _row("</text:p><text:p>".join(["aaaa"] * 90_000))), "more than 131072 characters"
    yield "rows", _table(head + _row("a", wide=257, often=1000) * 30_000), "goes beyond row 1048576"
    yield "sheets", _table(head) * 9000, "has more than 100 sheets"
    number = '<table:table-cell office:value-type="float" office:value="1e999999999"/>'
    yield "number", _table(f"{head}<table:table-row>{number}</table:table-row>"), "'1e999999999' is not a number"


def _books() -> Iterator[tuple[str, dict[str, str], str]]:
    small = "unpacks to more than 4 MB"
    yield "styles", {"styles": "<cellXfs>" + "<xf numFmtId='0'/>" * 450_000 + "</cellXfs>"}, f"styles.xml {small}"
    name = "<definedName name='a'>S!$A$1</definedName>"
    yield "names", {"workbook": f"<definedNames>{name * 200_000}</definedNames>"}, f"workbook.xml {small}"
    again = "".join(f"<sheet xmlns:r='{_LINKS}' name='{n}' sheetId='{n}' r:id='r1'/>" for n in range(2, 1003))
    yield "again", {"sheets": again}, "has more than 1000 sheets"
    yield "types", {"types": "<Override PartName='/a' ContentType='b'/>" * 240_000}, f"[Content_Types].xml {small}"
    pieces = "<t>a</t>" * 131_000
    cells = "".join(f"<row r='{n}'><c r='A{n}' t='inlineStr'><is>{pieces}</is></c></row>" for n in range(2, 8))
    yield "pieces", {"rows": cells, "strings": f"<si>{pieces}</si>" * 2}, "both empty or 0"
    yield "strings", {"strings": f"<si><t>{'a' * 200_000}</t></si>"}, "a text is longer than 131072 characters"
    yield "sparse", {"rows": "".join(f"<row r='{n}'><c r='IV{n}'/></row>" for n in range(2, 60_000))}, ""
    yield "tag", {"rows": f"<row><!--{'x' * (8 << 20)}--></row>"}, "has a tag of more than 1 MB"
    yield "corner", {"rows": "<row r='9'><c r='XFD9'><v>1</v></c></row>"}, "beyond the 256 columns"
    yield "far", {"rows": f"<row r='{'9' * 30}'><c><v>1</v></c></row>"}, "both empty or 0"
    yield "deep", {"rows": "<a>" * 300_000 + "</a>" * 300_000}, ""
    laughs = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    yield "laughs", {"before": laughs}, "declares a document type"
    yield "strings-laugh", {"before-strings": laughs, "strings": "<si><t>&c;</t></si>"}, "declares a document type"
    yield "outside", {"target": "file:///etc/passwd", "mode": "TargetMode='External'"}, "not a readable workbook"
    yield "upward", {"target": "../../../../etc/passwd"}, "not a readable workbook"


def document(sheets: str) -> bytes:
    """An OpenDocument spreadsheet."""
    spaces = " ".join(f'xmlns:{name}="{_OPEN}:{name}:1.0"' for name in ("office", "table", "text"))
    body = f"<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body>"
    return archive({"content.xml": f"<office:document-content {spaces}>{body}</office:document-content>"})


def _table(rows: str) -> str:
    return f"<table:table>{rows}</table:table>"


def _row(*texts: str, wide: int = 1, often: int = 1) -> str:
    cell = f"<table:table-cell table:number-columns-repeated='{wide}'>"
    cells = "".join(f"{cell}<text:p>{text}</text:p></table:table-cell>" for text in texts)
    return f"<table:table-row table:number-rows-repeated='{often}'>{cells}</table:table-row>"


def book(changed: dict[str, str]) -> bytes:
    """A workbook of one sheet, made by hand; `changed`: what stands in its parts besides, or in place of something."""
    has = changed.get
    head = "".join(f"<c r='{chr(65 + n)}1' t='str'><v>{name}</v></c>" for n, name in enumerate(COLUMNS))
    kinds = {
        "xl/workbook.xml": "sheet.main",
        "xl/worksheets/sheet1.xml": "worksheet",
        "xl/sharedStrings.xml": "sharedStrings",
    }
    types = "".join(f"<Override PartName='/{p}' ContentType='{_KINDS}.{kind}+xml'/>" for p, kind in kinds.items())
    target = has("target", "worksheets/sheet1.xml")
    link = f"<Relationship Id='r1' Type='{_LINKS}/worksheet' Target='{target}' {has('mode', '')}/>"
    sheet = f"<sheets><sheet xmlns:r='{_LINKS}' name='S' sheetId='1' r:id='r1'/>{has('sheets', '')}</sheets>"
    rows = f"<sheetData><row r='1'>{head}</row>{has('rows', '')}</sheetData>"
    return archive(
        {
            "[Content_Types].xml": f"<Types xmlns='{_PACKAGE}/content-types'>{types}{has('types', '')}</Types>",
            "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{_PACKAGE}/relationships'>{link}</Relationships>",
            "xl/workbook.xml": f"<workbook {_MAIN}>{sheet}{has('workbook', '')}</workbook>",
            "xl/styles.xml": f"<styleSheet {_MAIN}>{has('styles', '')}</styleSheet>",
            "xl/sharedStrings.xml": f"{has('before-strings', '')}<sst {_MAIN}>{has('strings', '')}</sst>",
            "xl/worksheets/sheet1.xml": f"{has('before', '')}<worksheet {_MAIN}>{rows}</worksheet>",
        }
    )


def archive(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return out.getvalue()
