"""The environment as one frozen dataclass, checked once at start.

Variables have the prefix `STOCKBOOK_`; a `.env` file in the working folder is read first and the environment wins.
docs/settings.md is written from this file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from server.errors import WrongUse

PREFIX = "STOCKBOOK_"
_MB = 1024 * 1024
#: A key of one's own choice must be at least this long, and should be random.
SHORTEST_KEY = 32
_NEW_KEY = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
#: Other ways to write a PostgreSQL address, all of which mean the driver that is installed.
_POSTGRESQL = ("postgres", "postgresql", "postgresql+psycopg")


def _setting(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class Settings:
    """What a server needs to know before it starts."""

    data_dir: Path = _setting(Path("var"), "Folder for the embedded database, uploads, keys and the admin token.")
    database_url: str = _setting("", "Database. Empty: SQLite in the data folder. PostgreSQL: postgresql+psycopg://…")
    secret_key: str = _setting("", "Key that encrypts store credentials. Empty: one is made in the data folder.")
    several_machines: bool = _setting(False, "More than one server shares the database. Refused on SQLite.")
    public_url: str = _setting(
        "", "Address under which stores reach this server's webhooks, and Excel the Office add-in. Empty: no webhooks."
    )
    threads: int = _setting(12, "Threads that answer requests.")
    upload_max_bytes: int = _setting(20 * _MB, "Largest upload, in bytes.")
    upload_max_rows: int = _setting(100_000, "Most rows in one upload.")
    reading_unpacked: int = _setting(200 * _MB, "Largest unpacked size of a workbook, in bytes.")
    reading_part: int = _setting(150 * _MB, "Largest unpacked part of a workbook, such as one sheet, in bytes.")
    reading_parts: int = _setting(2_000, "Most parts in a workbook's archive.")
    reading_sheets: int = _setting(200, "Most sheets in a workbook.")
    reading_ratio: int = _setting(200, "Most times that a workbook larger than 50 MB may be as large unpacked.")
    reading_columns: int = _setting(256, "Most columns of a sheet.")
    reading_cells: int = _setting(2_000_000, "Most cells of a sheet.")
    reading_area: int = _setting(8_000_000, "Largest used area of a sheet, rows times columns.")
    reading_strings: int = _setting(2_000_000, "Most different texts in a workbook.")
    reading_text_characters: int = _setting(100_000_000, "Most characters of all texts of a sheet.")
    reading_memory: int = _setting(1024 * _MB, "Most memory that reading one file may take, in bytes.")
    reading_cpu_seconds: int = _setting(30, "Longest processor time that reading one file may take.")
    reading_wall_seconds: int = _setting(45, "Longest time that reading one file may take.")
    reading_at_once: int = _setting(2, "Files that are read at the same time.")
    reading_queue_seconds: int = _setting(
        10, "How long a file waits for its turn to be read, then is to be sent again."
    )
    upload_files_days: int = _setting(
        365, "How long files that were handed in are kept, in days; their history stays. 0: for ever."
    )
    upload_quota_bytes: int = _setting(
        2048 * _MB, "Most bytes of handed-in files that are kept of one user. 0: any number."
    )
    uploads_per_minute: int = _setting(600, "How many uploads one user may hand in within a minute. 0: any number.")
    previews_per_minute: int = _setting(300, "How many previews one user may ask for within a minute. 0: any number.")
    trusted_hosts: str = _setting("", "Host names the server answers to, separated by commas. Empty: any on loopback.")
    history_days: int = _setting(730, "How far back history is shown by default (STK-9).")
    demo_orders: bool = _setting(True, "Whether buyers order from the example company while `demo` runs.")
    reports_dir: str = _setting("", "Folder for scheduled reports. Empty: reports in the data folder.")
    import_roots: str = _setting(
        "", "Folders that scheduled imports may look into, separated by commas. Empty: import in the data folder."
    )
    import_hosts: str = _setting(
        "",
        "FTP, SFTP and S3 servers that imports may connect to, separated by commas: names, addresses or networks, with "
        "a port where it is not the usual one. Those that are not public must be listed by address. Empty: none.",
    )
    sync_overlap_seconds: int = _setting(600, "How far order sync looks back before the last order it saw.")

    @property
    def reports_folder(self) -> Path:
        """Where scheduled reports are written, in folders below it."""
        return Path(self.reports_dir) if self.reports_dir else self.data_dir / "reports"

    @property
    def import_folders(self) -> list[Path]:
        """Folders that scheduled imports may look into, the first one for paths that do not begin at the root."""
        given = [Path(part.strip()) for part in self.import_roots.split(",") if part.strip()]
        return given or [self.data_dir / "import"]

    @property
    def url(self) -> str:
        """The database URL, SQLite in the data folder unless set."""
        kind, _, rest = self.database_url.strip().partition("://")
        if kind in _POSTGRESQL:
            return f"postgresql+psycopg://{rest}"
        return self.database_url.strip() or f"sqlite:///{self.data_dir.absolute() / 'stockbook.db'}"

    @property
    def secret_keys(self) -> list[str]:
        """The keys in `secret_key`, the one that seals first; none where it is empty."""
        return [key.strip() for key in self.secret_key.split(",") if key.strip()]

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.url.startswith("sqlite")


def load(environ: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")) -> Settings:
    """Settings from the environment and the `.env` file. Raises `WrongUse` with every wrong value named."""
    values = {**_read_env_file(env_file), **(os.environ if environ is None else environ)}
    given: dict[str, Any] = {}
    wrong = [f"{name} in {env_file} is no setting" for name in _unknown(env_file)]
    for setting in fields(Settings):
        name = PREFIX + setting.name.upper()
        if name not in values:
            continue
        try:
            given[setting.name] = _parse(values[name], type(setting.default))
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    settings = Settings(**given)
    wrong += [*_wrong_database(settings.url), *_wrong_keys(settings.secret_keys), *_wrong_limits(settings)]
    if wrong:
        raise WrongUse("; ".join(wrong))
    if settings.several_machines and settings.is_sqlite:
        raise WrongUse("STOCKBOOK_SEVERAL_MACHINES needs PostgreSQL: set STOCKBOOK_DATABASE_URL")
    return settings


def _wrong_database(url: str) -> Iterator[str]:
    """What is wrong with the database's address. It is not shown: it may hold a password."""
    name = f"{PREFIX}DATABASE_URL"
    known = "SQLite (sqlite:////folder/stockbook.db) or PostgreSQL (postgresql+psycopg://user:password@host/database)"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        yield f"{name} is no address of a database; write one of {known}"
        return
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        yield f"{name}: '{parsed.drivername[:40]}' is not supported; the database is {known}"
    elif parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        yield f"{name} names no file; write it like sqlite:////folder/stockbook.db"


