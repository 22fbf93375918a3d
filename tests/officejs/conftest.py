"""The manifest as it is served, and Node where the machine has it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from string import Template
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
OFFICE = ROOT / "addin" / "officejs"
ADDRESS = "https://stock.example.com"

Node = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def node() -> Node:
    """Runs a script of the project with Node and the packages of package.json; says what it printed."""
    path = shutil.which("node")
    if path is None:
        pytest.skip("left out: no Node on this machine")
    if not (ROOT / "node_modules" / ".installed").exists():
        pytest.skip("left out: the packages of package.json are not installed (make node_modules/.installed)")

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [path, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)

    return run


@pytest.fixture(scope="session")
def manifest_text() -> str:
    """The manifest for a made-up address."""
    text = (OFFICE / "manifest.xml").read_text(encoding="utf-8")
    return Template(text).substitute(address=ADDRESS, version="1.2.3.0")


@pytest.fixture(scope="session")
def manifest(manifest_text: str) -> ElementTree.Element:
    """The same, read."""
    return ElementTree.fromstring(manifest_text)
