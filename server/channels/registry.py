"""The only list of channels: name -> connector."""

from __future__ import annotations

from server.channels.protocol import Connector
from server.channels.sandbox.connector import SandboxConnector

CONNECTORS: dict[str, type[Connector]] = {SandboxConnector.channel: SandboxConnector}
