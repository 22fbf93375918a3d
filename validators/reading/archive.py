"""Look at a zip before anything opens it: names, sizes as they really are, and what its parts hold.

Runs in the server's own process, so it trusts nothing: every part is inflated here in small pieces and counted, because
the sizes in an archive's directory can lie.
"""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from validators.extracting.refusing import Unreadable
from validators.reading.limits import Limits
from validators.reading.parts import PartLook

_MB = 1024 * 1024
_PIECE = 1 << 18
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LOCAL = struct.Struct("<4s5H3I2H")
_DRIVE = re.compile(r"[A-Za-z]:")
_SMALL = re.compile(r".*\.rels|\[content_types\]\.xml|.*/workbook\.xml|docprops/.*|meta-inf/.*|mimetype")


def look(path: Path, filename: str, limits: Limits) -> str:
    """`xlsx`, `xlsm` or `ods`; raises Unreadable for whatever else is in there, or hidden in it."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            members = _vetted(archive, limits)
            kind = _kind(members, archive, filename)
            _look_inside(file, members, limits, path.stat().st_size, kind)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise Unreadable("file-damaged", reason="a part of it is missing or broken") from error
    return kind


def _vetted(archive: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    """Members by name, case and slashes evened out, after the checks of names and flags."""
    if len(archive.infolist()) > limits.parts:
        raise Unreadable("file-too-many-parts", count=len(archive.infolist()), limit=limits.parts)
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.orig_filename.replace("\\", "/")
        if name.endswith("/") and info.file_size == 0:
            continue
        if "\x00" in name or name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
            raise Unreadable("file-suspicious", reason="a part's name points outside the file")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise Unreadable("file-suspicious", reason="a part is a link")
        if info.flag_bits & _ENCRYPTED:
            raise Unreadable("file-password")
        if info.compress_type not in _METHODS:
            raise Unreadable("file-suspicious", reason="a part is packed in an unusual way")
        if name.casefold() in members:
            raise Unreadable("file-suspicious", reason="two parts have the same name")
        members[name.casefold()] = info
    return members


def _kind(members: dict[str, zipfile.ZipInfo], archive: zipfile.ZipFile, filename: str) -> str:
    """What the archive is, by its parts."""
    if "xl/workbook.xml" in members or _main_part(members, archive):
        macros = any(name.endswith("vbaproject.bin") for name in members)
        if macros and not filename.casefold().endswith(".xlsm"):
            raise Unreadable("file-macros")
        return "xlsm" if macros else "xlsx"
    if "mimetype" in members:
        mimetype = archive.read(members["mimetype"])[:200]
        if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet") and "content.xml" in members:
            return "ods"
        raise Unreadable("file-other-kind", kind="another kind of document")
    for part, name in (
        ("xl/workbook.bin", "a binary workbook (.xlsb)"),
        ("word/document.xml", "a Word document"),
        ("ppt/presentation.xml", "a presentation"),
        ("index/document.iwa", "a Numbers document"),
    ):
        if part in members:
            raise Unreadable("file-other-kind", kind=name)
    raise Unreadable("file-other-kind", kind="a .zip archive")


def _main_part(members: dict[str, zipfile.ZipInfo], archive: zipfile.ZipFile) -> bool:
    """Whether the root relationships name a workbook that stands elsewhere than usual."""
    info = members.get("_rels/.rels")
    if info is None or info.file_size > 1 << 20:
        return False
    return re.search(rb'/officeDocument"[^>]*Target="/?[^"]*workbook\d*\.xml"', archive.read(info)) is not None


def _look_inside(file: BinaryIO, members: dict[str, zipfile.ZipInfo], limits: Limits, packed: int, kind: str) -> None:
    """Inflate every part, count it, and look at it where it is XML."""
    total = sheets = 0
    end = 0
    for name, info in sorted(members.items(), key=lambda item: item[1].header_offset):
        if info.header_offset < end:
            raise Unreadable("file-suspicious", reason="parts overlap")
        start = _data_start(file, info)
        end = start + info.compress_size
        part = PartLook(name, limits)
        most = limits.small_part if _SMALL.fullmatch(name) else limits.part
        for piece in _pieces(file, start, info, most):
            part.see(piece)
            total += len(piece)
            if total > limits.unpacked:
                raise Unreadable("file-unpacked", limit=limits.unpacked // _MB)
            if total > limits.ratio_from and total > limits.ratio * packed:
                raise Unreadable("file-ratio", limit=limits.ratio)
        part.finish()
        sheets += part.is_sheet
    if sheets > limits.sheets:
        raise Unreadable("file-too-many-sheets", count=sheets, limit=limits.sheets)
    if kind != "ods" and not sheets:
        raise Unreadable("file-damaged", reason="it has no worksheet")


def _data_start(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    """Where a member's data begins, by its own header, which must agree with the directory's name."""
    file.seek(info.header_offset)
    header = _LOCAL.unpack(file.read(_LOCAL.size))
    name_length, extra_length = header[9], header[10]
    name = file.read(name_length)
    if header[0] != b"PK\x03\x04" or name.replace(b"\\", b"/") != _raw_name(info).replace(b"\\", b"/"):
        raise Unreadable("file-suspicious", reason="the archive contradicts itself")
    return info.header_offset + _LOCAL.size + int(name_length) + int(extra_length)


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437")


def _pieces(file: BinaryIO, start: int, info: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    """A member's content as it really is. Refuses more than `most` bytes, and what the directory tells otherwise."""
    file.seek(start)
    left, size, crc = info.compress_size, 0, 0
    inflate = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = file.read(min(_PIECE, left))
        if not packed:
            raise Unreadable("file-damaged", reason="it is cut off")
        left -= len(packed)
        while packed:
            piece = inflate.decompress(packed, 4 * _PIECE) if inflate else packed
            packed = inflate.unconsumed_tail if inflate else b""
            size += len(piece)
            if size > most:
                raise Unreadable("file-unpacked", limit=most // _MB)
            crc = zlib.crc32(piece, crc)
            yield piece
    if inflate and not inflate.eof:
        raise Unreadable("file-damaged", reason="it is cut off")
    if size != info.file_size or crc != info.CRC:
        raise Unreadable("file-damaged", reason="a part does not match its check sum")
