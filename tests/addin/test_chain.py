"""The .xlam: its package, its VBA read back, its buttons pressed in a VBA interpreter through to painted cells."""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path
from typing import Any

import pyopenvba
import pytest
from oletools.olevba import VBA_Parser
from pyopenvba import ExcelFile

from addin.desktop import build, buttons
from tests.addin.chain import Ribbon

NINE = ["sign_in", "get_template", "load_current_data", "validate", "apply", "push_now", "sync_orders", "reports"]
NINE += ["history"]
_UI = "{http://schemas.microsoft.com/office/2009/07/customui}"


def test_the_same_sources_give_the_same_bytes(xlam: Path, tmp_path: Path) -> None:
    """A build can be repeated, a minute later too: zip dates are fixed."""
    time.sleep(2.1)  # the resolution of a date in a zip
    assert build.build(tmp_path / "again.xlam").read_bytes() == xlam.read_bytes()


def test_the_package_is_whole_and_holds_five_modules(xlam: Path) -> None:
    """Two readers agree: the one that wrote it, and one that did not."""
    assert pyopenvba.check_file(xlam).issues == ()
    seen = [Path(name).stem for _, _, name, _ in VBA_Parser(str(xlam)).extract_macros()]
    assert sorted(seen) == sorted(build.MODULES)
    with ExcelFile(xlam) as book:
        modules = book.vba_modules()
    assert sorted(modules) == sorted(build.MODULES)
    assert _lines(modules[build.MODULE]) == _lines(build.VBA.read_text())
    assert _lines(modules["xlwings"]) == _lines(build.xlwings_module())
    assert "BSD 3-clause" in modules["xlwings"] and 'PROJECT_NAME As String = "stockbook_addin"' in modules["xlwings"]
    assert "MIT" in modules["Dictionary"]


def test_the_ribbon_is_linked_into_the_package(xlam: Path) -> None:
    """The relationship that makes Excel look for a ribbon, and the part it points at."""
    with zipfile.ZipFile(xlam) as archive:
        links = ElementTree.fromstring(archive.read("_rels/.rels"))
        (target,) = [link.get("Target") for link in links if link.get("Type", "").endswith("/ui/extensibility")]
        assert archive.read(target) == build.RIBBON.read_bytes()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_ribbon_has_the_nine_buttons() -> None:
    """ADD-1: labels in their order; every button explains itself, has an icon, and calls what is there."""
    root = ElementTree.parse(build.RIBBON).getroot()
    (tab,) = root.iter(f"{_UI}tab")
    assert tab.get("label") == "Stockbook"
    found = list(root.iter(f"{_UI}button"))
    labels = (
        "Sign in · Get template · Load current data · Validate · Apply · Push Now · Sync Orders · Reports · History"
    )
    assert [button.get("label") for button in found] == labels.split(" · ")
    assert [button.get("tag") for button in found] == NINE
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    keytips = [button.get("keytip") for button in found]
    assert len(set(keytips)) == len(keytips)
    for button in found:
        assert button.get("size") in ("large", "normal") and button.get("imageMso")
        assert 0 < len(button.get("screentip", "")) <= 64 < len(button.get("supertip", "")) <= 255
        assert button.get("onAction") == f"{build.MODULE}.OnAction"


def test_ribbon_vba_and_python_know_the_same_commands() -> None:
    """Every tag is in the VBA's list and is a public function of `buttons`; there are no others."""
    source = build.VBA.read_text()
    assert re.search(r"Public Sub OnAction\(control As IRibbonControl\)", source)
    listed = re.search(r'COMMANDS As String = "\|(.*)\|"', source)
    assert listed is not None and listed[1].split("|") == NINE
    functions = [
        n for n, f in vars(buttons).items() if callable(f) and getattr(f, "__module__", "") == buttons.__name__
    ]
    assert [name for name in functions if not name.startswith("_") and name[0].islower()] == NINE


@pytest.mark.parametrize("command", NINE)
def test_each_button_runs_its_command(xlam: Path, command: str) -> None:
    """ADD-1: pressed in the interpreter, each asks for exactly its own Python function."""
    ribbon = Ribbon(xlam)
    assert ribbon.press(command) == f"from addin.desktop import buttons; buttons.{command}()"
    assert ribbon.said == []


def test_unknown_buttons_and_workbooks_with_settings_of_their_own(xlam: Path) -> None:
    """A workbook that names another Python, or brings code, is not run with; an unknown tag calls nothing."""
    ribbon = Ribbon(xlam)
    assert ribbon.press("quit(); import os") is None and "does not know" in ribbon.said[0]
    for name in ("stockbook_addin.conf", "Stockbook_Addin.CONF", "code.py"):
        ribbon = Ribbon(xlam, sheet=name)
        assert ribbon.press("validate") is None
        assert "its own settings" in ribbon.said[0]


def test_settings_beside_the_workbook(xlam: Path) -> None:
    """xlwings would read them from there too: a folder that came by mail must not name the Python to start."""
    ribbon = Ribbon(xlam, beside=True)
    assert ribbon.press("validate") is None and "its own settings" in ribbon.said[0]


def test_the_functions_that_our_vba_borrows_are_there() -> None:
    """xlwings' own module finds that file by them; another version might call them otherwise."""
    source = build.xlwings_module()
    for name in ("RunPython", "GetFullName", "GetDirectoryConfigFilePath", "FileExists"):
        assert re.search(rf"^\s*(Public )?Function {name}\(", source, re.MULTILINE), name
        assert name in build.VBA.read_text()


def test_without_a_workbook(xlam: Path) -> None:
    """Excel with nothing open says what to do."""
    ribbon = Ribbon(xlam, workbook=False)
    assert ribbon.press("validate") is None and "Open a workbook" in ribbon.said[0]


def _lines(source: Any) -> list[str]:
    lines = str(source).splitlines()
    return [line.rstrip() for line in lines if not line.startswith("Attribute VB_")]
