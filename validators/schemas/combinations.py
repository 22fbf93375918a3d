"""Combinations: SKUs sold as several others (CAT-6). One row is one component of a recipe."""

from validators.columns import Reference, code, quantity, text, yes_no
from validators.schemas.row_rules import not_its_own_component, same_within
from validators.values.hygiene import sku_error
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="combinations",
    title="Combinations",
    sheet="Combinations",
    version=1,
    summary="Sell several single SKUs as one: the rows of a combination are its whole recipe.",
    columns=(
        code(
            "combination",
            "Combination",
            "SKU of the combination, new or existing. Repeat it on the row of each component.",
            example="SET-TS-2",
            required=True,
            key=True,
            check=sku_error,
        ),
        text(
            "title",
            "Title",
            "What people call it. Needed once, when it is new.",
            example="T-shirt twin pack",
            width=30,
        ),
        code(
            "component",
            "Component",
            "A single SKU that is part of it.",
            example="NK-SP-TS-RED-M",
            required=True,
            key=True,
            reference=Reference.MERCHANT_SKU,
        ),
        quantity(
            "quantity",
            "Quantity",
            "Units of the component in one combination.",
            example="2",
            required=True,
            minimum=1,
        ),
        yes_no(
            "own_stock",
            "Own stock",
            "yes: it also has stock of its own, and never shows more than that. Blank: as it is; a new one has none.",
            example="no",
            width=12,
        ),
    ),
    key=("combination", "component"),
    same_key=SameKey.ERROR,
    together="combination",
    instructions=(
        "One row is one component. All rows with the same combination together are its whole recipe.",
        "A component that is not listed is taken out of the recipe; orders keep the components they took.",
        "What can be sold follows from the components: the least of their available units over the quantity.",
        "Only single SKUs can be components. Combinations of combinations are refused.",
    ),
    examples=(
        {
            "combination": "SET-TS-2",
            "title": "T-shirt twin pack",
            "component": "NK-SP-TS-RED-M",
            "quantity": 1,
            "own_stock": "no",
        },
        {"combination": "SET-TS-2", "component": "NK-SP-TS-BLU-M", "quantity": 1},
        {
            "combination": "SET-MUG-4",
            "title": "Four mugs in a gift box",
            "component": "MUG-WHT-350",
            "quantity": 4,
            "own_stock": "yes",
        },
        {"combination": "SET-MUG-4", "component": "GIFT-BOX-S", "quantity": 1},
    ),
    row_rules=(same_within("combination", "title", "own_stock"), not_its_own_component),
)
