"""Write .xlsx, .ods and zip files byte by byte, right or wrong as asked."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
NAMESPACE = f'xmlns="{_MAIN}" xmlns:r="{_LINKS}"'
#: The defined names that tell which template it is.
IDENTITY = (
    '<definedName name="_template_id">"stock_in"</definedName><definedName name="_template_version">"1"</definedName>'
)
STOCK_IN_HEADERS = ("SKU*", "Warehouse", "Quantity*", "Shelf", "Unit cost", "Note")


def content_types(sheets: int = 1, main: str = "spreadsheetml.sheet.main") -> str:
    """[Content_Types].xml for a number of sheets."""
    kind = "application/vnd.openxmlformats-officedocument"
    overrides = f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.{main}+xml"/>'
    for number in range(1, sheets + 1):
        part = f"/xl/worksheets/sheet{number}.xml"
        overrides += f'<Override PartName="{part}" ContentType="{kind}.spreadsheetml.worksheet+xml"/>'
    defaults = (
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
    )
    return f'{HEAD}<Types xmlns="{_PACKAGE}/content-types">{defaults}{overrides}</Types>'


def relationships(*targets: tuple[str, str]) -> str:
    """A .rels part: (kind, target) in the order of rId1, rId2, …"""
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_LINKS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'{HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'


def workbook(names: tuple[str, ...] = ("Stock-in",), identity: str = IDENTITY, more: str = "") -> str:
    """xl/workbook.xml."""
    sheets = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(names, 1))
    told = f"<definedNames>{identity}</definedNames>" if identity else ""
    return f"{HEAD}<workbook {NAMESPACE}><sheets>{sheets}</sheets>{told}{more}</workbook>"


def text_cell(address: str, text: str) -> str:
    """A cell with its text inside."""
    return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def header(row: int = 1) -> str:
    """The header row of the stock-in workbook."""
    cells = "".join(text_cell(f"{'ABCDEF'[at]}{row}", name) for at, name in enumerate(STOCK_IN_HEADERS))
    return f'<row r="{row}">{cells}</row>'


def good_row(row: int = 2, sku: str = "NK-1", quantity: str = "5") -> str:
    """One right row of the stock-in workbook."""
    return f'<row r="{row}">{text_cell(f"A{row}", sku)}<c r="C{row}"><v>{quantity}</v></c></row>'


def sheet(rows: str | None = None, *, after: str = "", before: str = "") -> str:
    """A worksheet: header and one good row unless told otherwise."""
    data = header() + good_row() if rows is None else rows
    return f"{HEAD}<worksheet {NAMESPACE}>{before}<sheetData>{data}</sheetData>{after}</worksheet>"


def cell_sheet(cell: str) -> str:
    """A worksheet whose one data row ends with a cell of the test's choice; `{}`-free, address C2 or D2 up to it."""
    return sheet(f'{header()}<row r="2">{text_cell("A2", "NK-1")}{cell}</row>')


def parts(sheet_xml: str | bytes | None = None, **more: str | bytes) -> dict[str, str | bytes]:
    """The parts of a small right workbook; keywords replace parts, with __ for / and _DOT_ for dots."""
    found: dict[str, str | bytes] = {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relationships(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": workbook(),
        "xl/_rels/workbook.xml.rels": relationships(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")
        ),
        "xl/sharedStrings.xml": f'{HEAD}<sst {NAMESPACE} count="1" uniqueCount="1"><si><t>NK-1</t></si></sst>',
        "xl/styles.xml": styles(),
        "xl/worksheets/sheet1.xml": sheet() if sheet_xml is None else sheet_xml,
    }
    return found | more


def styles(*formats: str) -> str:
    """xl/styles.xml: style 0 is General, 1 per cent, 2 like 00000, 3 a date, then formats of the test's choice."""
    custom = ["00000", *formats]
    codes = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{code}"/>' for at, code in enumerate(custom))
    numbers = [0, 9, 164, 14, *range(165, 165 + len(formats))]
    cells = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in numbers)
    return f"{HEAD}<styleSheet {NAMESPACE}><numFmts>{codes}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>"


def zipped(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An honest archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return buffer.getvalue()


def xlsx(sheet_xml: str | bytes | None = None, **more: str | bytes) -> bytes:
    """A small workbook with a sheet of the test's choice."""
    return zipped(parts(sheet_xml, **more))


def raw_zip(members: list[tuple[bytes, bytes]], **lies: int) -> bytes:
    """An archive of stored members in which flags, method, sizes or attributes may lie (for the last member)."""
    body, directory = b"", b""
    for place, (name, content) in enumerate(members):
        told = lies if place == len(members) - 1 else {}
        flags, method = told.get("flags", 0), told.get("method", 0)
        size = told.get("size", len(content))
        crc = zlib.crc32(content)
        offset = told.get("offset", len(body))
        fields = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 33, crc, len(content), size, len(name), 0)
        body += b"PK\x03\x04" + fields + name + content
        more = struct.pack("<HHHII", 0, 0, 0, told.get("attributes", 0), offset)
        directory += b"PK\x01\x02" + struct.pack("<H", 0x0314) + fields + more + name
    count = len(members)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def ods(rows: str, *, before: str = "", mimetype: bytes = b"application/vnd.oasis.opendocument.spreadsheet") -> bytes:
    """A small .ods with rows of the test's choice."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    body = f'<office:body><office:spreadsheet><table:table table:name="Stock-in">{rows}</table:table>'
    content = f"{HEAD}{before}<office:document-content {spaces} {calc}>{body}</office:spreadsheet></office:body>"
    return zipped({"mimetype": mimetype, "content.xml": f"{content}</office:document-content>"})


def ods_row(*cells: str, attributes: str = "") -> str:
    """A row of an .ods out of finished cells."""
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def ods_text(text: str, attributes: str = "") -> str:
    """A text cell of an .ods."""
    return f'<table:table-cell office:value-type="string" {attributes}><text:p>{text}</text:p></table:table-cell>'


def ods_number(value: str, kind: str = "float", attributes: str = "") -> str:
    """A number cell of an .ods."""
    shown = f"<text:p>{value}</text:p>"
    return (
        f'<table:table-cell office:value-type="{kind}" office:value="{value}" {attributes}>{shown}</table:table-cell>'
    )


def ods_header() -> str:
    """The header row of the stock-in workbook."""
    return ods_row(*map(ods_text, STOCK_IN_HEADERS))
