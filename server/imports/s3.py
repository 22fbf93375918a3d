"""Objects in a bucket, as files: the few calls of S3 that an import needs, signed, over the server's own HTTP client.

Written out because the usual client brings some thirty packages along and connects to whatever a name stands for at
that moment; here the address that was checked is the one that is connected to, while certificate and Host are the
name's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]
from fsspec import AbstractFileSystem

from server import clock

CONNECT_SECONDS = 15.0
READ_SECONDS = 30.0
ANSWER_BYTES = 10 * 1024 * 1024
_SAFE = "-_.~"
_WRONG_KEYS = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch"})


class S3Trouble(OSError):
    """The store answered something else than what was asked for; says what."""


def sign(
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    *,
    access_key: str,
    secret_key: str,
    region: str,
    at: datetime,
) -> str:
    """The Authorization header of AWS Signature 4. `path` is quoted already; `headers` in small letters, all of them
    signed, among them host, x-amz-date and x-amz-content-sha256."""
    names = ";".join(sorted(headers))
    lines = [method, path, canonical_query(query)]
    lines += [f"{name}:{headers[name].strip()}" for name in sorted(headers)]
    canonical = "\n".join([*lines, "", names, headers["x-amz-content-sha256"]])
    scope = f"{at:%Y%m%d}/{region}/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", f"{at:%Y%m%dT%H%M%SZ}", scope, hashed])
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return f"AWS4-HMAC-SHA256 Credential={access_key}/{scope},SignedHeaders={names},Signature={signature}"


def canonical_query(query: Mapping[str, str]) -> str:
    """Names and values quoted, in order."""
    return "&".join(f"{quote(name, safe=_SAFE)}={quote(query[name], safe=_SAFE)}" for name in sorted(query))


class S3(AbstractFileSystem):  # type: ignore[misc]
    """One bucket; a path is `/` and the object's key."""

    cachable = False

    def __init__(self, address: str, port: int, given: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        super().__init__(skip_instance_cache=True)
        tls = given.get("tls", "yes").casefold() != "no"
        host = str(given["host"])
        self._host = host if port == (443 if tls else 80) else f"{host}:{port}"
        shown = f"[{address}]" if ":" in address else address
        self._base = f"{'https' if tls else 'http'}://{shown}:{port}"
        self._server_name = host
        self._bucket = given["bucket"]
        self._region = given.get("region", "us-east-1")
        self._access_key, self._secret_key = given["access_key"], secrets.get("secret_key", "")
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """The objects right below `path`, all pages."""
        prefix = path.strip("/") + "/" if path.strip("/") else ""
        query = {"list-type": "2", "prefix": prefix, "delimiter": "/"}
        found: list[dict[str, Any]] = []
        while True:
            page = _parsed(self._call("GET", "", query))
            found += [_entry(one) for one in page.iterfind("{*}Contents")]
            token = page.findtext("{*}NextContinuationToken")
            if not token:
                break
            query["continuation-token"] = token
        found = [one for one in found if one["name"] != f"/{prefix}"]
        return found if detail else [one["name"] for one in found]

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is such an object; anything but a yes or a no is raised."""
        try:
            self._call("HEAD", path)
        except FileNotFoundError:
            return False
        return True

    def isdir(self, path: str) -> bool:
        """Every folder is there: a bucket knows names only."""
        return True

    def get_file(self, rpath: str, lpath: IO[bytes], **_: Any) -> None:
        """Read a whole object into an open file, in bites."""
        with self._client.stream("GET", **self._request("GET", rpath, {}, b"")) as answer:
            if answer.status_code != 200:
                raise _trouble(answer.status_code, _bounded(answer))
            for bite in answer.iter_raw():  # as it is kept: what is stored compressed is not unpacked on its way
                lpath.write(bite)

    def pipe_file(self, path: str, value: bytes, **_: Any) -> None:
        """Write a whole object."""
        self._call("PUT", path, body=value)

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """Copy, see that it came to its end, then delete: S3 can't rename."""
        source = f"/{self._bucket}/{quote(path1.lstrip('/'), safe=_SAFE + '/')}"
        answer = _parsed(self._call("PUT", path2, more={"x-amz-copy-source": source}))
        if not answer.tag.endswith("CopyObjectResult"):  # an error can come with status 200 here
            raise S3Trouble(answer.findtext("{*}Message") or "the copy failed")
        self._call("DELETE", path1)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: bytes = b"",
        more: Mapping[str, str] | None = None,
    ) -> bytes:
        request = self._request(method, path, query or {}, body, more or {})
        with self._client.stream(method, **request) as answer:
            content = _bounded(answer)
            if not 200 <= answer.status_code < 300:
                raise _trouble(answer.status_code, content)
            return content

    def _request(
        self, method: str, path: str, query: Mapping[str, str], body: bytes, more: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        key = path.lstrip("/")
        uri = quote(f"/{self._bucket}/{key}" if key else f"/{self._bucket}", safe=_SAFE + "/")
        at = clock.now()
        headers = {
            "host": self._host,
            "x-amz-date": f"{at:%Y%m%dT%H%M%SZ}",
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
            **(more or {}),
        }
        keys = {"access_key": self._access_key, "secret_key": self._secret_key, "region": self._region}
        headers["authorization"] = sign(method, uri, query, headers, at=at, **keys)
        url = f"{self._base}{uri}" + (f"?{canonical_query(query)}" if query else "")
        headers["accept-encoding"] = "identity"
        return {"url": url, "headers": headers, "content": body, "extensions": {"sni_hostname": self._server_name}}


def _bounded(answer: httpx.Response) -> bytes:
    content = b""
    for bite in answer.iter_bytes():
        content += bite
        if len(content) > ANSWER_BYTES:
            raise S3Trouble("the answer is too long")
    return content


def _parsed(content: bytes) -> Element:
    try:
        read: Element = fromstring(content)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise S3Trouble("the answer is not what S3 answers") from error
    return read


def _entry(one: Element) -> dict[str, Any]:
    """An object as fsspec describes files; its stamp is when it was written and its etag."""
    told = {name: one.findtext(f"{{*}}{name}") or "" for name in ("Key", "Size", "LastModified", "ETag")}
    size = int(told["Size"]) if told["Size"].isdigit() else 0
    stamp = f"{told['LastModified']} {told['ETag']}"
    return {"name": f"/{told['Key']}", "size": size, "type": "file", "mtime": stamp}


def _trouble(status: int, content: bytes) -> OSError:
    """What the store said, in words."""
    if status == 404 and not content:  # HEAD has no body
        return FileNotFoundError("such object")
    try:
        answer = _parsed(content)
        code, said = answer.findtext("{*}Code") or "", answer.findtext("{*}Message") or ""
    except S3Trouble:
        code = said = ""
    if code == "NoSuchKey":
        return FileNotFoundError("such object")
    if code in _WRONG_KEYS or status == 401:
        return S3Trouble("the server refuses the access key or its secret")
    if status in (301, 307) or code == "AuthorizationHeaderMalformed":
        return S3Trouble("the bucket is in another region; set region, and host to that region's")
    return S3Trouble(f"the server answers: {said or code or f'status {status}'}"[:200])
