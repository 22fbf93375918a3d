"""Transfer: units that go from one warehouse to another (STK-7)."""

from validators.columns import Reference, code, quantity, text, yes_no
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="transfer",
    title="Transfer",
    sheet="Transfer",
    version=1,
    summary="Send units from one warehouse to another. They are on the way until they are received there.",
    columns=(
        code(
            "sku",
            "SKU",
            "The merchant SKU to be sent.",
            example="NK-SP-TS-RED-M",
            required=True,
            key=True,
            reference=Reference.MERCHANT_SKU,
        ),
        code(
            "source",
            "From",
            "The warehouse it leaves. Blank: the default warehouse.",
            example="MAIN",
            key=True,
            reference=Reference.WAREHOUSE,
            width=14,
        ),
        code(
            "destination",
            "To",
            "The warehouse it goes to.",
            example="EAST",
            required=True,
            key=True,
            reference=Reference.WAREHOUSE,
            width=14,
        ),
        quantity(
            "quantity",
            "Quantity",
            "Units to send, at most what is available where they leave.",
            example="12",
            required=True,
            minimum=1,
        ),
        yes_no(
            "received",
            "Received",
            "Yes: they are there already, and on hand at once. Blank or no: they are on the way.",
            example="no",
            blank_means=False,
            width=12,
        ),
        text("note", "Note", "Why, for the history.", example="For the opening week", width=34),
    ),
    key=("sku", "source", "destination"),
    same_key=SameKey.ADDS_UP,
    posts_stock=True,
    with_data=False,
    instructions=(
        "One row is one SKU that goes from one warehouse to another. Rows of the same SKU add up.",
        "Apply makes one transfer for each pair of warehouses and dispatches it: the units leave on hand at once.",
        "They are on the way until the transfer is received, in full or in part. Write yes under Received where "
        "they have arrived already.",
        "More than is available is refused, with the number that is there.",
    ),
    examples=(
        {
            "sku": "NK-SP-TS-RED-M",
            "source": "MAIN",
            "destination": "EAST",
            "quantity": 12,
            "note": "For the opening week",
        },
        {"sku": "MUG-WHT-350", "source": "EAST", "destination": "MAIN", "quantity": 5, "received": "yes"},
        {"sku": "GIFT-BOX-S", "destination": "EAST", "quantity": 20, "received": "no"},
    ),
)
