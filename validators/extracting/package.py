"""The parts of an .xlsx package around its sheets: sheets, names, tables, properties, number formats."""

from __future__ import annotations

import io
import posixpath
import re
import shutil
import zipfile
from collections.abc import Iterator
from functools import cached_property
from xml.etree import ElementTree

from validators.extracting.addresses import area
from validators.extracting.refusing import Unreadable

#: Built-in number formats that show per cent.
_PERCENT_FORMATS = frozenset({9, 10})
#: Formats like 00000: zeros first and nothing but zeros, blanks or text around them.
_ZEROS = re.compile(r'(?:"[^"]*"|\\.|[-\s])*0{2,}(?:"[^"]*"|\\.|[-\s0])*')
#: Texts in quotes, escaped characters and [colours], which say nothing of the kind of a number format.
_FORMAT_NOISE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


class SheetPart:
    """One sheet of the workbook: its name, whether people see it, where its XML is."""

    def __init__(self, name: str, visible: bool, path: str) -> None:
        self.name = name
        self.visible = visible
        self.path = path


class Table:
    """An Excel table: name, sheet, the numbers of its header row and (where it has one) its totals row."""

    def __init__(self, name: str, sheet: SheetPart, header_row: int, totals_row: int | None) -> None:
        self.name = name
        self.sheet = sheet
        self.header_row = header_row
        self.totals_row = totals_row


