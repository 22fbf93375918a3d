"""The one way in: a file on disk -> a raw sheet, or a refusal in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from validators.extracting.job import Job
from validators.extracting.refusing import Unreadable
from validators.messages import Finding
from validators.reading.archive import look
from validators.reading.limits import Limits
from validators.reading.process import reader
from validators.reading.raw import RawSheet
from validators.reading.sheets import from_grid, shape_of
from validators.reading.signatures import kind_of
from validators.workbooks import Workbook

_MB = 1024 * 1024


def read(
    path: Path,
    *,
    filename: str,
    workbooks: Mapping[str, Workbook],
    template: str | None = None,
    limits: Limits | None = None,
) -> RawSheet:
    """Read an uploaded file that stands at `path` under a made-up name (WB-9, WB-10, WB-12).

    `filename` is the name people gave it; `template` the template the caller named, for files that can't tell.
    Raises Unreadable with a code and its facts, or Busy where too many files are being read at once.
    """
    limits = limits or Limits()
    size = path.stat().st_size
    if size > limits.file:
        raise Unreadable("file-too-large", size=-(-size // _MB), limit=limits.file // _MB)
    if template is not None and template not in workbooks:
        raise Unreadable("file-unknown-template", template=template)
    kind = kind_of(path)
    with reader(limits) as child:
        if kind == "zip":
            kind = look(path, filename, limits)
        shapes = [shape_of(workbook) for workbook in workbooks.values()]
        grid = child.extract(Job(str(path.resolve()), kind, shapes, template, _sizes(limits)))
    raw = from_grid(grid, workbooks[grid.template])
    if len(raw) > limits.rows:
        raw.findings.insert(0, Finding("file-too-many-rows", facts={"rows": len(raw), "limit": limits.rows}))
    return raw


def _sizes(limits: Limits) -> dict[str, int]:
    """The limits a child needs, as whole numbers."""
    return {name: int(value) for name, value in dataclasses.asdict(limits).items()}
