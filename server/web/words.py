"""How moments and the code's own words are shown to people. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

_SHORT: Final = {"sku": "SKU", "skus": "SKUs", "gtin": "GTIN", "url": "URL"}
_PUSH_STATES: Final = {"pending": "with the market", "sending": "being sent", "failed": "refused"}


def ago(moment: datetime | None, at: datetime) -> str:
    """How long ago, as people say it."""
    if moment is None:
        return ""
    seconds = max(0, int((at - moment).total_seconds()))
    if seconds < 60:
        return f"{seconds} s ago"
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"


def when(moment: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def plain(name: str) -> str:
    """A name of the code's own: `out_of_stock` is shown as "out of stock", `store_sku` as "store SKU"."""
    return " ".join(_SHORT.get(word, word) for word in name.split("_"))


def titled(name: str) -> str:
    """The same at the beginning of a line: "Store SKU"."""
    text = plain(name)
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """A refusal of the code's own as a sentence: "no such order" is shown as "No such order."."""
    return f"{text[:1].upper()}{text[1:]}{'' if text[-1:] in '.!?…' else '.'}" if text else ""


def cause(label: str) -> str:
    """Why something was pushed, without its number: "2 stock_in_manual" is shown as "stock in manual"."""
    number, _, name = label.partition(" ")
    return plain(name if number.isdigit() else label)


def push_state(state: str) -> str:
    """How far a push is, as its page says it."""
    return _PUSH_STATES.get(state, plain(state))


def every(seconds: int) -> str:
    """An interval as people say it."""
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            number = seconds // size
            return f"every {word}" if number == 1 else f"every {number} {word}s"
    return "every second" if seconds == 1 else f"every {seconds} seconds"
