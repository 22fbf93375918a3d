"""What can be wrong with a row: beside other rows, and beside what exists."""

from __future__ import annotations

from validators.messages.code import Code, Severity

_E, _W, _C = Severity.ERROR, Severity.WARNING, Severity.CONFLICT

ROWS: tuple[Code, ...] = (
    # -- rows against each other (WB-14) ---------------------------------------------------------------------------
    Code("same-key", _E, "also on row {other}.", "Keep one of the rows."),
    Code("same-keys", _E, "also on row {other}, with the same {what}.", "Keep one of the rows."),
    Code(
        "same-key-default",
        _E,
        "also on row {other}, for a blank {what} means the default one.",
        "Keep one of the rows.",
    ),
    Code("second-default", _E, "row {other} says yes too, and there is one default.", "Say yes on one row only."),
    Code("same-line", _W, "the same line as row {other}; the quantities add up.", "Delete one if it slipped in twice."),
    Code(
        "rows-disagree",
        _E,
        "differs from row {other} of the same {what}.",
        "Write the same on all of its rows, or write it once.",
    ),
    Code(
        "companion-bad",
        _E,
        "row {other} of the same {what} has an error, and its rows are applied together.",
        "Correct that row.",
    ),
    Code("priority-outside", _E, "'{value}' is not one of the rule's stores.", "Pick one of its stores."),
    # -- references ------------------------------------------------------------------------------------------------
    Code("unknown-merchant_sku", _E, "there is no merchant SKU '{value}'.", "Correct it, or create the SKU first."),
    Code("unknown-warehouse", _E, "there is no warehouse '{value}'.", "Pick one from the list."),
    Code(
        "unknown-shelf",
        _E,
        "there is no shelf '{value}' in warehouse '{warehouse}'.",
        "Correct it, or add the shelf first.",
    ),
    Code("unknown-store", _E, "there is no store '{value}'.", "Pick one from the list."),
    Code(
        "unknown-store_sku",
        _E,
        "store '{store}' has no store SKU '{value}'.",
        "Correct it, or sync the store's products first.",
    ),
    Code("unknown-order", _E, "store '{store}' has no order '{value}'.", "Correct it, or sync its orders first."),
    Code("unknown-package", _E, "no order has the tracking number '{value}'.", "Correct it, or name the order."),
    Code("unknown-order-line", _E, "order '{order}' has no line of '{value}'.", "Check the order's lines."),
    Code("unknown-push_rule", _E, "there is no push rule '{value}'.", "Correct it, or write ADD to make one."),
    # -- plan: rows against what exists ----------------------------------------------------------------------------
    Code("exists", _E, "'{value}' exists already.", "Use the workbook SKU update to change it."),
    Code("add-exists", _E, "'{value}' exists already.", "Write UPDATE, or leave the action blank."),
    Code("missing-record", _E, "there is no '{value}' to {action}.", "Check its spelling."),
    Code("not-mapped", _E, "'{value}' is not mapped to a merchant SKU.", "Write ADD to map it, or delete the row."),
    Code(
        "conflict",
        _C,
        "changed since the download: it is now '{now}', yours says '{yours}'.",
        "Load the current data and decide again.",
    ),
    Code(
        "conflict-untouched",
        _C,
        "changed since the download: it is now '{now}', this row still says '{yours}'.",
        "You did not change it: delete the row, or load the current data.",
    ),
    Code(
        "conflict-elsewhere",
        _C,
        "changed since the download in another column: {now}.",
        "Load the current data and decide again.",
    ),
    Code("conflict-gone", _C, "was deleted since the download.", "Delete the row."),
    Code(
        "version-other-key",
        _E,
        "this row's hidden version belongs to another record.",
        "Type the row anew instead of copying one, or download the workbook again.",
    ),
    Code(
        "already-applied",
        _E,
        "marked as applied in upload #{upload}, but the row was changed or copied since.",
        "Clear its Status to apply it as a new row, or undo the upload.",
    ),
    Code(
        "status-unreadable",
        _E,
        "its Status is merged with others, an error or a formula without a result: was the row applied before?",
        "Unmerge the cells and write the row's own mark; clear the Status of a new row.",
    ),
    Code("not-enough", _E, "only {available} available, {wanted} wanted.", "Lower the quantity."),
    Code("same-warehouse", _E, "it would leave and arrive in the same warehouse.", "Pick another destination."),
    Code(
        "below-allocated",
        _E,
        "{allocated:is/are} promised to orders, and this would leave fewer.",
        "Use a stock count to go below that.",
    ),
    Code("combination-no-stock", _E, "this combination has no stock of its own.", "Book its components instead."),
    Code("combination-kind", _E, "'{value}' is a combination.", "Only singles can be used here."),
    Code("combination-cycle", _E, "'{value}' would contain itself.", "Take it out of the recipe."),
    Code("combination-nested", _E, "'{value}' is a combination; only singles can be components.", "Use singles."),
    Code("single-in-use", _E, "'{value}' is a single SKU with stock or open orders.", "Use another SKU."),
    Code("single-is-component", _E, "'{value}' is a component of '{other}'.", "Use another SKU."),
    Code("recipe-empty", _E, "'{value}' has no components.", "List at least one."),
    Code("recipe-no-title", _E, "'{value}' is new and has no title.", "Write the title on one of its rows."),
    Code("own-stock-left", _E, "'{value}' has stock of its own.", "Book it out before turning own stock off."),
    Code("shelf-occupied", _E, "shelf '{value}' holds '{holder}'.", "Pick an available or recyclable shelf."),
    Code("shelf-twice", _E, "shelf '{value}' is given to '{other}' on row {row}.", "Give each its own shelf."),
    Code("store_sku-unlisted", _W, "store '{store}' has not shown a listing '{value}' yet.", "Check the code."),
    Code("default-needed", _E, "there must be a default warehouse.", "Say yes on another one instead."),
    Code("in-use", _E, "can't be removed: {reason}."),
    Code(
        "warehouse-used",
        _W,
        "still used by {users}.",
        "Orders go to the default warehouse, stock lists to do are deleted, drafts can't be sent any more.",
    ),
    Code("rule-overlap", _E, "rule '{other}' already governs {what}.", "Change the stores or the SKUs."),
    Code("rule-oversells", _W, "can show more than there is."),
    Code("rule-choice-shares", _W, "{reason}."),
    Code("rule-oversells-choice", _E, "a Choice store can't be shown more than there is.", "Use 100 % or less."),
    Code("order-cancel-pending", _W, "the buyer asked to cancel this order.", "Look at it before it goes out."),
    Code("order-or-package", _E, "write the order or the tracking number.", "One of the two, not both."),
    Code("not-out", _E, "{wanted} wanted back, but only {out} are out.", "Lower the quantity."),
    Code("refused", _E, "{reason}"),
)
