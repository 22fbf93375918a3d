"""What callers hand to the catalogue: new SKUs, changes, recipes. Pure data, validated before it gets here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any

SINGLE, COMBINATION = "single", "combination"
_NOTHING: Mapping[str, Any] = MappingProxyType({})

#: The fields of CAT-3 that a SKU can be changed in, each with what stands for "empty". GTINs are apart: they are
#: rows of their own.
EMPTY: Mapping[str, Any] = MappingProxyType(
    {
        "title": "",
        "parent_sku": "",
        "size": "",
        "colour": "",
        "attributes": _NOTHING,
        "category": "",
        "brand": "",
        "weight_g": None,
        "length_cm": None,
        "width_cm": None,
        "height_cm": None,
        "model_number": "",
        "picture_url": "",
        "cost": None,
        "price": None,
        "currency": "",
        "default_warehouse_id": None,
        "serial_mode": "off",
        "status": "active",
        "notes": "",
    }
)


@dataclass(slots=True)
class NewSku:
    """A merchant SKU to make (CAT-3). Decimals in grams, centimetres and `currency`. By name for people; `map` makes
    many of them by place."""

    code: str
    title: str = ""
    parent_sku: str = ""
    size: str = ""
    colour: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    category: str = ""
    brand: str = ""
    gtins: Sequence[str] = ()
    weight_g: Decimal | None = None
    length_cm: Decimal | None = None
    width_cm: Decimal | None = None
    height_cm: Decimal | None = None
    model_number: str = ""
    picture_url: str = ""
    cost: Decimal | None = None
    price: Decimal | None = None
    currency: str = ""
    default_warehouse_id: int | None = None
    serial_mode: str = "off"
    status: str = "active"
    notes: str = ""
    kind: str = SINGLE
    own_stock: bool = False


@dataclass(frozen=True, slots=True)
class SkuChange:
    """New values for fields of one SKU (CAT-5): what is not in `values` stays; a field's `EMPTY` value empties it.

    `gtins`, where given, are all of the SKU's GTINs from now on.
    """

    sku_id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    gtins: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A combination and its whole recipe (CAT-6): component's id -> units of it in one combination.

    `title` and `own_stock` None leave an existing combination's as they are; a new one has none, and no own stock.
    """

    code: str
    components: Mapping[int, int]
    title: str | None = None
    own_stock: bool | None = None
