"""SKU commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.cli.conftest import Terminal


@pytest.fixture
def company(terminal: Terminal) -> Terminal:
    """A database with three SKUs and a combination."""
    terminal.prepare()
    shirt = (
        "--set",
        "size=M",
        "--set",
        "gtins=4006381333931; A+1",
        "--set",
        "cost=4.20",
        "--set",
        "attributes=fit=slim",
    )
    terminal.run("sku", "create", "TS-RED-M", "--title", "Shirt, red, M", *shirt)
    terminal.run("sku", "create", "MUG", "--title", "Mug")
    parts = ("--component", "TS-RED-M=2", "--component", "MUG", "--own-stock")
    terminal.run("sku", "create", "SET", "--title", "Set", *parts)
    return terminal


def test_skus_are_made_shown_and_listed(company: Terminal) -> None:
    """CAT-3, CAT-6: values by name, components with their units."""
    shirt = company.json("sku", "show", "ts-red-m")
    assert (shirt["size"], shirt["gtins"], shirt["cost"], shirt["attributes"]) == (
        "M", ["4006381333931", "A+1"], "4.2", {"fit": "slim"},
    )  # fmt: skip
    combined = company.json("sku", "show", "SET")
    assert (combined["kind"], combined["own_stock"]) == ("combination", True)
    assert combined["components"] == {"MUG": 1, "TS-RED-M": 2}
    assert [row["sku"] for row in company.json("sku", "list", "--kind", "single")] == ["TS-RED-M", "MUG"]
    assert company.json("sku", "list", "-q", "red shirt; mgu")[0]["sku"] == "TS-RED-M"


def test_an_update_sets_and_clears(company: Terminal) -> None:
    """CAT-5: what is not named stays."""
    after = company.json("sku", "update", "ts-red-m", "--set", "title=New", "--clear", "cost")
    assert (after["title"], after["cost"], after["size"]) == ("New", None, "M")
    assert company.json("sku", "update", "SET", "--component", "MUG=3")["components"] == {"MUG": 3}


def test_refusals_say_why(company: Terminal) -> None:
    """CAT-1, CAT-13: exit code 1 for what is refused, 2 for wrong use."""
    assert "exists already" in company.run("sku", "create", "mug", "--title", "x", code=1)
    assert "it is a component of SET" in company.run("sku", "delete", "MUG", code=1)
    assert "a SKU has no taste" in company.run("sku", "update", "MUG", "--set", "taste=good", code=2)
    company.run("sku", "show", "NONE", code=1)
    assert company.run("sku", "delete", "SET", "mug") == "2 deleted\n"


def test_variants_are_shown_then_made(company: Terminal) -> None:
    """CAT-7: without --create nothing is made."""
    words = ("sku", "variants", "TS", "-a", "colour=Red,Blue", "-a", "size=M", "--title", "Shirt")
    assert [row["state"] for row in company.json(*words)] == ["exists", "new"]
    assert [row["state"] for row in company.json(*words, "--create")] == ["exists", "created"]
    assert company.json("sku", "show", "TS-BLU-M")["colour"] == "Blue"


def test_labels_are_written(company: Terminal, tmp_path: Path) -> None:
    """CAT-14: SKUs times copies, into a file."""
    out = tmp_path / "out.pdf"
    said = company.run("sku", "labels", "TS-RED-M=3", "MUG", "--sheet", "50x30", "-o", str(out))
    assert said.startswith("4 labels") and out.read_bytes().startswith(b"%PDF-")
    company.run("sku", "labels", "MUG", "--sheet", "L1", code=2)


def test_health_lists_warnings(company: Terminal) -> None:
    """CAT-2: one line per warning."""
    company.run("sku", "create", "A B", "--title", "Mug")
    found = [(row["sku"], row["code"]) for row in company.json("sku", "health")]
    assert ("A B", "sku-blank") in found and ("MUG", "title-elsewhere") in found
    assert {row["code"] for row in company.json("sku", "health", "--code", "sku-blank")} == {"sku-blank"}
