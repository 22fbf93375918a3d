"""The real workbooks of mapping and places: downloaded with current data, changed in a cell, handed in again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.db.session import Database
from server.places.service import ensure_default
from server.places.shelves import create_shelves
from server.settings import Settings
from tests.factories import AT, make_sku, make_store, make_store_sku, put_stock
from tests.support.filling import fill, hand_in, template
from tests.support.http import Api, make_api


@pytest.fixture
def company(db: Database, tmp_path: Path) -> Api:
    """Main with 3 of A on no shelf and the shelf S-1; a store with the listing x."""
    made = make_api(db, Settings(data_dir=tmp_path, database_url=db.url))

    def records(session):
        main, sku = ensure_default(session, AT).id, make_sku(session, "A")
        put_stock(session, main, sku, 3)
        create_shelves(session, [(main, "S-1")], by="test", at=AT)
        make_store_sku(session, make_store(session, "Shop"), "x", listed=True)

    db.write(records)
    return made


@pytest.mark.parametrize(
    ("name", "cells", "look_at", "field", "after"),
    [
        ("warehouses", {"address": "Pier 4", "default": "yes"}, "/warehouses", "address", "Pier 4"),
        ("shelves", {"action": "REMOVE"}, "/shelves", None, None),
        ("safety_stock", {"safety_stock": 5, "shelf": "s-1"}, "/shelves", "sku", "A"),
        ("mapping", {"sku": "a"}, "/mappings", "sku", "A"),
    ],
)
def test_a_row_of_current_data_is_changed(
    company: Api, name: str, cells: dict[str, Any], look_at: str, field: str | None, after: str | None
) -> None:
    """WB-4, WB-5: as it came it is unchanged; changed it is applied; from then on the old sheet would overwrite
    nothing with its blank cells, and is a conflict where its record is gone."""
    client = company.admin
    sheet = template(client, name, "?with_data=true")
    as_it_came = hand_in(client, sheet).json
    assert [row["status"] for row in as_it_came["rows"]] == ["unchanged"]
    changed = hand_in(client, fill(sheet, name, [cells]), "?mode=apply").json
    assert (changed["status"], changed["counts"]["error"]) == ("applied", 0), changed
    items = client.get(look_at).json["items"]
    assert [item[field] for item in items] == [after] if field else items == []
    old = "conflict" if after is None else "unchanged"
    assert [row["status"] for row in hand_in(client, sheet).json["rows"]] == [old]
    assert client.post(f"/uploads/{changed['id']}/undo").json["status"] == "undone"
