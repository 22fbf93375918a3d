"""The Office add-in's pane inside other pages, in a real browser and over TLS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from server import certificates, clock
from tests.support.server import StockbookServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockbookServer]:
    folder = tmp_path_factory.mktemp("framed")
    certificates.make(certificates.files_in(folder), (), clock.now())
    with StockbookServer(folder, jobs=False, tls=True) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that reaches nothing but the test's own servers. Permission for the local network is what a user gives."""
    context = browser.new_context(ignore_https_errors=True)
    context.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    context.route(
        "https://*/outside", lambda route: route.fulfill(content_type="text/html", body="<title>Outside</title>")
    )
    context.grant_permissions(["local-network-access"])
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("outside", "path", "shown"),
    [
        ("https://excel.officeapps.live.com", "/addin/taskpane.html", True),
        ("https://contoso.sharepoint.com", "/addin/taskpane.html", True),
        ("https://evil.example", "/addin/taskpane.html", False),
        ("https://officeapps.live.com.evil.example", "/addin/taskpane.html", False),
        ("https://excel.officeapps.live.com", "/sign-in", False),
    ],
)
def test_who_may_frame_what(page: Page, server: StockbookServer, outside: str, path: str, shown: bool) -> None:
    """SEC-3: the pane stands in Excel on the web, in no other page, and no other page of ours in any."""
    page.goto(f"{outside}/outside", wait_until="domcontentloaded")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(
        """address => new Promise(done => {
            const frame = document.createElement("iframe");
            frame.onload = done;
            frame.src = address;
            document.body.append(frame);
        })""",
        f"{server.address}{path}",
    )
    (frame,) = [frame for frame in page.frames if frame.parent_frame]
    assert (frame.title() == "Stockbook") is shown, (frame.url, said)
    assert any("frame-ancestors" in text or "X-Frame-Options" in text for text in said) is not shown, said
