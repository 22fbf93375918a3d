"""Texts on their way into a workbook."""

from __future__ import annotations

import re

#: Excel's limit for one cell.
CELL_LIMIT = 32_767
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text as a cell can hold it: what XML can't carry dropped, cut at Excel's limit.

    A text is written as a text whatever it starts with, so nothing is put in front of `=` (WB-9).
    """
    if not text.isprintable():
        text = _UNWRITABLE.sub("", text)
    return text[:CELL_LIMIT]
