"""What lies in a watched place, seen from the other side: a folder of this machine, or a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.support.s3_server import BUCKET


class Files(Protocol):
    """Names are relative to the place, like `done/stock.xlsx`."""

    def write(self, name: str, content: bytes) -> None: ...

    def read(self, name: str) -> bytes: ...

    def rename(self, name: str, to: str) -> None: ...

    def names(self) -> list[str]: ...


@dataclass
class FolderFiles:
    """A folder."""

    home: Path

    def write(self, name: str, content: bytes) -> None:
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def read(self, name: str) -> bytes:
        return (self.home / name).read_bytes()

    def rename(self, name: str, to: str) -> None:
        (self.home / name).rename(self.home / to)

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.home).as_posix() for path in self.home.rglob("*") if path.is_file())


@dataclass
class BucketFiles:
    """What in a bucket begins with `prefix`."""

    client: Any
    prefix: str

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=self.prefix + name, Body=content)

    def read(self, name: str) -> bytes:
        found: bytes = self.client.get_object(Bucket=BUCKET, Key=self.prefix + name)["Body"].read()
        return found

    def rename(self, name: str, to: str) -> None:
        self.write(to, self.read(name))
        self.client.delete_object(Bucket=BUCKET, Key=self.prefix + name)

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix).get("Contents", [])
        return sorted(one["Key"].removeprefix(self.prefix) for one in listed)
