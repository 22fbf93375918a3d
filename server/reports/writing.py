"""Files that are whole or not there: written aside, then renamed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from server.errors import Refused


@contextmanager
def written_aside(target: Path) -> Iterator[IO[bytes]]:
    """A file open for writing that takes the place of `target` at the end of the block, and vanishes on an error.

    Raises `Refused` where its folder is not there.
    """
    if not target.parent.is_dir():
        raise Refused(f"there is no folder {target.parent}; make it first, or write the file elsewhere")
    aside = target.with_name(f".{target.name}.part")
    try:
        with aside.open("w+b") as file:
            yield file
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
