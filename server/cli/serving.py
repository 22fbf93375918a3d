"""serve, worker, sandbox: what runs until it is stopped."""

from __future__ import annotations

import ctypes
import gc
import ipaddress
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from server import certificates, clock
from server.app import Server
from server.cli.opening import Opened, settings
from server.cli.output import complain, log_to_stderr, say
from server.cli.starting import ready, show_first_token
from server.errors import WrongUse
from server.listening import Tls
from server.sandbox import http as sandbox_http
from server.settings import Settings
from server.worker import Worker

Host = Annotated[
    str, typer.Option(help="Address to listen on. Others than this machine's own: set STOCKBOOK_TRUSTED_HOSTS.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]

#: A certificate that lasts no longer is worth a word at each start.
_SOON = timedelta(days=30)

#: `M_MMAP_THRESHOLD` of malloc.h.
_MMAP_THRESHOLD = -3


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(serve)
    app.command()(worker)
    app.command()(sandbox)


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    no_jobs: Annotated[bool, typer.Option("--no-jobs", help="Answer requests only; jobs run in `worker`.")] = False,
    tls: Annotated[bool, typer.Option("--tls", help="Speak HTTPS, as the Office add-in needs.")] = False,
    certificate: Annotated[
        Path | None, typer.Option(help="PEM file to show instead of the one that `certificate` makes.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file with its private key, if it stands apart.")] = None,
) -> None:
    """Answer requests and run jobs, until Ctrl-C."""
    chosen = settings()
    secure = _tls(chosen, tls, certificate, key)  # before anything is made that a refusal would leave behind
    with terminating(), ready(chosen) as found:
        log_to_stderr("info")
        with web(found, host, port, jobs=not no_jobs, tls=secure) as server:
            say(f"Stockbook answers on {server.address}")
            if secure is not None:
                say(f"Office add-in: {server.address}/addin/manifest.xml")
            if not is_loopback(host):
                say(who_is_answered(found.settings.trusted_hosts))
            show_first_token(found)
            server.run()
    say("stopped")


def worker() -> None:
    """Run jobs only, until Ctrl-C."""
    with terminating(), ready(settings()) as found:
        log_to_stderr("info")
        collect_rarely()
        give_back_large_blocks()
        with working(found):
            say("jobs are running")
            try:
                threading.Event().wait()
            except (KeyboardInterrupt, SystemExit):
                say("stopping")
    say("stopped")


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8100,
    path: Annotated[Path | None, typer.Option(help="Its file. Unless given: sandbox.db in the data folder.")] = None,
) -> None:
    """A small marketplace to try everything with; keeps its state."""
    file = path or settings().data_dir / "sandbox.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    with terminating():
        told = f"the sandbox store answers on http://{host}:{port}/sandbox/v1"
        sandbox_http.serve(file, host, port, ready=lambda: say(told))


def _tls(chosen: Settings, wanted: bool, certificate: Path | None, key: Path | None) -> Tls | None:
    """What to show browsers; None for plain HTTP. Raises `Refused` where our own certificate is missing or too old."""
    if not wanted:
        if certificate or key:
            raise WrongUse("--certificate and --key belong to --tls: say --tls as well")
        return None
    if certificate:
        certificates.refuse_run_out(certificate, clock.now())
        return Tls(certificate, key)
    if key:
        raise WrongUse("--key is the key of a --certificate: name both")
    ours, at = certificates.files_in(chosen.data_dir), clock.now()
    until = certificates.usable(ours, at).valid_until
    if until - at < _SOON:
        complain(f"the certificate runs out on {until:%Y-%m-%d}: python -m server certificate --again makes a new one")
    return Tls(ours.certificate, ours.key)


@contextmanager
def web(
    found: Opened, host: str, port: int, *, jobs: bool = True, tls: Tls | None = None, open_start_page: bool = False
) -> Iterator[Server]:
    """A server that listens, with jobs beside it; ready once recovery is done. Stops jobs at the end.

    `open_start_page`: the start page shows figures to whoever reaches it; for the demo on this machine only.
    """
    collect_rarely()
    give_back_large_blocks()
    server = Server(found.db, found.settings, host, port, tls=tls, open_start_page=open_start_page)
    try:
        with working(found) if jobs else nullcontext():
            server.shared.ready.set()
            yield server
    finally:
        server.close()


def who_is_answered(trusted_hosts: str) -> str:
    """For servers that others can reach: they ask for a name, and are answered under ours alone."""
    if "*" in trusted_hosts:
        return "it answers to any name it is asked for"
    if trusted_hosts.strip():
        return f"it answers to this machine, and to others that ask for {trusted_hosts}"
    return "it answers this machine only: set STOCKBOOK_TRUSTED_HOSTS to the names others reach it by (* for any)"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def working(found: Opened) -> Iterator[None]:
    """Jobs run within the block."""
    jobs = Worker(found.db, found.settings)
    jobs.start()
    try:
        yield
    finally:
        jobs.stop()


def collect_rarely() -> None:
    """For processes that serve: look for cycles of dead objects after 50,000 new ones, not after 700.

    A large upload makes millions of objects that live till its end and have no cycles; looking through them again and
    again took a third of its time. What was imported is never looked through again.
    """
    gc.freeze()
    gc.set_threshold(50_000)


def give_back_large_blocks() -> None:
    """For processes that serve, on Linux: a block of 128 KB and more goes back to the system when it is let go.

    After the first large upload the C library would keep such blocks for later ones, in pieces that small blocks then
    hold apart: a server that had worked on three uploads of 50,000 rows kept 45 MB more.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_MMAP_THRESHOLD, 128 * 1024)


@contextmanager
def terminating() -> Iterator[None]:
    """Within the block SIGTERM ends the process as Ctrl-C does: in order."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        say("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
