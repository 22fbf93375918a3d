"""Looking into workbooks: parts, formulas, and LibreOffice as a second opinion."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

SOFFICE = shutil.which("soffice")
needs_office = pytest.mark.skipif(SOFFICE is None, reason="left out: no LibreOffice on this machine")
_FORMULA = re.compile(rb"<f[\s>/]")


def parts(data: bytes) -> dict[str, bytes]:
    """A package's parts by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist()), "a part stands twice"
        return {name: archive.read(name) for name in archive.namelist()}


def formulas(data: bytes) -> list[str]:
    """The sheets that hold a formula."""
    sheets = {name: xml for name, xml in parts(data).items() if name.startswith("xl/worksheets/sheet")}
    assert sheets
    return [name for name, xml in sheets.items() if _FORMULA.search(xml)]


def opened(data: bytes) -> openpyxl.Workbook:
    """The workbook as openpyxl reads it."""
    return openpyxl.load_workbook(io.BytesIO(data))


def links(book: openpyxl.Workbook) -> list[str]:
    """Where cells lead to: a place in the workbook, or an address."""
    found = [cell.hyperlink for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    return [str(link.target or link.location) for link in found]


def through_office(data: bytes, folder: Path) -> openpyxl.Workbook:
    """The workbook after LibreOffice opened and saved it."""
    assert SOFFICE is not None
    source, saved = folder / "source.xlsx", folder / "saved"
    source.write_bytes(data)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [SOFFICE, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(saved), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return openpyxl.load_workbook(saved / "source.xlsx")
