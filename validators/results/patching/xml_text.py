"""Texts inside the XML of a workbook."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from validators.writing.texts import clean

#: Excel reads `_x0041_` in a text as the character with that number; a literal one is written with its own `_`.
_ESCAPE_LOOKALIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ENCODING = re.compile(rb"""<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)["']""")


def text_xml(text: str) -> bytes:
    """A text as the content of a `<t>` element: only a text, whatever it starts with (WB-9)."""
    said = clean(text.replace("\r\n", "\n").replace("\r", "\n"))
    return escape(_ESCAPE_LOOKALIKE.sub("_x005F_", said)).encode()


def is_utf8(head: bytes) -> bool:
    """Whether a part that begins like this may be edited as UTF-8 bytes."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:64]:
        return False
    declared = _ENCODING.search(head[:200])
    return declared is None or declared[1].lower() in (b"utf-8", b"us-ascii", b"ascii")
