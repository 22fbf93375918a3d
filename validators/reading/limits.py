"""How large a file may be. Every refusal names its limit."""

from __future__ import annotations

from dataclasses import dataclass

_MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds. 1,641 public workbooks, many of them odd, were tried: three were too large."""

    file: int = 20 * _MB
    unpacked: int = 200 * _MB
    part: int = 150 * _MB
    small_part: int = 4 * _MB  # workbook, relationships, content types
    parts: int = 2_000
    sheets: int = 200
    ratio: int = 200  # unpacked to packed; asked only past `ratio_from`
    ratio_from: int = 50 * _MB
    rows: int = 100_000
    columns: int = 256
    cells: int = 2_000_000  # cells with an address
    area: int = 8_000_000  # used rows x used columns
    strings: int = 2_000_000  # distinct texts
    text_characters: int = 100_000_000  # of all texts read, repeated ones counted each time
    memory: int = 1024 * _MB
    cpu_seconds: int = 30
    wall_seconds: float = 45.0
    queue_seconds: float = 10.0  # how long an upload waits for a free reader
    at_once: int = 2
