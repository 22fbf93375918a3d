"""Workbooks that are hostile, damaged, or only odd: each is read right or refused in words, never anything else.

`python -m tests.hostile.make FOLDER` writes them to a folder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.hostile.packages import (
    HEAD,
    NAMESPACE,
    STOCK_IN_HEADERS,
    cell_sheet,
    content_types,
    good_row,
    header,
    ods,
    ods_header,
    ods_number,
    ods_row,
    ods_text,
    parts,
    raw_zip,
    relationships,
    sheet,
    styles,
    text_cell,
    workbook,
    xlsx,
    zipped,
)
from tests.support.biff import ole2, xls

_MB = 1024 * 1024
_CSV = "SKU;Warehouse;Quantity;Shelf;Unit cost;Note\nNK-1;MAIN;5;;;\n"


class Case(NamedTuple):
    """A file to hand in: its name, how to make it, and the code it is refused with; None where rows are read."""

    name: str
    filename: str
    make: Callable[[], bytes]
    code: str | None

    @property
    def data(self) -> bytes:
        """The file's bytes; some take a moment to make."""
        return self.make()


def _cell(cell: str) -> bytes:
    return xlsx(cell_sheet(cell))


def _stored(extra: tuple[bytes, bytes], **lies: int) -> bytes:
    """A right workbook with one more member, about which the archive may lie."""
    members = [(name.encode(), _bytes(content)) for name, content in parts().items()]
    return raw_zip([*members, extra], **lies)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _many_sheets(count: int) -> bytes:
    members = parts() | {f"xl/worksheets/sheet{number}.xml": sheet() for number in range(1, count + 1)}
    members["xl/workbook.xml"] = workbook(tuple(f"S{number}" for number in range(count)))
    members["xl/_rels/workbook.xml.rels"] = relationships(
        *(("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, count + 1))
    )
    return zipped(members | {"[Content_Types].xml": content_types(count)})


def _strings(count: str, items: str) -> bytes:
    table = f'{HEAD}<sst {NAMESPACE} count="{count}" uniqueCount="{count}">{items}</sst>'
    shared = f'{header()}<row r="2"><c r="A2" t="s"><v>0</v></c><c r="C2"><v>5</v></c></row>'
    return xlsx(sheet(shared), **{"xl/sharedStrings.xml": table})


def _with(name: str, content: str | bytes) -> bytes:
    return xlsx(**{name: content})


def _flip(data: bytes, place: float) -> bytes:
    """Damage eight bytes at a part of the way through."""
    at = int(len(data) * place)
    return data[:at] + bytes(255 - byte for byte in data[at : at + 8]) + data[at + 8 :]


def _wide(columns: int) -> str:
    names = [*STOCK_IN_HEADERS, *(f"Extra {number}" for number in range(columns - 6))]
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in names)
    return sheet(f'<row r="1">{cells}</row>{good_row()}')


def _rows(count: int) -> str:
    return sheet(header() + "".join(good_row(number, f"S{number}") for number in range(2, count + 2)))


_FAR = f'{header()}{good_row()}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
_DEEP = f'{header()}{good_row()}<row r="1048576"><c r="Z1048576"><v>1</v></c></row>'
_DOCTYPE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
_MACRO_SHEET = f'{HEAD}<xm:macrosheet xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" {NAMESPACE}/>'
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REPEAT = 'table:number-rows-repeated="1048576"'
_ODS_GOOD = ods_header() + ods_row(ods_text("NK-1"), ods_text("MAIN"), ods_number("5"))
_XLS_ROWS = (list(STOCK_IN_HEADERS), ["NK-1", "MAIN", 5.0, None, None, "x"])

#: What the bytes are, whatever the name.
_KINDS = [
    Case("nothing", "a.xlsx", lambda: b"", "file-no-content"),
    Case("blanks", "a.csv", lambda: b" \r\n\t ", "file-no-content"),
    Case("zero-bytes", "a.xlsx", lambda: bytes(5000), "file-no-content"),
    Case(
        "html-as-xls",
        "a.xls",
        lambda: b"<html><body><table><tr><td>SKU</td></tr></table></body></html>",
        "file-web-page",
    ),
    Case("html-doctype", "a.xls", lambda: b"\xef\xbb\xbf <!DOCTYPE html><table></table>", "file-web-page"),
    Case("xml-2003", "a.xls", lambda: b'<?xml version="1.0"?><Workbook></Workbook>', "file-xml"),
    Case("pdf-as-xlsx", "a.xlsx", lambda: b"%PDF-1.7\n1 0 obj", "file-other-kind"),
    Case("png-as-xlsx", "a.xlsx", lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "file-other-kind"),
    Case("jpeg-as-csv", "a.csv", lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)), "file-other-kind"),
    Case("gzip", "a.csv.gz", lambda: b"\x1f\x8b\x08" + bytes(40), "file-other-kind"),
    Case("seven-zip", "a.xlsx", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(40), "file-other-kind"),
    Case("rtf", "a.xls", lambda: b"{\\rtf1 SKU}", "file-other-kind"),
    Case("program", "a.xlsx", lambda: b"MZ\x90\x00\x03\x00" + bytes(60), "file-other-kind"),
    Case("sqlite", "a.xlsx", lambda: b"SQLite format 3\x00" + bytes(84), "file-other-kind"),
    Case("biff2", "a.xls", lambda: b"\x09\x00\x04\x00\x02\x00\x10\x00" + bytes(40), "file-too-old"),
    Case("csv-binary", "a.csv", lambda: b"SKU,Quantity\nA\x00B,5\n", "file-binary"),
    Case("csv-bell", "a.csv", lambda: b"SKU;Quantity;Unit cost\nA\x07B;5;1\n", "file-binary"),
    Case("random", "a.xlsx", lambda: bytes((number * 7919) % 251 for number in range(4000)), "file-binary"),
    Case("plain-zip", "a.xlsx", lambda: zipped({"readme.txt": "hello"}), "file-other-kind"),
    Case("empty-zip", "a.xlsx", lambda: zipped({}), "file-other-kind"),
    Case("word", "a.xlsx", lambda: zipped({"word/document.xml": "<x/>"}), "file-other-kind"),
    Case("slides", "a.xlsx", lambda: zipped({"ppt/presentation.xml": "<x/>"}), "file-other-kind"),
    Case("xlsb", "a.xlsb", lambda: zipped({"xl/workbook.bin": b"\x00" * 20}), "file-other-kind"),
    Case("numbers", "a.numbers", lambda: zipped({"Index/Document.iwa": b"\x00" * 20}), "file-other-kind"),
    Case("odt", "a.ods", lambda: ods("", mimetype=b"application/vnd.oasis.opendocument.text"), "file-other-kind"),
    Case("password", "a.xlsx", lambda: ole2(b"x", ["EncryptedPackage", "EncryptionInfo"]), "file-password"),
    Case("word-97", "a.xls", lambda: ole2(b"x", ["WordDocument"]), "file-other-kind"),
    Case("slides-97", "a.xls", lambda: ole2(b"x", ["PowerPoint Document"]), "file-other-kind"),
    Case("ole-of-nothing", "a.xls", lambda: _OLE + bytes(3000), "file-other-kind"),
    Case("wrong-extension", "a.csv", xlsx, None),
    Case("no-extension", "upload", xlsx, None),
]

