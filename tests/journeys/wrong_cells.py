"""Workbooks with one of every cell problem, as people bring them about; blank rows in between on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.hostile.packages import parts, relationships, sheet, styles, text_cell, workbook, zipped
from tests.validators.checking.cell_table import b, e, n, t
from validators.extracting.addresses import letters
from validators.registry import WORKBOOKS

#: Cells by column name, as XML with {r} for the address.
Cells = Mapping[str, str]
FORMULA = '<c r="{r}"><f>A1*2</f></c>'
SHORTENED = t("4.00638E+12")
LONG = "x" * 300


class WrongBook(NamedTuple):
    """A workbook to hand in: its template, its rows from row 4 on (None is a blank row), and more of its XML."""

    template: str
    rows: tuple[Cells | None, ...]
    after: str = ""


def _good(**more: str) -> Cells:
    return {"sku": t("NK-RED"), "quantity": n("1"), **more}


STOCK_IN = WrongBook(
    "stock_in",
    (
        {"quantity": n("5")},
        {"sku": t("NK-RED")},
        None,
        _good(quantity=n("2.9")),
        _good(quantity=t("five")),
        _good(quantity=n("0")),
        _good(quantity=n("10000001")),
        None,
        None,
        _good(quantity=t("1,000")),
        _good(quantity=b(1)),
        _good(quantity=n("45000", 3)),
        _good(quantity=n("0.5", 1)),
        _good(quantity=e("#N/A")),
        _good(quantity=e("#REF!")),
        _good(quantity=FORMULA),
        _good(quantity=t("#CLEAR")),
        _good(quantity=n("1E+400")),
        _good(sku=n("4006381333931")),
        _good(sku=n("1234567890123456789")),
        _good(sku=n("12.5")),
        _good(sku=n("123", 2)),
        _good(sku=n("45000", 3)),
        _good(sku=b(0)),
        _good(sku=SHORTENED),
        _good(sku=t("NK\u200bRED")),
        _good(sku=t("NK-GONE")),
        _good(sku=t("X" * 65)),
        _good(sku=t("#NAME?")),
        _good(warehouse=t("NOWHERE")),
        _good(shelf=t("Z-99")),
        _good(unit_cost=n("4.12345")),
        _good(unit_cost=t("4.20 USD")),
        _good(unit_cost=n("-1")),
        _good(note=t(LONG)),
        _good(note=t("same"), quantity=n("7")),
        _good(note=t("same"), quantity=n("7")),
    ),
)

SKU_CREATE = WrongBook(
    "sku_create",
    (
        {"sku": t("NEW 1"), "title": t("Blank inside")},
        {"sku": t("NEW/2.A"), "title": t("Slash and dot")},
        None,
        {"sku": t("0123-B"), "title": t("Starts with nought")},
        {"sku": t("SIZE-I0"), "title": t("Ambiguous")},
        {"sku": t("N" * 40), "title": t("Long")},
        {"sku": t("=A1+1"), "title": t("A formula as text")},
        {"sku": t("NK-RED"), "title": t("There already")},
        {"sku": t("NEW-3")},
        {"sku": t("NEW-4"), "title": t("GTIN"), "gtins": t("4006381333931; not a gtin!")},
        {"sku": t("NEW-5"), "title": t("Pairs"), "attributes": t("slim")},
        {"sku": t("NEW-6"), "title": t("Address"), "picture_url": t("my picture")},
        {"sku": t("NEW-7"), "title": t("Currency"), "currency": t("dollars")},
        {"sku": t("NEW-8"), "title": t("Choice"), "serial_mode": t("sometimes")},
        {"sku": t("NEW-9"), "title": t("Number"), "weight_g": t("180 g")},
        {"sku": t("NEW-10"), "title": t("Warehouse"), "default_warehouse": t("NOWHERE")},
        {"sku": t("NEW-11"), "title": t("Odd   blanks")},
        {"sku": t("TWIN"), "title": t("Twice, one")},
        {"sku": t("twin"), "title": t("Twice, two")},
    ),
)

STOCK_OUT = WrongBook(
    "stock_out",
    (
        _good(quantity=n("999")),
        {"sku": t("NK-SET"), "quantity": n("1")},
        None,
        _good(quantity=n("3")),
    ),
)

QUANTITY_UPDATE = WrongBook(
    "quantity_update",
    (
        {"sku": t("NK-RED"), "on_hand": n("5")},
        {"sku": t("NK-RED"), "on_hand": n("6")},
        {"sku": t("NK-BLUE"), "on_hand": n("2")},
    ),
)

MERGED = WrongBook(
    "stock_in",
    (_good(), _good(), _good(sku=t("NK-BLUE"))),
    after='<mergeCells count="1"><mergeCell ref="C4:C5"/></mergeCells>',
)

BOOKS = {
    "stock_in": STOCK_IN,
    "sku_create": SKU_CREATE,
    "stock_out": STOCK_OUT,
    "quantity_update": QUANTITY_UPDATE,
    "merged": MERGED,
}


def xlsx_of(book: WrongBook) -> bytes:
    """The workbook as a file, with its header where templates have it."""
    described = WORKBOOKS[book.template]
    names = [column.name for column in described.columns]
    rows = '<row r="3">' + "".join(text_cell(f"{letters(at)}3", c.header) for at, c in enumerate(described.columns))
    rows += "</row>"
    for number, cells in enumerate(book.rows, 4):
        placed = sorted((names.index(name), xml) for name, xml in (cells or {}).items())
        inside = "".join(xml.replace("{r}", f"{letters(at)}{number}") for at, xml in placed)
        rows += f'<row r="{number}">{inside}</row>'
    told = (("id", described.id), ("version", described.version))
    identity = "".join(f'<definedName name="_template_{name}">"{value}"</definedName>' for name, value in told)
    members = parts(sheet(rows, after=book.after)) | {
        "xl/workbook.xml": workbook((described.sheet,), identity=identity),
        "xl/styles.xml": styles("0.0%", "@"),
        "xl/_rels/workbook.xml.rels": relationships(("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")),
    }
    return zipped(members)
