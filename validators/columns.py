"""One declaration per column of a workbook: the single source of its header, cells, checks and documents (WB-1)."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

#: The widest quantity one cell may hold (docs/settings.md, "limits").
MAX_QUANTITY = 10_000_000
#: The literal that empties a value in an update (CAT-5).
CLEAR = "#CLEAR"
#: What a row may mean in a workbook with an action column; blank is add or update.
ACTIONS = ("ADD", "UPDATE", "REMOVE")
#: What separates several values in one cell (GTINs, shelves, warehouses).
SEPARATOR = ";"
_WITH_PERCENTAGE = re.compile(r"(?P<name>.*\S)\s*=\s*(?P<percentage>\d{1,5}(?:\.\d{1,4})?)\s*%?", re.ASCII)


class Kind(enum.StrEnum):
    """What a cell of the column holds, and so how it is read, checked and formatted."""

    CODE = "code"  # an identifier: text format, outer blanks off, inner runs of blanks collapsed
    TEXT = "text"  # words for people
    INTEGER = "integer"  # whole number
    DECIMAL = "decimal"  # money and measures, exact
    PERCENT = "percent"  # 50 is 50 % (WB-15)
    YES_NO = "yes_no"  # yes/no, y/n, TRUE/FALSE, 1/0
    CHOICE = "choice"  # one of `choices`, without regard to case
    DATE = "date"  # a calendar date
    CODES = "codes"  # several identifiers separated by `;`
    PAIRS = "pairs"  # `name=value` pairs separated by `;`


class Reference(enum.StrEnum):
    """A column whose values must exist in the team's own records."""

    MERCHANT_SKU = "merchant_sku"
    WAREHOUSE = "warehouse"
    SHELF = "shelf"
    STORE = "store"
    STORE_SKU = "store_sku"
    PUSH_RULE = "push_rule"


@dataclass(frozen=True)
class Column:
    """One column of a workbook.

    `name` is the key that programs use (snake_case), `title` the header that people see. `editable` columns make up
    the row version of a workbook downloaded with data (WB-4); a note or an action is input, but no value of the
    record. `info` columns are shown with current data and ignored on input. `reference` names the records that the
    values must be found in (each value of a CODES column); a drop-down is filled from them. `percentages`: each value
    of a CODES column may carry its own percentage, see `name_and_percentage`. `to_the_letter`: values that
    differ in case are different ones.
    """

    name: str
    title: str
    kind: Kind
    help: str
    example: str = ""
    required: bool = False
    key: bool = False
    editable: bool = True
    info: bool = False
    reference: Reference | None = None
    choices: tuple[str, ...] = ()
    max_length: int = 255
    minimum: int | Decimal | None = None
    maximum: int | Decimal | None = None
    places: int = 0
    clearable: bool = False
    percentages: bool = False
    to_the_letter: bool = False
    blank_means: str | bool | None = None
    """For CHOICE and YES_NO: the value that an empty cell stands for, so that rows which differ in that alone are seen
    as the same line."""
    width: int = 16
    check: Callable[[str], str | None] | None = None
    """For CODE and CODES: a value -> code of what is wrong with it, or None."""

    @property
    def header(self) -> str:
        """The header cell's text: the title, with a star where a value is required."""
        return f"{self.title}*" if self.required else self.title

    @property
    def is_text(self) -> bool:
        """Whether cells are stored as text, so that leading zeros and long numbers survive."""
        return self.kind in (Kind.CODE, Kind.CODES, Kind.TEXT, Kind.PAIRS)


def code(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of identifiers, 64 characters unless told otherwise."""
    return Column(name, title, Kind.CODE, help, **{"max_length": 64, "width": 20, **more})


def text(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of words."""
    return Column(name, title, Kind.TEXT, help, **{"width": 28, **more})


def quantity(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of whole units, 0 to `MAX_QUANTITY` unless told otherwise."""
    return Column(name, title, Kind.INTEGER, help, **{"minimum": 0, "maximum": MAX_QUANTITY, "width": 12, **more})


def decimal(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of exact decimals: money and measures."""
    defaults = {"minimum": Decimal(0), "maximum": Decimal(10) ** 12, "places": 2, "width": 12}
    return Column(name, title, Kind.DECIMAL, help, **{**defaults, **more})


def percent(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of percentages as plain numbers: 50 is 50 % (WB-15)."""
    defaults = {"minimum": Decimal(0), "maximum": Decimal(10_000), "places": 4, "width": 12}
    return Column(name, title, Kind.PERCENT, help, **{**defaults, **more})


def yes_no(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of yes or no."""
    return Column(name, title, Kind.YES_NO, help, **{"choices": ("yes", "no"), "width": 10, **more})


def choice(name: str, title: str, help: str, choices: tuple[str, ...], **more: Any) -> Column:
    """A column that takes one of a few words."""
    return Column(name, title, Kind.CHOICE, help, choices=choices, **{"width": 14, **more})


def codes(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of several identifiers in one cell, separated by `;`."""
    return Column(name, title, Kind.CODES, help, **{"max_length": 2000, "width": 24, **more})


def pairs(name: str, title: str, help: str, **more: Any) -> Column:
    """A column of `name=value` pairs in one cell, separated by `;`."""
    return Column(name, title, Kind.PAIRS, help, **{"max_length": 2000, "width": 28, **more})


def action(help: str = "Blank adds or updates. ADD must be new, UPDATE must exist, REMOVE takes it away.") -> Column:
    """The column that says what a row means where a workbook's rows can mean different things."""
    return choice("action", "Action", help, ACTIONS, example="ADD", editable=False, width=11)


def shown_only(column: Column) -> Column:
    """The column as information: filled in with current data, greyed, ignored on input."""
    return replace(column, editable=False, info=True, required=False)


def name_and_percentage(value: str) -> tuple[str, Decimal | None]:
    """Split one value of a column with `percentages`: `Shopee VN=80` -> name and 80, `Shopee VN` -> name and None."""
    found = _WITH_PERCENTAGE.fullmatch(value.strip())
    if found is None:
        return value.strip(), None
    return found["name"], Decimal(found["percentage"])
