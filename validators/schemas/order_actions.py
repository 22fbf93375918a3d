"""Order actions: pack, ship, void, revert, cancel, another mapping, another warehouse (spec section 4)."""

from validators.columns import Reference, choice, code, yes_no
from validators.workbooks import SameKey, Workbook

PACK, SHIP, VOID, REVERT, CANCEL = "pack", "ship", "void", "revert", "cancel"
MOVE_TO_PACK, CHANGE_MAPPING, CHANGE_WAREHOUSE = "move to To Pack", "change mapping", "change warehouse"

WORKBOOK = Workbook(
    id="order_actions",
    title="Order actions",
    sheet="Order actions",
    version=1,
    summary="Move many orders on at once: pack, ship, void, revert, cancel, another mapping or warehouse.",
    columns=(
        code(
            "store",
            "Store",
            "The store the order came from.",
            example="Shopee VN",
            required=True,
            key=True,
            reference=Reference.STORE,
            width=18,
        ),
        code(
            "order",
            "Order",
            "The store's order number.",
            example="240420ABCD12",
            required=True,
            key=True,
            max_length=88,
            width=22,
        ),
        choice(
            "action",
            "Action",
            "What is done to the order. One action for an order in one sheet.",
            (PACK, SHIP, VOID, REVERT, CANCEL, MOVE_TO_PACK, CHANGE_MAPPING, CHANGE_WAREHOUSE),
            example=PACK,
            required=True,
            editable=False,
            width=18,
        ),
        code(
            "store_sku",
            "Store SKU",
            "Change mapping: the store SKU of the order's line.",
            example="NK-SP-TS-RED-M",
            key=True,
            max_length=120,
            width=22,
        ),
        code(
            "sku",
            "SKU",
            "Change mapping: the merchant SKU that it sells.",
            example="NK-SP-TS-RED-M",
            reference=Reference.MERCHANT_SKU,
        ),
        choice(
            "scope",
            "Apply to",
            "Change mapping: this order only, future orders (when blank), or all new orders.",
            ("this order only", "future orders", "all new orders"),
            example="this order only",
            editable=False,
            width=17,
        ),
        code(
            "warehouse",
            "Warehouse",
            "Change warehouse: where it ships from.",
            example="EAST",
            reference=Reference.WAREHOUSE,
            width=14,
        ),
        yes_no(
            "return_quantity",
            "Return quantity",
            "Cancel: whether the quantity comes back, where the store's setting leaves it to you.",
            example="yes",
            width=16,
        ),
    ),
    key=("store", "order", "store_sku"),
    same_key=SameKey.ERROR,
    posts_stock=True,
    with_data=False,
    instructions=(
        "One row is one action on one order. A change of mapping takes a row for each store SKU.",
        "What is not possible in the order's state is refused, and the message says what is.",
        "Cancelled and voided orders come first, so that what they give back can go to those that are reverted.",
        "Void, revert, change mapping and change warehouse can be undone. Pack, ship and cancel can't.",
    ),
    examples=(
        {"store": "Shopee VN", "order": "240420ABCD12", "action": PACK},
        {"store": "Shopee VN", "order": "240420ABCD13", "action": CANCEL, "return_quantity": "yes"},
        {"store": "Lazada MY", "order": "98112", "action": CHANGE_WAREHOUSE, "warehouse": "EAST"},
        {
            "store": "Web shop",
            "order": "1077",
            "action": CHANGE_MAPPING,
            "store_sku": "twin-pack",
            "sku": "SET-TS-2",
            "scope": "this order only",
        },
    ),
)
