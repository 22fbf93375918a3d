"""`python -m validators.generate [--check]`: templates_xlsx/ and the reference pages that come out of validators/.

With `--check` nothing is written; files that are out of date are named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import io
import sys
import zipfile
from pathlib import Path

from validators.documenting import messages_page, templates_page
from validators.messages import CODES
from validators.registry import WORKBOOKS
from validators.templates.building import build

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES, REFERENCE = "templates_xlsx", "docs/reference"
#: Holds the time of writing; the only part that may differ.
_TIMES = "docProps/core.xml"


def made() -> dict[str, bytes]:
    """Every generated file: its path from the project's root -> what should stand in it."""
    files = {f"{TEMPLATES}/{workbook.id}.xlsx": build(workbook) for workbook in WORKBOOKS.values()}
    files[f"{REFERENCE}/templates.md"] = templates_page(WORKBOOKS.values()).encode()
    files[f"{REFERENCE}/messages.md"] = messages_page(CODES.values()).encode()
    return files


def out_of_date(root: Path = ROOT) -> list[str]:
    """The generated files that are missing, differ from what the code says, or belong to no template any more."""
    files = made()
    stale = [name for name, data in files.items() if not _same(root / name, data)]
    left_over = {f"{TEMPLATES}/{path.name}" for path in (root / TEMPLATES).glob("*.xlsx")} - set(files)
    return sorted([*stale, *left_over])


def write(root: Path = ROOT) -> list[str]:
    """Write what is out of date, take left-overs away, and return what was changed."""
    files = made()
    changed = out_of_date(root)
    for name in changed:
        path = root / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
        else:
            path.unlink()
    return changed


def _same(path: Path, data: bytes) -> bool:
    if not path.exists():
        return False
    there = path.read_bytes()
    return there == data if path.suffix != ".xlsx" else _parts(there) == _parts(data)


def _parts(data: bytes) -> dict[str, bytes] | None:
    """An .xlsx file's parts, save the one with the time; None for what is no zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist() if name != _TIMES}
    except zipfile.BadZipFile:
        return None


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m validators.generate", description="Write the generated files.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    checking = parser.parse_args().check
    names = out_of_date() if checking else write()
    for name in names:
        print(f"{'out of date' if checking else 'written'}: {name}")
    if checking and names:
        print("Run `make templates` and commit the result.")
    return 1 if checking and names else 0


if __name__ == "__main__":
    sys.exit(main())
