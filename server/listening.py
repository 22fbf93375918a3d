"""What listens: Waitress, or with TLS Cheroot. Both hold to the same limits and stop in the same way.

Both take a body in whole before a thread that works on requests is taken, so that uploads which stall hold up nobody.
Waitress does that by itself. Cheroot keeps a thread per connection, so there `Buffered` parts the threads that wait
for browsers from those that work.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from threading import BoundedSemaphore
from typing import IO, TYPE_CHECKING, Any, Protocol

import waitress
from cheroot import errors, wsgi
from cheroot.makefile import MakeFile
from cheroot.server import ChunkedRFile, HTTPConnection
from cheroot.ssl import Adapter
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.wsgi import ClosingIterator, FileWrapper

from server.errors import Refused

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

CONNECTIONS = 500
#: Seconds that nothing may come or go before a connection is dropped.
IDLE_SECONDS = 120
#: Seconds for the whole of a TLS handshake's silences; those who speak TLS need a fraction of one.
HANDSHAKE_SECONDS = 20
#: Bodies up to this size stay in memory, larger ones become a file.
IN_MEMORY_BYTES = 512 * 1024
_HEADER_BYTES = 256 * 1024
_BLOCK_BYTES = 64 * 1024
_CHUNK_LINE_BYTES = 1024
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")
_ERRNO = re.compile(r"\[Errno \d+\] ([^)\]]+)")
_NAME = "stockbook"
_NOT_TLS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"This server speaks HTTPS here: write https:// instead of http://\n"
)


@dataclass(frozen=True)
class Tls:
    """Certificate (with those above it, if any) and private key as PEM; the key may stand in the certificate's file."""

    certificate: Path
    key: Path | None = None


class Listener(Protocol):
    """Listens from the start; answers while it runs."""

    port: int

    def run(self) -> None:
        """Answer until Ctrl-C or SIGTERM; requests under way come to an end."""

    def close(self) -> None:
        """Listen no more."""