class Package:
    """An open .xlsx or .xlsm, vetted before by `validators.reading.archive`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.replace("\\", "/").lstrip("/").casefold(): name for name in archive.namelist()}
        self._workbook_path = self._main_part()
        self._workbook = self.xml(self._workbook_path)
        self._links = dict(self._relationships(self._workbook_path))
        self.sheets = list(self._sheets())

    def read(self, path: str) -> bytes | None:
        """A part's bytes, whatever the case and slashes of its name; None where there is none."""
        name = self._names.get(path.replace("\\", "/").lstrip("/").casefold())
        if name is None:
            return None
        data = io.BytesIO()  # in pieces: read at once, a large sheet would be there twice for a moment
        with self._archive.open(name) as part:
            shutil.copyfileobj(part, data)
        return data.getvalue()

    def xml(self, path: str) -> ElementTree.Element:
        """A part parsed. Parts with a document type never come here, so no entity can expand."""
        data = self.read(path)
        if data is None:
            raise Unreadable("file-damaged", reason=f"the part {path} is missing")
        try:
            return ElementTree.fromstring(data)
        except ElementTree.ParseError:
            raise Unreadable("file-damaged", reason=f"the part {path} is broken") from None

    @property
    def date1904(self) -> bool:
        """Whether serial dates count from 1904."""
        return any(_flag(node.get("date1904")) for node in _each(self._workbook, "workbookPr"))

    @property
    def never_calculated(self) -> bool:
        """Whether the workbook asks to be calculated on load: a program wrote it and saved results may be made up."""
        return any(_flag(node.get("fullCalcOnLoad")) for node in _each(self._workbook, "calcPr"))

    def identity(self) -> tuple[str | None, int | None]:
        """Template id and version from the document's properties, else from the defined names."""
        told = self._told
        version = told.get("template_version", "").strip()
        return told.get("template_id") or None, int(version) if re.fullmatch(r"[0-9]{1,6}", version) else None

    def report(self) -> str | None:
        """The report that this is, by its properties or its defined names; None for what is none of ours."""
        return self._told.get("report")

    @cached_property
    def _told(self) -> dict[str, str]:
        """What the file says of itself: properties before defined names."""
        names = {node.get("name", ""): (node.text or "") for node in _each(self._workbook, "definedName")}
        return {**self._named_values(names), **self._custom_properties()}

    @staticmethod
    def _named_values(names: dict[str, str]) -> dict[str, str]:
        """`_template_id`, `_template_version` and `_report` without the = and quotes around a defined name's text."""
        ours = ("_template", "_report")
        return {key[1:]: text.strip().lstrip("=").strip('"') for key, text in names.items() if key.startswith(ours)}

    def _custom_properties(self) -> dict[str, str]:
        if self.read("docProps/custom.xml") is None:
            return {}
        properties = _each(self.xml("docProps/custom.xml"), "property")
        return {node.get("name", ""): "".join(node.itertext()).strip() for node in properties}

    def tables(self) -> Iterator[Table]:
        """Every table of every sheet."""
        for sheet in self.sheets:
            for kind, path in self._relationships(sheet.path):
                if kind.endswith("/table") and self.read(path) is not None:
                    yield from self._table(sheet, self.xml(path))

    @staticmethod
    def _table(sheet: SheetPart, root: ElementTree.Element) -> Iterator[Table]:
        place = area(root.get("ref", ""))
        if place and root.get("headerRowCount", "1") != "0":
            totals = place[2] if int(root.get("totalsRowCount") or 0) else None
            yield Table(root.get("name") or root.get("displayName") or "", sheet, place[0], totals)

    def styles(self) -> tuple[dict[int, str], dict[int, str]]:
        """Style number -> format text, of the styles that show per cent and of those like 00000."""
        path = next((path for kind, path in self._links.items() if kind.endswith("/styles")), "xl/styles.xml")
        if self.read(path) is None:
            return {}, {}
        root = self.xml(path)
        codes = {int(n.get("numFmtId", 0)): n.get("formatCode", "") for n in _each(root, "numFmt")}
        percent: dict[int, str] = {}
        zeros: dict[int, str] = {}
        for holder in _each(root, "cellXfs"):
            for style, xf in enumerate(_each(holder, "xf")):
                number = int(xf.get("numFmtId", 0))
                kind = "percent" if number in _PERCENT_FORMATS else format_kind(codes.get(number, ""))
                if kind:
                    (percent if kind == "percent" else zeros)[style] = codes.get(number, "0%")
        return percent, zeros

    def _main_part(self) -> str:
        for kind, path in self._relationships(""):
            if kind.endswith("/officeDocument"):
                return path
        return "xl/workbook.xml"

    def _sheets(self) -> Iterator[SheetPart]:
        targets = {identity: (kind, path) for identity, kind, path in self._related(self._workbook_path)}
        for node in _each(self._workbook, "sheet"):
            link = next((value for key, value in node.attrib.items() if _local(key) == "id"), "")
            kind, path = targets.get(link, ("", ""))
            if kind.endswith("/worksheet"):
                yield SheetPart(node.get("name", ""), node.get("state", "visible") == "visible", path)

    def _relationships(self, part: str) -> Iterator[tuple[str, str]]:
        return ((kind, path) for _, kind, path in self._related(part))

    def _related(self, part: str) -> Iterator[tuple[str, str, str]]:
        """Id, kind and path of what a part points at, inside the package only."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if self.read(path) is None:
            return
        for node in _each(self.xml(path), "Relationship"):
            if node.get("TargetMode", "Internal") != "External":
                target = node.get("Target", "").replace("\\", "/")
                inside = target if target.startswith("/") else posixpath.join(folder, target)
                yield node.get("Id", ""), node.get("Type", ""), posixpath.normpath(inside).lstrip("/")


def format_kind(code: str) -> str | None:
    """`percent`, `zeros` (like 00000) or None, from a number format's text."""
    first = code.split(";")[0]
    if "%" in _FORMAT_NOISE.sub("", first):
        return "percent"
    return "zeros" if _ZEROS.fullmatch(first) else None


def _each(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Elements of a name, whatever their namespace (strict and transitional files differ in it)."""
    return (node for node in root.iter() if isinstance(node.tag, str) and _local(node.tag) == name)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _flag(text: str | None) -> bool:
    return text in ("1", "true", "on")
