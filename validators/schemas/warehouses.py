"""Warehouses: the places that hold stock (WH-1, WH-5)."""

from validators.columns import action, code, text, yes_no
from validators.schemas.row_rules import at_most_one_yes
from validators.values.hygiene import listed_error
from validators.workbooks import SameKey, Workbook

WORKBOOK = Workbook(
    id="warehouses",
    title="Warehouses",
    sheet="Warehouses",
    version=1,
    summary="Add, rename and remove the places that hold stock.",
    columns=(
        code(
            "code",
            "Code",
            "A short code, used in all other workbooks.",
            example="EAST",
            required=True,
            key=True,
            width=14,
            check=listed_error,
        ),
        text(
            "name",
            "Name",
            "What people call it. Blank on a new one: its code.",
            example="East",
            max_length=120,
        ),
        text(
            "address",
            "Address",
            "Where it is.",
            example="12 Harbour Road, Penang",
            max_length=500,
            width=40,
            clearable=True,
        ),
        yes_no("default", "Default", "yes for the one warehouse that is used where none is named.", example="no"),
        action("Blank adds or changes. ADD must be new, UPDATE must exist, REMOVE deletes an empty warehouse."),
    ),
    key=("code",),
    same_key=SameKey.ERROR,
    instructions=(
        "One row is one warehouse. A blank cell leaves the value as it is.",
        "Exactly one warehouse is the default; saying yes on one takes it from the other.",
        "A warehouse can be removed only while nothing is on hand or on the way there.",
        "The default can't be removed.",
    ),
    examples=(
        {"code": "MAIN", "name": "Main", "address": "3 Station Street, Hanoi", "default": "yes"},
        {"code": "EAST", "name": "East", "address": "12 Harbour Road, Penang", "action": "ADD"},
        {"code": "OLD-DEPOT", "action": "REMOVE"},
    ),
    row_rules=(at_most_one_yes("default"),),
)
