"""Cells and what becomes of them: the same table is sent through a real workbook and through JSON."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, NamedTuple

from validators.columns import Column, Kind, choice, code, codes, decimal, pairs, percent, quantity, text, yes_no
from validators.values.hygiene import gtin_error, sku_error
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="every_kind",
    title="Every kind",
    sheet="Every kind",
    version=1,
    summary="One column of each kind.",
    columns=(
        code("line", "Line", "Which line.", required=True, key=True),
        code("sku", "SKU", "An identifier.", check=sku_error, clearable=True),
        text("title", "Title", "Words.", clearable=True),
        quantity("quantity", "Quantity", "Whole units.", clearable=True),
        quantity("fixed", "Fixed", "Whole units, also negative.", minimum=-100),
        decimal("price", "Price", "Money.", places=4),
        percent("share", "Share", "Per cent."),
        yes_no("active", "Active", "Yes or no."),
        choice("mode", "Mode", "One word.", ("stock_out", "Full control")),
        Column("day", "Day", Kind.DATE, "A date."),
        codes("gtins", "GTINs", "Several.", check=gtin_error, max_length=60),
        pairs("attributes", "Attributes", "Pairs."),
    ),
    key=("line",),
    same_key=SameKey.ERROR,
)

#: For cells that JSON has no word for.
NO_JSON = object()
NOTHING: Any = None


class Case(NamedTuple):
    """A cell: its column, its XML with {r} for the address, the same in JSON, and what is expected of it."""

    name: str
    column: str
    xml: str
    json: Any
    value: Any
    codes: tuple[str, ...] = ()


def t(content: str) -> str:
    """A text cell."""
    return f'<c r="{{r}}" t="inlineStr"><is><t xml:space="preserve">{content}</t></is></c>'


def n(number: str, style: int = 0) -> str:
    """A number cell; styles: 1 per cent, 2 zeros, 3 a date, 4 per cent with decimals, 5 text."""
    return f'<c r="{{r}}" s="{style}"><v>{number}</v></c>'


def b(flag: int) -> str:
    """A boolean cell."""
    return f'<c r="{{r}}" t="b"><v>{flag}</v></c>'


def e(error: str) -> str:
    """An error cell."""
    return f'<c r="{{r}}" t="e"><v>{error}</v></c>'


def _text(name: str, column: str, content: str, value: Any, *found: str) -> Case:
    """The same text in a workbook and in JSON."""
    escaped = content.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#13;")
    return Case(name, column, t(escaped), content, value, found)


_FORMULA = '<c r="{r}"><f>1+1</f></c>'
_FORMULA_EMPTY = '<c r="{r}"><f>1+1</f><v></v></c>'
_FORMULA_TEXT = '<c r="{r}" t="str"><f>A1&amp;"x"</f><v>NK-7</v></c>'

CODES_OF_TEXT = [
    _text("plain", "sku", "NK-SP-TS", "NK-SP-TS"),
    _text("na", "sku", "NA", "NA"),
    _text("null", "sku", "NULL", "NULL"),
    _text("none", "sku", "None", "None"),
    _text("nan", "sku", "nan", "nan"),
    _text("true-text", "sku", "TRUE", "TRUE"),
    _text("zeros-text", "sku", "00123", "00123"),
    _text("digits-18-text", "sku", "123456789012345678", "123456789012345678"),
    _text("outer-blanks", "sku", "  A 1 ", "A 1"),
    _text("outer-nbsp", "sku", "\u00a0A1\u00a0", "A1"),
    _text("inner-nbsp", "sku", "A\u00a01", "A 1", "text-changed"),
    _text("inner-run", "sku", "A   1", "A 1", "text-changed"),
    _text("zero-width", "sku", "A\u200b1", NOTHING, "text-control"),
    _text("zero-width-only", "sku", "\u200b", NOTHING, "text-control"),
    _text("soft-hyphen", "sku", "A\u00ad1", NOTHING, "text-control"),
    _text("right-to-left-mark", "sku", "A\u200f1", NOTHING, "text-control"),
    _text("tab", "sku", "A\t1", NOTHING, "text-control"),
    _text("line-break", "sku", "A\n1", NOTHING, "text-control"),
    _text("joiner", "sku", "\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
    _text("full-width", "sku", "ＡＢ１２", "AB12", "text-changed"),
    _text("curly-quotes", "sku", "A“1”", 'A"1"', "text-changed"),
    _text("decomposed", "sku", "cafe\u0301", "café"),
    _text("shortened", "sku", "1.23457E+12", NOTHING, "code-shortened"),
    _text("formula-text", "sku", "=A1", NOTHING, "sku-formula"),
    _text("minus-text", "sku", "-A1", "-A1"),
    _text("at-text", "sku", "@A1", "@A1"),
    _text("clear", "sku", "#CLEAR", NOTHING),
    _text("clear-lower", "sku", "#clear", NOTHING, "cell-hash-text"),
    _text("hashes", "sku", "#####", NOTHING, "cell-hash-text"),
    _text("error-as-text", "sku", "#N/A", NOTHING, "cell-error"),
    _text("hash-code", "sku", "#1-A", "#1-A"),
    _text("sku-65", "sku", "A" * 65, NOTHING, "text-too-long"),
    _text("sku-64", "sku", "A" * 64, "A" * 64),
    _text("blank", "sku", "   ", NOTHING),
    Case("number", "sku", n("123"), 123, "123", ("code-from-number",)),
    Case("float", "sku", n("12345.0"), 12345.0, "12345", ("code-from-number",)),
    Case("fraction", "sku", n("1.5"), 1.5, NOTHING, ("code-not-whole",)),
    Case("digits-15", "sku", n("123456789012345"), 123456789012345, "123456789012345", ("code-from-number",)),
    Case("digits-18", "sku", n("123456789012345678"), 123456789012345678, NOTHING, ("code-too-many-digits",)),
    Case("exponent", "sku", n("1E+19"), 1e19, NOTHING, ("code-too-many-digits",)),
    Case("zeros-format", "sku", n("123", 2), NO_JSON, "123", ("code-zero-format",)),
    Case("date", "sku", n("45000", 3), NO_JSON, NOTHING, ("code-is-date",)),
    Case("percent", "sku", n("0.5", 1), NO_JSON, NOTHING, ("number-is-percent",)),
    Case("boolean", "sku", b(1), True, NOTHING, ("code-is-boolean",)),
    Case("error-na", "sku", e("#N/A"), NO_JSON, NOTHING, ("cell-error",)),
    Case("error-ref", "sku", e("#REF!"), NO_JSON, NOTHING, ("cell-error",)),
    Case("formula", "sku", _FORMULA, NO_JSON, NOTHING, ("cell-formula",)),
    Case("formula-empty", "sku", _FORMULA_EMPTY, NO_JSON, NOTHING, ("cell-formula",)),
    Case("formula-cached", "sku", _FORMULA_TEXT, NO_JSON, "NK-7"),
    Case("formula-empty-text", "sku", '<c r="{r}" t="str"><f>""</f><v></v></c>', NO_JSON, NOTHING),
    Case("escaped", "sku", t("_x0041_1"), NO_JSON, "A1"),
    Case("list", "sku", "", ["A"], NOTHING, ("cell-structure",)),
]

WORDS = [
    _text("plain", "title", "Sports T-shirt", "Sports T-shirt"),
    _text("quotes-stay", "title", "Mug “Best”", "Mug “Best”"),
    _text("formula-text", "title", "=SUM(A1)", "=SUM(A1)"),
    _text("plus", "title", "+1 free", "+1 free"),
    _text("hash", "title", "#1 seller", "#1 seller"),
    _text("lines", "title", "one\ntwo", "one\ntwo"),
    _text("tab", "title", "a\tb", "a b", "text-changed"),
    _text("zero-width", "title", "a\u200bb", "ab", "text-changed"),
    _text("nbsp", "title", "a\u00a0b", "a b", "text-changed"),
    _text("emoji", "title", "👩\u200d🚀", "👩\u200d🚀"),
    _text("full-width-stays", "title", "ＡＢ", "ＡＢ"),
    _text("length-256", "title", "x" * 256, "x" * 256, "text-too-long"),
    Case("number", "title", n("2024"), 2024, "2024", ("code-from-number",)),
    Case("lone-surrogate", "title", "", "a\ud800", NOTHING, ("text-control",)),
]

NUMBERS = [
    Case("whole", "quantity", n("12"), 12, 12),
    Case("whole-float", "quantity", n("5.0"), 5.0, 5),
    Case("zero", "quantity", n("0"), 0, 0),
    Case("text", "quantity", t("12"), "12", 12),
    Case("text-blanks", "quantity", t(" 12 "), " 12 ", 12),
    Case("text-zeros", "quantity", t("007"), "007", 7),
    Case("fraction", "quantity", n("2.9"), 2.9, NOTHING, ("number-not-whole",)),
    Case("fraction-text", "quantity", t("2.9"), "2.9", NOTHING, ("number-not-whole",)),
    Case("units", "quantity", t("12 pcs"), "12 pcs", NOTHING, ("number-not-number",)),
    Case("thousands", "quantity", t("1,000"), "1,000", NOTHING, ("number-separator",)),
    Case("underscore", "quantity", t("1_000"), "1_000", NOTHING, ("number-separator",)),
    Case("boolean", "quantity", b(1), True, NOTHING, ("number-is-boolean",)),
    Case("huge", "quantity", n("1e19"), 1e19, NOTHING, ("number-too-large",)),
    Case("huge-int", "quantity", n("10000000000000000000000"), 10**22, NOTHING, ("number-too-large",)),
    Case("over-limit", "quantity", n("10000001"), 10_000_001, 10_000_001, ("number-too-large",)),
    Case("at-limit", "quantity", n("10000000"), 10_000_000, 10_000_000),
    Case("negative", "quantity", n("-1"), -1, -1, ("number-too-small",)),
    Case("negative-text", "quantity", t("-1"), "-1", -1, ("number-too-small",)),
    Case("negative-allowed", "fixed", n("-5"), -5, -5),
    Case("infinity-text", "quantity", t("inf"), "inf", NOTHING, ("number-not-number",)),
    Case("nan", "quantity", n("NaN"), float("nan"), NOTHING, ("number-not-number",)),
    Case("infinity", "quantity", n("1e999"), float("inf"), NOTHING, ("number-not-number",)),
    Case("arabic", "quantity", t("١٢"), "١٢", NOTHING, ("number-not-number",)),
    Case("full-width", "quantity", t("１２"), "１２", NOTHING, ("number-not-number",)),
    Case("superscript", "quantity", t("5²"), "5²", NOTHING, ("number-not-number",)),
    Case("digits-5000", "quantity", t("9" * 5000), "9" * 5000, NOTHING, ("number-too-large",)),
    Case("percent-format", "quantity", n("0.12", 1), NO_JSON, NOTHING, ("number-is-percent",)),
    Case("date-format", "quantity", n("45000", 3), NO_JSON, NOTHING, ("number-is-date",)),
    Case("header-again", "quantity", t("Quantity*"), "Quantity*", NOTHING, ("number-not-number",)),
    Case("clear", "quantity", t("#CLEAR"), "#CLEAR", NOTHING),
    Case("clear-refused", "price", t("#CLEAR"), "#CLEAR", NOTHING, ("clear-not-allowed",)),
    Case("null", "quantity", "", None, NOTHING),
    Case("price", "price", n("4.2"), 4.2, Decimal("4.2")),
    Case("price-float-noise", "price", n("0.30000000000000004"), 0.1 + 0.2, Decimal("0.3")),
    Case("price-text", "price", t("12.90"), "12.90", Decimal("12.9")),
    Case("price-whole", "price", n("100"), 100, Decimal("100")),
    Case("price-places", "price", n("1.23456"), 1.23456, NOTHING, ("number-places",)),
    Case("price-comma", "price", t("4,20"), "4,20", NOTHING, ("number-separator",)),
    Case("price-mixed", "price", t("1.000,50"), "1.000,50", NOTHING, ("number-separator",)),
    Case("price-currency", "price", t("4 €"), "4 €", NOTHING, ("number-not-number",)),
    Case("price-negative", "price", n("-0.5"), -0.5, Decimal("-0.5"), ("number-too-small",)),
    Case("price-exponent", "price", t("1e3"), "1e3", NOTHING, ("number-not-number",)),
    Case("percent", "share", n("50"), 50, Decimal(50)),
    Case("percent-cell", "share", n("0.5", 1), NO_JSON, Decimal(50)),
    Case("percent-cell-noise", "share", n("0.07", 4), NO_JSON, Decimal(7)),
    Case("percent-cell-small", "share", n("0.005", 4), NO_JSON, Decimal("0.5")),
    Case("percent-fraction", "share", n("0.5"), 0.5, NOTHING, ("percent-fraction",)),
    Case("percent-fraction-text", "share", t("0.5"), "0.5", NOTHING, ("percent-fraction",)),
    Case("percent-one", "share", n("1"), 1, Decimal(1)),
    Case("percent-zero", "share", n("0"), 0, Decimal(0)),
    Case("percent-sign", "share", t("50%"), "50%", NOTHING, ("number-not-number",)),
]

OTHERS = [
    Case("yes", "active", t("Yes"), "Yes", True),
    Case("y", "active", t("y"), "y", True),
    Case("true-cell", "active", b(1), True, True),
    Case("false-cell", "active", b(0), False, False),
    Case("one", "active", n("1"), 1, True),
    Case("zero", "active", n("0"), 0, False),
    Case("maybe", "active", t("maybe"), "maybe", NOTHING, ("yes-no-unknown",)),
    Case("two", "active", n("2"), 2, NOTHING, ("yes-no-unknown",)),
    Case("choice", "mode", t("FULL control"), "FULL control", "Full control"),
    Case("choice-spelling", "mode", t("Stock-out"), "Stock-out", "stock_out"),
    Case("choice-unknown", "mode", t("half"), "half", NOTHING, ("choice-unknown",)),
    Case("date-cell", "day", n("46132", 3), NO_JSON, dt.date(2026, 4, 20)),
    Case("date-serial", "day", n("46132"), 46132, dt.date(2026, 4, 20)),
    Case("date-iso", "day", t("2026-04-20"), "2026-04-20", dt.date(2026, 4, 20)),
    Case("date-typed", "day", '<c r="{r}" t="d"><v>2026-04-20</v></c>', NO_JSON, dt.date(2026, 4, 20)),
    Case("date-ambiguous", "day", t("04/05/2026"), "04/05/2026", NOTHING, ("date-ambiguous",)),
    Case("date-day-first", "day", t("20.04.2026"), "20.04.2026", NOTHING, ("date-unknown",)),
    Case("date-false-leap-day", "day", n("60"), 60, NOTHING, ("date-unknown",)),
    Case("date-not-there", "day", t("2026-02-30"), "2026-02-30", NOTHING, ("date-unknown",)),
    Case("date-boolean", "day", b(1), True, NOTHING, ("date-unknown",)),
    Case("codes", "gtins", t("4006381333931; A-1 ;;"), "4006381333931; A-1 ;;", ("4006381333931", "A-1")),
    Case("codes-number", "gtins", n("4006381333931"), 4006381333931, ("4006381333931",), ("code-from-number",)),
    Case("codes-wrong", "gtins", t("A 1"), "A 1", NOTHING, ("gtin-characters",)),
    Case("codes-long", "gtins", t("A;" * 31), "A;" * 31, NOTHING, ("text-too-long",)),
    Case(
        "pairs",
        "attributes",
        t("fit=slim; sleeve = short"),
        "fit=slim; sleeve = short",
        {"fit": "slim", "sleeve": "short"},
    ),
    Case("pairs-malformed", "attributes", t("slim"), "slim", NOTHING, ("pairs-malformed",)),
    Case("pairs-twice", "attributes", t("a=1;A=2"), "a=1;A=2", NOTHING, ("pairs-malformed",)),
    Case("pairs-number", "attributes", n("5"), 5, NOTHING, ("pairs-malformed",)),
]

ALL = [*CODES_OF_TEXT, *WORDS, *NUMBERS, *OTHERS]
