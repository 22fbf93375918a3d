"""certificate: what `serve --tls` shows where there is no public certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from server import certificates, clock
from server.cli.opening import settings
from server.cli.output import AsJson, record, say


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(certificate)


def certificate(
    host: Annotated[
        list[str] | None, typer.Option(help="A name or address others reach this server by. May be given often.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Replace the one that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a certificate for `serve --tls`: for localhost, and for names of your own."""
    files = certificates.files_in(settings().data_dir)
    made = certificates.make(files, host or (), clock.now(), again=again)
    shown = {
        "hosts": list(made.hosts) if as_json else ", ".join(made.hosts),
        "valid_until": made.valid_until.isoformat(),
        "authority": str(files.authority.absolute()),
        "certificate": str(files.certificate.absolute()),
        "key": str(files.key.absolute()),
    }
    record(shown, as_json=as_json)
    if not as_json:
        for line in _next([host for host in made.hosts if host not in certificates.ALWAYS]):
            say(line)


def _next(hosts: Sequence[str]) -> Iterator[str]:
    """What to do on each computer that opens this server's pages, and here."""
    yield ""
    yield "Each computer that opens this server's pages has to trust the authority, once. Copy the file there, and:"
    yield ""
    yield "  Windows        certutil -user -addstore Root authority.crt"
    yield "  macOS          security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db \\"
    yield "                   authority.crt"
    yield "  Debian, Ubuntu sudo cp authority.crt /usr/local/share/ca-certificates/stockbook.crt"
    yield "                 sudo update-ca-certificates"
    yield "  Firefox (and Chromium on Linux): Settings, Certificates, Authorities, Import"
    yield ""
    yield "Start Excel and the browser anew. Here:"
    yield ""
    yield "  python -m server serve --tls"
    if hosts:
        yield ""
        yield "with --host 0.0.0.0, so that others reach it, and so that it answers to its name, the setting"
        yield ""
        yield f"  STOCKBOOK_TRUSTED_HOSTS={','.join(hosts)}"
