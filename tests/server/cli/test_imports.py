"""import list|add|change|remove|run from the command line (JOB-2)."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest

from server.cli.main import main
from server.cli.output import log_to_stderr
from server.imports.work import Work


def test_from_adding_to_removing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Add, change, run with a file that is none, list, remove; a secret is asked for and never shown."""
    monkeypatch.setenv("STOCKBOOK_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Work, "wait_until", lambda *_: None)

    def call(*arguments: str, code: int = 0) -> str:
        assert main(list(arguments)) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    call("init")
    added = json.loads(call("import", "add", "night", "folder", "--as", "admin", "--set", "path=stock", "--json"))
    assert (added["acts_as"], added["active"], added["settings"]) == ("admin", True, {"path": "stock"})
    changed = call("import", "change", "night", "--pattern", "*.xlsx", "--mode", "apply", "--off", "--json")
    assert (json.loads(changed)["pattern"], json.loads(changed)["active"]) == ("*.xlsx", False)
    (tmp_path / "import" / "stock" / "notes.xlsx").write_bytes(b"%PDF-1.7")
    ran = json.loads(call("import", "run", "night", "--json"))
    assert (ran["status"], ran["counts"]) == ("done", {"failed": 1})
    assert "notes.xlsx" in ran["said"]
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    to = ("--set", "host=ftp.example.com", "--ask", "password")
    far = call("import", "add", "far", "ftp", "--as", "admin", *to, "--json")
    assert (json.loads(far)["has_secrets"], "horse" in far) == (True, False)
    assert "may not connect" in call("import", "run", "far", code=1)
    assert [one["name"] for one in json.loads(call("import", "list", "--json"))] == ["far", "night"]
    call("import", "remove", "far")
    assert "no scheduled import" in call("import", "run", "far", code=1)
    assert "no setting" in call("import", "change", "night", "--set", "colour=red", code=2)


def test_the_log_has_no_pages_of_an_ssh_servers_trouble() -> None:
    """JOB-2: a place that is away is said by its run, in words, and not by the library in traces each round."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        log_to_stderr("info")
        assert not logging.getLogger("paramiko.transport").isEnabledFor(logging.ERROR)
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