#: The archive around a workbook.
_ARCHIVES = [
    Case("cut-in-half", "a.xlsx", lambda: xlsx()[:1500], "file-damaged"),
    Case("cut-at-the-end", "a.xlsx", lambda: xlsx()[:-30], "file-damaged"),
    Case("no-directory", "a.xlsx", lambda: b"PK\x03\x04" + bytes(200), "file-damaged"),
    Case("bomb", "a.xlsx", lambda: _with("xl/media/x.xml", b"<a>" + b" " * (160 * _MB)), "file-ratio"),
    Case(
        "bomb-many",
        "a.xlsx",
        lambda: xlsx(**{f"xl/m{n}.xml": b"<a>" + bytes(b" " * _MB * 13) for n in range(5)}),
        "file-ratio",
    ),
    Case("big-small-part", "a.xlsx", lambda: _with("docProps/custom.xml", b"<a>" + b" " * (5 * _MB)), "file-unpacked"),
    Case("too-many-parts", "a.xlsx", lambda: xlsx(**{f"x/{n}": b"" for n in range(2001)}), "file-too-many-parts"),
    Case("same-name-twice", "a.xlsx", lambda: _stored((b"xl/workbook.xml", b"<x/>")), "file-suspicious"),
    Case("same-name-other-case", "a.xlsx", lambda: _stored((b"XL/Workbook.xml", b"<x/>")), "file-suspicious"),
    Case("same-name-backslash", "a.xlsx", lambda: _stored((b"xl\\workbook.xml", b"<x/>")), "file-suspicious"),
    Case("absolute-name", "a.xlsx", lambda: _stored((b"/etc/passwd", b"x")), "file-suspicious"),
    Case("parent-name", "a.xlsx", lambda: _stored((b"xl/../../x", b"x")), "file-suspicious"),
    Case("drive-name", "a.xlsx", lambda: _stored((b"C:\\x.xml", b"x")), "file-suspicious"),
    Case("nul-name", "a.xlsx", lambda: _stored((b"xl/x.xml\x00.png", b"x")), "file-suspicious"),
    Case("link", "a.xlsx", lambda: _stored((b"xl/x", b"/etc/passwd"), attributes=0o120777 << 16), "file-suspicious"),
    Case("encrypted-member", "a.xlsx", lambda: _stored((b"xl/x.xml", b"x"), flags=1), "file-password"),
    Case("odd-method", "a.xlsx", lambda: _stored((b"xl/x.xml", b"x"), method=12), "file-suspicious"),
    Case("lying-size", "a.xlsx", lambda: _stored((b"xl/x.xml", b"<x/>"), size=2), "file-damaged"),
    Case("overlap", "a.xlsx", lambda: _stored((b"[Content_Types].xml2", b"x"), offset=0), "file-suspicious"),
    Case("overlap-same", "a.xlsx", lambda: _stored((b"xl/x.xml", b"x"), offset=7), "file-suspicious"),
    Case(
        "backslashes",
        "a.xlsx",
        lambda: zipped({n.replace("/", "\\") if n.startswith("xl/w") else n: c for n, c in parts().items()}),
        None,
    ),
    Case("damaged-sheet", "a.xlsx", lambda: _flip(xlsx(), 0.75), "file-damaged"),
    Case("no-sheet", "a.xlsx", lambda: zipped({n: c for n, c in parts().items() if "sheet1" not in n}), "file-damaged"),
    Case("sheets-300", "a.xlsx", lambda: _many_sheets(300), "file-too-many-sheets"),
    Case("sheets-150", "a.xlsx", lambda: _many_sheets(150), None),
    Case("macros-in-xlsx", "a.xlsx", lambda: _with("xl/vbaProject.bin", _OLE), "file-macros"),
    Case("macros-in-xlsm", "a.XLSM", lambda: _with("xl/vbaProject.bin", _OLE), None),
    Case("macro-sheet", "a.xlsm", lambda: _with("xl/macrosheets/sheet1.xml", _MACRO_SHEET), "file-macro-sheet"),
    Case("macro-sheet-hidden", "a.xlsx", lambda: _with("xl/worksheets/other.xml", _MACRO_SHEET), "file-macro-sheet"),
]