def listen(
    app: WSGIApplication, host: str, port: int, *, threads: int, max_body: int, tls: Tls | None = None
) -> Listener:
    """Listen at once. Raises `Refused` where the port is taken, or the certificate can't be used."""
    context = None if tls is None else context_of(tls)
    try:
        if context is None:
            return _Plain(app, host, port, threads, max_body)
        return _Secure(app, host, port, threads, max_body, context)
    except OSError as error:
        raise Refused(f"can't listen on {host}:{port}: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """The system's own words, which Cheroot hands on among words of its own."""
    within = _ERRNO.search(str(error))
    return error.strerror or (within[1] if within else str(error))


def context_of(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 or newer with that certificate. Raises `Refused` if it can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: "")
    except ssl.SSLError as error:
        raise Refused(_unfit(tls, error)) from error
    except OSError as error:
        named = [str(path) for path in (tls.certificate, tls.key) if path is not None and not path.is_file()]
        raise Refused(
            f"can't read the certificate: {', '.join(named) or tls.certificate}: {error.strerror or error}"
        ) from error
    return context


def _unfit(tls: Tls, error: ssl.SSLError) -> str:
    """What is wrong with the PEM files, and what to do; OpenSSL's own words name places in its code."""
    key = tls.key or tls.certificate
    if b"ENCRYPTED" in key.read_bytes():  # the first line of the key, or a header below it
        return (
            f"the private key in {key} is protected by a password, which the server can't ask for. Write one without: "
            f"openssl pkey -in {key} -out plain-key.pem (it asks for the password), and name that one with --key; "
            "let nobody but the server's user read it"
        )
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the private key in {key} does not belong to the certificate in {tls.certificate}"
    if tls.key is None:
        return (
            f"{tls.certificate} can't be used: it must be PEM, a certificate and its own private key; a key that "
            "stands in another file is named with --key"
        )
    return f"{tls.certificate} and {tls.key} can't be used: they must be PEM, a certificate and its own private key"


class _Plain:
    """Waitress: a loop reads and writes for all connections, and hands whole requests to the threads."""

    def __init__(self, app: WSGIApplication, host: str, port: int, threads: int, max_body: int) -> None:
        self._server: Any = waitress.create_server(
            app,
            host=host,
            port=port,
            threads=threads,
            max_request_body_size=max_body,
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            ident=_NAME,
        )
        self.port = int(self._server.effective_port)

    def run(self) -> None:
        self._server.run()

    def close(self) -> None:
        self._server.close()


class _Secure:
    """Cheroot: a thread per connection, which waits for the browser; `Buffered` lets `threads` of them work."""

    def __init__(
        self, app: WSGIApplication, host: str, port: int, threads: int, max_body: int, context: ssl.SSLContext
    ) -> None:
        self._server = _Cheroot(
            (host, port),
            Buffered(app, threads),
            numthreads=CONNECTIONS,
            max=CONNECTIONS,
            server_name=_NAME,
            request_queue_size=1024,
            timeout=IDLE_SECONDS,
        )
        self._server.ConnectionClass = _Connection
        self._server.keep_alive_conn_limit = CONNECTIONS
        self._server.max_request_header_size = _HEADER_BYTES
        self._server.max_request_body_size = max_body
        self._server.ssl_adapter = _Adapter(context)
        self._server.prepare()
        self.port = int(self._server.bind_addr[1])

    def run(self) -> None:
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            self._server.serve()

    def close(self) -> None:
        self._server.stop()


class _Cheroot(wsgi.Server):
    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """What is below an error is a browser that went away in the middle, which is its right."""
        log.log(level if level >= logging.ERROR else logging.DEBUG, msg, exc_info=traceback)


class _Adapter(Adapter):
    """Sockets that have not shaken hands yet: here it would hold up the one thread that accepts connections."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context

    def bind(self, sock: socket.socket) -> socket.socket:
        return sock

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, self.get_environ()

    def get_environ(self) -> dict[str, str]:
        return {"wsgi.url_scheme": "https"}

    def makefile(self, sock: socket.socket, mode: str = "r", bufsize: int = -1) -> Any:
        return MakeFile(sock, mode, bufsize)


class _Connection(HTTPConnection):
    """Shakes hands in its own thread, before its first request."""

    def communicate(self) -> bool:
        try:
            return self._shaken_hands() and bool(super().communicate())  # type: ignore[no-untyped-call]
        except OSError as error:
            log.debug("%s went away: %s", self.remote_addr, error)
            return False

    def _shaken_hands(self) -> bool:
        try:
            self.socket.settimeout(HANDSHAKE_SECONDS)
            self.socket.do_handshake()  # a second time does nothing
            self.socket.settimeout(IDLE_SECONDS)
        except OSError as error:
            log.debug("%s did not shake hands: %s", self.remote_addr, error)
            if "http request" in str(error).lower():
                with contextlib.suppress(OSError):
                    socket.socket.sendall(self.socket, _NOT_TLS)  # below TLS, since there is none
            return False
        return True


class Buffered:
    """An application that is called once a body has come in whole, and is done with before its answer is sent.

    At most `threads` calls at a time. Bodies longer than `IN_MEMORY_BYTES` are kept in files that vanish by themselves.
    """

    def __init__(self, app: WSGIApplication, threads: int) -> None:
        self._app = app
        self._slots = BoundedSemaphore(threads)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        with SpooledTemporaryFile(IN_MEMORY_BYTES) as body:
            try:
                copyfileobj(_in_pieces(environ["wsgi.input"]), body, _BLOCK_BYTES)
            except errors.MaxSizeExceeded:
                return RequestEntityTooLarge()(environ, start_response)
            if body.tell() < int(environ.get("CONTENT_LENGTH") or 0):
                return BadRequest("the body breaks off")(environ, start_response)
            environ["CONTENT_LENGTH"] = str(body.tell())
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            body.seek(0)
            environ["wsgi.input"] = body
            with self._slots:
                return self._answered(environ, start_response)

    def _answered(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        parts = self._app(environ, start_response)
        with contextlib.ExitStack() as unless_whole, contextlib.closing(ClosingIterator(parts)) as whole:
            answer = unless_whole.enter_context(SpooledTemporaryFile(IN_MEMORY_BYTES))
            answer.writelines(whole)
            answer.seek(0)
            unless_whole.pop_all()
        return FileWrapper(answer, _BLOCK_BYTES)


def _in_pieces(sent: Any) -> Any:
    """What is sent, to be read as it comes."""
    return Chunks(sent.rfile, sent.maxlen) if isinstance(sent, ChunkedRFile) else sent


class Chunks:
    """A body in chunks, read as it comes.

    Cheroot itself keeps a chunk whole and copies its rest for every read: one of 80 MB took a minute, in which no other
    thread did much.

    Reading raises `MaxSizeExceeded` beyond `most` bytes, and hangs up, as an `OSError`, on what is no chunk: nobody can
    tell where the next request would begin.
    """

    def __init__(self, wire: IO[bytes], most: int) -> None:
        self._wire = wire
        self._most = most
        self._seen = self._left = 0
        self._over = False

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end."""
        if not self._left and not self._over:
            self._begin()
        if self._over:
            return b""
        some = self._wire.read(min(size, self._left))
        self._left -= len(some)
        if not some or (not self._left and self._wire.read(2) != b"\r\n"):
            raise _hung_up()
        return some

    def _begin(self) -> None:
        line = self._wire.readline(_CHUNK_LINE_BYTES)
        said = _CHUNK_SIZE.fullmatch(line)
        if said is None:
            raise _hung_up()
        self._left = int(said[1], 16)
        self._over = not self._left
        self._seen += len(line) + self._left
        if self._seen > self._most:
            raise errors.MaxSizeExceeded


def _hung_up() -> OSError:
    return ConnectionAbortedError(errno.ECONNABORTED, "the body is not in chunks as it should be")
