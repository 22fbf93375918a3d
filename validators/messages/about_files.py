"""What can be wrong with a file as a whole, and what keeps one from being read at all."""

from __future__ import annotations

from validators.messages.code import Code, Severity

_E, _W = Severity.ERROR, Severity.WARNING

FILES: tuple[Code, ...] = (
    # -- the file as a whole ---------------------------------------------------------------------------------------
    Code("file-empty", _E, "no rows were read.", "Fill in rows below the header on sheet '{sheet}'."),
    Code(
        "file-unknown-columns",
        _W,
        "unknown columns were not read: {columns}.",
        "Check their headers if they should be.",
    ),
    Code("file-missing-column", _E, "the column '{column}' is missing.", "Add it, or download the template again."),
    Code("file-doubled-column", _E, "the column '{column}' stands twice ({places}).", "Remove one of them."),
    Code("file-hidden-rows", _W, "{count:hidden or filtered row was/hidden or filtered rows were} read too."),
    Code(
        "file-other-sheets",
        _W,
        "only the sheet '{read}' was read; rows under the same columns on {sheets} were not.",
        "Hand in each sheet as a file of its own.",
    ),
    Code(
        "file-control-workbook",
        _E,
        "this is the control workbook: it is looked at, not handed in.",
        "Press Load current data on the Stockbook tab to refresh it. To change something, fill in a template.",
    ),
    Code("file-no-template", _E, "this file fits none of the templates.", "Download a template and fill it in."),
    Code(
        "file-old-template",
        _E,
        "made with version {was} of the template; version {now} is needed: {changes}.",
        "Download the template again and copy your rows into it.",
    ),
    Code(
        "file-new-template",
        _E,
        "made with version {was} of the template, which is newer than this server's version {now}: {changes}.",
        "Download the template from this server and copy your rows into it.",
    ),
    Code(
        "file-too-many-rows",
        _E,
        "the file has {rows} rows; at most {limit} can be handed in at once.",
        "Split the file.",
    ),
    Code("file-no-header", _E, "no header row was found on sheet '{sheet}'.", "Download the template again."),
    Code(
        "file-ambiguous-template",
        _E,
        "its headers fit several templates: {candidates}.",
        "Use the downloaded template as it is, or say which template it is.",
    ),
    Code("file-unknown-template", _E, "there is no template '{template}'.", "Download a template and fill it in."),
    Code(
        "file-other-template",
        _E,
        "this is the workbook '{was}', not '{wanted}'.",
        "Choose the other template, or the other file.",
    ),
    Code("file-hidden-sheet", _E, "the sheet '{sheet}' is hidden, and hidden sheets are not read.", "Unhide it."),
    Code("file-totals-row", _W, "the table's totals row {row} was not read."),
    Code(
        "file-encoding",
        _W,
        "read as Windows Western text, for it is not UTF-8.",
        "Save as .xlsx or 'CSV UTF-8' if letters look wrong.",
    ),
    Code("file-encoding-unknown", _E, "the file's text can't be decoded.", "Save it as .xlsx or 'CSV UTF-8'."),
    # -- files that can't be read ----------------------------------------------------------------------------------
    Code("file-too-large", _E, "the file has {size} MB; at most {limit} MB can be handed in.", "Split the file."),
    Code("file-no-content", _E, "the file is empty.", "Save it again and hand it in."),
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
    Code(
        "file-binary",
        _E,
        "this is neither a workbook nor a text file (it holds the character {character}).",
        "Open it in Excel and save it as .xlsx; if Excel can't open it either, it is damaged.",
    ),
    Code("file-password", _E, "the file is protected with a password.", "Remove the password and save it again."),
    Code("file-macros", _E, "the file has macros under a name that says it has none.", "Save it as .xlsx."),
    Code("file-macro-sheet", _E, "the file has an Excel 4 macro sheet.", "Delete that sheet and save it as .xlsx."),
    Code("file-suspicious", _E, "not opened for safety: {reason}.", "Open it in Excel and save it as a new .xlsx."),
    Code(
        "file-utf16", _E, "the file's parts are not written in UTF-8.", "Open it in Excel and save it again as .xlsx."
    ),
    Code(
        "file-odd-xml", _E, "the file's cells are written in an unusual way.", "Open it in Excel and save it as .xlsx."
    ),
    Code(
        "file-new-error",
        _E,
        "cell {cell} holds the error {value}, so the sheet can't be read.",
        "Correct the formula or type the value.",
    ),
    Code("file-merged", _E, "too many merged cells, first at {cell}.", "Unmerge the cells below the header."),
    Code(
        "file-too-many-parts",
        _E,
        "the file has {count} parts inside; at most {limit} are read.",
        "Copy the rows into a new template.",
    ),
    Code(
        "file-too-many-sheets",
        _E,
        "the file has {count} sheets; at most {limit} are read.",
        "Delete the sheets that are not needed.",
    ),
    Code(
        "file-too-many-cells",
        _E,
        "the file has {count} cells; at most {limit} are read.",
        "Delete sheets and rows that are not needed.",
    ),
    Code(
        "file-too-many-texts", _E, "the file has {count} different texts; at most {limit} are read.", "Split the file."
    ),
    Code(
        "file-too-wide",
        _E,
        "the sheet has {columns} columns; at most {limit} are read.",
        "Delete the columns that are not needed.",
    ),
    Code(
        "file-far-cell",
        _E,
        "the used area reaches {cell}, beyond {limit}.",
        "Delete the empty rows and columns around the data and save again.",
    ),
    Code("file-unpacked", _E, "the file unpacks to more than {limit} MB.", "Copy the rows into a new template."),
    Code("file-ratio", _E, "the file unpacks to over {limit} times its size.", "Copy the rows into a new template."),
    Code("file-too-heavy", _E, "the file takes too much memory or time to read.", "Split it, or save it as .xlsx."),
)
