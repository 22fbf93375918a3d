"""The user's .xlsx with an outcome written into it (WB-6): formats, other sheets and all else stay as they were."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import unescape

from validators.extracting.addresses import cell as place
from validators.results.patching import notes
from validators.results.patching.refusing import NotPatchable
from validators.results.patching.sheet import patch_sheet
from validators.results.patching.style_sheet import StyleSheet
from validators.results.patching.xml_text import is_utf8
from validators.writing.outcome_cells import Cell

_MAIN_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_NOTES_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#: What is never handed on, as it shows in names of parts, in types of content and in types of relationships:
#: code, other files inside or outside, live connections, signatures that would no longer hold.
_BARRED = (
    "vba", "macro", "externallink", "embedding", "oleobject", "activex", "dialogsheet", "customui", "ui/extensibility",
    "webextension", "signature", "querytable", "connections", "attachedtoolbars",
)  # fmt: skip
_ELEMENT = re.compile(rb"<(Relationship|sheet)\b([^>]*?)/?>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time, so that the same input gives the same bytes


@dataclass
class _Sheet:
    """What is written into one sheet, and where its parts are."""

    number: int
    path: str
    targets: dict[int, dict[int, Cell]] = field(default_factory=dict)
    noted: list[Cell] = field(default_factory=list)
    notes_id: str | None = None


def patch(original: Path, cells: Iterable[Cell]) -> bytes:
    """The workbook at `original` with `cells` written into it.

    Raises `NotPatchable` where the package holds what must not be handed on, or is in an unusual form.
    """
    try:
        with zipfile.ZipFile(original) as archive:
            return _Patch(archive, cells).result()
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError) as error:
        # RuntimeError: a password or an unknown compression, in the words of zipfile
        raise NotPatchable(str(error)) from error


class _Patch:
    """One patching: plans the sheets, then copies the archive with the parts that change exchanged."""

    def __init__(self, archive: zipfile.ZipFile, cells: Iterable[Cell]) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        self._changed: dict[str, bytes] = {}
        self._notes_left = notes.MOST_NOTES
        self._refuse_barred()
        self._workbook = self._main_part()
        self._styles_path = self._related(self._workbook, "styles")
        self._styles = StyleSheet(self._text_part(self._styles_path))
        self._sheets = self._sheets_by_name()
        self._plan(cells)

    def result(self) -> bytes:
        """The new archive's bytes."""
        for sheet in self._sheets.values():
            self._plan_notes(sheet)
        touched = {sheet.path: sheet for sheet in self._sheets.values() if sheet.targets}
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
            for name in self._archive.namelist():
                if name in touched:
                    self._write_sheet(made, touched[name])
                elif name != self._styles_path and name not in self._changed:
                    made.writestr(_member(name), self._archive.read(name))
            for name, data in self._changed.items():
                made.writestr(_member(name), data)
            made.writestr(_member(self._styles_path), self._styles.xml())
        return target.getvalue()

    def _write_sheet(self, made: zipfile.ZipFile, sheet: _Sheet) -> None:
        member = _member(sheet.path)
        with self._archive.open(sheet.path) as source, made.open(member, "w", force_zip64=True) as target:
            patch_sheet(source, target, sheet.targets, self._styles.painted, sheet.notes_id)

    # -- what is there ---------------------------------------------------------------------------------------------

    def _refuse_barred(self) -> None:
        if len(self._names) != len(self._archive.namelist()):
            raise NotPatchable("a part that stands twice")
        for name in self._names:
            if _barred(name) or "\\" in name:
                raise NotPatchable(f"the part {name}")
            if name.endswith(".rels"):
                self._refuse_links(name)
        types = self._text_part("[Content_Types].xml")
        if _MAIN_TYPE not in types or _barred(types.decode()):
            raise NotPatchable("not a plain .xlsx workbook")

    def _refuse_links(self, name: str) -> None:
        """Links to web pages are the user's own text; any other link out of the package is barred."""
        data = self._text_part(name)
        links = list(_elements(data, "Relationship"))
        outside = [link for link in links if link.get("TargetMode") == "External"]
        if len(outside) != data.count(b"External") or b"&#" in data:
            raise NotPatchable(f"links written in an unusual way in {name}")
        if any(not link["Type"].endswith("/hyperlink") for link in outside):
            raise NotPatchable(f"a link to another file in {name}")
        if any(_barred(link["Type"]) for link in links):
            raise NotPatchable(f"a barred link in {name}")

    def _main_part(self) -> str:
        path = self._related("", "officeDocument")
        if b"purl.oclc.org" in self._text_part(path):
            raise NotPatchable("the strict form of the format")
        return path

    def _sheets_by_name(self) -> dict[str, _Sheet]:
        links = {link["Id"]: link["Target"] for link in self._links(self._workbook)}
        found = _elements(self._text_part(self._workbook), "sheet")
        return {
            unescape(sheet["name"], {"&quot;": '"', "&apos;": "'"}): _Sheet(
                number, _resolved(self._workbook, links[sheet["r:id"]])
            )
            for number, sheet in enumerate(found, 1)
        }

    def _plan(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            sheet, where = self._sheets.get(cell.sheet), place(cell.address)
            if sheet is None or where is None:
                raise NotPatchable(f"no cell {cell.address} on a sheet '{cell.sheet}'")
            sheet.targets.setdefault(where[0], {})[where[1]] = cell
            if cell.note and self._notes_left:
                sheet.noted.append(cell)
                self._notes_left -= 1

    # -- notes -----------------------------------------------------------------------------------------------------

    def _plan_notes(self, sheet: _Sheet) -> None:
        """New notes where the sheet has none, replaced where all are ours; a user's own notes are left alone."""
        wanted = sheet.noted
        texts, boxes = self._linked(sheet.path, "comments"), self._linked(sheet.path, "vmlDrawing")
        if texts is None and boxes is None:
            if wanted:
                self._add_notes(sheet, wanted)
        elif texts and boxes and sheet.targets and self._both_ours(texts, boxes):
            self._changed[texts] = notes.texts_part(wanted)
            self._changed[boxes] = notes.boxes_part(wanted, sheet.number)

    def _both_ours(self, texts: str, boxes: str) -> bool:
        drawn = self._archive.read(boxes)
        return notes.are_ours(self._archive.read(texts)) and drawn.count(b"ObjectType=") == drawn.count(b'"Note"')

    def _add_notes(self, sheet: _Sheet, wanted: list[Cell]) -> None:
        texts, boxes = f"xl/stockbookNotes{sheet.number}.xml", f"xl/drawings/stockbookNotes{sheet.number}.vml"
        self._changed[texts] = notes.texts_part(wanted)
        self._changed[boxes] = notes.boxes_part(wanted, sheet.number)
        sheet.notes_id = f"stockbookBoxes{sheet.number}"
        path = _links_path(sheet.path)
        known = self._text_part(path) if path in self._names else _NO_LINKS
        made = _LINK % (f"stockbookNotes{sheet.number}", "comments", texts)
        made += _LINK % (sheet.notes_id, "vmlDrawing", boxes)
        self._changed[path] = known.replace(b"</Relationships>", made.encode() + b"</Relationships>")
        types = self._changed.get("[Content_Types].xml") or self._text_part("[Content_Types].xml")
        added = b'<Override PartName="/%s" ContentType="%s"/>' % (texts.encode(), _NOTES_TYPE)
        added += b'<Override PartName="/%s" ContentType="%s"/>' % (boxes.encode(), _BOXES_TYPE)
        self._changed["[Content_Types].xml"] = types.replace(b"</Types>", added + b"</Types>")

    # -- parts and their links -------------------------------------------------------------------------------------

    def _text_part(self, path: str) -> bytes:
        data = self._archive.read(path)
        if not is_utf8(data) or b"<!DOCTYPE" in data:
            raise NotPatchable(f"the part {path} is in an unusual form of XML")
        return data

    def _links(self, path: str) -> list[dict[str, str]]:
        links = _links_path(path)
        return list(_elements(self._text_part(links), "Relationship")) if links in self._names else []

    def _linked(self, path: str, kind: str) -> str | None:
        """The part that `path` links to by a relationship of that kind."""
        for link in self._links(path):
            if link["Type"].endswith(f"/{kind}"):
                return _resolved(path, link["Target"])
        return None

    def _related(self, path: str, kind: str) -> str:
        found = self._linked(path, kind)
        if found is None or found not in self._names:
            raise NotPatchable(f"no part '{kind}'")
        return found


_NO_LINKS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)
_LINK = f'<Relationship Id="%s" Type="{_RELATION}%s" Target="/%s"/>'
_BOXES_TYPE = b"application/vnd.openxmlformats-officedocument.vmlDrawing"


def _elements(data: bytes, name: str) -> Iterable[dict[str, str]]:
    """The attributes of each element of that name in a small part."""
    for found in _ELEMENT.finditer(data):
        if found[1].decode() == name:
            pairs = _ATTRIBUTE.findall(found[2].decode())
            yield {key: double or single for key, double, single in pairs}


def _barred(text: str) -> bool:
    folded = text.casefold()
    return any(word in folded for word in _BARRED)


def _links_path(path: str) -> str:
    folder, name = posixpath.split(path)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _resolved(source: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), target))


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member
