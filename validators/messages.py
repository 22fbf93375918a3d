"""The table of codes: every wording that a user can meet about a cell, a row or a file stands here and nowhere else."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class Severity(enum.StrEnum):
    """How much a finding matters: an error stops its row (or file); a warning never does."""

    ERROR = "error"
    WARNING = "warning"
    CONFLICT = "conflict"  # counts as an error; the record changed since the download (WB-4)


@dataclass(frozen=True)
class Code:
    """One kind of problem: its name, how much it matters, its words, and what to do about it.

    `text` is a format string over the finding's facts. It never needs the column's title in front: whoever shows the
    message adds the place.
    """

    code: str
    severity: Severity
    text: str
    advice: str = ""


@dataclass(frozen=True)
class Finding:
    """One problem at one place. `row` is the number Excel shows, None for the file; `column` is a column's name."""

    code: str
    row: int | None = None
    column: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """From the table of codes."""
        return CODES[self.code].severity

    @property
    def text(self) -> str:
        """The sentence people read: what is wrong, with the value, and what to do."""
        known = CODES[self.code]
        sentence = f"{known.text} {known.advice}".rstrip()
        limits = {"reason": 400}  # a reason is a sentence of ours, all else is out of a cell
        return sentence.format(**{name: shown(value, limits.get(name, 100)) for name, value in self.facts.items()})


def shown(value: Any, limit: int = 100) -> Any:
    """A value from a cell as it may be shown back: texts are cut at `limit` characters, numbers stay as they are."""
    if isinstance(value, str) and len(value) > limit:
        return value[: limit - 1] + "…"
    return value


def _table(codes: Iterable[Code]) -> dict[str, Code]:
    table: dict[str, Code] = {}
    for code in codes:
        assert code.code not in table, f"code {code.code} stands twice"
        table[code.code] = code
    return table


_E, _W, _C = Severity.ERROR, Severity.WARNING, Severity.CONFLICT

