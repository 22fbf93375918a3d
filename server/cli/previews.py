"""What every store would show, as it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from server.cli.output import complain, table, value
from server.push.preview import Shown

_CHANGED = ("store", "store_sku", "sku", "told", "before", "after")


def print_preview(
    rows: Sequence[Shown], *, warnings: Sequence[str] = (), problems: Sequence[str] = (), as_json: bool
) -> None:
    """Before and after. For people only what would change; for programs everything."""
    changing = [asdict(row) for row in rows if row.changes]
    if as_json:
        counts = {"listings": len(rows), "changing": len(changing)}
        items = [asdict(row) for row in rows]
        value({"counts": counts, "warnings": list(warnings), "problems": list(problems), "items": items})
        return
    table(changing, as_json=False, columns=_CHANGED)
    complain(f"{len(changing)} of {len(rows)} store SKUs would show something else")
    complain(*(f"warning: {text}" for text in warnings))
    complain(*(f"it could not be saved like this: {text}" for text in problems))
