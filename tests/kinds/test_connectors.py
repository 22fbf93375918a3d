"""What every connector keeps, looped over the registry, so that the next one is held to it too."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.channels.errors import ChannelError, Forged, Unreachable, Unsupported
from server.channels.protocol import Connector, Features, Limits, News, StockLine, WebhookRequest
from server.channels.registry import CONNECTORS
from tests.support.sandbox import MemoryVault

CHANNELS = Path(__file__).parents[2] / "server" / "channels"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "a-secret-that-must-not-show"

#: connector settings that can be used offline; what is not named gets a made-up text
SETTINGS = {"sandbox": {"url": "http://127.0.0.1:1", "shop": "north"}}

CALLS: dict[str, Callable[[Connector], Any]] = {
    "listings": lambda store: store.listings(),
    "orders": lambda store: store.orders(NOW),
    "order": lambda store: store.order("1"),
    "set_stock": lambda store: store.set_stock([StockLine("A", 1, key="1", references={"item_id": "1"})]),
    "settle": lambda store: store.settle(["1"]),
    "news": lambda store: store.news(),
    "subscribe": lambda store: store.subscribe("https://here.test/webhooks/1"),
}

ANSWERS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "error 500": lambda request: httpx.Response(500, text=SECRET),
    "error 429": lambda request: httpx.Response(429, headers={"Retry-After": "0"}),
    "error 401": lambda request: httpx.Response(401, json={"message": f"bad token {SECRET}"}),
    "error 404": lambda request: httpx.Response(404, text="nothing here"),
    "a web page": lambda request: httpx.Response(200, text="<html>Sign in</html>"),
    "nothing": lambda request: httpx.Response(200, text=""),
    "null": lambda request: httpx.Response(200, text="null"),
    "a list": lambda request: httpx.Response(200, text="[]"),
    "half an answer": lambda request: httpx.Response(200, text='{"items": [{"store_sku": "A'),
    "wrong shapes": lambda request: httpx.Response(200, json={"items": [5], "lines": "x", "response": None}),
}


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"no route with {SECRET}")


ANSWERS["no connection"] = _refuse


@pytest.fixture(params=sorted(CONNECTORS))
def channel(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


def _store(channel: str, answer: Callable[[httpx.Request], httpx.Response]) -> Connector:
    kind = CONNECTORS[channel]
    settings = dict.fromkeys(kind.settings, "made-up") | SETTINGS.get(channel, {})
    vault = MemoryVault(**dict.fromkeys(kind.secrets, SECRET))
    return kind(settings, vault, httpx.MockTransport(answer))


def test_it_says_what_it_is(channel: str) -> None:
    """CH-7: features and limits are data beside the connector."""
    kind = CONNECTORS[channel]
    assert (kind.channel, bool(kind.title)) == (channel, True)
    assert isinstance(kind.features, Features)
    assert isinstance(kind.limits, Limits)
    assert min(kind.limits.products_page, kind.limits.orders_page, kind.limits.stock_batch, kind.limits.burst) >= 1
    assert kind.limits.rate_per_second > 0


def test_its_settings_are_explained_and_secrets_apart(channel: str) -> None:
    """CH-6: what is secret lives in the vault, never among the plain settings."""
    kind = CONNECTORS[channel]
    assert kind.secrets
    assert not set(kind.settings) & set(kind.secrets)
    assert kind.addresses <= set(kind.settings)
    for name, explained in {**kind.settings, **kind.secrets}.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert explained


def test_it_has_every_call_with_the_protocols_parameters(channel: str) -> None:
    for name, wanted in inspect.getmembers(Connector, inspect.isfunction):
        if name.startswith("_"):
            continue
        have = inspect.signature(getattr(CONNECTORS[channel], name))
        assert list(have.parameters) == list(inspect.signature(wanted).parameters), name


def test_making_one_calls_nobody(channel: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise AssertionError("a connector that is only made must not call out")

    _store(channel, fail)


@pytest.mark.parametrize("answer", sorted(ANSWERS))
@pytest.mark.parametrize("call", sorted(CALLS))
def test_trouble_is_always_a_channel_error_without_secrets(
    channel: str, call: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CH-6, PSH-10: whatever a market answers becomes a named error, and none of them shows a credential."""
    monkeypatch.setattr("server.channels.http.RETRY_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("server.channels.pacing.Bucket.take", lambda self: None)
    try:
        CALLS[call](_store(channel, ANSWERS[answer]))
    except ChannelError as problem:
        assert SECRET not in f"{problem} {problem.reason}"
        assert problem.reason
    else:
        # Only a call that needs nothing of the answer may be content with any 200.
        assert call == "subscribe"


def test_a_market_that_is_away_is_unreachable(channel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PSH-10: no line is ever blamed for a market that is away."""
    monkeypatch.setattr("server.channels.http.RETRY_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("server.channels.pacing.Bucket.take", lambda self: None)
    for answer in ("no connection", "error 500", "half an answer"):
        with pytest.raises(Unreachable):
            CALLS["set_stock"](_store(channel, ANSWERS[answer]))


def test_what_it_says_it_lacks_is_unsupported(channel: str) -> None:
    kind = CONNECTORS[channel]
    store = _store(channel, ANSWERS["error 500"])
    lacking = {
        "news": kind.features.news is not News.QUEUE,
        "subscribe": kind.features.news is News.NONE,
        "settle": not kind.features.asynchronous_stock,
    }
    for call in (name for name, lacks in lacking.items() if lacks):
        with pytest.raises(Unsupported):
            CALLS[call](store)


def test_an_unsigned_webhook_is_forged(channel: str) -> None:
    """CH-5: no news without a signature."""
    if CONNECTORS[channel].features.news is not News.WEBHOOK:
        pytest.skip(f"{channel} sends no webhooks")
    store = _store(channel, ANSWERS["error 500"])
    for headers in ({}, {"Authorization": "0" * 64}, {"X-Sandbox-Signature": "0" * 64}):
        with pytest.raises(Forged):
            store.open_webhook(WebhookRequest("https://here.test/webhooks/1", headers, b"{}"), NOW)


def test_its_room_has_the_same_files_as_the_others(channel: str) -> None:
    room = CHANNELS / channel.replace("-", "_")
    assert {path.name for path in room.glob("*.py")} >= {"client.py", "connector.py", "limits.py", "mapping.py"}


def test_its_mapping_is_pure(channel: str) -> None:
    source = (CHANNELS / channel.replace("-", "_") / "mapping.py").read_text()
    for word in ("import httpx", "from server.channels.http", "import time", "datetime.now("):
        assert word not in source
