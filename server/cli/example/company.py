"""Nordkap, the example company: SKUs, warehouses, stores, stock. Plain data, the same at every start.

Each function gives the rows of one workbook, column name -> value, as a person would type them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

MAIN, EAST = "MAIN", "EAST"
#: Below so many units in all, only the priority store shows any (PSH-5).
PRIORITY_BELOW = 15
LAZADA_PERCENTAGE = 80

#: The SKUs that the example's buyers order and its suppliers deliver; all others keep still.
MOVING = ("NK-SP-TS-BLK-M", "NK-SP-TS-WHT-M", "NK-CAP-NVY", "NK-HD-GRY-M", "MUG-WHT-350", "TOTE-NAT")

_SIZES = ("S", "M", "L", "XL")
_COLOURS = {
    "RED": "Red", "BLU": "Blue", "BLK": "Black", "WHT": "White", "GRY": "Grey",
    "NVY": "Navy", "GRN": "Green", "SND": "Sand", "NAT": "Natural",
}  # fmt: skip


@dataclass(frozen=True)
class Article:
    """A product with its variants: every colour in every size, and what one unit weighs, costs and sells for."""

    parent: str
    title: str
    category: str
    colours: Sequence[str]
    sizes: Sequence[str] = ("",)
    weight_g: int = 100
    cost: str = "1.00"
    price: str = "5.00"

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row per variant."""
        for colour in self.colours:
            for size in self.sizes:
                shown = [_COLOURS[colour].lower(), *([_size_shown(size)] if size else [])]
                yield {
                    "sku": "-".join(part for part in (self.parent, colour, size) if part),
                    "title": f"{self.title}, {', '.join(shown)}",
                    "parent_sku": self.parent,
                    "size": _size_shown(size) or None,
                    "colour": _COLOURS[colour],
                    "category": self.category,
                    "brand": "Nordkap",
                    "weight_g": self.weight_g,
                    "cost": self.cost,
                    "price": self.price,
                    "currency": "USD",
                }


_ARTICLES = (
    Article("NK-SP-TS", "Sport T-shirt", "T-shirts", ("RED", "BLU", "BLK", "WHT"), _SIZES, 180, "4.20", "12.90"),
    Article("NK-HD", "Hooded sweater", "Sweaters", ("GRY", "NVY"), _SIZES, 520, "11.80", "39.00"),
    Article("NK-CAP", "Cap", "Headwear", ("BLK", "NVY", "RED", "SND"), ("",), 90, "2.60", "14.50"),
    Article("NK-BNE", "Beanie", "Headwear", ("GRY", "GRN"), ("",), 80, "2.10", "12.00"),
    Article("NK-SCK", "Trail socks", "Socks", ("WHT", "BLK"), ("S", "M", "L"), 60, "1.10", "6.90"),
    Article("MUG", "Mug", "Kitchen", ("WHT", "BLK", "BLU"), ("350",), 340, "1.85", "7.50"),
    Article("MUG", "Large mug", "Kitchen", ("WHT", "BLK"), ("500",), 420, "2.20", "8.90"),
    Article("FLASK", "Vacuum flask", "Kitchen", ("BLK", "GRN"), ("500", "750"), 310, "5.40", "19.90"),
    Article("TOTE", "Tote bag", "Bags", ("NAT", "BLK"), ("",), 120, "1.30", "8.00"),
    Article("PACK", "Day pack, 20 litres", "Bags", ("GRY", "BLK"), ("",), 640, "14.00", "49.00"),
    Article("DUF", "Duffel bag", "Bags", ("NVY",), ("",), 900, "17.50", "65.00"),
    Article("UMB", "Umbrella", "Outdoor", ("BLK", "NVY"), ("",), 380, "4.90", "18.00"),
    Article("PEN", "Gel pen", "Paper", ("BLU", "BLK"), ("",), 12, "0.35", "1.90"),
)
_SINGLES = (
    ("NB-A5-DOT", "Notebook A5, dotted", "Paper", 230, "1.60", "6.50"),
    ("NB-A5-RUL", "Notebook A5, ruled", "Paper", 230, "1.60", "6.50"),
    ("NB-A4-DOT", "Notebook A4, dotted", "Paper", 410, "2.40", "9.50"),
    ("STICKER-SET", "Sticker set", "Paper", 15, "0.20", "2.50"),
    ("KEYRING-NK", "Key ring", "Small things", 25, "0.55", "4.00"),
    ("GIFT-BOX-S", "Gift box, small", "Packaging", 150, "0.80", "3.00"),
    ("GIFT-BOX-M", "Gift box, medium", "Packaging", 220, "1.05", "4.00"),
)


