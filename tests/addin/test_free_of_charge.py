"""Nothing here needs a paid part of xlwings, nor anything that a user of the add-in would not have."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from addin.desktop import build
from tests.architecture.source import ROOT, files, imported, texts

_PAID = ("xlwings.pro", "LICENSE_KEY", "xlwings.server", "xlwings.reports")


def test_no_paid_part_is_imported_or_named() -> None:
    """Neither in Python nor in our VBA."""
    for path in files("addin"):
        assert not [name for name in imported(path).values() if name.startswith(("xlwings.pro", "xlwings.reports"))]
        assert not [text for text in texts(path) if any(word in text for word in _PAID)]
    assert "LICENSE" not in build.VBA.read_text() and ".api" not in build.VBA.read_text()


def test_no_native_objects() -> None:
    """`.api` is another thing on Windows than on macOS, and nothing in a test."""
    assert [path.name for path in files("addin/desktop") if ".api" in path.read_text(encoding="utf-8")] == []


def test_it_loads_without_a_licence_and_without_the_server() -> None:
    """In a process of its own: the paid part is not loaded, nor pandas by us, nor the server's rooms."""
    code = (
        "import sys; from addin.desktop import buttons, __main__;"
        "import xlwings; assert not xlwings.__pro__;"
        "heavy = ('server', 'validators', 'flask', 'sqlalchemy', 'openpyxl');"
        "print([name for name in sys.modules if name.split('.')[0] in heavy])"
    )
    environ = {name: value for name, value in os.environ.items() if name != "XLWINGS_LICENSE_KEY"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"


def test_licences_of_what_is_inside_the_xlam_are_told() -> None:
    """xlwings' module (BSD) and the dictionary (MIT) are handed on: their notices stand in the repository."""
    notices = (Path(ROOT) / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    for word in ("xlwings", "BSD 3-Clause", "VBA-Dictionary", "Tim Hall", "pyOpenVBA", "MIT"):
        assert word in notices
