"""Pictures of workbooks, as LibreOffice draws them: one start of it for all, one picture a sheet."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image, ImageChops

#: Points to the inch of paper, and how many dots are drawn for one of a screen.
_DPI, _SHARPER = 96, 1.5
_MOST_COLOURS = 128
#: How much of a page's height stands above its footer.
_ABOVE_FOOTER = 0.93
#: A character of a column's width in inches, and how wide A4 lies within its margins.
_CHARACTER, _PAPER = 0.077, 10.9


@dataclass(frozen=True)
class Shot:
    """One picture to take: of `sheet`, its first `rows` rows, as far as columns are shown. Without `rows` the
    workbook's first page as it is: what another program saves anew may lose its charts."""

    name: str
    content: bytes
    sheet: str
    rows: int = 0
    columns: int | None = None


def draw(shots: Iterable[Shot], work: Path) -> Mapping[str, Image.Image]:
    """Name -> picture. `work` is a folder for what lies between."""
    taken = list(shots)
    scale = {shot.name: _prepare(shot, work / f"{shot.name}.xlsx") for shot in taken}
    office = ["soffice", f"-env:UserInstallation=file://{work}/office", "--headless", "--convert-to", "pdf"]
    paths = [str(work / f"{name}.xlsx") for name in scale]
    subprocess.run([*office, "--outdir", str(work), *paths], check=True, capture_output=True)
    pages = {shot.name for shot in taken if not shot.rows}
    return {name: _drawn(work / name, at, is_page=name in pages) for name, at in scale.items()}


def keep(picture: Image.Image, path: Path) -> None:
    """With few colours: a small file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.convert("RGB").quantize(_MOST_COLOURS).save(path, optimize=True)


def _prepare(shot: Shot, path: Path) -> float:
    """Only the sheet that is drawn, on one page; how much the page shrinks it."""
    if not shot.rows:
        path.write_bytes(shot.content)
        return 1.0
    book = openpyxl.load_workbook(io.BytesIO(shot.content), rich_text=True)
    for other in book.sheetnames:
        book[other].sheet_state = "visible" if other == shot.sheet else "hidden"
    sheet = book[shot.sheet]
    book.active = book.sheetnames.index(shot.sheet)
    columns = shot.columns or _last_column(sheet)
    sheet.print_area = f"A1:{get_column_letter(columns)}{min(shot.rows, max(sheet.max_row, 1))}"
    sheet.print_title_rows = None
    for part in (sheet.oddHeader.center, sheet.oddFooter.left, sheet.oddFooter.center, sheet.oddFooter.right):
        part.text = ""
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.page_setup.fitToWidth = "landscape", 1, 1
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    book.save(path)
    return max(1.0, _width(sheet, columns) * _CHARACTER / _PAPER)


def _last_column(sheet: Worksheet) -> int:
    """The last column that says anything in the first rows."""
    filled = (cell.column for row in sheet.iter_rows(max_row=40) for cell in row if cell.value not in (None, ""))
    return max(filled, default=1)


def _width(sheet: Worksheet, columns: int) -> float:
    letters = [get_column_letter(number) for number in range(1, columns + 1)]
    return sum(sheet.column_dimensions[letter].width for letter in letters)


def _drawn(path: Path, scale: float, *, is_page: bool) -> Image.Image:
    """The page as a picture without its margins, as large as on a screen however much the page shrank it."""
    dots = str(round(_DPI * _SHARPER * scale))
    command = ["pdftoppm", "-r", dots, "-png", "-f", "1", "-l", "1", "-singlefile"]
    subprocess.run([*command, str(path.with_suffix(".pdf")), str(path)], check=True)
    picture = Image.open(path.with_suffix(".png")).convert("RGB")
    if is_page:
        picture = picture.crop((0, 0, picture.width, round(picture.height * _ABOVE_FOOTER)))
    box = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
    if box is None:
        return picture
    left, top, right, bottom = box
    return picture.crop((max(0, left - 12), max(0, top - 12), right + 12, bottom + 12))
