"""Which files are meant, which are ready, what they are called afterwards (JOB-2)."""

from __future__ import annotations

import pytest

from server.imports.rules import Found, beside, is_meant, kept_name, misnamed, shortened, steady


@pytest.mark.parametrize(
    ("name", "pattern", "meant"),
    [
        ("stock.xlsx", "*", True),
        ("Stock 1.XLSX", "stock*.xlsx", True),
        ("a.csv", "*.xlsx, *.csv", True),
        ("a.csv", "*.xlsx,", False),
        ("stock.xlsx.part", "*", False),
        ("stock.tmp", "*", False),
        ("~$stock.xlsx", "*", False),
        (".stock.xlsx", "*", False),
        ("stock.xlsx~", "*", False),
    ],
)
def test_which_files_are_meant(name: str, pattern: str, meant: bool) -> None:
    """JOB-2: the pattern, whatever the case; never what is unfinished, hidden, or no plain name."""
    assert is_meant(name, pattern) is meant


@pytest.mark.parametrize("name", ["a/b.xlsx", "a\\b.xlsx", "a\r\nDELE b.xlsx", "x" * 201, "a\udc80.xlsx"])
def test_which_names_can_not_be(name: str) -> None:
    """JOB-2: no plain name; people are told, in a line that can be read."""
    assert "rename it" in misnamed(name)
    assert shortened(name).isprintable()
    assert len(shortened(name)) <= 60
    assert not misnamed("Größe 1..xlsx")


def test_what_two_looks_saw_alike_is_ready() -> None:
    """JOB-2: another size or stamp, or seen for the first time: it waits. The oldest comes first."""
    old, new = Found("b.xlsx", 1, "2026-01-01"), Found("a.xlsx", 1, "2026-01-02")
    growing, grown = Found("c.xlsx", 1, "x"), Found("c.xlsx", 2, "x")
    touched, again = Found("d.xlsx", 1, "x"), Found("d.xlsx", 1, "y")
    assert steady([new, old, growing, touched], [new, old, grown, again, Found("e.xlsx", 1, "x")]) == [old, new]


def test_names_afterwards() -> None:
    """The upload's number makes them differ; what lies beside has the same name."""
    assert kept_name("stock.xlsx", "upload 12") == "stock (upload 12).xlsx"
    assert kept_name("a.b.csv", "file 3", 2) == "a.b (file 3) 2.csv"
    assert kept_name("README", "upload 1") == "README (upload 1)"
    for long in ("ü" * 120 + ".xlsx", "日" * 80 + ".xlsx", "a." + "x" * 190):
        assert len(beside(kept_name(long, "upload 1234567", 12), ".result.xlsx").encode()) <= 255
        assert len(kept_name(long, "upload 1234567", 12).encode()) <= 255
    assert beside("done/stock (upload 12).xlsx", ".result.xlsx") == "done/stock (upload 12).result.xlsx"
    assert beside("done/" + kept_name("a.b c", "upload 12"), ".txt") == "done/a (upload 12).txt"
