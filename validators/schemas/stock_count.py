"""Stock count: what was counted, whatever the books say (STK-5, STK-8)."""

from validators.columns import Reference, code, quantity, shown_only, text
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="stock_count",
    title="Stock count",
    sheet="Stock count",
    version=1,
    summary="Write down what was counted. On hand becomes your number; the difference is posted.",
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
            "The warehouse it was counted in. Blank: the default warehouse.",
            example="MAIN",
            key=True,
            reference=Reference.WAREHOUSE,
            width=16,
        ),
        quantity(
            "counted",
            "Counted",
            "Good units that were found. Left blank in a downloaded row: not counted, nothing changes.",
            example="47",
        ),
        text("note", "Note", "Why, for the history.", example="One box was wet", editable=False, width=30),
        shown_only(code("shelf", "Shelf", "The shelf it lies on. For information only.", width=12)),
        shown_only(quantity("on_hand", "On hand", "Units the books expect. For information only.")),
        shown_only(quantity("allocated", "Allocated", "Units promised to orders. For information only.")),
    ),
    key=("sku", "warehouse"),
    same_key=SameKey.ERROR,
    posts_stock=True,
    instructions=(
        "One row is one SKU in one warehouse, all its units together, those packed for orders too.",
        "Load the current data, print it if you like, and write what you found under Counted. "
        "Rows that you leave blank stay as they are.",
        "Apply makes one stock count for each warehouse and posts the differences.",
        "The shelf is the truth: a count may go below what is promised to orders. "
        "Those that no longer fit are then listed as at risk.",
        "Where stock moved after the download the row is a conflict: look again, and load the current data.",
    ),
    examples=(
        {"sku": "NK-SP-TS-RED-M", "warehouse": "MAIN", "counted": 47, "note": "One box was wet"},
        {"sku": "NK-SP-TS-RED-M", "warehouse": "EAST", "counted": 12},
        {"sku": "MUG-WHT-350", "counted": 0, "note": "None left"},
    ),
)
