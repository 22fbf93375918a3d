"""Safety stock & shelf: per warehouse and SKU (WH-3, WH-4)."""

from validators.columns import Reference, code, quantity, shown_only
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="safety_stock",
    title="Safety stock & shelf",
    sheet="Safety stock",
    version=1,
    summary="Set below how many units a SKU counts as low, and which shelf it lies on.",
    columns=(
        code(
            "sku",
            "SKU",
            "The merchant SKU.",
            example="NK-SP-TS-RED-M",
            required=True,
            key=True,
            reference=Reference.MERCHANT_SKU,
        ),
        code(
            "warehouse",
            "Warehouse",
            "The warehouse it applies to. Blank: the default warehouse.",
            example="MAIN",
            key=True,
            reference=Reference.WAREHOUSE,
            width=16,
        ),
        quantity(
            "safety_stock",
            "Safety stock",
            "Below this many units the SKU is in the low-stock report.",
            example="20",
            clearable=True,
            width=14,
        ),
        code(
            "shelf",
            "Shelf",
            "The shelf it lies on: an available or recyclable one.",
            example="A-01",
            reference=Reference.SHELF,
            clearable=True,
            width=14,
        ),
        shown_only(quantity("on_hand", "On hand", "Units there when this was downloaded. For information only.")),
    ),
    key=("sku", "warehouse"),
    same_key=SameKey.ERROR,
    instructions=(
        "One row is one SKU in one warehouse. A blank cell leaves the value as it is; #CLEAR empties it.",
        "Safety stock is for the low-stock report. A push rule has a safety stock of its own, "
        "but can be told to hold this one back.",
        "A shelf that holds another SKU with stock is refused, with the SKU that holds it.",
    ),
    examples=(
        {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "safety_stock": 20, "shelf": "A-01"},
        {"sku": "NK-SP-TS-RED-L", "warehouse": "MAIN", "safety_stock": 15},
        {"sku": "MUG-WHT-350", "warehouse": "EAST", "safety_stock": 40, "shelf": "001"},
        {"sku": "GIFT-BOX-S", "safety_stock": "#CLEAR"},
    ),
)
