"""The fields of a merchant SKU (CAT-3), shared by the workbooks that create and update SKUs."""

from __future__ import annotations

import re

from validators.columns import Column, Reference, choice, code, codes, decimal, pairs, text
from validators.values.hygiene import gtin_error

_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_WEB_ADDRESS = re.compile(r"https?://[^\s/]+(/\S*)?", re.IGNORECASE)


def currency_error(value: str) -> str | None:
    """Code of what is wrong with a currency, or None."""
    return None if _CURRENCY.fullmatch(value) else "currency-unknown"


def url_error(value: str) -> str | None:
    """Code of what is wrong with the address of a picture, or None."""
    return None if _WEB_ADDRESS.fullmatch(value) else "url-malformed"


#: Everything but the SKU and its title, in the order people fill it in.
DETAILS: tuple[Column, ...] = (
    code("parent_sku", "Parent SKU", "The code that groups the variants of one product.", example="NK-SP-TS"),
    text("size", "Size", "The variant's size.", example="M", max_length=64, width=9),
    text("colour", "Colour", "The variant's colour.", example="Red", max_length=64, width=12),
    pairs(
        "attributes",
        "Other attributes",
        "Any further attributes: name=value pairs with ; between them.",
        example="fit=slim; sleeve=short",
    ),
    text("category", "Category", "Your own grouping.", example="T-shirts", max_length=120, width=16),
    text("brand", "Brand", "The maker's brand.", example="Nordkap", max_length=120, width=14),
    codes(
        "gtins",
        "GTINs",
        "Barcodes of this SKU, with ; between them. Each belongs to one SKU only.",
        example="4006381333931",
        check=gtin_error,
    ),
    decimal("weight_g", "Weight (g)", "Weight in grams, packed for shipping.", example="180", places=3),
    decimal("length_cm", "Length (cm)", "Packed length in centimetres.", example="30"),
    decimal("width_cm", "Width (cm)", "Packed width in centimetres.", example="22"),
    decimal("height_cm", "Height (cm)", "Packed height in centimetres.", example="2"),
    code(
        "model_number",
        "Model number",
        "The maker's own number.",
        example="TS-2201-R",
        max_length=64,
        width=16,
    ),
    code(
        "picture_url",
        "Picture URL",
        "Web address of the main picture.",
        example="https://example.com/ts-red.jpg",
        max_length=1000,
        width=26,
        check=url_error,
    ),
    decimal("cost", "Cost", "What one unit costs you.", example="4.20", places=4),
    decimal("price", "Price", "What one unit sells for.", example="12.90", places=4),
    code(
        "currency",
        "Currency",
        "Three letters, for cost and price.",
        example="USD",
        max_length=3,
        width=11,
        check=currency_error,
    ),
    code(
        "default_warehouse",
        "Default warehouse",
        "Where this SKU ships from, if not from its store's own warehouse.",
        example="MAIN",
        reference=Reference.WAREHOUSE,
        width=19,
    ),
    choice(
        "serial_mode",
        "Serial numbers",
        "off: none. stock_out: asked when units leave. full: asked whenever units move.",
        ("off", "stock_out", "full"),
        example="off",
        width=16,
    ),
    choice(
        "status",
        "SKU status",
        "inactive: kept, but no longer sold.",
        ("active", "inactive"),
        example="active",
    ),
    text("notes", "Notes", "For your own team.", example="Summer range", max_length=2000, width=30),
)
