"""The API over both databases, for use cases that are asked for over HTTP."""

from tests.server.api.conftest import api

__all__ = ["api"]
