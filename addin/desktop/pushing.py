"""Push Now and Sync Orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from addin.client import summary
from addin.client.errors import NotATemplate
from addin.client.http import Server
from addin.client.sheet import header_key
from addin.desktop.desk import Desk
from addin.desktop.xlwings_sheet import TemplateSheet, selected_rows

#: How long the stores' answers are waited for before the summary says what has come so far.
PATIENCE_SECONDS = 45.0
#: Headers under which merchant SKUs stand, in this order.
_SKU_HEADERS = ("SKU", "SKU on it", "Component", "Combination")
_MOST_SKUS = 5_000


def push_now(desk: Desk) -> None:
    """Tell the stores: the SKUs of the selected rows, or all; then say what changed where (PSH-7, cause 16)."""
    skus = _selected_skus(desk)
    if skus:
        shown = skus[0] if len(skus) == 1 else f"the {len(skus):,} SKUs of the selected rows"
        answer = desk.screen.choose(
            f"Push {shown}?\n\nYes: only {'this one' if len(skus) == 1 else 'these'}.\nNo: everything, in all stores.",
            "Push Now",
        )
        if answer == "cancel":
            return
        skus = skus if answer == "yes" else []
    elif not desk.screen.ask("Tell all stores the quantities of all SKUs now?", "Push Now"):
        return
    with desk.server() as server:
        before = server.listings(skus)
        desk.screen.progress("asking for the push")
        asked = server.push_now(skus)
        after, settled = _wait(desk, server, skus, before) if asked else (before, True)
    desk.screen.tell(summary.of_push(before, after, asked, settled=settled), "Push Now")


def sync_orders(desk: Desk) -> None:
    """Read orders from the stores now."""
    with desk.server() as server:
        counts = server.sync_orders(progress=desk.screen.progress)
    desk.screen.tell(summary.of_sync(counts), "Sync Orders")


def _wait(
    desk: Desk, server: Server, skus: Sequence[str], before: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], bool]:
    """The listings once every push came to an end, or when time is up."""
    known = {each["id"]: each for each in before}
    after: list[Mapping[str, Any]] = []
    for _ in server.waiting(PATIENCE_SECONDS):
        after = server.listings(skus)
        open_pushes = sum(not summary.is_settled(known.get(each["id"]), each) for each in after)
        if not open_pushes:
            return after, True
        desk.screen.progress(f"waiting for the stores, {open_pushes:,} of {len(after):,} listings to go")
    return after, False


def _selected_skus(desk: Desk) -> list[str]:
    """Merchant SKUs in the selected rows of the template, each once; none if the sheet has no such column."""
    try:
        sheet = desk.sheet()
    except NotATemplate:
        return []
    rows = [row for row in selected_rows(desk.book.app, sheet.sheet) if row > sheet.header_row]
    column = _sku_column(sheet)
    if not rows or column is None:
        return []
    last = min(rows[-1], sheet.last_row())
    if last < rows[0]:
        return []
    values = sheet.sheet.range((rows[0], column), (last, column)).options(ndim=1).value
    found = [values[row - rows[0]] for row in rows if row <= last]
    skus = dict.fromkeys(_text(value) for value in found if value not in (None, ""))
    return list(skus)[:_MOST_SKUS]


def _sku_column(sheet: TemplateSheet) -> int | None:
    headers = [header_key(header) for header in sheet.headers()]
    return next((headers.index(header_key(name)) + 1 for name in _SKU_HEADERS if header_key(name) in headers), None)


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
