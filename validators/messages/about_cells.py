"""What can be wrong with one value: found by reading it, whatever stands beside it."""

from __future__ import annotations

from validators.messages.code import Code, Severity

_E, _W = Severity.ERROR, Severity.WARNING

CELLS: tuple[Code, ...] = (
    # -- cells: read one value -------------------------------------------------------------------------------------
    Code("missing", _E, "a value is required here.", "Fill it in."),
    Code("number-not-whole", _E, "{value} is not a whole number.", "Write whole units, like 12."),
    Code("number-not-number", _E, "'{value}' is not a number.", "Write digits only, without units or separators."),
    Code("number-too-small", _E, "{value} is below {limit}.", "Write {limit} or more."),
    Code("number-too-large", _E, "{value} is above {limit}.", "Write {limit} or less."),
    Code("number-is-boolean", _E, "this cell holds TRUE or FALSE, not a number.", "Type the number."),
    Code(
        "number-is-date",
        _E,
        "this cell holds a date, not a number.",
        "Set its format to General and type the number again.",
    ),
    Code(
        "number-is-percent",
        _E,
        "this cell is formatted as per cent.",
        "Set its format to General and type the number again.",
    ),
    Code("number-places", _E, "{value} has more than {places:decimal place/decimal places}.", "Round it."),
    Code(
        "number-separator",
        _E,
        "'{value}' has separators that can be read in two ways.",
        "Write plain digits, without thousands separators.",
    ),
    Code(
        "number-decimal-comma",
        _E,
        "'{value}' has a decimal point, but in a .csv with semicolons decimals have commas.",
        "Write it with a comma, or save the file as .xlsx.",
    ),
    Code("percent-fraction", _E, "{value} would be less than one per cent.", "Write 50 for 50 %."),
    Code("text-too-long", _E, "{length} characters long; at most {limit} fit.", "Shorten it."),
    Code("text-control", _E, "contains the invisible character {character}.", "Retype the text."),
    Code("text-changed", _W, "'{before}' was read as '{after}': odd blanks or characters were tidied."),
    Code(
        "code-from-number",
        _W,
        "Excel keeps this as a number, so leading zeros may be lost.",
        "Check it, and format the column as Text.",
    ),
    Code(
        "code-too-many-digits",
        _E,
        "too long for a number: Excel keeps 15 digits and loses the rest.",
        "Format the column as Text and type it again.",
    ),
    Code(
        "code-not-whole",
        _E,
        "{value} is a number with decimals, not a code.",
        "Format the column as Text and type it again.",
    ),
    Code(
        "code-shortened",
        _E,
        "Excel shortened this number to '{value}'.",
        "Format the column as Text and type it again.",
    ),
    Code(
        "code-zero-format",
        _W,
        "the leading zeros are only shown, the cell does not hold them; read as '{value}'.",
        "To keep them, format the column as Text and type them.",
    ),
    Code("code-is-date", _E, "Excel turned this into a date.", "Format the column as Text and type it again."),
    Code(
        "code-is-boolean", _E, "Excel turned this into TRUE or FALSE.", "Format the column as Text and type it again."
    ),
    Code("code-separator", _E, "contains ; or =, which part the names in a push rule's lists.", "Leave it out."),
    Code("choice-unknown", _E, "'{value}' is not one of: {choices}.", "Pick one from the list."),
    Code("yes-no-unknown", _E, "'{value}' is neither yes nor no.", "Write yes or no."),
    Code("date-ambiguous", _E, "'{value}' can be read as two dates.", "Write it like 2026-04-20."),
    Code("date-unknown", _E, "'{value}' is not a date.", "Write it like 2026-04-20."),
    Code(
        "pairs-malformed",
        _E,
        "'{value}' is not a list like colour=red; size=M.",
        "Write name=value pairs, each name once.",
    ),
    Code("cell-error", _E, "the cell holds the error {value}.", "Correct the formula or type the value."),
    Code(
        "cell-formula",
        _E,
        "the formula here has no saved result.",
        "Type the value, or open the file in Excel and save it.",
    ),
    Code("cell-merged", _E, "the cell is merged with others.", "Unmerge the cells and fill each one."),
    Code("cell-structure", _E, "a list or an object is no cell's value.", "Send text, a number, yes/no or null."),
    Code(
        "cell-hash-text", _E, "'{value}' is not a value.", "Type the value; #CLEAR empties one where that is allowed."
    ),
    Code("clear-not-allowed", _E, "#CLEAR can't be used here.", "Write a value, or leave the cell empty."),
    Code("currency-unknown", _E, "'{value}' is not a currency code.", "Write three letters, like USD."),
    Code("url-malformed", _E, "'{value}' is not a web address.", "Write it like https://example.com/a.jpg."),
    # -- SKU hygiene (CAT-2), GTIN (CAT-4) -------------------------------------------------------------------------
    Code("sku-control", _E, "contains a control or invisible character.", "Retype the SKU."),
    Code("sku-formula", _E, "a SKU can't be a formula.", "Type the SKU."),
    Code("sku-blank", _W, "contains a blank, which is easily overlooked or doubled."),
    Code("sku-slash", _W, "contains a slash, which breaks web addresses and file names."),
    Code("sku-dot", _W, "contains a dot, which makes some codes look like numbers."),
    Code("sku-separator", _W, "contains ;, which parts the SKUs in a push rule's list: it can't be named there."),
    Code("sku-leading-zero", _W, "starts with 0, which Excel drops when it takes the SKU for a number."),
    Code("sku-ambiguous", _W, "has {letters} beside digits, easily misread as 1 or 0."),
    Code("sku-long", _W, "{length} characters long; more than 32 are hard to print and scan."),
    Code("sku-is-gtin", _W, "the same code is also a GTIN.", "Keep codes of different kinds apart."),
    Code("sku-is-model", _W, "the same code is also a model number.", "Keep codes of different kinds apart."),
    Code("sku-reused", _W, "reuses the code of a SKU that was deleted on {date}."),
    Code("sku-lookalike", _W, "looks like SKU '{other}'."),
    Code("title-elsewhere", _W, "the same title exists under SKU '{other}'."),
    Code(
        "gtin-characters", _E, "'{value}' is not a GTIN, which has 1 to 50 letters, digits or - _ + *.", "Correct it."
    ),
    Code(
        "gtin-taken",
        _E,
        "GTIN '{value}' belongs to SKU '{other}' already.",
        "A GTIN belongs to one SKU: take it off one of them.",
    ),
)
