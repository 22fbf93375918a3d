"""Quantity update: set on hand to what is there (STK-12)."""

from validators.columns import Reference, code, quantity, shown_only, text
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="quantity_update",
    title="Quantity update",
    sheet="Quantity update",
    version=1,
    summary="Set on hand to the number that is really there; the difference is posted.",
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
            "The warehouse it lies in. Blank: the default warehouse.",
            example="MAIN",
            key=True,
            reference=Reference.WAREHOUSE,
            width=16,
        ),
        quantity("on_hand", "On hand", "Good units that are there now.", example="48", required=True),
        text(
            "note",
            "Note",
            "Why, for the history.",
            example="Recounted after the fair",
            editable=False,
            width=30,
        ),
        shown_only(quantity("allocated", "Allocated", "Units promised to orders. For information only.")),
        shown_only(quantity("available", "Available", "On hand less allocated. For information only.")),
    ),
    key=("sku", "warehouse"),
    same_key=SameKey.ERROR,
    posts_stock=True,
    instructions=(
        "One row is one SKU in one warehouse. On hand is set to your number; "
        "the difference is posted as a stock-in or stock-out.",
        "Delete the rows you do not want to change, or leave their number as it is.",
        "On hand can't be set below what is promised to orders. Use a stock count for that.",
    ),
    examples=(
        {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "on_hand": 48, "note": "Recounted after the fair"},
        {"sku": "NK-SP-TS-RED-M", "warehouse": "EAST", "on_hand": 12},
        {"sku": "MUG-WHT-350", "warehouse": "EAST", "on_hand": 0, "note": "Broken in transit"},
    ),
)
