"""What applying a workbook takes beyond applying at all (SEC-1): the same as the API asks for the same deed."""

from __future__ import annotations

from server.access.roles import Permission, Role, demand
from server.uploads.rows import Rows

#: Workbooks that set what only some may set.
_APPLY: dict[str, Permission] = {"push_rules": "rules.write"}
#: Workbooks whose REMOVE rows delete records.
_REMOVE: dict[str, Permission] = {
    "warehouses": "records.delete",
    "shelves": "records.delete",
    "push_rules": "rules.write",
}


def demand_for(rows: Rows, role: Role) -> None:
    """Raise `NotAllowed` where `role` may not apply these rows."""
    template = rows.workbook.id
    if template in _APPLY:
        demand(role, _APPLY[template])
    if template in _REMOVE and "REMOVE" in rows.values.get("action", ()):
        demand(role, _REMOVE[template])