def _wrong_keys(keys: Iterable[str]) -> Iterator[str]:
    if any(len(key) < SHORTEST_KEY for key in keys):
        yield (
            f"{PREFIX}SECRET_KEY must be {SHORTEST_KEY} random characters or more. Make one: {_NEW_KEY}; "
            "or leave it empty, and one is made in the data folder"
        )


def _wrong_limits(settings: Settings) -> Iterator[str]:
    """With none of these nothing could be read or answered any more."""
    for setting in fields(settings):
        if setting.name.startswith(("reading_", "threads", "upload_max_")) and getattr(settings, setting.name) < 1:
            yield f"{PREFIX}{setting.name.upper()} must be 1 or more"


def _parse(value: str, kind: type) -> Any:
    if kind is bool:
        if value.strip().lower() in ("1", "true", "yes", "on"):
            return True
        if value.strip().lower() in ("0", "false", "no", "off", ""):
            return False
        raise ValueError(f"'{value}' is neither yes nor no")
    if kind is int:
        if not value.strip().isascii() or not value.strip().isdigit():
            raise ValueError(f"'{value}' is not a whole number")
        return int(value)
    return Path(value) if issubclass(kind, Path) else value


def _unknown(path: Path | None) -> list[str]:
    """Names of ours in the file that mean nothing: most likely misspelt."""
    known = {PREFIX + setting.name.upper() for setting in fields(Settings)} | {f"{PREFIX}LOG"}
    return [name for name in _read_env_file(path) if name.startswith(PREFIX) and name not in known]


def _read_env_file(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path} is not text; it has lines like {PREFIX}THREADS=12") from error
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("'\"") for name, value in pairs if not name.lstrip().startswith("#")}
