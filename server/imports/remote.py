"""Files on other machines: fsspec's FTP and SFTP, connected to the address that was checked, with time-outs."""

from __future__ import annotations

import base64
import ftplib
import hashlib
import io
import socket
from collections.abc import Mapping
from typing import IO, Any

import httpx
import paramiko
from fsspec.implementations.ftp import FTPFileSystem
from fsspec.implementations.sftp import SFTPFileSystem

from server.imports.addresses import PlaceTrouble

CONNECT_SECONDS = 15
READ_SECONDS = 30
_KEY_CLASSES = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


class Ftp(FTPFileSystem):  # type: ignore[misc]
    """FTP, passive: data comes from the same address, whatever else the server says."""

    def pipe_file(self, path: str, value: bytes, **_: Any) -> None:
        """Write a file in one go: not every server can go on in the middle of one."""
        self.ftp.storbinary(f"STOR {path}", io.BytesIO(value))
        self.invalidate_cache(self._parent(path))

    def close(self) -> None:
        """Hang up."""
        self.ftp.close()


def open_ftp(address: str, port: int, given: Mapping[str, str], secrets: Mapping[str, str]) -> Ftp:
    """Signed in, anonymously without a user name. Raises what `ftplib` raises."""
    return Ftp(
        address,
        port=port,
        username=given.get("user", ""),
        password=secrets.get("password", ""),
        timeout=READ_SECONDS,
        skip_instance_cache=True,
    )


class Sftp(SFTPFileSystem):  # type: ignore[misc]
    """SFTP to a server whose key is known."""

    def get_file(self, rpath: str, lpath: IO[bytes], **_: Any) -> None:
        """Read a whole file into an open one."""
        self.ftp.getfo(rpath, lpath, max_concurrent_prefetch_requests=64)

    def pipe_file(self, path: str, value: bytes, **_: Any) -> None:
        """Write a whole file."""
        self.ftp.putfo(io.BytesIO(value), path)

    def mv(self, old: str, new: str, **_: Any) -> None:
        """Rename; what has that name already is not overwritten."""
        self.ftp.rename(old, new)

    def close(self) -> None:
        """Hang up."""
        self.client.close()


class _KnownKey(paramiko.MissingHostKeyPolicy):
    """Trusts the server whose key's fingerprint was given, and says what it is where it is another."""

    def __init__(self, known: str) -> None:
        self._known = known.split()

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """See paramiko: raising refuses the server."""
        shown = fingerprint(key)
        if shown in self._known:
            return
        if not self._known:
            raise PlaceTrouble(f"the server's key is not known yet; if it is {shown}, give that as host_key")
        raise PlaceTrouble(f"the server shows another key than before ({shown}); ask who runs it before you trust it")


def fingerprint(key: paramiko.PKey) -> str:
    """A key as OpenSSH shows it: SHA256:…"""
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"


def open_sftp(address: str, port: int, given: Mapping[str, str], secrets: Mapping[str, str]) -> Sftp:
    """Signed in, with nothing of this machine's own keys. Raises what paramiko raises, `PlaceTrouble` for a server
    that is not trusted and a private key that is none."""
    key = _private_key(secrets["private_key"]) if "private_key" in secrets else None
    line = socket.create_connection((address, port), timeout=CONNECT_SECONDS)
    try:
        opened = Sftp(
            address,
            port=port,
            username=given["user"],
            password=secrets.get("password"),
            pkey=key,
            host_key_policy=_KnownKey(given.get("host_key", "")),
            sock=line,
            timeout=CONNECT_SECONDS,
            banner_timeout=CONNECT_SECONDS,
            auth_timeout=CONNECT_SECONDS,
            allow_agent=False,
            look_for_keys=False,
            skip_instance_cache=True,
        )
    except BaseException:
        line.close()
        raise
    opened.ftp.get_channel().settimeout(READ_SECONDS)
    return opened


def _private_key(text: str) -> paramiko.PKey:
    for kind in _KEY_CLASSES:
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError):
            continue
    raise PlaceTrouble("the private key can't be read; it must be an Ed25519, ECDSA or RSA key without a passphrase")


def words_of(error: Exception) -> str:
    """What went wrong out there, for people."""
    if isinstance(error, paramiko.AuthenticationException) or str(error).startswith("530"):
        return "the server refuses the user name or the password"
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "the server does not answer in time"
    if isinstance(error, EOFError | ConnectionResetError | BrokenPipeError):
        return "the server hung up"
    if isinstance(error, ConnectionRefusedError):
        return "nobody answers at that address and port; is the server running, and is its port right?"
    if isinstance(error, FileNotFoundError):
        return f"there is no {error.filename}"[:200] if error.filename else "there is no such folder or file"
    if isinstance(error, UnicodeError):
        return "the server's file names are not UTF-8"
    if isinstance(error, paramiko.SSHException) and "banner" in str(error):
        return "what answers there is no SFTP server, or a busy one; is the port right?"
    if isinstance(error, ftplib.Error | paramiko.SSHException):
        return f"the server answers: {str(error)[:200]}"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(said)[:200]


#: What can go wrong out there.
TROUBLES = (OSError, EOFError, UnicodeError, ftplib.Error, paramiko.SSHException, httpx.HTTPError)
