"""Shelves: the spots inside a warehouse (WH-2)."""

from validators.columns import Reference, action, code, shown_only, text
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="shelves",
    title="Shelves",
    sheet="Shelves",
    version=1,
    summary="Add and remove shelves, the spots inside a warehouse.",
    columns=(
        code(
            "warehouse",
            "Warehouse",
            "The warehouse it is in. Blank: the default warehouse.",
            example="MAIN",
            key=True,
            reference=Reference.WAREHOUSE,
            width=16,
        ),
        code(
            "shelf",
            "Shelf",
            "The shelf's code, unique in its warehouse.",
            example="A-01",
            required=True,
            key=True,
            width=16,
        ),
        action("Blank or ADD makes the shelf. REMOVE deletes it, unless a SKU with stock is on it."),
        shown_only(code("sku", "SKU on it", "The SKU it is assigned to. For information only.")),
        shown_only(
            text("status", "Shelf status", "available, occupied or recyclable. For information only.", width=15)
        ),
    ),
    key=("warehouse", "shelf"),
    same_key=SameKey.ERROR,
    instructions=(
        "One row is one shelf. SKUs are put on shelves by the safety stock & shelf workbook or at stock-in.",
        "A shelf is available when nothing is on it, occupied while its SKU has stock, else recyclable.",
        "An occupied shelf can't be removed.",
    ),
    examples=(
        {"warehouse": "MAIN", "shelf": "A-01"},
        {"warehouse": "MAIN", "shelf": "A-02"},
        {"warehouse": "EAST", "shelf": "001", "action": "ADD"},
        {"warehouse": "EAST", "shelf": "Z-99", "action": "REMOVE"},
    ),
)
