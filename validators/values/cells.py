"""One cell's value by its column's kind (WB-9): a typed value, or what is wrong with it. Pure, strict, no guesses.

A value is text, int, float, bool, or empty. A mark tells what a plain value can't: error, percent format, date, …
Each reader returns the value (None where there is none) and problems; an error among them means that there is none.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from validators.columns import CLEAR, SEPARATOR, Column, Kind
from validators.values.tidying import Problem, tidy_code, tidy_text

Outcome = tuple[Any, list[Problem]]

#: Stands for the literal #CLEAR where a column allows it (CAT-5).
CLEARED = object()
#: Excel keeps 15 digits of a number.
_EXACT = 10**15
#: Error values as text, as .csv files and pasted cells have them.
ERRORS = frozenset(
    {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"}
    | {"#UNKNOWN!", "#CONNECT!", "#BUSY!", "#EXTERNAL!", "#PYTHON!", "#GETTING_DATA"}
)
_NO_VALUE = re.compile(r"#+|#clear.*", re.IGNORECASE)
_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
_POINT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)", re.ASCII)
_COMMA = re.compile(r"-?(?:[0-9]+(?:,[0-9]+)?|,[0-9]+)", re.ASCII)
_SEPARATED = re.compile(r"-?[0-9]+(?:[.,'’ \u00a0\u202f_][0-9]+)+", re.ASCII)
_ISO_DATE = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_OTHER_DATE = re.compile(r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4}|[0-9]{2})", re.ASCII)
_YES = frozenset({"yes", "y", "true", "1"})
_NO = frozenset({"no", "n", "false", "0"})
_LONGEST_NUMBER = 40


@dataclass(frozen=True)
class Habits:
    """What a file does its own way: decimal commas (a .csv with semicolons), dates counted from 1904."""

    decimal_comma: bool = False
    date1904: bool = False


def read_cell(column: Column, value: Any, kind: str = "", text: str = "", habits: Habits | None = None) -> Outcome:
    """A cell of any column. `kind` and `text` are those of its mark. `CLEARED` is returned for a legal #CLEAR."""
    if kind == "error":
        return None, [("cell-error", {"value": text})]
    if kind == "formula":
        return None, [("cell-formula", {})]
    if kind == "merged":
        return None, [("cell-merged", {})]
    if kind == "structure":
        return None, [("cell-structure", {})]
    if value is None:
        return None, []
    if isinstance(value, str) and kind not in ("date", "time"):
        value = value if value.isprintable() and not value.startswith(" ") else value.strip("\ufeff").strip()
        if not value:
            return None, []
        if value.startswith("#") and (special := _special(column, value)):
            return special
    return _READERS[column.kind](column, value, kind, habits or Habits())


def _special(column: Column, value: str) -> Outcome | None:
    """#CLEAR, an error's name as text, or a run of # that stood for a number too wide to show."""
    word = value.strip()
    if word == CLEAR:
        return (CLEARED, []) if column.clearable else (None, [("clear-not-allowed", {})])
    if word.upper() in ERRORS:
        return None, [("cell-error", {"value": word.upper()})]
    return (None, [("cell-hash-text", {"value": word})]) if _NO_VALUE.fullmatch(word) else None


