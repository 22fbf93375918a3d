"""Every colour that text stands in can be told from its ground: WCAG 2.2, AA, light and dark, page and sheets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import server.web
from validators.writing import styling
from validators.writing.outcome_cells import Style

CSS = (Path(server.web.__file__).parent / "static" / "start.css").read_text(encoding="utf-8")
#: Ordinary text, and what is no text: dots, the focus ring.
TEXT, SHAPE = 4.5, 3.0
#: Text colour, and what it stands on.
ON_PAGE = [
    *((ink, on) for ink in ("ink", "muted", "accent", "error-ink") for on in ("page", "card", "hover")),
    *((f"{kind}-ink", kind) for kind in ("ok", "warning", "error", "plain", "fresh")),
    ("on-tint", "accent-tint"),
]


def _schemes() -> dict[str, dict[str, str]]:
    light, dark = (dict(re.findall(r"--([\w-]+): *(#[0-9a-f]{6})", block)) for block in _roots())
    return {"light": light, "dark": {**light, **dark}}


def _roots() -> list[str]:
    return re.findall(r":root *\{(.*?)\}", CSS, re.DOTALL)


def _channels(colour: str) -> list[float]:
    return [int(colour.lstrip("#")[at : at + 2], 16) / 255 for at in (0, 2, 4)]


def _luminance(colour: str) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _contrast(first: str, second: str) -> float:
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _mixed(over: str, under: str, share: float) -> str:
    pairs = zip(_channels(over), _channels(under), strict=True)
    return "#" + "".join(f"{round(255 * (share * a + (1 - share) * b)):02x}" for a, b in pairs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_on_the_page(scheme: str) -> None:
    """Also on a row under the pointer, and on a figure that has just been told."""
    colours = _schemes()[scheme]
    colours["hover"] = _mixed(colours["accent-tint"], colours["card"], 0.3)
    found = {f"{ink} on {on}": round(_contrast(colours[ink], colours[on]), 2) for ink, on in ON_PAGE}
    assert {pair: ratio for pair, ratio in found.items() if ratio < TEXT} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_on_the_page(scheme: str) -> None:
    """The focus ring and the dots that say whether the page is alive."""
    colours = _schemes()[scheme]
    found = {f"{ink} on {on}": _contrast(colours[ink], colours[on])
             for ink in ("accent", "alive", "gone", "muted") for on in ("page", "card")}  # fmt: skip
    assert {pair: ratio for pair, ratio in found.items() if ratio < SHAPE} == {}


def test_no_colour_is_written_elsewhere() -> None:
    """What is checked above is all there is: rules name colours, they do not mix their own."""
    rules = CSS
    for block in _roots():
        rules = rules.replace(block, "")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rules) == []


@pytest.mark.parametrize("style", [style for style in Style if style in styling.PAINTS])
def test_status_colours_of_a_sheet(style: Style) -> None:
    """WB-6: a status can be read in its colour, and so can a value in a marked cell."""
    paint = styling.PAINTS[style]
    assert _contrast(paint.ink, paint.fill) >= TEXT
    assert _contrast(styling.INK, paint.fill) >= TEXT


@pytest.mark.parametrize("look", ["REQUIRED_HEADER", "OPTIONAL_HEADER", "INFO_HEADER", "TOOLS_HEADER"])
def test_headers_of_a_sheet(look: str) -> None:
    """WB-3: headers, and the greys beside them."""
    properties = getattr(styling, look)
    assert _contrast(properties["font_color"], properties["bg_color"]) >= TEXT
    assert _contrast(styling.MUTED, "FFFFFF") >= TEXT and _contrast(styling.ACCENT, "FFFFFF") >= TEXT
    assert _contrast(styling.INK, styling.GAP) >= TEXT
