"""Calls to the sandbox marketplace: where it is, how the seller signs in, how its webhooks are signed."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from server.channels.errors import Refused
from server.channels.http import Answer, HttpClient
from server.channels.pacing import bucket
from server.channels.sandbox.limits import LIMITS

PREFIX = "/sandbox/v1"
SIGNATURE_HEADER = "x-sandbox-signature"


def base_address(url: str) -> str:
    """The marketplace's address without our prefix. Only on this machine: anything else is `Refused`.

    The address comes from a user, and the sandbox runs beside us: no other host could be meant, and so nobody
    can use a store's settings to reach into the network.
    """
    parts = urlsplit(url.strip())
    try:
        port = parts.port
    except ValueError:
        raise Refused("the address of the sandbox has a wrong port") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise Refused("the address of the sandbox must look like http://127.0.0.1:8100")
    if not _is_this_machine(parts.hostname):
        raise Refused("the sandbox is only spoken to on this machine (127.0.0.1, ::1 or localhost)")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/").removesuffix(PREFIX)
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sign(secret: str, body: bytes) -> str:
    """The signature of a webhook: lower-case hex HMAC-SHA256 over the raw body."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class SandboxClient:
    """The seller's calls for one shop."""

    def __init__(self, url: str, shop: str, secret: str, transport: httpx.BaseTransport | None = None) -> None:
        base = base_address(url)
        self._path = f"{PREFIX}/shops/{quote(shop, safe='')}"
        self._secret = secret
        pace = bucket(("sandbox", base, shop), LIMITS.rate_per_second, LIMITS.burst)
        self._http = HttpClient(base, secrets=(secret,), pace=pace, transport=transport)

    def get(self, path: str, params: Mapping[str, str | None], expect: Collection[int] = ()) -> Answer:
        """Read. Parameters that are None are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._http.call("GET", self._path + path, params=given, headers=self._headers(), expect=expect)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Answer:
        """Change something; never sent twice."""
        content = json.dumps(body).encode()
        headers = self._headers() | {"Content-Type": "application/json"}
        return self._http.call(method, self._path + path, content=content, headers=headers)

    def _headers(self) -> dict[str, str]:
        # Without a secret it still says that a seller is calling.
        return {"Authorization": f"Bearer {self._secret}".rstrip()}
