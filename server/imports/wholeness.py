"""Whether what lies there may be half of a file, as far as its bytes tell. Pure."""

from __future__ import annotations

import zipfile
from typing import IO

_LINES = (".csv", ".tsv", ".txt")
_ZIP = b"PK\x03\x04"


def missing_part(file: IO[bytes]) -> str:
    """What is not there yet, in words: anything at all, or the end of a workbook, whose list of contents comes last.
    Empty where nothing seems to be missing."""
    file.seek(0)
    beginning = file.read(len(_ZIP))
    if not beginning:
        return "it is empty"
    return "its end is missing" if beginning == _ZIP and not zipfile.is_zipfile(file) else ""


def has_open_line(file: IO[bytes], name: str) -> bool:
    """Whether the last line of a table of text has no end: one that is cut off may end in half a number."""
    if not name.casefold().endswith(_LINES):
        return False
    size = file.seek(0, 2)
    file.seek(max(0, size - 2))
    return not file.read().replace(b"\0", b"").endswith((b"\n", b"\r"))  # the zeros: UTF-16