#: Grouped by who finds them: cells, rows, references, plan, file.
CODES: dict[str, Code] = _table(
    [
        # -- cells: read one value -------------------------------------------------------------------------------
        Code("missing", _E, "a value is required here.", "Fill it in."),
        Code("number-not-whole", _E, "{value} is not a whole number.", "Write whole units, like 12."),
        Code("number-not-number", _E, "'{value}' is not a number.", "Write digits only, without units or separators."),
        Code("number-too-small", _E, "{value} is below {limit}.", "Write {limit} or more."),
        Code("number-too-large", _E, "{value} is above {limit}.", "Write {limit} or less."),
        Code("number-is-boolean", _E, "TRUE and FALSE are not numbers.", "Write digits."),
        Code("number-is-date", _E, "this cell holds a date.", "Set its format to General and write a number."),
        Code("number-is-percent", _E, "this cell is formatted as per cent.", "Set its format to General."),
        Code("number-places", _E, "{value} has more than {places} decimal places.", "Round it."),
        Code("number-separator", _E, "'{value}' has a thousands or mixed separator.", "Write digits with a point."),
        Code("percent-fraction", _E, "{value} would be less than one per cent.", "Write 50 for 50 %."),
        Code("text-too-long", _E, "{length} characters, at most {limit} fit.", "Shorten it."),
        Code("text-control", _E, "contains the invisible character {character}.", "Retype the text."),
        Code("text-changed", _W, "read as '{after}' instead of '{before}' (odd blanks or characters tidied)."),
        Code("code-from-number", _W, "stored as a number; leading zeros may be lost.", "Format the cell as text."),
        Code("code-too-many-digits", _E, "Excel keeps 15 digits of a number.", "Format the column as text, retype."),
        Code("code-not-whole", _E, "{value} is a number with a fraction.", "Format the column as text and retype."),
        Code("code-shortened", _E, "Excel shortened this number to '{value}'.", "Format as text and retype it."),
        Code("code-zero-format", _W, "shown with leading zeros that the cell does not hold; read as '{value}'."),
        Code("code-is-date", _E, "Excel turned this into a date.", "Format the column as text and retype it."),
        Code("code-is-boolean", _E, "Excel turned this into TRUE or FALSE.", "Format the column as text and retype."),
        Code("code-separator", _E, "contains ; or =, which part the names in a push rule's lists.", "Leave it out."),
        Code("choice-unknown", _E, "'{value}' is not one of: {choices}.", "Pick one from the list."),
        Code("yes-no-unknown", _E, "'{value}' is neither yes nor no.", "Write yes or no."),
        Code("date-ambiguous", _E, "'{value}' can be read as two dates.", "Write it like 2026-04-20."),
        Code("date-unknown", _E, "'{value}' is not a date.", "Write it like 2026-04-20."),
        Code("pairs-malformed", _E, "'{value}' is not a list like colour=red; size=M.", "Write name=value pairs."),
        Code("cell-error", _E, "the cell holds the error {value}.", "Correct the formula or type the value."),
        Code("cell-formula", _E, "a formula without a saved result.", "Type the value, or save the file in Excel."),
        Code("cell-merged", _E, "the cell is merged with others.", "Unmerge the cells and fill each one."),
        Code("cell-structure", _E, "a list or an object is no cell's value.", "Send text, a number, yes/no or null."),
        Code("cell-hash-text", _E, "'{value}' is not a value.", "Use #CLEAR to empty a value, or type one."),
        Code("clear-not-allowed", _E, "#CLEAR can't be used here.", "Write a value, or leave the cell empty."),
        Code("currency-unknown", _E, "'{value}' is not a currency code.", "Write three letters, like USD."),
        Code("url-malformed", _E, "'{value}' is not a web address.", "Write it like https://example.com/a.jpg."),
        # -- SKU hygiene (CAT-2), GTIN (CAT-4) ---------------------------------------------------------------------
        Code("sku-control", _E, "contains a control or invisible character.", "Retype the SKU."),
        Code("sku-formula", _E, "a SKU can't be a formula.", "Type the SKU."),
        Code("sku-blank", _W, "contains a blank."),
        Code("sku-slash", _W, "contains a slash."),
        Code("sku-dot", _W, "contains a dot."),
        Code("sku-separator", _W, "contains ;, which parts the SKUs in a push rule's list: it can't be named there."),
        Code("sku-leading-zero", _W, "starts with 0, which Excel drops when it takes the SKU for a number."),
        Code("sku-ambiguous", _W, "has {letters} beside digits, easily misread."),
        Code("sku-long", _W, "{length} characters; more than 32 are hard to print and scan."),
        Code("sku-is-gtin", _W, "is also a GTIN.", "Keep codes of different kinds apart."),
        Code("sku-is-model", _W, "is also a model number.", "Keep codes of different kinds apart."),
        Code("sku-reused", _W, "reuses the code of a SKU that was deleted on {date}."),
        Code("sku-lookalike", _W, "looks like SKU '{other}'."),
        Code("title-elsewhere", _W, "the same title exists under SKU '{other}'."),
        Code("gtin-characters", _E, "a GTIN has 1–50 letters, digits or - _ + *.", "Correct '{value}'."),
        Code("gtin-taken", _E, "GTIN '{value}' belongs to SKU '{other}'.", "A GTIN belongs to one SKU."),
        # -- rows against each other (WB-14) -----------------------------------------------------------------------
        Code("same-key", _E, "also on row {other}.", "Keep one of the rows."),
        Code("same-line", _W, "the same line as row {other}; the quantities add up."),
        Code("rows-disagree", _E, "differs from row {other} of the same {what}.", "Write it once, or the same."),
        Code("companion-bad", _E, "row {other} of the same {what} has an error.", "They are applied together or not."),
        Code("priority-outside", _E, "'{value}' is not one of the rule's stores.", "Pick one of its stores."),
        # -- references ----------------------------------------------------------------------------------------------
        Code("unknown-merchant_sku", _E, "no merchant SKU '{value}'.", "Correct it, or create the SKU first."),
        Code("unknown-warehouse", _E, "no warehouse '{value}'.", "Pick one from the list."),
        Code("unknown-shelf", _E, "no shelf '{value}' in warehouse '{warehouse}'.", "Add the shelf first."),
        Code("unknown-store", _E, "no store '{value}'.", "Pick one from the list."),
        Code("unknown-store_sku", _E, "store '{store}' has no store SKU '{value}'.", "Sync its products first."),
        Code("unknown-order", _E, "store '{store}' has no order '{value}'.", "Correct it, or sync its orders first."),
        Code("unknown-package", _E, "no order has the tracking number '{value}'.", "Correct it, or name the order."),
        Code("unknown-order-line", _E, "order '{order}' has no line of '{value}'.", "Check the order's lines."),
        Code("unknown-push_rule", _E, "no push rule '{value}'.", "Correct it, or write ADD to make one."),
        # -- plan: rows against what exists ------------------------------------------------------------------------
        Code("exists", _E, "'{value}' exists already.", "Use the update workbook to change it."),
        Code("add-exists", _E, "'{value}' exists already.", "Write UPDATE, or leave the action blank."),
        Code("missing-record", _E, "there is no '{value}' to {action}.", "Check the key."),
        Code(
            "conflict",
            _C,
            "changed since the download: now '{now}', yours '{yours}'.",
            "Load the current data and decide again.",
        ),
        Code(
            "conflict-untouched",
            _C,
            "changed since the download: now '{now}', this row still says '{yours}'.",
            "You did not change it: delete the row, or load the current data.",
        ),
        Code(
            "conflict-elsewhere",
            _C,
            "the record changed since the download: now {now}.",
            "Load the current data and decide again.",
        ),
        Code("conflict-gone", _C, "the record was deleted since the download.", "Remove the row."),
        Code("version-other-key", _E, "this row's hidden version belongs to another record.", "Don't copy rows."),
        Code("already-applied", _E, "already applied in {upload}.", "Undo it, or clear the status and apply again."),
        Code("not-enough", _E, "only {available} available, {wanted} wanted.", "Lower the quantity."),
        Code("same-warehouse", _E, "it would leave and arrive in the same warehouse.", "Pick another one."),
        Code("below-allocated", _E, "{allocated} are promised to orders.", "Use a stock count to go below that."),
        Code("combination-no-stock", _E, "a combination without own stock holds none.", "Use its components."),
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
            "Orders go to the default warehouse, stock lists to do are dropped, drafts can't be sent any more.",
        ),
        Code("rule-overlap", _E, "rule '{other}' already governs {what}.", "Change the stores or the SKUs."),
        Code("rule-oversells", _W, "can show more than there is."),
        Code("rule-choice-shares", _W, "{reason}."),
        Code("rule-oversells-choice", _E, "a Choice store can't be shown more than there is.", "Use 100 % or less."),
        Code("order-cancel-pending", _W, "the buyer asked to cancel this order.", "Look at it before it goes out."),
        Code("order-or-package", _E, "write the order or the tracking number.", "One of the two, not both."),
        Code("not-out", _E, "{wanted} wanted back, but only {out} are out.", "Lower the quantity."),
        Code("refused", _E, "{reason}"),
        # -- the file as a whole -----------------------------------------------------------------------------------
        Code("file-empty", _E, "no rows were read.", "Fill in rows below the header on sheet '{sheet}'."),
        Code("file-unknown-columns", _W, "unknown columns were not read: {columns}."),
        Code("file-missing-column", _E, "the column '{column}' is missing.", "Download the template again."),
        Code("file-doubled-column", _E, "the column '{column}' stands twice ({places}).", "Remove one of them."),
        Code("file-hidden-rows", _W, "{count} hidden or filtered rows were read too."),
        Code("file-no-template", _E, "this file is none of the templates.", "Download a template and fill it in."),
        Code("file-old-template", _E, "made with version {was} of the template; version {now} is needed: {changes}."),
        Code("file-too-many-rows", _E, "{rows} rows; at most {limit} can be handed in at once.", "Split the file."),
        Code("file-no-header", _E, "no header row was found on sheet '{sheet}'.", "Download the template again."),
        Code(
            "file-ambiguous-template",
            _E,
            "its headers fit several templates: {candidates}.",
            "Use the downloaded template as it is, or say which template it is.",
        ),
        Code("file-unknown-template", _E, "there is no template '{template}'.", "Download a template and fill it in."),
        Code("file-other-template", _E, "this is the workbook '{was}', not '{wanted}'.", "Choose the other template."),
        Code("file-hidden-sheet", _E, "the sheet '{sheet}' is hidden, and hidden sheets are not read.", "Unhide it."),
        Code("file-totals-row", _W, "the table's totals row {row} was not read."),
        Code(
            "file-encoding",
            _W,
            "read as Windows Western text, for it is not UTF-8.",
            "Save as .xlsx or 'CSV UTF-8' if letters look wrong.",
        ),
        Code("file-encoding-unknown", _E, "its text can't be decoded.", "Save it as .xlsx or 'CSV UTF-8'."),
        # -- files that can't be read ------------------------------------------------------------------------------
        Code("file-too-large", _E, "{size} MB; at most {limit} MB can be handed in.", "Split the file."),
        Code("file-no-content", _E, "the file is empty (no content at all).", "Save it again and hand it in."),
        Code("file-damaged", _E, "the file is damaged: {reason}.", "Open it in Excel and save it again as .xlsx."),
        Code(
            "file-web-page",
            _E,
            "this is a web page saved under the name of a workbook.",
            "Open it in Excel and save it as .xlsx.",
        ),
        Code("file-xml", _E, "this is an XML file, not a workbook.", "Open it in Excel and save it as .xlsx."),
        Code("file-other-kind", _E, "this is {kind}, not a workbook.", "Hand in .xlsx, .xlsm, .xls, .ods or .csv."),
        Code("file-too-old", _E, "this is a workbook from before Excel 97.", "Open it in Excel and save it as .xlsx."),
        Code("file-binary", _E, "it holds {character}, which no text file does.", "Save it as .xlsx in Excel."),
        Code("file-password", _E, "the file is protected with a password.", "Remove the password and save it again."),
        Code("file-macros", _E, "it contains macros under a name that says it has none.", "Save it as .xlsx."),
        Code("file-macro-sheet", _E, "it contains an Excel 4 macro sheet.", "Delete that sheet and save as .xlsx."),
        Code("file-suspicious", _E, "not opened for safety: {reason}.", "Open it in Excel and save it as a new .xlsx."),
        Code("file-utf16", _E, "its parts are not written in UTF-8.", "Open it in Excel and save it again as .xlsx."),
        Code("file-odd-xml", _E, "its cells are written in an unusual way.", "Open it in Excel and save it as .xlsx."),
        Code(
            "file-new-error",
            _E,
            "cell {cell} holds the error {value}, so the sheet can't be read.",
            "Correct the formula or type the value.",
        ),
        Code("file-merged", _E, "too many merged cells, first at {cell}.", "Unmerge the cells below the header."),
        Code("file-too-many-parts", _E, "{count} parts inside; at most {limit}.", "Copy the rows to a new file."),
        Code("file-too-many-sheets", _E, "{count} sheets; at most {limit}.", "Delete the sheets that are not needed."),
        Code("file-too-many-cells", _E, "{count} cells; at most {limit}.", "Delete sheets and rows not needed."),
        Code("file-too-many-texts", _E, "{count} different texts; at most {limit}.", "Split the file."),
        Code("file-too-wide", _E, "{columns} columns; at most {limit}.", "Delete the columns that are not needed."),
        Code(
            "file-far-cell",
            _E,
            "the used area reaches {cell}, beyond {limit}.",
            "Delete the empty rows and columns around the data and save again.",
        ),
        Code("file-unpacked", _E, "it unpacks to more than {limit} MB.", "Copy the rows into a new template."),
        Code("file-ratio", _E, "it unpacks to over {limit} times its size.", "Copy the rows into a new template."),
        Code("file-too-heavy", _E, "it needs too much memory or time to read.", "Split the file, or save as .xlsx."),
    ]
)
