"""Commands that act on the database directly."""

from __future__ import annotations

import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from server.access.tokens import sign_in
from server.cli.main import app, main
from server.cli.reference import out_of_date
from server.cli.serving import who_is_answered
from server.db import backup
from server.db.session import Database
from server.errors import Refused
from tests.server.cli.conftest import Terminal


def test_the_first_start_shows_the_admin_token_once(terminal: Terminal) -> None:
    """SEC-1: first start makes an admin and shows the token once."""
    printed = terminal.run("init")
    found = re.search(r"^admin token: (sb_\S{43})$", printed, re.MULTILINE)
    assert found is not None
    kept = terminal.folder / "admin-token"
    assert kept.read_text().strip() == found[1]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    again = terminal.run("init")
    assert "admin token:" not in again and "sb_" not in again
    database = Database(f"sqlite:///{terminal.folder / 'stockbook.db'}")
    with database.read() as session:
        assert sign_in(session, found[1]).role == "admin"
    database.close()


def test_without_a_database_each_command_says_what_to_do(terminal: Terminal) -> None:
    for words in (("token", "list"), ("job", "list"), ("verify-ledger",), ("backup", "x")):
        assert "python -m server init" in terminal.run(*words, code=1)


def test_users_and_tokens(terminal: Terminal) -> None:
    """SEC-1, SEC-2: made at the command line under its own name."""
    terminal.run("init")
    assert terminal.json("user", "create", "Ann", "--role", "manager")["role"] == "manager"
    made = terminal.json("token", "create", "ann", "laptop", "--scope", "viewer", "--days", "3")
    assert made["token"].startswith(made["prefix"]) and made["scope"] == "viewer"
    listed = terminal.run("token", "list")
    assert "laptop" in listed and made["token"] not in listed
    terminal.run("token", "revoke", str(made["id"]))
    assert [token["revoked_at"] is None for token in terminal.json("token", "list")] == [True, False]
    assert terminal.json("user", "change", "Ann", "--no-active")["active"] is False
    with sqlite3.connect(terminal.folder / "stockbook.db") as connection:
        actors = {row[0] for row in connection.execute("SELECT actor FROM audit_line WHERE subject LIKE 'Ann%'")}
    assert len(actors) == 1 and actors.pop().startswith("cli:")


def test_a_key_that_is_no_secret_is_refused_at_the_start(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """CH-6: not when the first credential is sealed; and said with the command that makes one."""
    monkeypatch.setenv("STOCKBOOK_SECRET_KEY", "short")
    for command in ("serve", "worker", "init", "upgrade"):
        said = terminal.run(command, code=2)
        assert "STOCKBOOK_SECRET_KEY must be 32" in said and "secrets.token_urlsafe(32)" in said
    assert not terminal.folder.exists()


@pytest.mark.parametrize(
    ("hosts", "said"),
    [("", "this machine only"), ("stock.example.com", "ask for stock.example.com"), ("*", "any name")],
)
def test_a_server_that_others_reach_says_whom_it_answers(hosts: str, said: str) -> None:
    """It checks the name that is asked for; whoever opens it to others would meet a refusal without a reason."""
    assert said in who_is_answered(hosts)


def test_exit_codes(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """0 done, 1 refused, 2 wrong use; never a traceback."""
    terminal.run("init")
    terminal.run("nothing", code=2)
    terminal.run("token", "revoke", "x", code=2)
    terminal.run("user", "create", "Ann", "--role", "boss", code=2)
    terminal.run("user", "create", "admin", code=1)
    terminal.run("token", "revoke", "99", code=1)
    terminal.run("token", "create", "nobody", code=1)
    monkeypatch.setenv("STOCKBOOK_THREADS", "many")
    assert "STOCKBOOK_THREADS" in terminal.run("init", code=2)


def test_a_broken_database_is_a_sentence(terminal: Terminal) -> None:
    terminal.folder.mkdir()
    (terminal.folder / "stockbook.db").write_bytes(b"no database at all" * 100)
    assert "database" in terminal.run("init", code=1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("stock", "--sku", "NOTHING"), 1, "no merchant SKU 'NOTHING'"),
        (("movements", "--sku", "NOTHING"), 1, "no merchant SKU 'NOTHING'"),
        (("movements", "--kind", "nothing"), 2, "stock_in"),
        (("return", "list", "--state", "x"), 2, "undone"),
        (("stock", "--as-of", "9999-12-31T23:59-10:00"), 2, "after 9999 in UTC"),
        (("order", "show", "9" * 20), 2, "a number is larger than any that can be kept"),
        (("token", "revoke", "9" * 20), 2, "a number is larger"),
        (("report", "inventory", "-o", "nowhere/x.xlsx"), 1, "there is no folder nowhere"),
        (("template", "get", "stock_in", "-o", "nowhere/x.xlsx"), 1, "nowhere/x.xlsx"),
        (("upload", "nothing.xlsx"), 2, "does not exist"),
        (("audit", "--since", "x"), 2, "neither a day"),
    ],
)
def test_what_can_not_be_is_a_sentence(terminal: Terminal, words: tuple[str, ...], code: int, said: str) -> None:
    terminal.run("init")
    printed = terminal.run(*words, code=code)
    assert said in printed and "something went wrong" not in printed


