"""Make the pictures anew: `make pictures`. Needs LibreOffice, poppler's pdftoppm and Chromium.

Those of the README go beside this file; all there are, of every template and of the page, to var/pictures, to be looked
at. A demo of its own is started in a temporary folder, and its workbooks are the real ones: filled in, handed in,
downloaded.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from docs.pictures.sheets import draw, keep
from docs.pictures.workbooks import all_sheets, of_the_readme

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ALL = ROOT / "var" / "pictures"
SCHEMES = ("light", "dark")


def main() -> None:
    """All pictures."""
    shutil.rmtree(ALL, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name, demo(Path(name)) as (address, api):
        work = Path(name) / "work"
        work.mkdir()
        pictures_of_page(address)
        shown = list(of_the_readme(api))
        for name_of, picture in draw([*shown, *all_sheets(api)], work).items():
            keep(picture, ALL / f"{name_of}.png")
        for shot in shown:
            shutil.copy(ALL / f"{shot.name}.png", HERE)
    print(f"{len(list(ALL.glob('*.png')))} pictures in {ALL.relative_to(ROOT)}")


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
        wait_for(lambda: b"Ctrl-C stops" in (folder / "printed").read_bytes(), 180)
        token = (folder / "var" / "admin-token").read_text().strip()
        address, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=120) as api:
            yield address, api
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        printed.close()


def pictures_of_page(address: str) -> None:
    """The start page, light and dark, on a desk and on a phone; for the README once few figures are marked."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in SCHEMES:
            name = "start-page" if scheme == "light" else "start-page-dark"
            keep(screen(browser, address, scheme, 1180, 820), HERE / f"{name}.png")
            for width in (360, 1280):
                keep(screen(browser, address, scheme, width, 800, whole=True), ALL / f"page-{width}-{scheme}.png")
        browser.close()


def screen(browser: Browser, address: str, scheme: str, width: int, height: int, *, whole: bool = False) -> Image.Image:
    """What a browser shows of the page, or all of it."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    wait_for(lambda: 2 < page.locator("tbody .fresh").count() < 12, 180)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole)))
    page.close()
    return picture


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is so. Raises `TimeoutError`."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.5)


if __name__ == "__main__":
    main()
