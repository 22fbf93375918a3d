"""Whether what lies there may be half of a file, as far as its bytes tell. Pure."""

from __future__ import annotations

import zipfile
from typing import IO

_LINES = (".csv", ".tsv", ".txt")
_ZIP = b"PK\x03\x04"


def is_cut_off(file: IO[bytes]) -> bool:
    """Whether nothing was written yet, or the end of a workbook is missing: its list of contents comes last."""
    file.seek(0)
    beginning = file.read(len(_ZIP))
    return not beginning or (beginning == _ZIP and not zipfile.is_zipfile(file))


def has_open_line(file: IO[bytes], name: str) -> bool:
    """Whether the last line of a table of text has no end: one that is cut off may end in half a number."""
    if not name.casefold().endswith(_LINES):
        return False
    size = file.seek(0, 2)
    file.seek(max(0, size - 2))
    return not file.read().replace(b"\0", b"").endswith((b"\n", b"\r"))  # the zeros: UTF-16
