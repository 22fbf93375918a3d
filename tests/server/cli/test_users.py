"""user: a password from the command line."""

from __future__ import annotations

import io

import pytest

from server.access.passwords import fits, kept_of
from tests.server.cli.conftest import Terminal, prepared


def test_a_password_for_the_pages(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC-1: no default password; whoever runs the server sets one."""
    with prepared(terminal) as db:
        with db.read() as session:
            assert kept_of(session, "admin") is None
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
        assert "admin has a new password" in terminal.run("user", "password", "ADMIN")
        with db.read() as session:
            kept = kept_of(session, "admin")
        assert kept is not None and fits("correct horse battery", kept[1])
        monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
        assert "10 to 200" in terminal.run("user", "password", "admin", code=2)
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
        assert "no user" in terminal.run("user", "password", "nobody", code=1)
