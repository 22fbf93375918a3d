"""Stock-in: units that arrive in a warehouse (STK-6, STK-12)."""

from validators.columns import Reference, code, decimal, quantity, text
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="stock_in",
    title="Stock-in",
    sheet="Stock-in",
    version=1,
    summary="Book units that arrived. Each row raises on hand of one SKU in one warehouse.",
    columns=(
        code(
            "sku", "SKU", "The merchant SKU that arrived.",
            example="NK-SP-TS-RED-M", required=True, key=True, reference=Reference.MERCHANT_SKU,
        ),
        code(
            "warehouse", "Warehouse", "Where it arrived. Blank: the default warehouse.",
            example="MAIN", key=True, reference=Reference.WAREHOUSE, width=14,
        ),
        quantity("quantity", "Quantity", "Good units that arrived.", example="12", required=True, minimum=1),
        code("shelf", "Shelf", "The shelf it goes on: an available or recyclable one.", example="A-01",
             width=12, reference=Reference.SHELF),
        decimal("unit_cost", "Unit cost", "What one unit cost.", example="4.20", places=4),
        text("note", "Note", "Why, for the history.", example="Delivery 4711"),
    ),
    key=("sku", "warehouse"),
    same_key=SameKey.ADDS_UP,
    posts_stock=True,
    with_data=False,
    instructions=(
        "One row is one SKU that arrived in one warehouse. Rows of the same SKU add up.",
        "Apply makes one stock-in list per warehouse and completes it.",
    ),
    examples=(
        {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "quantity": 12, "shelf": "A-01", "unit_cost": "4.20",
         "note": "Delivery 4711"},
        {"sku": "NK-SP-TS-RED-L", "quantity": 8},
    ),
)  # fmt: skip
