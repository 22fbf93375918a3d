"""One Idempotency-Key for one press of Apply, also when it is pressed again because nothing seemed to happen (ADD-2).

A key is made for a state of a sheet and kept in a small file until an answer to it has come back. So a second press
while the first is on its way, or after its answer got lost, repeats the first; a press after an answer is a new one,
and what it means is the server's to say (applied before: skipped, or refused as a duplicate).
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path

#: A press whose answer never came is forgotten after a day: by then somebody has looked at the history.
_FORGOTTEN_SECONDS = 24 * 3600.0


class Presses:
    """The presses that wait for an answer, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self, fingerprint: str) -> str:
        """The key of the press that waits with this fingerprint; a new one if there is none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._forget_old()
        path = self._folder / fingerprint
        made = secrets.token_hex(16)
        try:
            with path.open("x", encoding="ascii") as file:
                file.write(made)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip() or fingerprint
        return made

    def answered(self, fingerprint: str) -> None:
        """Its answer has come back."""
        (self._folder / fingerprint).unlink(missing_ok=True)

    def _forget_old(self) -> None:
        for path in self._folder.iterdir():
            try:
                if time.time() - path.stat().st_mtime > _FORGOTTEN_SECONDS:
                    path.unlink()
            except FileNotFoundError:
                continue  # its answer came at this very moment
