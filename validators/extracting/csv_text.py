"""Read .csv: which encoding, which separator; every cell is a text."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from validators.extracting.choosing import choose
from validators.extracting.grid import Grid, even
from validators.extracting.headers import HEADER_ROWS, Shape, find_header
from validators.extracting.job import Job
from validators.extracting.refusing import Unreadable

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SEPARATORS = (",", ";", "\t")
#: What no text file holds: control characters but tab, line feed, carriage return.
_BINARY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")
#: A first line that tells Excel the separator.
_TOLD = re.compile(r'"?sep=([,;\t])"?')
_LONGEST_CELL = 131_072
#: What Python says of a text that it can't part, and what people can do something about.
_IN_WORDS = {
    "field larger than": f"a cell has more than {_LONGEST_CELL:,} characters; a closing quotation mark may be missing",
    "unexpected end": "a quotation mark is opened and never closed",
    "expected after": "something follows a closing quotation mark",
}


def read(job: Job) -> Grid:
    """The rows of a text file; a row's number is the one Excel would give it. Raises Unreadable."""
    text, encoding = decode(Path(job.path).read_bytes())
    if found := _BINARY.search(text):
        raise Unreadable("file-binary", character=f"U+{ord(found[0]):04X}")
    told = _TOLD.match(text)
    separator = told[1] if told else _separator(text, job.allowed)
    rows = even(_records(text, separator, job.limits["rows"]))
    shape, _, header = choose(["csv"], lambda _: rows, job.shapes, job.wanted)
    grid = Grid("csv", shape.sheet, shape.id)
    grid.decimal_comma = separator == ";"
    grid.fill(rows, header, shape)
    if encoding == "cp1252":
        grid.warnings.append(("file-encoding", {}))
    return grid


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding: by the mark at its start, else UTF-16 by its zeros, UTF-8 if it is, else Windows' Western."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not encoding and len(data) > 3 and data[1] == data[3] == 0 != data[0]:
        encoding = "utf-16-le"
    for name in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            return data.decode(name), name
        except UnicodeDecodeError:
            continue
    raise Unreadable("file-encoding-unknown")


def _separator(text: str, shapes: Sequence[Shape]) -> str:
    """The separator under which the first lines match a template best."""
    head = text[:20_000]

    def score(separator: str) -> int:
        rows = even(_records(head, separator, HEADER_ROWS, strict=False))[:HEADER_ROWS]
        places = [(shape, find_header(rows, shape)) for shape in shapes]
        return max((len(shape.match(rows[at]).columns) for shape, at in places if at is not None), default=0)

    return max(_SEPARATORS, key=score)


def _records(text: str, separator: str, most_rows: int, *, strict: bool = True) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_CELL)
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict):
            records.append(record)
            if len(records) > most_rows + HEADER_ROWS:
                if strict:
                    raise Unreadable("file-too-many-rows", rows=len(records), limit=most_rows)
                break
    except csv.Error as error:
        if strict:
            reason = next((words for said, words in _IN_WORDS.items() if said in str(error)), str(error))
            raise Unreadable("file-damaged", reason=f"line {len(records) + 1}: {reason}") from None
    return records
