"""The example company of the first `make run`: workbooks uploaded through the API, as a user would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx

from server.errors import Refused

TIMEOUT_SECONDS = 60.0

#: Filled-in templates, in the order in which they build on each other.
WORKBOOKS: Sequence[Path] = ()


def load(base_url: str, sandbox_url: str, token: str) -> None:
    """Upload the example's workbooks to the server at `base_url`; its stores are shops of `sandbox_url`.

    Runs again after a start that was cut off, so everything in it must bear that. Raises `Refused` with the
    server's own words.
    """
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{base_url}/api/v1", headers=headers, timeout=TIMEOUT_SECONDS) as api:
        for workbook in WORKBOOKS:
            sent = {"file": (workbook.name, workbook.read_bytes())}
            answer = api.post("/uploads", params={"mode": "apply"}, files=sent)
            if answer.is_error:
                raise Refused(f"the example's {workbook.name} was not taken: {answer.text[:500]}")
