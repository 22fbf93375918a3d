"""Right files with a few bytes changed, by a fixed seed: read or refused in words, never anything else."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from tests.hostile.make import ALL
from validators.checking.steps import check
from validators.reading import Unreadable, read
from validators.registry import WORKBOOKS

_RIGHT = [case for case in ALL if case.name in ("xls", "ods", "csv", "no-extension", "backslashes")]
_SEED = 20260420


def _changed(data: bytes, chance: random.Random) -> bytes:
    """A few bytes other, gone, or twice."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(changed)), chance.randint(1, 40)
        if chance.random() < 0.5:
            changed[at] = chance.randrange(256)
        elif chance.random() < 0.5:
            changed[at:at] = changed[at : at + length]
        elif len(changed) > length:
            del changed[at : at + length]
    return bytes(changed)


def _changed_inside(data: bytes, chance: random.Random) -> bytes:
    """The same inside one part of an archive, so that check sums are right again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(buffer, "w") as out:
        names = archive.namelist()
        target = chance.choice(names)
        for name in names:
            content = archive.read(name)
            out.writestr(name, _changed(content, chance) if name == target and content else content)
    return buffer.getvalue()


@pytest.mark.parametrize("number", range(60))
def test_a_few_bytes_changed(number: int, tmp_path: Path) -> None:
    """Sixty mutations: this process goes on, and every refusal has its sentence."""
    chance = random.Random(_SEED + number)
    case = chance.choice(_RIGHT)
    data = case.data
    inside = data.startswith(b"PK") and chance.random() < 0.8
    path = tmp_path / "upload"
    path.write_bytes(_changed_inside(data, chance) if inside else _changed(data, chance))
    try:
        raw = read(path, filename=case.filename, workbooks=WORKBOOKS, template="stock_in")
    except Unreadable as refusal:
        assert len(str(refusal)) > 20
    else:
        assert all(finding.text for finding in [*raw.findings, *check(raw).findings])
