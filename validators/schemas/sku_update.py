"""SKU update: changes to single SKUs that exist (CAT-5)."""

from dataclasses import replace

from validators.columns import Reference, code, text
from validators.schemas.sku_fields import DETAILS
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="sku_update",
    title="SKU update",
    sheet="SKU update",
    version=1,
    summary="Change titles, sizes, weights, pictures and the rest of single SKUs that exist already.",
    columns=(
        code(
            "sku",
            "SKU",
            "The merchant SKU to change. It must exist and must not be a combination.",
            example="NK-SP-TS-RED-M",
            required=True,
            key=True,
            reference=Reference.MERCHANT_SKU,
        ),
        text("title", "Title", "What people call it.", example="Sport T-shirt, red, M", width=32),
        *(replace(column, clearable=True) for column in DETAILS),
    ),
    key=("sku",),
    same_key=SameKey.ERROR,
    instructions=(
        "One row is one SKU to change. A blank cell leaves the value as it is.",
        "Write #CLEAR into a cell to empty the value. The title can be changed but not emptied.",
        "Download this workbook with current data, correct what is wrong, and hand it in again.",
        "If somebody else changed a SKU meanwhile, its row comes back as a conflict and shows both values.",
    ),
    examples=(
        {"sku": "NK-SP-TS-RED-M", "weight_g": 185, "price": "13.50"},
        {"sku": "NK-SP-TS-RED-L", "price": "13.50", "notes": "#CLEAR"},
        {"sku": "NK-SP-TS-BLU-M", "title": "Sport T-shirt, ocean blue, M", "colour": "Ocean blue"},
        {"sku": "MUG-WHT-350", "default_warehouse": "MAIN", "gtins": "4006381444446"},
        {"sku": "GIFT-BOX-S", "status": "inactive"},
    ),
)
