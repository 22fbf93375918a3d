"""What a start costs: a command imports what it needs and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from server.cli.commands import TABLE
from server.cli.main import app

#: What takes longest to import; each is needed by a few commands only.
HEAVY = ("pandas", "pandera", "flask", "reportlab", "paramiko", "fsspec", "alembic", "xlsxwriter", "openpyxl")


def loaded_by(*words: str) -> set[str]:
    """The heavy packages that a command has imported when it ends."""
    script = (
        "import sys; from server.cli.main import main; main(sys.argv[1:]);"
        f"print(*[name for name in {(*HEAVY, 'sqlalchemy')!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stderr.splitlines()[-1].split())


def test_help_imports_no_command() -> None:
    assert loaded_by("--help") == set()


@pytest.mark.parametrize("words", [("stock", "--help"), ("order", "--help"), ("push", "--help"), ("store", "--help")])
def test_a_small_command_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    """Listing stock needs the database, but neither workbooks nor a web server."""
    assert loaded_by(*words) == {"sqlalchemy"}


def test_the_list_of_commands_says_what_the_commands_say() -> None:
    """The list is read without them; here both are compared, and nothing that a module offers is left out."""
    said = {name: entry.what for entries in TABLE.values() for name, entry in entries.items()}
    loaded = app.load_all()
    assert said == {name: " ".join((command.help or "").split()) for name, command in loaded.items()}
    modules = {entry.module for entries in TABLE.values() for entry in entries.values()}
    assert {name for module in modules for name in app.offered(module)} == set(said)


def test_a_misspelt_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app(args=["stok"])
    assert "'stock'" in capsys.readouterr().err
