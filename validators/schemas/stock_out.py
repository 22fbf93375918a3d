"""Stock-out: units that leave a warehouse by hand (STK-4, STK-6, STK-12)."""

from validators.columns import Reference, code, quantity, text
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="stock_out",
    title="Stock-out",
    sheet="Stock-out",
    version=1,
    summary="Book units that left without an order. Each row lowers on hand of one SKU in one warehouse.",
    columns=(
        code(
            "sku",
            "SKU",
            "The merchant SKU that left.",
            example="NK-SP-TS-RED-M",
            required=True,
            key=True,
            reference=Reference.MERCHANT_SKU,
        ),
        code(
            "warehouse",
            "Warehouse",
            "Where it left from. Blank: the default warehouse.",
            example="MAIN",
            key=True,
            reference=Reference.WAREHOUSE,
            width=16,
        ),
        quantity(
            "quantity",
            "Quantity",
            "Units that left, at most what is available.",
            example="3",
            required=True,
            minimum=1,
        ),
        text("note", "Note", "Why, for the history.", example="Samples for the photo shoot", width=34),
    ),
    key=("sku", "warehouse"),
    same_key=SameKey.ADDS_UP,
    posts_stock=True,
    with_data=False,
    instructions=(
        "One row is one SKU that left one warehouse. Rows of the same SKU add up.",
        "More than is available is refused, with the number that is there.",
        "Apply makes one stock-out list per warehouse and completes it.",
        "Orders deduct by themselves: do not list them here.",
    ),
    examples=(
        {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "quantity": 3, "note": "Samples for the photo shoot"},
        {"sku": "MUG-WHT-350", "warehouse": "EAST", "quantity": 2, "note": "Broken in the warehouse"},
        {"sku": "GIFT-BOX-S", "quantity": 10, "note": "Used for staff presents"},
    ),
)
