"""Files that are whole or not there: written aside, then renamed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def written_aside(target: Path) -> Iterator[IO[bytes]]:
    """A file open for writing that takes the place of `target` at the end of the block, and vanishes on an error."""
    aside = target.with_name(f".{target.name}.part")
    try:
        with aside.open("w+b") as file:
            yield file
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
