"""`serve --tls` as clients meet it: real sockets on loopback, trusted through the authority that was made with it."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPSConnection
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import Any

import httpx
import pytest
from cheroot.server import ChunkedRFile

from server import certificates, clock
from server.errors import Refused
from server.listening import Buffered, Tls, context_of, listen
from tests.support.server import StockbookServer

THREADS = 3
MAX_BYTES = 2_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockbookServer]:
    """A server that speaks TLS, with few threads and jobs beside it."""
    folder = tmp_path_factory.mktemp("tls") / "var"
    certificates.make(certificates.files_in(folder), (), clock.now())
    settings = {"threads": str(THREADS), "upload_max_bytes": str(MAX_BYTES)}
    with StockbookServer(folder, tls=True, **settings) as running:
        running.apply("sku_create", {"sku": "MUG", "title": "Mug"})
        yield running
    rmtree(folder, ignore_errors=True)


def _trusting(server: StockbookServer) -> ssl.SSLContext:
    assert isinstance(server.trusts, ssl.SSLContext)
    return server.trusts


def _connected(server: StockbookServer) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    return _trusting(server).wrap_socket(plain, server_hostname="127.0.0.1")


def _stalled(server: StockbookServer, length: int = 1000) -> ssl.SSLSocket:
    """An upload that begins and does not go on."""
    made = _connected(server)
    head = f"POST /api/v1/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {server.token}\r\n"
    made.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{".encode())
    return made


def _seconds_of_health(server: StockbookServer) -> float:
    begun = time.monotonic()
    assert server.is_alive()
    return time.monotonic() - begun


def test_it_is_trusted_through_its_authority_and_by_nobody_else(server: StockbookServer) -> None:
    """SEC-3: by each of this machine's names."""
    assert server.get("/templates")["items"]
    for name in ("localhost", "127.0.0.1"):
        assert httpx.get(f"https://{name}:{server.port}/healthz", verify=server.trusts, trust_env=False).is_success
    with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
        httpx.get(f"{server.address}/healthz", trust_env=False)


def test_nothing_older_than_tls_1_2_is_spoken(server: StockbookServer) -> None:
    """SEC-3"""
    with _connected(server) as made:
        assert made.version() in ("TLSv1.2", "TLSv1.3")
    assert context_of(_tls(server.folder)).minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("note", ["short", "long" * 200_000], ids=["in memory", "in a file"])
@pytest.mark.parametrize("in_chunks", [False, True], ids=["with its length", "in chunks"])
def test_a_body_comes_in_whole(server: StockbookServer, note: str, in_chunks: bool) -> None:
    """WB-5: and so does the answer, which says what is wrong with every row."""
    body = json.dumps({"template": "stock_in", "rows": [{"sku": "MUG", "quantity": 3, "note": note}]}).encode()
    headers = {"Content-Type": "application/json"}
    answer = server.client.post("/uploads", content=iter([body]) if in_chunks else body, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "validated")
    assert answer.json()["counts"]["error"] == (0 if note == "short" else 1)


def test_a_workbook_comes_back_whole(server: StockbookServer) -> None:
    """WB-4"""
    sheet = server.client.get("/templates/stock_in.xlsx")
    assert sheet.content.startswith(b"PK") and sheet.headers["Content-Length"] == str(len(sheet.content))


def test_answers_without_a_body_are_answers(server: StockbookServer) -> None:
    """204, 303 and HEAD have none."""
    assert server.client.head("/templates").status_code == 200
    assert httpx.get(f"{server.address}/", verify=server.trusts, trust_env=False).status_code == 303
    made = server.post("/tokens", {"name": "short"}).json()
    assert server.client.delete(f"/tokens/{made['id']}").status_code in (200, 204)


def test_a_connection_serves_many_requests(server: StockbookServer) -> None:
    """Excel's pane asks often: hands are shaken once."""
    with closing(HTTPSConnection("127.0.0.1", server.port, context=_trusting(server))) as made:
        made.connect()
        first = made.sock
        for _ in range(3):
            made.request("GET", "/healthz")
            assert made.getresponse().read() == b'{"status": "alive"}'
            assert made.sock is first


def test_stalled_uploads_hold_up_nobody(server: StockbookServer) -> None:
    """SEC-3: ten times as many as there are threads that work."""
    stalled = [_stalled(server) for _ in range(10 * THREADS)]
    try:
        assert _seconds_of_health(server) < 5
        assert server.get("/templates")["items"]
    finally:
        for made in stalled:
            made.close()


def test_who_never_shakes_hands_holds_up_nobody(server: StockbookServer) -> None:
    """SEC-3: nor does who speaks something else, and a browser that forgot the s is told so."""
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(10 * THREADS)]
    try:
        assert _seconds_of_health(server) < 5
    finally:
        for made in silent:
            made.close()
    answer = httpx.get(f"http://127.0.0.1:{server.port}/healthz", trust_env=False)
    assert answer.status_code == 400 and "https://" in answer.text
    assert "Traceback" not in server.log


