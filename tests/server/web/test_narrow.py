"""Tables that become a list of facts where the window is narrow: each fact is its label and one thing beside it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.support.filling import applied
from tests.support.http import Api
from tests.support.pages import person

_NEVER_CLOSED = frozenset({"input", "br", "img", "wbr"})


class _Cells(HTMLParser):
    """Counts what stands directly in each labelled cell: elements, and text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.found = 0, list[tuple[str, int]]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        label = dict(attrs).get("data-label")
        if label is not None:
            self.depth = 1
            self.found.append((label, 0))
        elif self.depth and tag not in _NEVER_CLOSED:
            self._stands()
            self.depth += 1
        elif self.depth:
            self._stands()

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in _NEVER_CLOSED:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._stands()

    def _stands(self) -> None:
        if self.depth == 1:
            label, number = self.found[-1]
            self.found[-1] = (label, number + 1)


@pytest.mark.parametrize("path", ["/stock/1", "/uploads/{upload}?rows=all"])
def test_one_thing_beside_each_label(shop: Api, path: str) -> None:
    """WEB-1: two of them would be squeezed into columns side by side."""
    applied(shop.admin, "safety_stock", [{"sku": "MUG", "warehouse": "MAIN", "safety_stock": 99}])
    wrong = {"sku": "NO", "quantity": "ten", "warehouse": "NOWHERE"}
    made = shop.admin.post("/uploads", json={"template": "stock_in", "rows": [wrong, {"sku": "MUG", "quantity": 1}]})
    page, cells = person(shop, "viewer").get(path.format(upload=made.get_json()["id"])), _Cells()
    cells.feed(page.text)
    assert len(cells.found) >= 6 and {number for _, number in cells.found} <= {0, 1}, cells.found
