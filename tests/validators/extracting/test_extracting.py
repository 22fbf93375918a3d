"""The small parts of the child: addresses, number formats, encodings, packing, serial dates."""

from __future__ import annotations

import datetime as dt
import math

import pytest

from validators.extracting.addresses import area, cell, column_number, letters
from validators.extracting.csv_text import decode
from validators.extracting.grid import pack, unpack
from validators.extracting.package import format_kind
from validators.values.cells import serial_date


@pytest.mark.parametrize(("number", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (255, "IV"), (16383, "XFD")])
def test_letters(number: int, text: str) -> None:
    """Columns by number and by letter."""
    assert (letters(number), column_number(text)) == (text, number)


def test_places() -> None:
    """Addresses and areas; what is none is None."""
    assert (cell("B7"), cell("$B$7"), cell("7B"), cell("")) == ((7, 1), (7, 1), None, None)
    assert (area("H20:A3"), area("B2"), area("A:C")) == ((3, 0, 20, 7), (2, 1, 2, 1), None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0%", "percent"),
        ("0.00%;[Red]-0.00%", "percent"),
        ('0"%"', None),
        ("00000", "zeros"),
        ("000-0000", "zeros"),
        ('"SKU "000', "zeros"),
        ("0", None),
        ("#,##0.00", None),
        ("General", None),
        ("yyyy-mm-dd", None),
    ],
)
def test_number_formats(code: str, kind: str | None) -> None:
    """Which formats show something else than the number."""
    assert format_kind(code) == kind


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"\xef\xbb\xbfa", "a", "utf-8-sig"),
        ("é".encode("utf-16"), "é", "utf-16"),
        ("ab".encode("utf-16-le"), "ab", "utf-16-le"),
        ("é".encode(), "é", "utf-8"),
        (b"caf\xe9", "café", "cp1252"),
    ],
)
def test_encodings(data: bytes, text: str, encoding: str) -> None:
    """Text by its mark, its zeros, or what it can be."""
    assert decode(data) == (text, encoding)


@pytest.mark.parametrize(
    "values", [["a", "", "é"], [""], [1.5, -0.0, 1e300], ["a", 1.5, True, ""], ["a\x1fb", "c"], ["a\x7fb", "c"], []]
)
def test_packing(values: list[object]) -> None:
    """A column comes out of its packing as it went in."""
    assert unpack(pack(values, set(map(type, values)))) == values


def test_packing_keeps_what_json_has_no_word_for() -> None:
    """NaN and infinity cross the pipe, to be refused as cells."""
    again = unpack(pack([math.nan, math.inf], {float}))
    assert math.isnan(again[0]) and again[1] == math.inf


@pytest.mark.parametrize(
    ("serial", "date1904", "day"),
    [
        (1, False, dt.date(1900, 1, 1)),
        (59, False, dt.date(1900, 2, 28)),
        (60, False, None),
        (61, False, dt.date(1900, 3, 1)),
        (46132, False, dt.date(2026, 4, 20)),
        (44670, True, dt.date(2026, 4, 20)),
        (2_958_465, False, dt.date(9999, 12, 31)),
        (2_958_466, False, None),
        (0, False, None),
        (1.5, False, None),
        (math.inf, False, None),
    ],
)
def test_serial_dates(serial: float, date1904: bool, day: dt.date | None) -> None:
    """Days as Excel counts them, with its false leap day and both calendars."""
    assert serial_date(serial, date1904) == day
