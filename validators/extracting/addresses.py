"""Cell addresses: `B7` to numbers and back. Columns count from 0, rows from 1 as Excel shows them."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


def letters(column: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_number(text: str) -> int:
    """A -> 0, Z -> 25, AA -> 26."""
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def cell(text: str) -> tuple[int, int] | None:
    """`B7` -> (row 7, column 1); None for what is no address."""
    match = _ADDRESS.fullmatch(text)
    return (int(match[2]), column_number(match[1])) if match else None


def area(text: str) -> tuple[int, int, int, int] | None:
    """`A3:H20` -> (first row, first column, last row, last column); one cell is an area too."""
    first, _, last = text.partition(":")
    start, end = cell(first), cell(last or first)
    if start is None or end is None:
        return None
    return min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])