#: The parts of a workbook.
_PARTS = [
    Case("doctype-in-sheet", "a.xlsx", lambda: xlsx(_DOCTYPE + "<worksheet/>"), "file-suspicious"),
    Case(
        "doctype-in-workbook", "a.xlsx", lambda: _with("xl/workbook.xml", _DOCTYPE + "<workbook/>"), "file-suspicious"
    ),
    Case("doctype-in-strings", "a.xlsx", lambda: _with("xl/sharedStrings.xml", _DOCTYPE + "<sst/>"), "file-suspicious"),
    Case("utf16-sheet", "a.xlsx", lambda: xlsx(sheet().replace("UTF-8", "UTF-16").encode("utf-16")), "file-utf16"),
    Case(
        "latin1-sheet", "a.xlsx", lambda: xlsx(sheet().replace("UTF-8", "ISO-8859-1").encode("latin-1")), "file-utf16"
    ),
    Case("zero-bytes-in-sheet", "a.xlsx", lambda: xlsx(sheet().replace("NK-1", "NK\x00")), "file-damaged"),
    Case("broken-sheet", "a.xlsx", lambda: xlsx(sheet()[:-40]), "file-damaged"),
    Case("broken-workbook", "a.xlsx", lambda: _with("xl/workbook.xml", "<workbook"), "file-damaged"),
    Case("broken-links", "a.xlsx", lambda: _with("xl/_rels/workbook.xml.rels", "<Rel"), "file-damaged"),
    Case("broken-styles", "a.xlsx", lambda: _with("xl/styles.xml", "<styleSheet"), "file-damaged"),
    Case(
        "link-outside",
        "a.xlsx",
        lambda: _with("xl/_rels/workbook.xml.rels", relationships(("worksheet", "../../../etc/passwd"))),
        "file-damaged",
    ),
    Case("lying-string-count", "a.xlsx", lambda: _strings("4294967295", "<si><t>NK-1</t></si>"), "file-too-many-texts"),
    Case("string-missing", "a.xlsx", lambda: _cell('<c r="C2" t="s"><v>99</v></c>'), "file-damaged"),
    Case("string-negative", "a.xlsx", lambda: _cell('<c r="C2" t="s"><v>-1</v></c>'), "file-damaged"),
    Case("string-empty-item", "a.xlsx", lambda: _strings("1", "<si/>"), None),
    Case("two-far-cells", "a.xlsx", lambda: xlsx(sheet(_FAR)), "file-far-cell"),
    Case("far-row", "a.xlsx", lambda: xlsx(sheet(_DEEP)), "file-far-cell"),
    Case("columns-300", "a.xlsx", lambda: xlsx(_wide(300)), None),
    Case("rows-100020", "a.xlsx", lambda: xlsx(_rows(100_020)), "file-too-many-rows"),
    Case(
        "huge-text", "a.xlsx", lambda: xlsx(sheet(f'{header()}<row r="2">{text_cell("A2", "x" * 5 * _MB)}</row>')), None
    ),
    Case("spill", "a.xlsx", lambda: _cell('<c r="C2" t="e"><f>A1:B3</f><v>#SPILL!</v></c>'), "file-new-error"),
    Case("error-cell", "a.xlsx", lambda: _cell('<c r="C2" t="e"><v>#N/A</v></c>'), None),
    Case("nan-cell", "a.xlsx", lambda: _cell('<c r="C2"><v>NaN</v></c>'), None),
    Case("huge-number", "a.xlsx", lambda: _cell('<c r="C2"><v>1e400</v></c>'), None),
    Case("word-as-number", "a.xlsx", lambda: _cell('<c r="C2"><v>five</v></c>'), None),
    Case("unknown-cell-type", "a.xlsx", lambda: _cell('<c r="C2" t="zz"><v>1</v></c>'), "file-damaged"),
    Case("bad-address", "a.xlsx", lambda: _cell('<c r="ZZZZ99999999999"><v>1</v></c>'), "file-far-cell"),
    Case("address-without-row", "a.xlsx", lambda: _cell('<c r="C"><v>1</v></c>'), "file-damaged"),
    Case("row-number-huge", "a.xlsx", lambda: xlsx(sheet(f'{header()}<row r="99999999999999"/>')), "file-far-cell"),
    Case("rows-backwards", "a.xlsx", lambda: xlsx(sheet(header() + good_row(9) + good_row(3))), "file-odd-xml"),
    Case(
        "rows-twice", "a.xlsx", lambda: xlsx(sheet(header() + good_row(3) + good_row(3, quantity="9"))), "file-odd-xml"
    ),
    Case("cdata", "a.xlsx", lambda: _cell('<c r="C2"><v><![CDATA[5]]></v></c>'), "file-odd-xml"),
    Case("comment-in-cell", "a.xlsx", lambda: _cell('<c r="C2"><v>5<!-- x -->6</v></c>'), "file-odd-xml"),
    Case(
        "two-sheet-datas", "a.xlsx", lambda: xlsx(sheet(after=f"<sheetData>{good_row(9)}</sheetData>")), "file-odd-xml"
    ),
    Case(
        "merged-everything",
        "a.xlsx",
        lambda: xlsx(
            sheet(
                f"{header()}{good_row(2)}{good_row(30_000)}",
                after='<mergeCells><mergeCell ref="A2:XFD30000"/></mergeCells>',
            )
        ),
        "file-merged",
    ),
    Case("deep-nesting", "a.xlsx", lambda: _with("xl/workbook.xml", "<a>" * 200_000), "file-damaged"),
    Case("style-flood", "a.xlsx", lambda: _with("xl/styles.xml", styles(*(["0&quot;x&quot;"] * 60_000))), None),
    Case("empty-sheet", "a.xlsx", lambda: xlsx(sheet("")), "file-no-header"),
    Case("header-only", "a.xlsx", lambda: xlsx(sheet(header())), None),
    Case(
        "hidden-data-sheet",
        "a.xlsx",
        lambda: _with("xl/workbook.xml", workbook().replace("sheetId", 'state="veryHidden" sheetId')),
        "file-hidden-sheet",
    ),
    Case(
        "unknown-template",
        "a.xlsx",
        lambda: _with("xl/workbook.xml", workbook().replace("stock_in", "payroll")),
        "file-unknown-template",
    ),
    Case("prefixed", "a.xlsx", lambda: xlsx(_prefixed()), None),
]

