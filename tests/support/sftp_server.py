"""An SFTP server on loopback, for the time of a block."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko

from server.imports.remote import fingerprint

USER, PASSWORD = "shop", "correct horse"


@dataclass
class Sftp:
    """Where it listens, and the fingerprint of its key."""

    port: int
    host_key: str


class _Door(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))  # type: ignore[attr-defined]


class _Files(paramiko.SFTPServerInterface):
    home: Path

    def _real(self, path: str) -> Path:
        return self.home / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        return self._answer(lambda: [self._attributes(one) for one in self._real(path).iterdir()])

    def stat(self, path: str) -> Any:
        return self._answer(lambda: self._attributes(self._real(path)))

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        return self._answer(lambda: self._handle(self._real(path), flags))

    def remove(self, path: str) -> Any:
        return self._answer(lambda: self._real(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> Any:
        if self._real(newpath).exists():
            return paramiko.SFTP_FAILURE
        return self._answer(lambda: self._real(oldpath).rename(self._real(newpath)))

    def mkdir(self, path: str, attr: Any) -> Any:
        return self._answer(lambda: self._real(path).mkdir())

    @staticmethod
    def _attributes(path: Path) -> Any:
        return paramiko.SFTPAttributes.from_stat(path.lstat(), path.name)

    @staticmethod
    def _handle(path: Path, flags: int) -> Any:
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        handle = _Handle(flags)
        file = os.fdopen(os.open(path, flags, 0o644), "r+b" if flags & os.O_RDWR else "wb" if writes else "rb")
        handle.readfile = handle.writefile = file  # type: ignore[attr-defined]
        return handle

    @staticmethod
    def _answer(work: Any) -> Any:
        try:
            done = work()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.SFTP_OK if done is None or isinstance(done, Path) else done


@contextmanager
def sftp_server(home: Path) -> Iterator[Sftp]:
    """Serves `home` to one user."""
    key = paramiko.ECDSAKey.generate()
    files = type("Files", (_Files,), {"home": home})
    listener = socket.create_server(("127.0.0.1", 0))
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        with suppress(OSError):  # closed at the end
            while True:
                connection, _ = listener.accept()
                transport = paramiko.Transport(connection)
                transports.append(transport)
                transport.add_server_key(key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
                with suppress(paramiko.SSHException, EOFError):  # a client that does not trust us hangs up
                    transport.start_server(server=_Door())

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield Sftp(listener.getsockname()[1], fingerprint(key))
    finally:
        listener.close()
        for transport in transports:
            transport.close()
