"""demo: everything at once, for the first five minutes. `make run` is this."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import httpx
import typer

from server.cli.example import loading, trickle
from server.cli.opening import Opened, settings
from server.cli.output import complain, log_to_stderr, say
from server.cli.serving import Host, Port, is_loopback, terminating, web
from server.cli.starting import TOKEN_FILE, ready, show_first_token
from server.errors import Refused, StockbookError
from server.settings import Settings

log = logging.getLogger(__name__)

SANDBOX = "stockbook-sandbox"
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
#: the example company is to be loaded; it is there, so its buyers may order
_PENDING, _LOADED = "example.pending", "example.loaded"
_PID = "sandbox.pid"


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(demo)


def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    sandbox_port: Annotated[int, typer.Option(min=1, max=65535, help="The sandbox store's port.")] = 8100,
) -> None:
    """A server, a sandbox store and, the first time, an example company. Ctrl-C stops everything."""
    chosen = _reachable(settings(), host, port)
    _refuse_taken(host, port)
    with terminating(), ready(chosen, upgrade=True) as found:
        pending = chosen.data_dir / _PENDING
        if found.token is not None:
            pending.touch()
        with (
            _sandbox(chosen.data_dir, sandbox_port) as sandbox_url,
            web(found, host, port, open_start_page=is_loopback(host)) as server,
            _company(found, server.address, sandbox_url, pending),
        ):
            log_to_stderr(os.environ.get("STOCKBOOK_LOG", "info"))
            server.run()
    say("stopped; your data is kept")


def _refuse_taken(host: str, port: int) -> None:
    """Before anything is started or stopped: another demo on this port has its sandbox store, which is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        if os.name != "nt":  # a port that was just left is free; there the option would share one that is taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(f"can't listen on {host}:{port}: {error.strerror or error}; PORT= chooses another") from error


def _reachable(chosen: Settings, host: str, port: int) -> Settings:
    """With an address for the sandbox store's webhooks, unless one is set: orders then arrive within a second."""
    if chosen.public_url or not port:
        return chosen
    shown = host if is_loopback(host) else "127.0.0.1"
    return replace(chosen, public_url=f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}")


@contextmanager
def _company(found: Opened, address: str, sandbox_url: str, pending: Path) -> Iterator[None]:
    """The example company lives within the block: it is loaded, and its buyers order."""
    stopping = threading.Event()

    def live() -> None:
        _welcome(found, address, sandbox_url, pending, stopping)
        if found.settings.demo_orders and pending.with_name(_LOADED).exists() and not stopping.is_set():
            trickle.buy(address, sandbox_url, _token(found), stopping)

    thread = threading.Thread(target=live, name="example", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=_STOP_SECONDS)


def _token(found: Opened) -> str:
    kept = found.settings.data_dir / TOKEN_FILE
    return kept.read_text(encoding="utf-8").strip() if kept.exists() else ""


def _welcome(found: Opened, address: str, sandbox_url: str, pending: Path, stopping: threading.Event) -> None:
    """Once the server answers: load the example if this is the first start, then say where everything is."""
    try:
        _wait_until_it_answers(f"{address}/readyz")
        if pending.exists():
            loading.load(address, sandbox_url, _token(found))
            pending.replace(pending.with_name(_LOADED))
    except (StockbookError, httpx.HTTPError, OSError) as error:
        if stopping.is_set():
            return  # the next start goes on where this one was stopped
        complain(f"the example company could not be loaded: {error}")
    say("")
    say(f"Stockbook:     {address}/")
    say(f"Sandbox store: {sandbox_url}/sandbox/v1")
    show_first_token(found)
    for line in _things_to_try(found, address):
        say(line)


def _things_to_try(found: Opened, address: str) -> list[str]:
    token = f"$(cat {found.settings.data_dir / TOKEN_FILE})"
    curl = f'curl -s -H "Authorization: Bearer {token}"'
    return [
        "",
        "Three things to try:",
        f"  1. watch the figures move           {address}/",
        f"  2. read the API and try a call      {address}/api/v1/docs",
        f"  3. fetch a workbook to fill in      {curl} -o stock_in.xlsx {address}/api/v1/templates/stock_in.xlsx",
        "",
        "Ctrl-C stops everything.",
    ]


@contextmanager
def _sandbox(folder: Path, port: int) -> Iterator[str]:
    """The sandbox store's address. One that already answers on the port is used; one of ours is stopped at the end.

    It is a process of its own and stays when this one is killed, as a marketplace would; its number is kept in the
    data folder, so that the next start knows it for ours.
    """
    address, kept = f"http://127.0.0.1:{port}", folder / _PID
    if not _is_sandbox(address):
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "server.sandbox", "--port", str(port), "--path", str(folder / "sandbox.db")]
        # a session of its own: Ctrl-C reaches us first, and we stop it after the jobs that talk to it
        process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        kept.write_text(f"{process.pid} {port}\n", encoding="utf-8")
        _wait_for_sandbox(address, process)
    try:
        yield address
    finally:
        _stop_ours(kept, port)


def _is_sandbox(address: str) -> bool:
    try:
        return str(httpx.get(f"{address}/sandbox/v1/", timeout=2).json().get("name")) == SANDBOX
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _wait_for_sandbox(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while not _is_sandbox(address):
        if process.poll() is not None or time.monotonic() > until:
            process.terminate()
            raise Refused(f"the sandbox store does not start on {address}; is the port taken? (SANDBOX_PORT=)")
        time.sleep(0.1)


def _wait_until_it_answers(url: str) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError as error:
            log.debug("not yet: %s", error)
        if time.monotonic() > until:
            raise Refused(f"{url} does not answer")
        time.sleep(0.05)


def _stop_ours(kept: Path, port: int) -> None:
    """Stop the sandbox we (or an earlier start that was killed) began on this port, and no other process."""
    try:
        pid, its_port = (int(part) for part in kept.read_text(encoding="utf-8").split())
    except (OSError, ValueError):
        return
    if its_port != port or not _is_our_sandbox(pid):
        return
    kept.unlink(missing_ok=True)
    os.kill(pid, signal.SIGTERM)
    for _ in range(100):
        if not _is_our_sandbox(pid):
            return
        time.sleep(0.05)


def _is_our_sandbox(pid: int) -> bool:
    """Whether the process of that number is a sandbox store: numbers are used again."""
    if os.name == "nt":
        shown = _output_of(["wmic", "process", "where", f"processid={pid}", "get", "commandline"])
    else:
        _reap(pid)
        shown = _command_of(pid)
    return "server.sandbox" in shown


def _command_of(pid: int) -> str:
    known = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        return known.read_bytes().replace(b"\0", b" ").decode(errors="replace") if known.exists() else ""
    return _output_of(["ps", "-o", "args=", "-p", str(pid)])


def _output_of(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