def test_who_reads_slowly_holds_up_nobody(server: StockbookServer) -> None:
    """SEC-3: an answer is done with before it is sent."""
    slow = [_connected(server) for _ in range(2 * THREADS)]
    try:
        for made in slow:
            made.sendall(b"GET /start/static/console.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert _seconds_of_health(server) < 5
    finally:
        for made in slow:
            made.close()


def test_a_body_over_the_limit_is_refused(server: StockbookServer) -> None:
    """WB-12: with a problem while it can be taken in, without reading it beyond that; with a length or in chunks."""
    over = server.hand_in(b"x" * (MAX_BYTES + 100_000))
    assert (over.status_code, over.headers["Content-Type"]) == (413, "application/problem+json")
    with _stalled(server, 5 * MAX_BYTES) as made:
        assert made.recv(1024).startswith(b"HTTP/1.1 413")
    with _connected(server) as made:
        made.sendall(b"POST /api/v1/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        with pytest.raises(OSError):  # it hangs up
            for _ in range(10 * MAX_BYTES // 65536):
                made.sendall(piece)
    assert server.is_alive()


class _Wire(BytesIO):
    """What a client sends; remembers how much of it was asked for at once."""

    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        self.largest = max(self.largest, len(self.getvalue()) if size is None or size < 0 else size)
        return super().read(size)


def test_a_large_chunk_is_read_in_pieces() -> None:
    """SEC-3: a chunk as large as the whole body is never in memory, nor copied for each piece of it."""
    body = bytes(range(256)) * 20_000
    wire = _Wire(b"%x;a=b\r\n%b\r\n3\r\nend\r\n0\r\n\r\n" % (len(body), body))
    got: list[bytes] = []

    def app(environ: dict[str, Any], start_response: object) -> list[bytes]:
        got.append(environ["wsgi.input"].read())
        return []

    list(Buffered(app, 1)({"wsgi.input": ChunkedRFile(wire, 10**7)}, lambda *_: None))
    assert got == [body + b"end"] and wire.largest < len(body) / 10


@pytest.mark.parametrize(
    "sent", [b"zz\r\n", b"-1\r\n", b"5\r\nabcdeXX", b"1" * 2000], ids=["size", "sign", "end", "line"]
)
def test_what_is_no_chunk_ends_the_connection(server: StockbookServer, sent: bytes) -> None:
    """SEC-3: where the next request begins can't be told; nothing of it is an error of the server's."""
    with _connected(server) as made:
        head = b"POST /api/v1/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        made.sendall(head + sent + b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        with contextlib.suppress(OSError):
            assert b"alive" not in made.recv(4096)
    assert server.is_alive() and "Traceback" not in server.log


def test_one_chunk_over_the_limit_is_refused(server: StockbookServer) -> None:
    """WB-12: by what it says of itself, before it is sent."""
    with _connected(server) as made:
        made.sendall(b"POST /api/v1/uploads HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        made.sendall(b"FFFFFFFF\r\n")
        assert made.recv(1024).startswith(b"HTTP/1.1 413")


def test_at_most_so_many_work_at_a_time() -> None:
    """STOCKBOOK_THREADS holds with TLS too, and a broken body reaches no route."""
    now, most = 0, 0

    def app(environ: object, start_response: object) -> list[bytes]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        time.sleep(0.05)
        now -= 1
        return [b"done"]

    guarded = Buffered(app, 2)
    with ThreadPoolExecutor(8) as crowd:
        answers = crowd.map(lambda _: b"".join(guarded({"wsgi.input": BytesIO()}, lambda *_: None)), range(8))
    assert (list(answers), most) == ([b"done"] * 8, 2)


@pytest.mark.parametrize("secure", [False, True])
def test_a_taken_port_is_said_in_the_system_s_words_alone(tmp_path: Path, secure: bool) -> None:
    certificates.make(certificates.files_in(tmp_path), (), clock.now())
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Refused) as refused:
            listen(_nothing, "127.0.0.1", port, threads=1, max_body=1, tls=_tls(tmp_path) if secure else None)
    assert refused.value.text == f"can't listen on 127.0.0.1:{port}: Address already in use"


def _nothing(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("nobody asks")


def test_it_stops_in_order(tmp_path: Path) -> None:
    """JOB-4: with connections that stall, in moments, and without a word of trouble; then it starts again."""
    certificates.make(certificates.files_in(tmp_path), (), clock.now())
    with StockbookServer(tmp_path, tls=True) as running:
        stalled = [_stalled(running) for _ in range(3)]
        idle = socket.create_connection(("127.0.0.1", running.port))
        begun = time.monotonic()
        running.stop()
        assert time.monotonic() - begun < 30
        assert running.log.rstrip().endswith("stopped")
        assert "Traceback" not in running.log
        running.start()
        assert running.is_alive()
        for made in [*stalled, idle]:
            made.close()


def _tls(folder: Path) -> Tls:
    files = certificates.files_in(folder)
    return Tls(files.certificate, files.key)
