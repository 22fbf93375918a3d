"""The few phrases about a column that template, prompt and documentation all say in the same words."""

from __future__ import annotations

from validators.columns import CLEAR, Column, Kind, Reference

#: What people call the records that a column refers to.
RECORDS: dict[Reference, str] = {
    Reference.MERCHANT_SKU: "merchant SKUs",
    Reference.WAREHOUSE: "warehouses",
    Reference.SHELF: "shelves",
    Reference.STORE: "stores",
    Reference.STORE_SKU: "store SKUs",
    Reference.PUSH_RULE: "push rules",
}

#: What the workbook calls itself that shows what is, and is never handed in.
CONTROL_WORKBOOK = "control"

#: A limit that only guards what Excel can keep: it is not worth telling.
_BEYOND_ANY_USE = 10**12

_SEVERAL = {
    Kind.CODES: "several, with ; between",
    Kind.PAIRS: "name=value, with ; between",
}


def rule(column: Column) -> str:
    """What a cell takes, in a few words: the line above the column's header."""
    if column.info:
        return "for information"
    match column.kind:
        case Kind.CODE | Kind.TEXT:
            return f"one of your {RECORDS[column.reference]}" if column.reference else _most(column)
        case Kind.CODES | Kind.PAIRS:
            return _SEVERAL[column.kind]
        case Kind.INTEGER:
            return f"whole number{_from(column)}"
        case Kind.DECIMAL:
            return f"number{_from(column)}"
        case Kind.PERCENT:
            return "50 is 50 %"
        case Kind.DATE:
            return "date, like 2026-04-20"
        case Kind.YES_NO | Kind.CHOICE:
            return one_of(column.choices)


def allowed(column: Column) -> str:
    """Everything a cell takes, as one sentence: for the instruction sheet and the reference pages."""
    if column.info:
        return "Shown with current data; never read."
    said = _allowed_values(column)
    if column.clearable:
        said += f" {CLEAR} empties it."
    return said


def prompt(column: Column) -> str:
    """What Excel shows beside the selected cell, at most 255 characters."""
    lines = [column.help]
    if column.example and not column.info:
        lines.append(f"Example: {column.example}")
    if column.clearable:
        lines.append(f"Blank: unchanged. {CLEAR}: emptied.")
    said = "\n".join(lines)
    return said if len(said) <= 255 else said[:254] + "…"


def need(column: Column) -> str:
    """Whether a value is needed, in a word."""
    if column.info:
        return "–"
    return "required" if column.required else "optional"


def one_of(words: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _allowed_values(column: Column) -> str:
    match column.kind:
        case Kind.CODE | Kind.TEXT:
            return f"One of your {RECORDS[column.reference]}." if column.reference else _length(column)
        case Kind.CODES:
            what = f"One or more of your {RECORDS[column.reference]}" if column.reference else "One or more codes"
            own = " A percentage of its own goes behind a value: name=80." if column.percentages else ""
            return f"{what}, with ; between them.{own}"
        case Kind.PAIRS:
            return "Pairs of name=value, with ; between them."
        case Kind.INTEGER | Kind.DECIMAL | Kind.PERCENT:
            return _numbers(column)
        case Kind.DATE:
            return "A date."
        case Kind.YES_NO | Kind.CHOICE:
            return f"{one_of(column.choices)}."


def _most(column: Column) -> str:
    return f"up to {column.max_length:,} characters"


def _length(column: Column) -> str:
    return f"Text of up to {column.max_length:,} characters."


def _numbers(column: Column) -> str:
    what = "Whole number" if column.kind is Kind.INTEGER else f"Number with up to {column.places} decimals"
    if column.kind is Kind.PERCENT:
        what = "Percentage as a plain number, 50 for 50 %"
    if column.minimum is None or column.maximum is None:
        return f"{what}."
    if column.maximum >= _BEYOND_ANY_USE:
        return f"{what}{_from(column)}."
    return f"{what}, from {column.minimum:,} to {column.maximum:,}."


def _from(column: Column) -> str:
    if column.minimum is None or column.minimum < 0:
        return ""
    return f", {column.minimum} or more"