#: .ods, .xls and .csv.
_OTHERS = [
    Case("ods", "a.ods", lambda: ods(_ODS_GOOD), None),
    Case("ods-doctype", "a.ods", lambda: ods(_ODS_GOOD, before=_DOCTYPE.partition("?>")[2]), "file-suspicious"),
    Case(
        "ods-row-bomb",
        "a.ods",
        lambda: ods(ods_header() + ods_row(ods_text("x"), attributes=_REPEAT)),
        "file-too-many-rows",
    ),
    Case(
        "ods-column-bomb",
        "a.ods",
        lambda: ods(ods_header() + ods_row(ods_text("x", 'table:number-columns-repeated="16384"'))),
        "file-too-wide",
    ),
    Case(
        "ods-cell-bomb",
        "a.ods",
        lambda: ods(
            ods_header()
            + ods_row(
                ods_text("x", 'table:number-columns-repeated="250"'), attributes='table:number-rows-repeated="99000"'
            )
        ),
        "file-too-many-cells",
    ),
    Case("ods-blank-tail", "a.ods", lambda: ods(_ODS_GOOD + ods_row("<table:table-cell/>", attributes=_REPEAT)), None),
    Case("ods-broken", "a.ods", lambda: ods(_ODS_GOOD + "<table:table-row>"), "file-damaged"),
    Case(
        "ods-repeat-word",
        "a.ods",
        lambda: ods(ods_header() + ods_row(ods_text("x", 'table:number-columns-repeated="lots"'))),
        "file-damaged",
    ),
    Case("xls", "a.xls", lambda: xls(_XLS_ROWS), None),
    Case("xls-cut", "a.xls", lambda: xls(_XLS_ROWS)[:2000], "file-damaged"),
    Case("xls-flipped", "a.xls", lambda: _flip(xls(_XLS_ROWS), 0.2728), "file-damaged"),
    Case("xls-macro-sheet", "a.xls", lambda: xls(_XLS_ROWS, sheet_type=1), "file-macro-sheet"),
    Case("xls-macros", "a.xls", lambda: xls(_XLS_ROWS, streams=["_VBA_PROJECT"]), "file-macros"),
    Case("csv", "a.csv", lambda: _CSV.encode(), None),
    Case("csv-utf16", "a.csv", lambda: _CSV.replace(";", "\t").encode("utf-16"), None),
    Case("csv-utf16-unmarked", "a.csv", lambda: _CSV.encode("utf-16-le"), None),
    Case("csv-western", "a.csv", lambda: (_CSV + "NK-2;MAIN;5;;;caf\xe9\n").encode("cp1252"), None),
    Case("csv-undecodable", "a.csv", lambda: _CSV.encode() + b"\x81\x8d\xff;;\n", "file-encoding-unknown"),
    Case("csv-open-quote", "a.csv", lambda: _CSV.encode() + b'"NK-2;MAIN;5', "file-damaged"),
    Case("csv-huge-cell", "a.csv", lambda: _CSV.encode() + b"x" * 200_000, "file-damaged"),
    Case("csv-rows", "a.csv", lambda: (_CSV + "NK-1;MAIN;5;;;\n" * 100_020).encode(), "file-too-many-rows"),
    Case("csv-no-header", "a.csv", lambda: b"a;b;c\n1;2;3\n", "file-no-header"),
    Case("csv-odd-half", "a.csv", lambda: b"\xff\xfea", "file-encoding-unknown"),
]


def _prefixed() -> str:
    """A sheet in which every element carries a prefix."""
    plain = sheet().replace("xmlns=", "xmlns:x=").replace("</", "</x:")
    for name in ("worksheet", "sheetData", "row", "c ", "is>", "t ", "v>"):
        plain = plain.replace(f"<{name}", f"<x:{name}")
    return plain


ALL: list[Case] = [*_KINDS, *_ARCHIVES, *_PARTS, *_OTHERS]


def main(folder: Path) -> None:
    """Write every case as `name-filename`."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in ALL:
        (folder / f"{case.name}-{case.filename}").write_bytes(case.data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
