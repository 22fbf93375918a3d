"""Mapping: which merchant SKU a store's listing sells (CAT-8, CAT-9)."""

from validators.columns import Reference, action, choice, code, shown_only, text
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="mapping",
    title="Mapping",
    sheet="Mapping",
    version=1,
    summary="Tie the listings of your stores to merchant SKUs, so that orders take the right stock.",
    columns=(
        code(
            "store",
            "Store",
            "The store the listing is in.",
            example="Shopee VN",
            required=True,
            key=True,
            reference=Reference.STORE,
            width=18,
        ),
        code(
            "store_sku",
            "Store SKU",
            "The listing's code in that store.",
            example="NK-SP-TS-RED-M",
            required=True,
            key=True,
            max_length=120,
            width=22,
            to_the_letter=True,
        ),
        shown_only(text("listing", "Listing name", "What buyers see. For information only.", width=34)),
        code(
            "sku",
            "SKU",
            "The merchant SKU it sells. Blank keeps the mapping as it is.",
            example="NK-SP-TS-RED-M",
            reference=Reference.MERCHANT_SKU,
        ),
        choice(
            "scope",
            "Apply to",
            "future orders (when blank), or all new orders: also those that wait and are not packed.",
            ("future orders", "all new orders"),
            example="future orders",
            editable=False,
            width=17,
        ),
        action("Blank adds or changes. ADD: not mapped yet. UPDATE: mapped already. REMOVE: unmap."),
    ),
    key=("store", "store_sku"),
    same_key=SameKey.ERROR,
    instructions=(
        "One row is one listing of one store. Several listings may sell the same merchant SKU.",
        "Download this workbook with current data, fill in the SKUs that are missing, and hand it in again.",
        "Apply to decides whether only future orders use the new SKU, or also those that are waiting now.",
        "To take a mapping away, write REMOVE into Action.",
    ),
    examples=(
        {"store": "Shopee VN", "store_sku": "TSHIRT-RED-M", "sku": "NK-SP-TS-RED-M"},
        {"store": "Lazada MY", "store_sku": "128874511", "sku": "NK-SP-TS-RED-M", "scope": "all new orders"},
        {"store": "Web shop", "store_sku": "twin-pack", "sku": "SET-TS-2", "action": "ADD"},
        {"store": "Shopee VN", "store_sku": "MUG-OLD", "action": "REMOVE"},
    ),
)
