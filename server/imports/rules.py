"""What a place needs to know, which of its files are meant, what they are called afterwards. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import splitext
from types import MappingProxyType
from typing import Literal

Mode = Literal["validate", "apply", "apply_good"]

#: Names that programs give to what they are still writing, and what desktops leave lying about.
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".swp", "~")
_HIDDEN = (".", "~$", "~")
LONGEST_NAME = 200
#: What of a name is kept, so that `(upload 12)` and `.result.xlsx` find room in 255 bytes.
MOST_STEM_BYTES, MOST_ENDING_BYTES = 190, 20


@dataclass(frozen=True)
class PlaceKind:
    """A kind of place: its settings and secrets with what they mean; `needed` must be given. `addresses` are the
    settings that say whom secrets are sent to."""

    title: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    needed: frozenset[str]
    addresses: frozenset[str] = frozenset()
    port: int = 0


def _host(port: int) -> dict[str, str]:
    said = f"Its port; {port} unless given."
    return {"host": "Name or address of the server, nothing before or after it.", "port": said, "user": "User name."}


KINDS: Mapping[str, PlaceKind] = MappingProxyType(
    {
        "folder": PlaceKind(
            "A folder",
            {"path": "Folder, within one that the server allows (STOCKBOOK_IMPORT_ROOTS)."},
            {},
            frozenset({"path"}),
        ),
        "ftp": PlaceKind(
            "An FTP server",
            {**_host(21), "path": "Folder on it; / unless given."},
            {"password": "Password. FTP sends it in clear."},
            frozenset({"host"}),
            frozenset({"host", "port"}),
            21,
        ),
        "sftp": PlaceKind(
            "An SFTP server (SSH)",
            {
                **_host(22),
                "path": "Folder on it; / unless given.",
                "host_key": "The server's key as SHA256:…, without which it is not trusted. The first run tells it.",
            },
            {"password": "Password.", "private_key": "Private key in OpenSSH or PEM form, instead of a password."},
            frozenset({"host", "user"}),
            frozenset({"host", "port", "host_key"}),
            22,
        ),
        "s3": PlaceKind(
            "A bucket (S3 and what speaks like it)",
            {
                "host": "Name of the server, like s3.eu-central-1.amazonaws.com.",
                "port": "Its port; 443 unless given.",
                "tls": "no: without encryption, for a server in your own network.",
                "bucket": "Name of the bucket.",
                "region": "Its region; us-east-1 unless given.",
                "path": "What the keys begin with, like a folder; all of the bucket unless given.",
                "access_key": "Access key.",
            },
            {"secret_key": "The access key's secret."},
            frozenset({"host", "bucket", "access_key"}),
            frozenset({"host", "port", "tls"}),
            443,
        ),
    }
)


@dataclass(frozen=True)
class Found:
    """A file as a place lists it. `stamp` is what changes with its content: time of change, or an etag."""

    name: str
    size: int
    stamp: str


def is_meant(name: str, pattern: str) -> bool:
    """Whether a file of that name is looked for: fits the pattern, whatever its case, and is no unfinished one."""
    low = name.casefold()
    if low.startswith(_HIDDEN) or low.endswith(_UNFINISHED):
        return False
    return any(fnmatchcase(low, one) for one in patterns(pattern.casefold()))


def patterns(text: str) -> list[str]:
    """The patterns in a text that has several, separated by commas."""
    return [one.strip() for one in text.split(",") if one.strip()]


def misnamed(name: str) -> str:
    """Why a file of that name can't be taken, and what helps; empty where it can."""
    if len(name) > LONGEST_NAME:
        return f"its name is longer than {LONGEST_NAME} characters, so it is left; rename it"
    if not name.isprintable() or "/" in name or "\\" in name:
        return "its name has characters that files here can't have, so it is left; rename it"
    return ""


def shortened(name: str) -> str:
    """A name to be read in a sentence, whatever it is made of."""
    shown = "".join(char if char.isprintable() else "?" for char in name)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def steady(before: list[Found], after: list[Found]) -> list[Found]:
    """Files that two looks saw alike, the oldest first."""
    seen = set(before)
    return sorted((found for found in after if found in seen), key=lambda found: (found.stamp, found.name))


def kept_name(name: str, label: str, number: int = 1) -> str:
    """What a file is called once it is taken: `stock (upload 12).xlsx`; from the second `number` on with that. A long
    name is cut, since no file system takes more than 255 bytes."""
    stem, ending = splitext(name)
    again = "" if number == 1 else f" {number}"
    return f"{_cut(stem, MOST_STEM_BYTES)} ({label}){again}{_cut(ending, MOST_ENDING_BYTES)}"


def _cut(text: str, most_bytes: int) -> str:
    return text.encode()[:most_bytes].decode(errors="ignore").rstrip()


def beside(kept: str, ending: str) -> str:
    """The name of what lies beside a kept file: its result workbook, the text that says why."""
    return f"{splitext(kept)[0]}{ending}"
