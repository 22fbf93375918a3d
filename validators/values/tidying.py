"""Text of a cell made even: outer blanks, odd blanks, invisible characters, width. Pure, and strict about codes."""

from __future__ import annotations

import re
import unicodedata

Problem = tuple[str, dict[str, object]]
"""A code of `messages.CODES` and the facts its sentence needs."""

#: Joiners carry meaning in several scripts and in emoji, so they may stay inside a text.
_JOINERS = "\u200c\u200d"
_STRAIGHT = str.maketrans("‘’‚‛′“”„‟″", "'''''\"\"\"\"\"")
_BLANKS = re.compile(" {2,}")
_FULL_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
#: What Excel makes of a long number that it shows, when somebody copies the shown text.
_SHORTENED = re.compile(r"-?[0-9](?:[.,][0-9]+)?E\+[0-9]{1,3}", re.IGNORECASE)


def is_plain(text: str) -> bool:
    """Whether nothing has to be done to a text: printable ASCII without outer or doubled blanks."""
    return text.isascii() and text.isprintable() and "  " not in text and text == text.strip()


def invisible(text: str) -> str | None:
    """The first control or invisible character, or None. Joiners alone, with nothing to join, are invisible too."""
    if text.isascii() and text.isprintable():
        return None
    for character in text:
        if character not in _JOINERS and _is_invisible(character):
            return character
    return text[0] if text and not text.strip(_JOINERS) else None


def tidy_code(text: str) -> tuple[str | None, list[Problem]]:
    """An identifier: what can't be seen is refused, what looks the same becomes the same, with a warning."""
    outer = unicodedata.normalize("NFC", text).strip()
    if is_plain(outer) and not _SHORTENED.fullmatch(outer):
        return outer, []
    if hidden := invisible(outer):
        return None, [("text-control", {"character": name(hidden)})]
    after = _BLANKS.sub(" ", _even_blanks(outer).translate(_FULL_WIDTH).translate(_STRAIGHT)).strip()
    if _SHORTENED.fullmatch(after):
        return None, [("code-shortened", {"value": after})]
    return after, _changed(outer, after)


def tidy_text(text: str) -> tuple[str | None, list[Problem]]:
    """Words for people: invisible characters go and odd blanks become plain ones, with a warning."""
    outer = unicodedata.normalize("NFC", text).strip().replace("\r\n", "\n")
    if outer.isascii() and outer.isprintable():
        return outer, []
    if broken := next((c for c in outer if unicodedata.category(c) == "Cs"), None):
        return None, [("text-control", {"character": name(broken)})]
    spaced = _even_blanks(outer.replace("\t", " ").replace("\r", "\n"))
    after = "".join(c for c in spaced if c == "\n" or c in _JOINERS or not _is_invisible(c)).strip()
    return (after if after.strip(_JOINERS) else ""), _changed(outer, after)


def name(character: str) -> str:
    """A character that can't be shown, by its number."""
    return f"U+{ord(character):04X}"


def _even_blanks(text: str) -> str:
    """Non-breaking, thin and other odd blanks as plain ones."""
    return text if text.isascii() else "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)


def _is_invisible(character: str) -> bool:
    """Control, format, lone surrogate and never-assigned characters, and line or paragraph separators."""
    if character < "\x7f":
        return character < " "
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE


def _changed(before: str, after: str) -> list[Problem]:
    return [] if before == after else [("text-changed", {"before": _visible(before), "after": after})]


def _visible(text: str) -> str:
    """A text as a message shows it: odd blanks as ␣ and what can't be seen by its number."""
    return "".join(map(_seen, text))


def _seen(character: str) -> str:
    if character in " \n" or character in _JOINERS:
        return character
    if character == "\t" or unicodedata.category(character) == "Zs":
        return "␣"
    return f"[{name(character)}]" if _is_invisible(character) else character
