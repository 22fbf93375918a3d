"""The Office tab's icons are those that docs/pictures/icons.py draws."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from docs.pictures.icons import FOLDER, TEAL, out_of_date


def test_the_icons_are_what_is_drawn() -> None:
    """ADD-1: a picture that was changed by hand would be lost with the next drawing."""
    assert out_of_date() == []


def test_a_changed_a_missing_and_a_strange_picture_are_named(tmp_path: Path) -> None:
    """The check sees a single pixel."""
    folder = tmp_path / "icons"
    shutil.copytree(FOLDER, folder)
    with Image.open(folder / "apply-32.png") as picture:
        picture.putpixel((0, 0), (255, 0, 0, 1))
        picture.save(folder / "apply-32.png")
    (folder / "push-16.png").unlink()
    shutil.copy(FOLDER / "push-16.png", folder / "more-16.png")
    assert out_of_date(folder) == ["apply-32.png", "more-16.png", "push-16.png"]


def test_they_can_be_told_from_a_light_and_a_dark_ribbon() -> None:
    """WCAG 2.2, 1.4.11: what an icon is about stands out 3 to 1 from Excel's ribbon in both themes."""
    light, dark = _luminance("#f5f5f5"), _luminance("#262626")
    for colour in (TEAL, "#d97706"):
        ours = _luminance(colour)
        assert (light + 0.05) / (ours + 0.05) > 2.8 and (ours + 0.05) / (dark + 0.05) > 3, colour


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