@dataclass(frozen=True)
class Listing:
    """What one store sells: its own code for it, and the merchant SKU behind it; None is left unmapped."""

    store_sku: str
    name: str
    sku: str | None
    price: str = "10.00"
    quantity: int = 0


@dataclass(frozen=True)
class Shop:
    """One of the company's stores, a shop of the sandbox marketplace."""

    store: str
    shop: str
    warehouse: str


SHOPEE = Shop("Shopee VN", "shopee-vn", MAIN)
LAZADA = Shop("Lazada MY", "lazada-my", EAST)
WEB = Shop("Web shop", "web-shop", MAIN)
STORES = (SHOPEE, LAZADA, WEB)
UNMAPPED = Listing("128879999", "Surprise box (last season)", None, quantity=4)


def warehouses() -> list[Row]:
    """MAIN exists since set-up: it gets an address; EAST is new."""
    return [
        {"code": MAIN, "name": "Main", "address": "3 Station Street, Hanoi", "default": "yes"},
        {"code": EAST, "name": "East", "address": "12 Harbour Road, Penang"},
    ]


def skus() -> list[dict[str, Any]]:
    """Every single SKU, with a GTIN out of the range that GS1 keeps for examples."""
    rows = [row for article in _ARTICLES for row in article.rows()]
    for sku, title, category, weight, cost, price in _SINGLES:
        values = {"category": category, "weight_g": weight, "cost": cost, "price": price, "currency": "USD"}
        rows.append({"sku": sku, "title": title, "brand": "Nordkap", **values})
    return [row | {"gtins": _gtin(number), "status": "active"} for number, row in enumerate(rows, 1)]


def combinations() -> list[Row]:
    """A twin pack, and four mugs in a box."""
    return [
        {"combination": "SET-TS-2", "title": "T-shirt twin pack, M", "component": "NK-SP-TS-WHT-M", "quantity": 1},
        {"combination": "SET-TS-2", "component": "NK-SP-TS-BLK-M", "quantity": 1},
        {"combination": "SET-MUG-4", "title": "Four mugs in a gift box", "component": "MUG-WHT-350", "quantity": 4},
        {"combination": "SET-MUG-4", "component": "GIFT-BOX-S", "quantity": 1},
    ]


def shelves() -> list[Row]:
    """Two aisles in MAIN, one in EAST."""
    codes = [(MAIN, f"{aisle}-{number:02}") for aisle in "AB" for number in range(1, 13)]
    codes += [(EAST, f"E-{number:02}") for number in range(1, 9)]
    return [{"warehouse": warehouse, "shelf": shelf} for warehouse, shelf in codes]


def safety_stock() -> list[Row]:
    """Every apparel SKU counts as low below ten; the moving ones have a shelf of their own."""
    apparel = [row["sku"] for row in skus() if row["sku"].startswith("NK-")]
    places = {sku: f"A-{number:02}" for number, sku in enumerate(MOVING, 1)}
    rows: list[Row] = [{"sku": sku, "warehouse": MAIN, "safety_stock": 10, "shelf": places.get(sku)} for sku in apparel]
    rest = [sku for sku in MOVING if sku not in apparel]
    return [*rows, *({"sku": sku, "warehouse": MAIN, "safety_stock": 12, "shelf": places[sku]} for sku in rest)]


