"""A world with stock to change, and scheduled imports over a folder, an FTP and an SFTP server of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from server.access.users import user_named
from server.db.session import Database
from server.imports import flow
from server.imports.flow import Round
from server.imports.service import Change
from server.imports.work import Work
from server.jobs import watching
from server.settings import Settings
from server.stores.credentials import keys_of
from tests import factories
from tests.support import ftp_server, s3_server, sftp_server
from tests.support.filling import fill, template
from tests.support.http import Api, make_api
from tests.support.watched_files import BucketFiles, Files, FolderFiles

PLACES = ("folder", "ftp", "sftp", "s3")
WAIT = Work.wait_until


@dataclass
class Watched:
    """An import, and what lies in its place, seen from this machine."""

    api: Api
    settings: Settings
    id: int
    home: Path
    files: Files

    def round(self, *, alone: bool = False) -> Round:
        """One round of it; `alone` as its job runs it."""
        return flow.run(self.api.db, self.settings, self.id, progress=lambda done, total, text: None, alone=alone)

    def drop(self, name: str, content: bytes) -> None:
        """A file arrives."""
        self.files.write(name, content)

    def names(self) -> list[str]:
        """What lies in the place, `done/` and `failed/` with it."""
        return self.files.names()

    def kept(self, folder: str) -> list[str]:
        """What lies in done or failed."""
        return [name.removeprefix(f"{folder}/") for name in self.names() if name.startswith(f"{folder}/")]

    def text(self, beginning: str) -> str:
        """The text that says why, of the file that begins like this."""
        (name,) = (one for one in self.names() if one.startswith(beginning) and one.endswith(".txt"))
        return self.files.read(name).decode()

    def on_hand(self, sku: str) -> int:
        """What the stock says."""
        answer = self.api.admin.get(f"/stock?sku={sku}")
        return sum(item["on_hand"] for item in answer.json["items"])

    def uploads(self) -> list[dict[str, Any]]:
        """The history, oldest first."""
        return list(reversed(self.api.admin.get("/uploads").json["items"]))

    def book(self, *rows: Mapping[str, Any]) -> bytes:
        """A filled stock-in workbook."""
        return fill(template(self.api.admin, "stock_in"), "stock_in", rows)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two looks come one right after the other; what happens between them a test says itself."""
    monkeypatch.setattr(Work, "wait_until", lambda *_: None)


@pytest.fixture
def api(db: Database, tmp_path: Path) -> Iterator[Api]:
    """Two SKUs in one warehouse."""
    settings = Settings(data_dir=tmp_path / "data", import_hosts="127.0.0.1")
    (tmp_path / "data").mkdir()

    def work(session: Any) -> None:
        factories.make_warehouse(session, default=True)
        for code in ("A-1", "B-2"):
            factories.make_sku(session, code)

    db.write(work)
    made = make_api(db, settings)
    yield made
    made.shared.uploads.close()


@pytest.fixture
def watch(api: Api, tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Add an import of a kind of place, its server started; by default it applies and acts as the manager."""
    with ExitStack() as servers:

        def make(kind: str = "folder", name: str = "night", **more: Any) -> Watched:
            home = tmp_path / "data" / "import" / f"{name}-{kind}"
            home.mkdir(parents=True)
            settings = api.shared.settings
            given: dict[str, Any] = {"path": str(home)}
            if kind == "ftp":
                port = servers.enter_context(ftp_server.ftp_server(home))
                given = {"host": "127.0.0.1", "port": port, "user": ftp_server.USER, "password": ftp_server.PASSWORD}
            if kind == "sftp":
                served = servers.enter_context(sftp_server.sftp_server(home))
                given = {"host": "127.0.0.1", "port": served.port, "user": sftp_server.USER}
                given |= {"password": sftp_server.PASSWORD, "host_key": served.host_key}
            files: Files = FolderFiles(home)
            if kind == "s3":
                port, client = servers.enter_context(s3_server.s3_server())
                given = {"host": "127.0.0.1", "port": port, "tls": "no", "bucket": s3_server.BUCKET, "path": name}
                given |= {"access_key": s3_server.ACCESS_KEY, "secret_key": s3_server.SECRET_KEY}
                files = BucketFiles(client, f"{name}/")
            if "port" in given:
                settings = replace(settings, import_hosts=f"127.0.0.1:{given['port']}")
            given |= more.pop("settings", {})
            return Watched(api, settings, _add(api, settings, kind, name, given, more), home, files)

        yield make


def _add(api: Api, settings: Settings, kind: str, name: str, given: dict[str, Any], more: dict[str, Any]) -> int:
    def work(session: Any) -> int:
        change = Change(
            name=name,
            settings=given,
            mode=more.pop("mode", "apply"),
            quiet_seconds=1,
            user_id=user_named(session, more.pop("acts_as", "manager-user")).id,
            **more,
        )
        keys = keys_of(settings)
        return watching.add_import(
            session, kind, change, settings=settings, keys=keys, role="admin", by="test", at=factories.AT
        ).id

    return api.db.write(work)
