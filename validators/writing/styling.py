"""How workbooks look: one accent, calm greys, and one colour for each kind of outcome. Colours are RRGGBB.

Every colour stands here and nowhere else, so that template, result workbook and reports agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from validators.columns import Column, Kind
from validators.writing.outcome_cells import Style

FONT = "Calibri"
ACCENT = "0F766E"
ACCENT_TINT = "D7ECE8"
INK = "1F2937"
MUTED = "5B6472"
LINE = "E1E5EA"
INFO_TINT = "F3F4F6"
TOOLS_TINT = "E5E7EB"
GAP = "FDF0D5"  # a required cell that is still empty


@dataclass(frozen=True)
class Paint:
    """Background and text colour of one kind of outcome."""

    fill: str
    ink: str


#: Told apart in lightness as well as in hue, so that they survive a grey print-out and colour blindness.
PAINTS: dict[Style, Paint] = {
    Style.OK: Paint("DDF3E4", "14532D"),
    Style.WARNING: Paint("FEF0C7", "7A4B00"),
    Style.ERROR: Paint("FBD5D5", "8B1A1A"),
    Style.CONFLICT: Paint("E7DBF7", "4C1D95"),
    Style.SKIPPED: Paint("ECEEF1", "4B5563"),
}

#: What a status begins with -> its colour, for the conditional format of the Status column.
STATUS_WORDS: dict[str, Style] = {
    "Error": Style.ERROR,
    "Refused": Style.ERROR,
    "Conflict": Style.CONFLICT,
    "Warning": Style.WARNING,
    "OK": Style.OK,
    "Applied": Style.OK,
    "Pushed": Style.OK,
    "Unchanged": Style.OK,
    "Skipped": Style.SKIPPED,
    "Undone": Style.SKIPPED,
}

_BASE: dict[str, Any] = {"font_name": FONT, "font_size": 11, "font_color": f"#{INK}", "valign": "vcenter"}
_HEADER = _BASE | {"bold": True, "indent": 1, "bottom": 1, "bottom_color": f"#{ACCENT}"}
_HEADER |= {"left": 1, "left_color": "#FFFFFF", "right": 1, "right_color": "#FFFFFF"}
_CELL = _BASE | {"border": 1, "border_color": f"#{LINE}", "indent": 1}

BODY = _BASE
TITLE = _BASE | {"bold": True, "font_size": 16, "font_color": f"#{ACCENT}"}
SUBTITLE = _BASE | {"font_color": f"#{MUTED}"}
HEADING = _BASE | {"bold": True, "font_size": 12, "font_color": f"#{ACCENT}"}
LINK = _BASE | {"font_color": f"#{ACCENT}", "underline": 1}
RULE = _BASE | {"font_size": 9, "font_color": f"#{MUTED}", "text_wrap": True, "align": "left", "indent": 1}
REQUIRED_HEADER = _HEADER | {"bg_color": f"#{ACCENT}", "font_color": "#FFFFFF"}
OPTIONAL_HEADER = _HEADER | {"bg_color": f"#{ACCENT_TINT}", "font_color": "#134E4A"}
INFO_HEADER = _HEADER | {"bg_color": f"#{INFO_TINT}", "font_color": f"#{MUTED}", "italic": True}
TOOLS_HEADER = _HEADER | {"bg_color": f"#{TOOLS_TINT}", "font_color": f"#{INK}"}
TOOLS_CELL = _CELL | {"num_format": "@"}
TABLE_CELL = _CELL | {"text_wrap": True, "valign": "vcenter", "align": "left"}
TABLE_CODE = TABLE_CELL | {"num_format": "@"}


def header(column: Column) -> dict[str, Any]:
    """The header cell: strong where a value is required, so that the star is not alone in saying so."""
    if column.info:
        return INFO_HEADER
    return REQUIRED_HEADER if column.required else OPTIONAL_HEADER


def cell(column: Column) -> dict[str, Any]:
    """A data cell: text format where leading zeros or long numbers matter, greyed where only for show."""
    properties = _CELL | {"num_format": number_format(column)}
    if column.info:
        properties |= {"bg_color": f"#{INFO_TINT}", "font_color": f"#{MUTED}"}
    if number_format(column) != "@":
        properties |= {"align": "right"}
    return properties


def number_format(column: Column) -> str:
    """The cell's number format. Prices keep four places but show two where two are enough."""
    if column.is_text or column.kind in (Kind.YES_NO, Kind.CHOICE):
        return "@"
    if column.kind is Kind.DATE:
        return "yyyy-mm-dd"
    if column.kind is Kind.INTEGER:
        return "0"
    return "0.00##" if column.kind is Kind.DECIMAL and column.places >= 4 else "General"


def status_paint(style: Style) -> dict[str, Any]:
    """The conditional format of a status. Without a font name: Excel ignores one there."""
    paint = PAINTS[style]
    return {"bg_color": f"#{paint.fill}", "font_color": f"#{paint.ink}"}
