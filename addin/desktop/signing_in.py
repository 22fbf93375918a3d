"""Sign in: which server, and who."""

from __future__ import annotations

from addin.client.errors import AddinError
from addin.client.http import Server
from addin.desktop import config


class NoToken(AddinError):
    """The window was closed with an empty token."""

    title = "No access token"

    def __init__(self) -> None:
        super().__init__("Paste the access token: it begins with sb_. An administrator makes one for you.")


def sign_in(address: str, token: str) -> str:
    """Try the token at that server, and only then keep both; gives a sentence. Raises what the server says."""
    server = config.tidy_address(address)
    if not token:
        raise NoToken
    with Server(server, token) as tried:
        count = len(tried.templates())
    config.keep_token(server, token)
    config.change(server=server)
    return f"Signed in at {server}. {count} templates are ready: press Get template."
