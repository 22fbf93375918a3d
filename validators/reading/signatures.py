"""What a file is, by its first bytes: never by its name or the type the sender claims (WB-10)."""

from __future__ import annotations

import re
from pathlib import Path

from validators.extracting.refusing import Unreadable

_HEAD = 8192
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_XLS = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")
_WEB_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta|style)\b", re.I | re.S)
_XML = re.compile(rb"\s*<(?:\?xml|[\w:]*workbook)", re.I)
#: First bytes -> what people call such a file.
_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"RIFF", "a picture, sound or film"),
    (b"\x1f\x8b", "a .gz archive"),
    (b"7z\xbc\xaf", "a .7z archive"),
    (b"Rar!", "a .rar archive"),
    (b"BZh", "a .bz2 archive"),
    (b"\xfd7zXZ", "an .xz archive"),
    (b"{\\rtf", "a text document (.rtf)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a data file (.parquet)"),
)


def kind_of(path: Path) -> str:
    """`zip`, `xls` or `csv`. Raises Unreadable for anything else, each with its own sentence."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\x00 \t\r\n"):
        raise Unreadable("file-no-content")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(_OLE2):
        return _ole2(path)
    text = head.removeprefix(b"\xef\xbb\xbf")
    if _WEB_PAGE.match(text):
        raise Unreadable("file-web-page")
    if _XML.match(text):
        raise Unreadable("file-xml")
    for start, name in _OTHERS:
        if head.startswith(start) and not _is_text(head, len(start)):
            raise Unreadable("file-other-kind", kind=name)
    if head.startswith(_OLD_XLS) and b"\x00" in head[:16]:
        raise Unreadable("file-too-old")
    if b"\x00" in head and not _is_utf16(head):
        raise Unreadable("file-binary", character="U+0000")
    return "csv"


def _is_text(head: bytes, length: int) -> bool:
    """Short signatures like BM or MZ may begin an honest text such as a header `MZ-Code;…`."""
    return length <= 2 and b"\x00" not in head and not re.search(rb"[\x01-\x08\x0e-\x1a]", head)


def _is_utf16(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return len(head) > 3 and head[1] == head[3] == 0 != head[0]


def _ole2(path: Path) -> str:
    """The old container: a workbook, an encrypted new one, or another program's document. Names are UTF-16."""
    data = path.read_bytes()

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") + b"\x00\x00" in data

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        raise Unreadable("file-password")
    if holds("WordDocument"):
        raise Unreadable("file-other-kind", kind="a Word document")
    if holds("PowerPoint Document"):
        raise Unreadable("file-other-kind", kind="a presentation")
    if not (holds("Workbook") or holds("Book")):
        raise Unreadable("file-other-kind", kind="a document of another program")
    if holds("_VBA_PROJECT"):
        raise Unreadable("file-macros")
    return "xls"
