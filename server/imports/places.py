"""A watched place, whatever its kind: look, fetch, put beside, move. Every trouble comes in plain words."""

from __future__ import annotations

import hashlib
import posixpath
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from server.imports.addresses import PlaceTrouble, address_of, folder_within
from server.imports.remote import TROUBLES, open_ftp, open_sftp, words_of
from server.imports.rules import KINDS, Found, is_meant
from server.imports.s3 import S3
from server.settings import Settings

#: How long one file may take to come.
FETCH_SECONDS = 300
MOST_LISTED = 20_000


class Place:
    """An open place. Every method raises `PlaceTrouble` where it does not do what it should."""

    def __init__(self, fs: AbstractFileSystem, folder: str, identity: str) -> None:
        """`identity`: what tells this place from every other; the same for two imports of one place."""
        self._fs, self._folder, self._identity = fs, folder, identity

    def key_of(self, found: Found) -> str:
        """What a file is claimed by: place, name, size and stamp."""
        parts = "\0".join([self._identity, found.name, str(found.size), found.stamp])
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()

    def look(self, pattern: str) -> list[Found]:
        """The files there now that are meant; folders and links are not."""
        with _in_words():
            self._fs.invalidate_cache()
            listed = self._fs.ls(self._folder, detail=True)
        if len(listed) > MOST_LISTED:
            raise PlaceTrouble(f"there are more than {MOST_LISTED} files; move old ones away")
        found = (_found(entry) for entry in listed if _is_file(entry))
        return [one for one in found if is_meant(one.name, pattern)]

    def unchanged(self, found: Found) -> bool | None:
        """Whether the file is there as it was; None where it is gone."""
        now = [one for one in self.look("*") if one.name == found.name]
        return found in now if now else None

    def fetch(self, found: Found, target: IO[bytes], limit: int) -> None:
        """Its bytes. Raises `PlaceTrouble` for more than `limit`, or longer than is patient."""
        with _in_words():
            self._fs.get_file(self._path(found.name), _Bounded(target, limit))

    def free(self, name: str) -> bool:
        """Whether nothing of that name, like `done/stock.xlsx`, is there yet."""
        with _in_words():
            self._fs.invalidate_cache()
            return not self._fs.exists(self._path(name))

    def put(self, name: str, content: bytes) -> None:
        """Write a file, like `done/stock.result.xlsx`."""
        self._make_folder(posixpath.dirname(name))
        with _in_words():
            self._fs.pipe_file(self._path(name), content)

    def move(self, name: str, to: str) -> None:
        """Move a file within the place."""
        self._make_folder(posixpath.dirname(to))
        with _in_words():
            self._fs.mv(self._path(name), self._path(to))

    def close(self) -> None:
        """Hang up, where there is somebody at the other end."""
        with suppress(*TROUBLES):
            if hasattr(self._fs, "close"):
                self._fs.close()

    def _make_folder(self, name: str) -> None:
        path = self._path(name)
        with _in_words():
            if self._fs.isdir(path):
                return
            try:
                self._fs.mkdir(path, create_parents=False)
            except TROUBLES as error:  # another server was quicker, or it can't be
                self._fs.invalidate_cache()
                if not self._fs.isdir(path):
                    raise PlaceTrouble(f"the folder {name}/ can't be made there: {words_of(error)}") from error

    def _path(self, name: str) -> str:
        return posixpath.join(self._folder, name)


@contextmanager
def opened(settings: Settings, kind: str, given: Mapping[str, Any], secrets: Mapping[str, str]) -> Iterator[Place]:
    """The place, open. Raises `PlaceTrouble`: away, not allowed, not signed in."""
    place = _folder(settings, given) if kind == "folder" else _server(settings, kind, given, secrets)
    try:
        yield place
    finally:
        place.close()


def _folder(settings: Settings, given: Mapping[str, Any]) -> Place:
    path = folder_within(settings, str(given["path"]))
    if not path.is_dir():
        raise PlaceTrouble(f"the folder {path} is not there")
    return Place(LocalFileSystem(skip_instance_cache=True), path.as_posix(), f"folder:{path}")


def _server(settings: Settings, kind: str, given: Mapping[str, Any], secrets: Mapping[str, str]) -> Place:
    usual = KINDS[kind].port
    host, port = str(given["host"]), int(given.get("port", usual))
    address = address_of(settings, host, port, usual)
    folder = posixpath.normpath("/" + str(given.get("path", "/")).lstrip("/"))
    with _in_words():
        fs = _CLIENTS[kind](address, port, given, secrets)
    whose = given.get("bucket") or given.get("user", "")
    return Place(fs, folder, f"{kind}:{host.casefold()}:{port}:{whose}:{folder}")


_CLIENTS: Mapping[str, Callable[..., AbstractFileSystem]] = {"ftp": open_ftp, "sftp": open_sftp, "s3": S3}


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except TROUBLES as error:
        raise PlaceTrouble(words_of(error)) from error


class _Bounded:
    """A file that takes so many bytes and no more, and not for ever."""

    def __init__(self, target: IO[bytes], limit: int) -> None:
        self._target, self._left = target, limit
        self._until = time.monotonic() + FETCH_SECONDS

    def write(self, content: bytes) -> int:
        self._left -= len(content)
        if self._left < 0:
            raise PlaceTrouble("a file grew while it was read")
        if time.monotonic() > self._until:
            raise PlaceTrouble(f"a file took more than {FETCH_SECONDS} seconds to come")
        return self._target.write(content)

    def read(self, size: int = -1) -> bytes:
        """For fsspec, which tells files by it."""
        return self._target.read(size)

    def tell(self) -> int:
        return self._target.tell()

    def flush(self) -> None:
        self._target.flush()

    def close(self) -> None:
        """The target belongs to whoever opened it."""


def _is_file(entry: Mapping[str, Any]) -> bool:
    a_link = entry.get("islink") or str(entry.get("unix.mode", "")).startswith("l")
    return entry["type"] == "file" and not a_link


def _found(entry: Mapping[str, Any]) -> Found:
    name = posixpath.basename(str(entry["name"]))
    stamp = next((entry[key] for key in ("ETag", "modify", "mtime") if entry.get(key) is not None), "")
    return Found(name, int(entry["size"] or 0), str(stamp))