def _code(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """An identifier. Excel's guesses (number, date, TRUE) are taken back where that is certain, else refused."""
    found, problems = _text_of(value, kind, tidy_code)
    if found is not None and column.check and (wrong := column.check(found)):
        return None, [(wrong, {"value": found, "length": len(found), "limit": column.max_length})]
    return found, problems


def _text(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """Words for people."""
    return _text_of(value, kind, tidy_text)


def _text_of(value: Any, kind: str, tidy: Callable[[str], tuple[str | None, list[Problem]]]) -> Outcome:
    if kind in ("date", "time"):
        return None, [("code-is-date", {})]
    if isinstance(value, bool):
        return None, [("code-is-boolean", {})]
    if kind == "percent" and not isinstance(value, str):
        return None, [("number-is-percent", {})]
    if isinstance(value, int | float):
        return _digits(value, kind)
    found, problems = tidy(value)
    return found or None, problems


def _digits(value: int | float, kind: str) -> Outcome:
    """A number in a text column: its digits, while Excel kept them all."""
    if not math.isfinite(value) or value != int(value):
        return None, [("code-not-whole", {"value": shortest(value)})]
    if abs(value) >= _EXACT:
        return None, [("code-too-many-digits", {})]
    digits = str(int(value))
    warning: Problem = ("code-zero-format", {"value": digits}) if kind == "zeros" else ("code-from-number", {})
    return digits, [warning]


def _number(value: Any, kind: str) -> Problem | None:
    """What no number column takes."""
    if isinstance(value, bool):
        return "number-is-boolean", {}
    if kind in ("date", "time"):
        return "number-is-date", {}
    if isinstance(value, float) and not math.isfinite(value):
        return "number-not-number", {"value": str(value)}
    return None


def _integer(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """A whole number. Text must be plain ASCII digits."""
    wrong = _number(value, kind) or (("number-is-percent", {}) if kind == "percent" else None)
    if wrong:
        return None, [wrong]
    if isinstance(value, str):
        text = value.strip()
        if not _WHOLE.fullmatch(text):
            return None, [_not_whole(text)]
        if len(text.lstrip("-")) > 15:
            return None, [_out_of_range(column, int(text) if len(text) <= _LONGEST_NUMBER else text)]
        return int(text), []
    if value != int(value):
        return None, [("number-not-whole", {"value": shortest(value)})]
    return (int(value), []) if abs(value) < _EXACT else (None, [_out_of_range(column, int(value))])


def _not_whole(text: str) -> Problem:
    if _POINT.fullmatch(text):
        return "number-not-whole", {"value": text}
    return ("number-separator" if _SEPARATED.fullmatch(text) else "number-not-number"), {"value": text}


def _out_of_range(column: Column, value: int | str) -> Problem:
    if str(value).startswith("-"):
        return "number-too-small", {"value": value, "limit": column.minimum if column.minimum is not None else -_EXACT}
    return "number-too-large", {"value": value, "limit": column.maximum if column.maximum is not None else _EXACT}


def _decimal(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """An exact decimal. A number cell counts as the 15 digits that Excel shows of it."""
    if kind == "percent":
        return None, [("number-is-percent", {})]
    found, problems = _exact(column, value, kind, habits)
    return (None, problems) if problems else _placed(column, found)


def _exact(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    wrong = _number(value, kind)
    if wrong:
        return None, [wrong]
    if isinstance(value, str):
        text = value.strip()
        pattern = _COMMA if habits.decimal_comma else _POINT
        if len(text) > _LONGEST_NUMBER or not pattern.fullmatch(text):
            return None, [_no_decimal(text, habits)]
        number = Decimal(text.replace(",", "."))
    else:
        number = Decimal(value) if isinstance(value, int) else Decimal(shortest(value))
    if abs(number) >= _EXACT:
        return None, [_out_of_range(column, int(number))]
    return even(number), []


def _no_decimal(text: str, habits: Habits) -> Problem:
    if habits.decimal_comma and len(text) <= _LONGEST_NUMBER and _POINT.fullmatch(text):
        return "number-decimal-comma", {"value": text}
    return ("number-separator" if _SEPARATED.fullmatch(text) else "number-not-number"), {"value": text}


def _placed(column: Column, number: Decimal) -> Outcome:
    if -int(number.as_tuple().exponent) > column.places:
        return None, [("number-places", {"value": str(number), "places": column.places})]
    return number, []


def _percent(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """WB-15: 50 is 50 %; a cell formatted as per cent holds 0.5 for that; a plain fraction is refused."""
    found, problems = _exact(column, value, kind, habits)
    if problems:
        return None, problems
    if kind == "percent" and not isinstance(value, str):
        found = even(found * 100)
    elif 0 < found < 1:
        return None, [("percent-fraction", {"value": str(found)})]
    return _placed(column, found)


def _yes_no(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """Yes or no, in the ways people and programs write it."""
    word = _word(value, kind)
    if word in _YES:
        return True, []
    if word in _NO:
        return False, []
    return None, [("yes-no-unknown", {"value": _said(value)})]


def _choice(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """One of a few words, without regard to case; blanks and _ - are the same."""
    word = _loose(_word(value, kind))
    for choice in column.choices:
        if _loose(choice.casefold()) == word:
            return choice, []
    return None, [("choice-unknown", {"value": _said(value), "choices": ", ".join(column.choices)})]


def _word(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "" if kind in ("date", "time", "percent") else shortest(value)
    tidied, _ = tidy_code(value)
    return (tidied or "").casefold()


def _loose(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value.strip() if isinstance(value, str) else shortest(value)


def _date(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """A calendar date: a date cell, a serial number, or ISO text. Day and month are never guessed."""
    if kind == "time" or isinstance(value, bool):
        return None, [("date-unknown", {"value": _said(value)})]
    if isinstance(value, int | float):
        found = serial_date(value, habits.date1904)
        return (found, []) if found else (None, [("date-unknown", {"value": shortest(value)})])
    text = value.strip()
    if kind == "date":
        text = text[:10]
    if iso := _ISO_DATE.fullmatch(text):
        try:
            return dt.date(int(iso[1]), int(iso[2]), int(iso[3])), []
        except ValueError:
            return None, [("date-unknown", {"value": text})]
    other = _OTHER_DATE.fullmatch(text)
    ambiguous = other is not None and int(other[1]) <= 12 and int(other[2]) <= 12
    return None, [("date-ambiguous" if ambiguous else "date-unknown", {"value": text})]


def serial_date(value: float, date1904: bool = False) -> dt.date | None:
    """A whole serial number as Excel counts days; 60 is the 29 February 1900 that never was."""
    if not math.isfinite(value) or value != int(value) or not 1 <= value <= 2_958_465:
        return None
    days = int(value)
    if date1904:
        return dt.date(1904, 1, 1) + dt.timedelta(days) if days <= 2_957_003 else None
    if days == 60:
        return None
    return dt.date(1899, 12, 31) + dt.timedelta(days if days < 60 else days - 1)


def _codes(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """Several identifiers; empty ones between separators are dropped."""
    parts = value.split(SEPARATOR) if isinstance(value, str) else [value]
    codes: list[str] = []
    problems: list[Problem] = []
    for part in parts:
        found, more = _code(column, part, kind, habits)
        if found is None and more:
            return None, more
        problems += more
        codes += [found] if found else []
    return _within(column, value, tuple(codes) or None, problems)


def _pairs(column: Column, value: Any, kind: str, habits: Habits) -> Outcome:
    """`name=value` pairs; a name stands once."""
    if not isinstance(value, str) or kind:
        return None, [("pairs-malformed", {"value": _said(value)})]
    tidied, problems = tidy_text(value)
    pairs: dict[str, str] = {}
    for part in filter(str.strip, (tidied or "").split(SEPARATOR)):
        name, equals, content = (piece.strip() for piece in part.partition("="))
        if not (name and equals and content) or name.casefold() in map(str.casefold, pairs):
            return None, [("pairs-malformed", {"value": value.strip()})]
        pairs[name] = content
    return _within(column, value, pairs or None, problems)


def _within(column: Column, value: Any, found: Any, problems: list[Problem]) -> Outcome:
    """Whether a cell of several values is short enough in all."""
    if isinstance(value, str) and len(value) > column.max_length:
        return None, [("text-too-long", {"length": len(value), "limit": column.max_length})]
    return found, problems


def shortest(value: float) -> str:
    """A number of 15 digits as people write it: no `.0`; an exponent only where it would take over 20 zeros."""
    if isinstance(value, int):
        return str(value)
    short = format(value, ".15g")
    return format(Decimal(short), "f") if "e" in short and 1e-20 < abs(value) < 1e21 else short


def even(number: Decimal) -> Decimal:
    """One form for equal numbers: no zeros behind the point, no exponent."""
    short = number.normalize()
    return short.quantize(Decimal(1)) if int(short.as_tuple().exponent) > 0 else short


_READERS: dict[Kind, Callable[[Column, Any, str, Habits], Outcome]] = {
    Kind.CODE: _code,
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.PERCENT: _percent,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
    Kind.DATE: _date,
    Kind.CODES: _codes,
    Kind.PAIRS: _pairs,
}
