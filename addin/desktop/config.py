"""The server's address in a file of the user's, the access token in the operating system's own password store."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import keyring
from keyring.errors import KeyringError, PasswordDeleteError

from addin.client.errors import AddinError, NotSignedIn

DEFAULT_SERVER = "http://127.0.0.1:8000"
_SERVICE = "stockbook"
_FILE = "addin.json"
_HERE = ("localhost", "127.", "[::1]")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


class NoPasswordStore(AddinError):
    """The operating system offers no place for a secret, or refuses it."""

    title = "The access token can't be kept"


class WrongServer(AddinError):
    """What was typed is no address of a server."""

    title = "This is not an address"


def folder(environ: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Where the add-in keeps its own files. `STOCKBOOK_ADDIN_HOME` moves it."""
    if given := environ.get("STOCKBOOK_ADDIN_HOME"):
        return Path(given)
    home = Path.home()
    if system == "win32":
        return Path(environ.get("APPDATA") or home / "AppData" / "Roaming") / "Stockbook"
    if system == "darwin":
        return home / "Library" / "Application Support" / "Stockbook"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "stockbook"


def downloads() -> Path:
    """Where templates, results and reports are put before they are opened."""
    given = os.environ.get("STOCKBOOK_ADDIN_HOME")
    found = Path(given) / "workbooks" if given else Path.home() / "Documents" / "Stockbook"
    found.mkdir(parents=True, exist_ok=True)
    return found


def read() -> dict[str, Any]:
    """What the file says; nothing where there is none or it is damaged."""
    try:
        found = json.loads((folder() / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def change(**values: Any) -> None:
    """Write these values down, None to take one away; the others stay."""
    kept = {name: value for name, value in {**read(), **values}.items() if value is not None}
    path = folder() / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    fresh.replace(path)


def server() -> str:
    """The server's address."""
    return str(read().get("server") or DEFAULT_SERVER)


def tidy_address(text: str) -> str:
    """An address as typed -> the one to keep: without a scheme it is https, but on this computer. Raises
    `WrongServer`."""
    given = text.strip()
    if given and "://" not in given:
        given = f"http://{given}" if given.startswith(_HERE) else f"https://{given}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise WrongServer(f"'{text[:100]}' is no address. It looks like https://stock.example.com.")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def token(address: str) -> str:
    """The token for this server. Raises `NotSignedIn`, `NoPasswordStore`."""
    try:
        found = keyring.get_password(_SERVICE, address)
    except KeyringError as error:
        raise _no_store(error) from error
    if not found:
        raise NotSignedIn
    return found


def keep_token(address: str, text: str) -> None:
    """Keep the token for this server. Raises `NoPasswordStore`."""
    try:
        keyring.set_password(_SERVICE, address, text)
    except KeyringError as error:
        raise _no_store(error) from error


def forget_token(address: str) -> bool:
    """Forget it; whether there was one."""
    try:
        keyring.delete_password(_SERVICE, address)
    except PasswordDeleteError:
        return False
    except KeyringError as error:
        raise _no_store(error) from error
    return True


def _no_store(error: KeyringError) -> NoPasswordStore:
    return NoPasswordStore(
        "This computer's password store did not answer, and a token is kept nowhere else. On Windows that is the "
        f"Credential Manager, on a Mac the Keychain: unlock it and try again. ({str(error)[:150]})"
    )
