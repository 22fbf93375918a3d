"""Ports for servers that tests stop and start again."""

from __future__ import annotations

import random
import socket

#: Below every system's range for outgoing calls: a port from that range can be lent to some client while its server is
#: stopped, and the server then can't come back to it.
_LOWEST, _HIGHEST = 15_000, 32_000


def free_port() -> int:
    """A loopback port that nobody listens on, and that no outgoing call is given by chance."""
    while True:
        port = random.SystemRandom().randrange(_LOWEST, _HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