def test_each_problem_is_said_once(terminal: Terminal) -> None:
    terminal.run("init")
    assert terminal.run("sku", "show", "NOTHING", code=1) == "no merchant SKU 'NOTHING'\n"


def test_a_database_file_that_can_t_be_opened(terminal: Terminal) -> None:
    """Whoever reads it knows which file it is, and what to change."""
    (terminal.folder / "stockbook.db").mkdir(parents=True)
    said = terminal.run("stock", code=1)
    assert "the database file can't be used" in said and str(terminal.folder / "stockbook.db") in said


def test_a_job_runs_here_and_now(terminal: Terminal) -> None:
    """JOB-4: run now."""
    terminal.run("init")
    assert terminal.json("job", "run", "retention")["status"] == "done"
    assert [job["last_status"] for job in terminal.json("job", "list") if job["name"] == "retention"] == ["done"]
    assert "there are" in terminal.run("job", "run", "nothing", code=1)
    assert "name=value" in terminal.run("job", "run", "retention", "--set", "x", code=2)


def test_a_backup_is_whole_checked_and_never_overwrites(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("init")
    file = tmp_path / "copies" / "one.db"
    assert f"there is no folder {file.parent}" in terminal.run("backup", str(file), code=1)
    file.parent.mkdir()
    terminal.run("backup", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("SELECT name FROM user").fetchall() == [("admin",)]
    assert "exists" in terminal.run("backup", str(file), code=1)
    assert [path.name for path in file.parent.iterdir()] == ["one.db"]


def test_a_backup_on_either_database(db_url: str, tmp_path: Path) -> None:
    file = tmp_path / "copy.backup"
    backup.write(db_url, file)
    assert file.stat().st_size > 1000
    with pytest.raises(Refused, match="exists"):
        backup.write(db_url, file)


def test_a_password_is_not_shown() -> None:
    assert "geheim" not in backup.shown_url("postgresql+psycopg://anna:geheim@db/stock")


def test_verify_ledger_finds_a_figure_that_no_movement_explains(terminal: Terminal) -> None:
    terminal.run("init")
    assert terminal.run("verify-ledger").startswith("0 differences: ")
    with sqlite3.connect(terminal.folder / "stockbook.db") as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        columns = [row[1] for row in connection.execute("PRAGMA table_info(balance)")]
        values = {"on_hand": 5}
        marks = ", ".join(str(values.get(name, 1 if name.endswith("_id") else 0)) for name in columns)
        connection.execute(f"INSERT INTO balance ({', '.join(columns)}) VALUES ({marks})")
    assert "1 difference: " in terminal.run("verify-ledger", code=1)


def test_upgrade_of_an_up_to_date_database_changes_nothing(terminal: Terminal) -> None:
    terminal.run("init")
    assert "up to date" in terminal.run("upgrade")
    with sqlite3.connect(terminal.folder / "stockbook.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    assert "python -m server upgrade" in terminal.run("job", "list", code=1)


def test_a_database_of_a_newer_version_is_left_alone(terminal: Terminal) -> None:
    terminal.run("init")
    with sqlite3.connect(terminal.folder / "stockbook.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (("stock",), ("upgrade",), ("init",), ("demo",), ("serve",)):
        said = terminal.run(*words, code=1)
        assert "a newer version of Stockbook made this database (step 9999" in said


def test_the_reference_is_up_to_date() -> None:
    """docs/reference says what the code says. If not: `make docs`."""
    assert out_of_date(app) == []


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["serve"], ["token"], ["token", "create"], ["job", "run"], ["demo"]):
        assert main([*words, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out
