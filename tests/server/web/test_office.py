"""The Office add-in as it is given out: manifest, pages, icons, and what browsers are told about them (ADD-3)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from werkzeug.test import TestResponse

from server.db.session import Database
from server.settings import Settings
from tests.support.http import Api, make_api

ROOT = Path(__file__).parents[3]
_APP = "{http://schemas.microsoft.com/office/appforoffice/1.1}"


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    made = Database(sqlite_url)
    yield made
    made.close()


def _api(database: Database, folder: Path, **settings: str) -> Api:
    return make_api(database, Settings(data_dir=folder, database_url=database.url, **settings))


def _get(api: Api, path: str, address: str = "https://localhost:8443") -> TestResponse:
    return api.app.test_client().get(path, base_url=address)


def _pane(answer: TestResponse) -> str:
    """Where the manifest has Excel find the pane."""
    assert answer.status_code == 200, answer.text
    found = ElementTree.fromstring(answer.data).find(f"{_APP}DefaultSettings/{_APP}SourceLocation")
    assert found is not None
    return found.attrib["DefaultValue"]


@pytest.mark.parametrize(
    ("asked_at", "public_url", "trusted", "expected"),
    [
        ("https://localhost:8443", "", "", "https://localhost:8443"),
        ("https://127.0.0.1", "", "", "https://127.0.0.1"),
        ("https://[::1]:8443", "", "", "https://[::1]:8443"),
        ("https://stock.example.com", "", "stock.example.com", "https://stock.example.com"),
        ("http://localhost:8000", "https://stock.example.com/", "", "https://stock.example.com"),
        ("https://localhost:8443", "https://stock.example.com", "", "https://stock.example.com"),
        ("https://localhost:8443", "http://127.0.0.1:8000", "", "https://localhost:8443"),
    ],
)
def test_the_manifest_is_made_for_its_address(
    database: Database, tmp_path: Path, asked_at: str, public_url: str, trusted: str, expected: str
) -> None:
    """ADD-3: the public address where one is set, else the one that was asked."""
    api = _api(database, tmp_path, public_url=public_url, trusted_hosts=trusted)
    assert _pane(_get(api, "/addin/manifest.xml", asked_at)) == f"{expected}/addin/taskpane.html"


def test_without_https_there_is_no_manifest(database: Database, tmp_path: Path) -> None:
    """ADD-3: Excel would refuse it without a reason; we say what to do."""
    answer = _get(_api(database, tmp_path), "/addin/manifest.xml", "http://localhost:8000")
    assert answer.status_code == 409
    assert "serve --tls" in answer.get_json()["detail"] and "STOCKBOOK_PUBLIC_URL" in answer.get_json()["detail"]


def test_a_strange_host_gets_no_manifest_with_its_name(database: Database, tmp_path: Path) -> None:
    """SEC-3: nor can a trusted one put markup into it."""
    assert _get(_api(database, tmp_path), "/addin/manifest.xml", "https://evil.example").status_code == 400


def test_the_manifest_has_the_project_s_version(database: Database, tmp_path: Path) -> None:
    """Excel fetches a changed add-in anew only under a new version."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    answer = _get(_api(database, tmp_path), "/addin/manifest.xml")
    assert ElementTree.fromstring(answer.data).findtext(f"{_APP}Version") == f"{version}.0"
    assert answer.mimetype == "application/xml"


def test_excel_on_the_web_may_frame_the_pane_and_nothing_else(database: Database, tmp_path: Path) -> None:
    """SEC-3: scripts from here and from office.js' own place; the console's pages stay closed to all."""
    api = _api(database, tmp_path)
    pane = _get(api, "/addin/taskpane.html")
    assert (pane.status_code, pane.mimetype) == (200, "text/html")
    policy = dict(part.split(" ", 1) for part in pane.headers["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self' https://appsforoffice.microsoft.com"
    assert policy["default-src"] == "'none'" and policy["connect-src"] == policy["style-src"] == "'self'"
    assert "https://*.officeapps.live.com" in policy["frame-ancestors"].split()
    assert "unsafe" not in str(policy) and "X-Frame-Options" not in pane.headers
    for path in ("/sign-in", "/home", "/addin/manifest.xml", "/addin/nothing.html", "/api/v1/docs"):
        other = _get(api, path)
        assert other.headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"], path


def test_no_other_site_may_call_the_api(database: Database, tmp_path: Path) -> None:
    """SEC-3: the pane is served from the same origin, so no CORS is needed, and there is none."""
    api = _api(database, tmp_path)
    asked = {"Origin": "https://excel.officeapps.live.com", "Access-Control-Request-Method": "POST"}
    for path in ("/addin/taskpane.html", "/api/v1/uploads"):
        answer = api.app.test_client().options(path, base_url="https://localhost:8443", headers=asked)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize(
    "path", ["/addin/manifest.txt", "/addin/package.json", "/addin/..%2fclient%2fhttp.py", "/addin/nothing.js"]
)
def test_only_what_belongs_to_the_add_in_is_given_out(database: Database, tmp_path: Path, path: str) -> None:
    """SEC-3"""
    assert _get(_api(database, tmp_path), path).status_code == 404