def stock_in(warehouse: str) -> list[Row]:
    """The delivery that fills one warehouse."""
    note = {MAIN: "Delivery 4711", EAST: "Delivery 4712"}[warehouse]
    rows = ((row, units_of(row["sku"])[warehouse]) for row in skus())
    return [
        {"sku": row["sku"], "warehouse": warehouse, "quantity": units, "unit_cost": row["cost"], "note": note}
        for row, units in rows
        if units
    ]


def units_of(sku: str) -> dict[str, int]:
    """Units per warehouse at the beginning: a lot of what moves, little or nothing of a few others."""
    if sku in MOVING:
        return {MAIN: 48, EAST: 32}
    scarce = {"DUF-NVY": (6, 3), "PACK-BLK": (0, 11), "NK-HD-NVY-XL": (0, 0), "MUG-BLU-350": (9, 0)}
    if sku in scarce:
        return dict(zip((MAIN, EAST), scarce[sku], strict=True))
    number = sum(map(ord, sku))
    return {MAIN: 14 + number % 37, EAST: number % 23}


def mistaken_delivery() -> list[Row]:
    """A stock-in that somebody filled in too fast: it is only checked, and shows what answers look like."""
    return [
        {"sku": "NK-BNE-GRY", "warehouse": EAST, "quantity": 24, "note": "Delivery 4713"},
        {"sku": "NK-BNE-GRN", "warehouse": EAST, "quantity": "two dozen", "note": "Delivery 4713"},
        {"sku": "NK-BNE-RED", "warehouse": EAST, "quantity": 12, "note": "Delivery 4713"},
        {"sku": "UMB-BLK", "warehouse": "WEST", "quantity": 10, "note": "Delivery 4713"},
        {"sku": "UMB-NVY", "warehouse": EAST, "quantity": 10, "note": "Delivery 4713"},
        {"sku": "UMB-NVY", "warehouse": EAST, "quantity": 10, "note": "Delivery 4713"},
        {"sku": "PEN-BLU", "warehouse": EAST, "quantity": -5, "note": "Delivery 4713"},
    ]


def push_rules() -> list[Row]:
    """One rule: both warehouses together, every store, and the web shop first when units get scarce."""
    return [
        {
            "name": "All stores",
            "active": "yes",
            "warehouses": f"{MAIN}; {EAST}",
            "stores": f"{SHOPEE.store}; {LAZADA.store}={LAZADA_PERCENTAGE}; {WEB.store}",
            "percentage": 100,
            "rounding": "down",
            "priority_store": WEB.store,
            "priority_safety_stock": PRIORITY_BELOW,
        }
    ]


def listings(shop: Shop) -> list[Listing]:
    """What a shop sells. Shopee uses our codes, Lazada numbers of its own, the web shop words."""
    singles = skus()
    if shop is SHOPEE:
        some = [row for row in singles if row["sku"].startswith(("NK-", "MUG-WHT", "TOTE"))]
        return [Listing(row["sku"], row["title"], row["sku"], row["price"], 5) for row in some]
    if shop is LAZADA:
        some = [row for row in singles if not row["sku"].startswith(("NK-SCK", "PEN", "GIFT", "STICKER"))]
        numbered = enumerate(some, 128874501)
        return [*(Listing(str(code), row["title"], row["sku"], row["price"], 3) for code, row in numbered), UNMAPPED]
    sets = [("SET-TS-2", "T-shirt twin pack, M", "23.90"), ("SET-MUG-4", "Four mugs in a gift box", "29.90")]
    return [
        *(Listing(_slug(row["title"]), row["title"], row["sku"], row["price"], 8) for row in singles),
        *(Listing(_slug(title), title, sku, price, 1) for sku, title, price in sets),
    ]


def mappings() -> dict[tuple[str, str], str]:
    """(store, store SKU) -> merchant SKU, for the listings whose code is not ours."""
    return {
        (shop.store, listing.store_sku): listing.sku
        for shop in STORES
        for listing in listings(shop)
        if listing.sku is not None and listing.sku != listing.store_sku
    }


def _size_shown(size: str) -> str:
    return f"{size} ml" if size.isdigit() else size


def _slug(title: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in title.lower()).split())


def _gtin(number: int) -> str:
    digits = f"95060001{number:04}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"
