"""Lists that must agree: templates and handlers, codes and their uses, models and migrations."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from server.db.session import Database
from server.schema import METADATA
from server.uploads.handlers.registry import HANDLERS
from tests.architecture.source import ROOT, files, shown, texts
from validators.columns import Reference
from validators.messages import CODES
from validators.registry import WORKBOOKS

MESSAGES = "validators/messages/"
#: Codes that are put together: `unknown-` and what was looked for.
_BUILT = {f"unknown-{reference}" for reference in Reference}
_CODE = re.compile(r"[a-z]+(?:[-_][a-z0-9_]+)+")


def test_every_template_has_a_handler_and_every_handler_a_template() -> None:
    """WB-2: what can be downloaded can be handed in."""
    assert set(WORKBOOKS) == set(HANDLERS)
    assert all(handler.workbook is WORKBOOKS[name] for name, handler in HANDLERS.items())


@pytest.mark.parametrize("name", WORKBOOKS)
def test_files_are_called_like_their_template(name: str) -> None:
    """WB-1: who looks for a template finds its description, its handler and its workbook by its name."""
    for path in (f"validators/schemas/{name}.py", f"server/uploads/handlers/{name}.py", f"templates_xlsx/{name}.xlsx"):
        assert (ROOT / path).is_file(), path


def test_every_code_is_used() -> None:
    """P7: the table of messages holds no sentence that nobody says."""
    said = set(
        chain.from_iterable(
            texts(path) for path in files("server", "validators") if not shown(path).startswith(MESSAGES)
        )
    )
    assert set(CODES) - said - _BUILT == set()


def test_every_code_that_is_said_is_in_the_table() -> None:
    """P7: a code's words come from the table alone. Codes are known by the first word of those there are."""
    families = {code.partition("-")[0] for code in CODES if "-" in code} - {"not", "in", "single", "default"}
    findings = [path for path in files("validators", "server/uploads") if "Finding(" in path.read_text("utf-8")]
    for path in findings:
        codes = {text for text in texts(path) if "-" in text and _CODE.fullmatch(text)}
        strangers = {code for code in codes - set(CODES) if code.partition("-")[0] in families}
        assert not strangers, shown(path)


def test_migrations_make_what_the_models_say(db: Database) -> None:
    """A fresh database, by its migrations, is what the code expects: nothing is left for a next step to add."""
    with db.engines.write.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, METADATA) == []
