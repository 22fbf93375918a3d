"""ADD-3: two forms, the same answers: the file by `POST /uploads` and the ribbon's Validate leave the same cells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from addin.client.painting import FILLS
from addin.desktop import buttons
from tests.addin.conftest import Site
from tests.addin.engine import Excel
from tests.addin.open_sheet import OpenSheet
from tests.addin.same_cells import BOOKS, Look, book, by_file, looks
from validators.writing.outcome_cells import Style
from validators.writing.styling import PAINTS


@pytest.mark.parametrize("name", BOOKS)
def test_the_ribbon_leaves_what_the_result_workbook_has(
    site: Site, signed_in: Excel, tmp_path: Path, name: str
) -> None:
    """ADD-3, contract: every client applies the same list."""

    def by_ribbon(content: bytes, template: str) -> Mapping[str, Look]:
        path = tmp_path / "typed.xlsx"
        path.write_bytes(content)
        open_sheet = OpenSheet.of(path, template)
        buttons.validate()
        assert signed_in.alerts[-1].mode == "info", signed_in.said
        return looks(open_sheet.sheet.impl.paper)

    template, change = BOOKS[name]
    content = book(site.server, template, change)
    expected = by_file(site.server)(content, template)
    assert any(look.style == "error" for look in expected.values())
    assert by_ribbon(content, template) == expected


def test_colours_are_those_of_the_result_workbook() -> None:
    """The add-in may not import the validators, so it has the colours once more: the same."""
    assert {style.value: paint.fill for style, paint in PAINTS.items()} == FILLS
    assert set(FILLS) | {"clear"} == {style.value for style in Style}
