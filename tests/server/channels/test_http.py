"""Calling out: what is repeated and what never, what each failure becomes, and what no error may show."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from server.channels import http
from server.channels.errors import ChannelError, NeedsSignIn, Refused, Throttled, Unreachable
from server.channels.http import HttpClient, redact, retry_after, understood
from server.channels.pacing import Bucket

SECRET = "sk-very-secret"


class Script:
    """Answers in turn; an exception is raised instead. Keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _client(script: Callable[[httpx.Request], httpx.Response], naps: list[float] | None = None) -> HttpClient:
    sleep = (naps if naps is not None else []).append
    return HttpClient("http://market.test/api/", secrets=[SECRET], transport=httpx.MockTransport(script), sleep=sleep)


def test_the_answer_is_read_whole_and_money_stays_exact() -> None:
    answer = _client(Script(httpx.Response(200, text='{"price": 10.10}'))).call("GET", "/x", params={"a": "1"})
    assert answer.json() == {"price": Decimal("10.10")}


def test_what_was_signed_is_what_is_sent() -> None:
    script = Script(httpx.Response(200))
    _client(script).call("POST", "/x", content=b'{"a":  1}', headers={"Authorization": "Bearer " + SECRET})
    (request,) = script.asked
    assert (request.content, request.headers["authorization"]) == (b'{"a":  1}', f"Bearer {SECRET}")
    assert str(request.url) == "http://market.test/api/x"


@pytest.mark.parametrize("failure", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.Response(503)])
def test_reading_is_repeated_and_writing_never(failure: httpx.Response | Exception) -> None:
    naps: list[float] = []
    script = Script(failure, failure, httpx.Response(200))
    assert _client(script, naps).call("GET", "/x").status == 200
    assert (len(script.asked), len(naps)) == (3, 2)
    script = Script(failure, httpx.Response(200))
    with pytest.raises(Unreachable):
        _client(script).call("POST", "/x")
    assert len(script.asked) == 1


def test_repeating_ends() -> None:
    script = Script(*[httpx.Response(500)] * 9)
    with pytest.raises(Unreachable):
        _client(script).call("GET", "/x")
    assert len(script.asked) == http.SAFE_ATTEMPTS


def test_a_market_that_says_when_is_not_asked_before() -> None:
    script = Script(httpx.Response(503, headers={"Retry-After": "30"}))
    with pytest.raises(Unreachable) as raised:
        _client(script).call("GET", "/x")
    assert (raised.value.retry_after, len(script.asked)) == (30.0, 1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Unreachable),
        (400, Refused),
        (401, NeedsSignIn),
        (403, NeedsSignIn),
        (404, Refused),
        (408, Unreachable),
        (409, Refused),
        (422, Refused),
        (429, Throttled),
        (500, Unreachable),
        (502, Unreachable),
    ],
)
def test_each_status_is_one_kind_of_trouble(status: int, kind: type[ChannelError]) -> None:
    headers = {"Location": "http://elsewhere.test/"} if status == 301 else {}
    with pytest.raises(ChannelError) as raised:
        _client(Script(httpx.Response(status, headers=headers))).call("POST", "/x")
    assert type(raised.value) is kind


def test_a_redirect_is_not_followed() -> None:
    script = Script(httpx.Response(302, headers={"Location": "http://elsewhere.test/"}))
    with pytest.raises(Unreachable):
        _client(script).call("POST", "/x")
    assert len(script.asked) == 1


def test_a_status_that_is_expected_is_given_back() -> None:
    assert _client(Script(httpx.Response(404))).call("GET", "/x", expect=(404,)).status == 404


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("99999999", http.RETRY_AFTER_SECONDS),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
    assert retry_after({"retry-after": value}, now) == seconds


def test_an_answer_too_large_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_BYTES", 10)
    with pytest.raises(Unreachable, match="larger"):
        _client(Script(httpx.Response(200, text="x" * 11))).call("POST", "/x")


def test_no_secret_is_in_an_error_or_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """CH-6: credentials are never logged, also when the market echoes them."""
    caplog.set_level(logging.DEBUG)
    echo = httpx.Response(400, json={"detail": f"bad token {SECRET}\nin line 2"})
    with pytest.raises(Refused) as refused:
        _client(Script(echo)).call("POST", "/x", params={"sign": SECRET})
    with pytest.raises(Unreachable) as unreachable:
        _client(Script(httpx.ConnectError(f"to {SECRET}"))).call("POST", f"/{SECRET}/x")
    _client(Script(httpx.Response(200))).call("GET", f"/{SECRET}", params={"sign": SECRET})
    assert refused.value.reason == "400: bad token ••• in line 2"
    assert SECRET not in unreachable.value.reason
    assert SECRET not in caplog.text


@pytest.mark.parametrize("value", ["Bearer \n", "Bearer é", "Bearer a\r\nX-Other: b"])
def test_a_credential_that_cannot_be_sent_is_refused(value: str) -> None:
    client = HttpClient("http://127.0.0.1:1")
    with pytest.raises(ChannelError) as raised:
        client.call("POST", "/x", headers={"Authorization": value})
    assert value not in raised.value.reason


def test_redacting_keeps_to_one_short_line() -> None:
    assert redact("a\r\n\x00b  c", []) == "a b c"
    assert redact("abcd-abcdef", ["abcd", "abcdef"]) == "•••-•••"
    assert len(redact("x" * 1000, [])) == http.REASON_LENGTH
    assert redact("to be or not", ["to"]) == "to be or not"


def test_cookies_do_not_travel() -> None:
    script = Script(httpx.Response(200, headers={"Set-Cookie": "a=1; Path=/"}), httpx.Response(200))
    client = _client(script)
    client.call("GET", "/x")
    client.call("GET", "/x")
    assert "cookie" not in script.asked[1].headers


def test_an_answer_of_another_shape_is_no_answer() -> None:
    with pytest.raises(Unreachable, match="not understood"):
        understood(lambda body: body["items"][0], {"items": []})
    with pytest.raises(Unreachable, match="cut off"):
        _client(Script(httpx.Response(200, text='{"items": ['))).call("GET", "/x").json()


def test_a_paused_store_is_not_called() -> None:
    now = [0.0]
    pace = Bucket(10, timer=lambda: now[0], sleep=lambda seconds: None)
    script = Script(httpx.Response(429, headers={"Retry-After": "60"}))
    client = HttpClient("http://market.test", pace=pace, transport=httpx.MockTransport(script))
    for _ in range(2):
        with pytest.raises(Throttled) as raised:
            client.call("POST", "/x")
        assert raised.value.retry_after is not None
    assert len(script.asked) == 1


@pytest.fixture(
    params=[b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-", b""],
    ids=["body", "headers", "status"],
)
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """A market that sends one byte at a time and never ends."""
    stopped = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(request.param)
            while not stopped.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    stopped.set()
    thread.join(timeout=5)
    listener.close()


def test_the_whole_call_has_an_end(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PSH-10: each byte comes in time, but the answer as a whole does not; in its body, its headers or its status."""
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    with pytest.raises(Unreachable, match="longer"):
        HttpClient(dripping).call("POST", "/x")


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        HttpClient(f"http://127.0.0.1:{port}").call("POST", "/x")
