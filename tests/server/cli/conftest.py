"""Commands as their users run them, in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server.cli.main import main
from server.db.session import Database


@dataclass
class Terminal:
    """Runs commands on one data folder."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    migrated: Path

    def prepare(self) -> None:
        """`init` on a database that has its tables already, which takes longer than what most tests are about."""
        self.folder.mkdir()
        shutil.copyfile(self.migrated, self.folder / "stockbook.db")
        self.run("init")

    def run(self, *words: str, code: int = 0) -> str:
        """What a command prints; fails if it ends otherwise than with `code`."""
        self.capture.readouterr()
        ended = main(words)
        printed = self.capture.readouterr()
        assert ended == code, (words, ended, printed.err)
        assert "Traceback" not in printed.err
        return printed.out if code == 0 else printed.err

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))


@contextmanager
def prepared(terminal: Terminal, *, make: bool = True) -> Iterator[Database]:
    """The database behind the commands; made first, unless it is there."""
    if make:
        terminal.prepare()
    database = Database(f"sqlite:///{terminal.folder / 'stockbook.db'}")
    yield database
    database.close()


@pytest.fixture
def terminal(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Terminal:
    """An empty data folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOCKBOOK_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("STOCKBOOK_DATABASE_URL", raising=False)
    return Terminal(tmp_path / "var", capsys, sqlite_template)
