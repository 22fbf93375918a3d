"""Fonts for labels: the first one that has every letter of a text. Titles come in any language."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

#: Name, plain file, bold file; looked for on the machine, widest use first. Vera comes with the PDF library.
_FILES = (
    ("Vera", "Vera.ttf", "VeraBd.ttf"),
    ("DejaVu", "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("Arial", "arial.ttf", "arialbd.ttf"),
    ("ArialMac", "Arial.ttf", "Arial Bold.ttf"),
    ("Tahoma", "tahoma.ttf", "tahomabd.ttf"),
    ("Liberation", "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("NotoSans", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("NotoThai", "NotoSansThai-Regular.ttf", "NotoSansThai-Bold.ttf"),
    ("Garuda", "Garuda.ttf", "Garuda-Bold.ttf"),
    ("ArialUnicode", "Arial Unicode.ttf", "Arial Unicode.ttf"),
)
_FOLDERS = {
    "win32": ("C:/Windows/Fonts",),
    "darwin": ("/System/Library/Fonts/Supplemental", "/Library/Fonts", "/System/Library/Fonts"),
}
_LINUX = ("/usr/share/fonts", "/usr/local/share/fonts")
#: Chinese, Japanese and Korean letters: fonts that every PDF reader brings along. First letter, last letter, font.
_EAST_ASIAN = (
    (0x3040, 0x30FF, "HeiseiKakuGo-W5"),
    (0xAC00, 0xD7AF, "HYGothic-Medium"),
    (0x2E80, 0x9FFF, "STSong-Light"),
    (0xFF00, 0xFFEF, "STSong-Light"),
)


def font_for(text: str, *, bold: bool = False) -> tuple[str, str]:
    """The font that has every letter of `text`, and the text as it can be printed with it: letters that no font of
    this machine has become `?`."""
    needed = {ord(letter) for letter in text if not letter.isspace()}
    found = _registered()
    for plain, strong, letters in found:
        if needed <= letters:
            return (strong if bold else plain), text
    for first, last, name in _EAST_ASIAN:
        if any(first <= letter <= last for letter in needed):
            _register_east_asian(name)
            return name, "".join(letter if ord(letter) < 0x10000 else "?" for letter in text)
    plain, strong, letters = max(found, key=lambda one: len(needed & one[2]))
    return (strong if bold else plain), "".join(c if ord(c) in letters or c.isspace() else "?" for c in text)


@lru_cache(maxsize=1)
def _registered() -> list[tuple[str, str, frozenset[int]]]:
    """Fonts found on this machine: plain name, bold name, the letters that both have."""
    paths = dict(_font_files())
    found: list[tuple[str, str, frozenset[int]]] = []
    for name, *files in _FILES:
        try:
            letters = [_register(f"{name}-{weight}", paths[file]) for weight, file in enumerate(files)]
        except (KeyError, TTFError):
            continue
        found.append((f"{name}-0", f"{name}-1", letters[0] & letters[1]))
    assert found, "the PDF library brings one along"
    return found


def _register(name: str, path: Path) -> frozenset[int]:
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def _font_files() -> Iterator[tuple[str, Path]]:
    wanted = {file for _, *files in _FILES for file in files}
    own = Path(reportlab.__file__).parent / "fonts"
    for folder in (*map(Path, _FOLDERS.get(sys.platform, _LINUX)), own):
        for path in folder.rglob("*.[tT][tT][fF]") if folder.is_dir() else ():
            if path.name in wanted:
                yield path.name, path


@lru_cache(maxsize=8)
def _register_east_asian(name: str) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(name))
