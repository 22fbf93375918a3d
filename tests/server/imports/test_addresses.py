"""Where imports may look: allowed folders, listed hosts, and every address a name stands for."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from server.imports.addresses import PlaceTrouble, address_of, folder_within
from server.settings import Settings


@pytest.mark.parametrize("given", ["/etc", "../..", "../import-other", "a/../../b", "link/x"])
def test_folders_outside_are_refused(tmp_path: Path, given: str) -> None:
    """Nothing outside the allowed roots, by `..` and links either."""
    root = tmp_path / "import"
    root.mkdir()
    (root / "link").symlink_to("/etc")
    with pytest.raises(PlaceTrouble, match="STOCKBOOK_IMPORT_ROOTS"):
        folder_within(Settings(import_roots=str(root)), given)


def test_folders_inside(tmp_path: Path) -> None:
    """By their whole path, or from the first root on."""
    settings = Settings(import_roots=f"{tmp_path / 'one'}, {tmp_path / 'two'}")
    assert folder_within(settings, "stock") == (tmp_path / "one" / "stock").resolve()
    assert folder_within(settings, str(tmp_path / "two" / "x")) == (tmp_path / "two" / "x").resolve()


def _stands_for(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def answer(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, 21)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("93.184.215.14", "10.0.0.7"),
        ("169.254.169.254",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("2002:7f00:1::",),
        ("224.0.0.1",),
        ("0.0.0.0",),
    ],
)
def test_a_listed_name_must_be_public(monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]) -> None:
    """Every address that a name stands for is looked at, not its text."""
    _stands_for(monkeypatch, *addresses)
    with pytest.raises(PlaceTrouble, match="no public address"):
        address_of(Settings(import_hosts="ftp.example.com"), "ftp.example.com", 21, 21)


def test_listed_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, address, network, port; what is not listed is refused, and nothing is listed unless told."""
    _stands_for(monkeypatch, "93.184.215.14")
    assert address_of(Settings(import_hosts="other, FTP.example.com"), "ftp.example.com", 21, 21) == "93.184.215.14"
    assert address_of(Settings(import_hosts="ftp.example.com:2121"), "ftp.example.com", 2121, 21) == "93.184.215.14"
    for hosts, port in [("", 21), ("example.com", 21), ("ftp.example.com", 22), ("ftp.example.com:2121", 21)]:
        with pytest.raises(PlaceTrouble, match="may not connect"):
            address_of(Settings(import_hosts=hosts), "ftp.example.com", port, 21)
    _stands_for(monkeypatch, "10.1.2.3")
    assert address_of(Settings(import_hosts="10.1.0.0/16"), "nas.local", 21, 21) == "10.1.2.3"
    _stands_for(monkeypatch, "fd00::5")
    assert address_of(Settings(import_hosts="fd00::/8"), "nas.local", 21, 21) == "fd00::5"
    assert address_of(Settings(import_hosts="[fd00::5]:2222"), "nas.local", 2222, 22) == "fd00::5"


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "１２７.０.０.１"])
def test_odd_ways_to_write_loopback(host: str) -> None:
    """Whatever it looks like, it is what it resolves to."""
    with pytest.raises(PlaceTrouble):
        address_of(Settings(import_hosts=f"ftp.example.com, {host}"), host, 21, 21)
