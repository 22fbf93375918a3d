"""Builds the .xlam out of this folder's own text: ribbon.xml, the VBA of its buttons, and xlwings' own two modules.

The same sources give the same bytes. It is built for the xlwings that is installed, because the name of the library
that xlwings loads into Excel carries the exact version.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import xlwings
from pyopenvba import ExcelFile, VBAModuleKind

NAME = "stockbook_addin"
FILE_NAME = f"{NAME}.xlam"
MODULE = "StockbookRibbon"
#: Everything that is in the finished project.
MODULES = ("ThisWorkbook", "Sheet1", MODULE, "xlwings", "Dictionary")
_HERE = Path(__file__).parent
RIBBON = _HERE / "ribbon.xml"
VBA = _HERE / "vba" / f"{MODULE}.bas"
_XLWINGS = Path(xlwings.__file__).parent
_RIBBON_PART = "customUI/customUI14.xml"
_LINK = (
    '<Relationship Id="rIdStockbookRibbon" Target="customUI/customUI14.xml"'
    ' Type="http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"/></Relationships>'
)
_DATE = (1980, 1, 1, 0, 0, 0)


class BuildError(Exception):
    """The installed xlwings is not as this builder knows it."""


def build(target: Path) -> Path:
    """Write the add-in to `target`; gives it back. Raises `BuildError`."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / FILE_NAME
        with ExcelFile.create_new(raw) as book:
            project = book.vba_project()
            project.rename_module("Module1", MODULE)
            book.set_module(MODULE, _windows_lines(VBA.read_text(encoding="ascii")))
            project.add_module("xlwings", xlwings_module())
            project.add_module("Dictionary", dictionary_module(), kind=VBAModuleKind.other)
            book.save()
        _with_ribbon(raw, target)
    return target


def xlwings_module() -> str:
    """xlwings' module for add-ins of one's own, licence included; only the project's name is ours."""
    source = (_XLWINGS / "xlwings_custom_addin.bas").read_text(encoding="utf-8")
    name = 'PROJECT_NAME As String = "myaddin"'
    if source.count(name) != 1:
        raise BuildError(f"xlwings {xlwings.__version__} names its project in another way")
    return _windows_lines(_without_name(source).replace(name, f'PROJECT_NAME As String = "{NAME}"'))


def dictionary_module() -> str:
    """The dictionary that VBA on macOS lacks, licence included."""
    return _windows_lines((_XLWINGS / "addin" / "Dictionary.cls").read_text(encoding="utf-8"))


def _without_name(source: str) -> str:
    """Without the line that names the module: its place in the project does."""
    first, _, rest = source.partition("\n")
    if not first.startswith("Attribute VB_Name"):
        raise BuildError(f"xlwings {xlwings.__version__} begins its module in another way")
    return rest


def _windows_lines(text: str) -> str:
    return "\r\n".join(text.splitlines()) + "\r\n"


def _with_ribbon(source: Path, target: Path) -> None:
    """The package with the ribbon's part in it; every date fixed, so that the same sources give the same bytes."""
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as write:
        for info in read.infolist():
            data = read.read(info)
            if info.filename == "_rels/.rels":
                data = data.replace(b"</Relationships>", _LINK.encode())
            _put(write, info.filename, data)
        _put(write, _RIBBON_PART, RIBBON.read_bytes())


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    info.create_system = 0
    archive.writestr(info, data)
