"""Make the README's pictures anew: `make pictures`. Needs LibreOffice, poppler's pdftoppm and Chromium.

A demo of its own is started in a temporary folder. Its workbooks are the real ones: filled in, handed in, downloaded.
"""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openpyxl
from PIL import Image, ImageChops
from playwright.sync_api import sync_playwright

from server.cli.example.filling import completed, filled

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DPI = 96
MOST_COLOURS = 128

DELIVERY = [
    {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "quantity": 24, "unit_cost": 4.2, "note": "Delivery 4720"},
    {"sku": "NK-SP-TS-RED-L", "warehouse": "MAIN", "quantity": 18, "unit_cost": 4.2, "note": "Delivery 4720"},
    {
        "sku": "NK-CAP-SND",
        "warehouse": "MAIN",
        "quantity": 40,
        "shelf": "B-04",
        "unit_cost": 2.6,
        "note": "Delivery 4720",
    },
    {"sku": "MUG-BLU-350", "warehouse": "EAST", "quantity": 36, "unit_cost": 1.85, "note": "Delivery 4721"},
    {"sku": "FLASK-GRN-500", "warehouse": "EAST", "quantity": 12, "unit_cost": 5.4, "note": "Delivery 4721"},
    {"sku": "NB-A5-DOT", "quantity": 50, "unit_cost": 1.6, "note": "Delivery 4722"},
]
#: What is typed into On hand; the SKUs that are kept of the workbook with current data, in its own order.
COUNTED: Mapping[str, Any] = {
    "NB-A4-DOT": 31, "NB-A5-DOT": 44, "NB-A5-RUL": None, "PACK-BLK": 9, "PACK-GRY": "about 20", "PEN-BLK": -3,
    "PEN-BLU": 25, "UMB-BLK": 19,
}  # fmt: skip
FIRST, MOVED, TIDIED = "NB-A4-DOT", "PEN-BLU", "UMB-BLK"


def main() -> None:
    """All pictures."""
    with tempfile.TemporaryDirectory() as name, demo(Path(name)) as (address, api):
        folder = Path(name)
        empty = api.get("/templates/stock_in.xlsx").content
        picture_of_sheet(folder, "filled-template", filled(empty, "stock_in", DELIVERY), "Stock-in", columns=8, rows=10)
        picture_of_sheet(folder, "result", counted(api), "Quantity update", columns=9, rows=11)
        pictures_of_page(address)


@contextmanager
def demo(folder: Path) -> Iterator[tuple[str, httpx.Client]]:
    """A demo with its example company: its address, and its API."""
    port, sandbox = free_port(), free_port()
    printed = (folder / "printed").open("w+b")
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "demo", "--port", str(port), "--sandbox-port", str(sandbox)],
        cwd=ROOT,
        env={**os.environ, "STOCKBOOK_DATA_DIR": str(folder / "var")},
        stdout=printed,
    )
    try:
        wait_for(lambda: b"Ctrl-C stops" in (folder / "printed").read_bytes())
        token = (folder / "var" / "admin-token").read_text().strip()
        address, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=60) as api:
            yield address, api
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        printed.close()


def counted(api: httpx.Client) -> bytes:
    """A quantity update that comes back with a row in every state."""
    start = api.get("/templates/quantity_update.xlsx", params={"with_data": True, "warehouse": "EAST"}).content

    def first_only(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        return {"on_hand": COUNTED[FIRST], "note": "Recounted"} if row["sku"] == FIRST else None

    once = handed_in(api, completed(only(start), "quantity_update", first_only), "apply")
    arrived = {"sku": MOVED, "warehouse": "EAST", "quantity": 6, "note": "Delivery 4723"}
    api.post("/uploads", params={"mode": "apply"}, json={"template": "stock_in", "rows": [arrived]}).raise_for_status()

    def the_rest(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if row["sku"] == FIRST or COUNTED.get(row["sku"]) is None:
            return None
        note = "Recounted\ttwice" if row["sku"] == TIDIED else "Recounted"
        return {"on_hand": COUNTED[row["sku"]], "note": note}

    return handed_in(api, completed(once, "quantity_update", the_rest), "validate")


def only(content: bytes) -> bytes:
    """The workbook with none but the rows of `COUNTED`."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["Quantity update"]
    for number in range(sheet.max_row, 1, -1):
        sku = sheet.cell(number, 1).value
        if sku is not None and "-" in str(sku) and sku not in COUNTED:
            sheet.delete_rows(number)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def handed_in(api: httpx.Client, content: bytes, mode: str) -> bytes:
    """Hand the workbook in; its result workbook."""
    sent = {"file": ("counted.xlsx", content)}
    answer = api.post("/uploads", params={"mode": mode}, files=sent).json()
    print(mode, answer["status"], answer.get("counts", answer.get("detail")))
    return api.get(f"/uploads/{answer['id']}/result.xlsx").raise_for_status().content


def picture_of_sheet(folder: Path, name: str, content: bytes, sheet: str, *, columns: int, rows: int) -> None:
    """The upper left part of one sheet, as LibreOffice draws it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for other in book.sheetnames:
        book[other].sheet_state = "visible" if other == sheet else "hidden"
    shown = book[sheet]
    book.active = book.sheetnames.index(sheet)
    shown.print_area = f"A1:{openpyxl.utils.get_column_letter(columns)}{rows}"
    shown.print_title_rows = None
    shown.oddHeader.center.text = shown.oddFooter.left.text = shown.oddFooter.center.text = ""
    shown.oddFooter.right.text = ""
    shown.page_setup.orientation, shown.page_setup.fitToHeight, shown.page_setup.fitToWidth = "landscape", 1, 1
    shown.sheet_properties.pageSetUpPr = openpyxl.worksheet.properties.PageSetupProperties(fitToPage=True)
    path = folder / f"{name}.xlsx"
    book.save(path)
    office = ["soffice", f"-env:UserInstallation=file://{folder}/office", "--headless", "--convert-to", "pdf"]
    subprocess.run([*office, "--outdir", str(folder), str(path)], check=True, capture_output=True)
    drawn = ["pdftoppm", "-r", str(DPI * 3 // 2), "-png", "-f", "1", "-l", "1", "-singlefile"]
    subprocess.run([*drawn, str(folder / f"{name}.pdf"), str(folder / name)], check=True)
    keep(Image.open(folder / f"{name}.png"), name)


def pictures_of_page(address: str) -> None:
    """The start page, light and dark, once a few figures are marked and those of the first start no more."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name, scheme in (("start-page", "light"), ("start-page-dark", "dark")):
            page = browser.new_page(viewport={"width": 1180, "height": 820}, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(address)
            wait_for(lambda page=page: 2 < page.locator("tbody .fresh").count() < 12, 120)  # type: ignore[misc]
            keep(Image.open(io.BytesIO(page.screenshot())), name, trim=False)
        browser.close()


def keep(picture: Image.Image, name: str, *, trim: bool = True) -> None:
    """Without white margins, with few colours: small files."""
    picture = picture.convert("RGB")
    if trim:
        box = ImageChops.difference(picture, Image.new("RGB", picture.size, "white")).getbbox()
        if box is not None:
            left, top, right, bottom = box
            picture = picture.crop((max(0, left - 12), max(0, top - 12), right + 12, bottom + 12))
    picture.quantize(MOST_COLOURS).save(HERE / f"{name}.png", optimize=True)
    print(name, picture.size, (HERE / f"{name}.png").stat().st_size)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is so."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.5)


if __name__ == "__main__":
    main()
