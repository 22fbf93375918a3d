"""Scheduled imports as records: what a place takes, its secrets, who it acts as. When it runs stands in its job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from cryptography.fernet import MultiFernet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server.access.models import User
from server.access.roles import ROLES, Role, demand
from server.access.users import find_user
from server.db.base import fold
from server.errors import Conflict, NotAllowed, NotFound, WrongUse
from server.imports.addresses import PlaceTrouble, folder_within
from server.imports.models import ImportFile, ScheduledImport
from server.imports.rules import KINDS, PlaceKind, patterns
from server.imports.sealing import seal, unseal
from server.settings import Settings
from validators.registry import WORKBOOKS

LONGEST_NAME = 40
MODES = ("validate", "apply", "apply_good")
QUIET_SECONDS = 5
MOST_QUIET_SECONDS = 60


@dataclass(frozen=True)
class Change:
    """What to set of a scheduled import; None stays as it is. `settings` takes the place's settings and secrets alike;
    of them only those named change, one that is None or empty is emptied."""

    name: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    pattern: str | None = None
    template: str | None = None
    mode: str | None = None
    again: bool | None = None
    quiet_seconds: int | None = None
    user_id: int | None = None


def new_record(kind: str, job_id: int, *, at: datetime) -> ScheduledImport:
    """A scheduled import with what holds unless told otherwise. Raises `WrongUse` for a kind that is none."""
    if kind not in KINDS:
        raise WrongUse(f"'{kind[:40]}' is no kind of place; there are {', '.join(KINDS)}", field="kind")
    return ScheduledImport(
        name="",
        key="",
        job_id=job_id,
        kind=kind,
        settings={},
        sealed=None,
        pattern="*",
        template="",
        mode="validate",
        again=False,
        quiet_seconds=QUIET_SECONDS,
        created_at=at,
    )


def apply_change(
    session: Session, row: ScheduledImport, change: Change, *, settings: Settings, keys: MultiFernet, role: Role
) -> None:
    """Set what is named, all of it checked.

    Raises `WrongUse`, `Conflict` for a name that is taken, `NotFound` for a user; `NotAllowed` where it acts, or would
    act, as a user who may do more than `role`, and where secrets are given, or sent elsewhere, by who may not (SEC-1).
    """
    if row.user_id is not None and change != Change():
        _acting(session, row.user_id, role)
    if change.name is not None:
        _rename(session, row, change.name)
    if change.user_id is not None:
        row.user_id = _acting(session, change.user_id, role)
    row.pattern = row.pattern if change.pattern is None else _pattern(change.pattern)
    row.template = row.template if change.template is None else _template(change.template)
    row.mode = row.mode if change.mode is None else _mode(change.mode)
    row.again = row.again if change.again is None else change.again
    row.quiet_seconds = row.quiet_seconds if change.quiet_seconds is None else _quiet(change.quiet_seconds)
    _set_place(row, change.settings, settings, keys, role)


def find_import(session: Session, import_id: int) -> ScheduledImport:
    """The scheduled import of that number. Raises `NotFound`."""
    row = session.get(ScheduledImport, import_id)
    if row is None:
        raise NotFound(f"there is no scheduled import {import_id}", id=import_id)
    return row


def import_named(session: Session, name: str) -> ScheduledImport:
    """The scheduled import of that name, whatever its case. Raises `NotFound`."""
    row = session.scalar(select(ScheduledImport).where(ScheduledImport.key == fold(name)))
    if row is None:
        raise NotFound(f"there is no scheduled import '{name[:60]}'", name=name[:60])
    return row


def delete_record(session: Session, row: ScheduledImport) -> None:
    """Delete it with its notes of files taken; the uploads stay in the history."""
    session.execute(delete(ImportFile).where(ImportFile.import_id == row.id))
    session.execute(delete(ScheduledImport).where(ScheduledImport.id == row.id))


def secrets_set(row: ScheduledImport, keys: MultiFernet) -> dict[str, bool]:
    """Which of its place's secrets it has; all that is ever told of them."""
    try:
        known = unseal(keys, row.sealed)
    except PlaceTrouble:
        known = {}
    return {name: name in known for name in KINDS[row.kind].secrets}


def users_of(session: Session, rows: Sequence[ScheduledImport]) -> dict[int, str]:
    """The names of those they act as, by number."""
    wanted = {row.user_id for row in rows}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(wanted))).all())


def audited(row: ScheduledImport) -> dict[str, Any]:
    """What the audit log keeps of it: never a secret."""
    names = ("name", "kind", "pattern", "template", "mode", "again", "quiet_seconds", "user_id")
    return {**{name: getattr(row, name) for name in names}, "settings": dict(row.settings)}


def _set_place(
    row: ScheduledImport, given: Mapping[str, Any], settings: Settings, keys: MultiFernet, role: Role
) -> None:
    kind = KINDS[row.kind]
    plain, secrets = _parted(kind, given)
    before = dict(row.settings)
    row.settings = {name: value for name, value in {**before, **plain}.items() if value}
    missing = sorted(kind.needed - set(row.settings))
    if missing:
        raise WrongUse(f"{kind.title.lower()} needs {', '.join(missing)}", field=missing[0])
    moved = any(row.settings.get(name) != before.get(name) for name in kind.addresses)
    if secrets or (moved and row.sealed is not None):
        demand(role, "credentials.write")
    if secrets:
        row.sealed = seal(keys, {name: value for name, value in {**_known(row, keys), **secrets}.items() if value})
    if row.kind == "folder" and "path" in plain:
        _make_folder(settings, str(row.settings["path"]))


def _make_folder(settings: Settings, path: str) -> None:
    """Made now and not by a run: one that was there and is not any more is a share that is away."""
    try:
        folder_within(settings, path).mkdir(parents=True, exist_ok=True)
    except PlaceTrouble as trouble:
        raise WrongUse(trouble.text, field="path") from None
    except OSError as error:
        raise WrongUse(f"the folder can't be made: {error.strerror}", field="path") from None


def _known(row: ScheduledImport, keys: MultiFernet) -> dict[str, str]:
    try:
        return unseal(keys, row.sealed)
    except PlaceTrouble:  # sealed with a key that is lost: what is given now is all there is
        return {}


def _parted(kind: PlaceKind, given: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    plain: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for name, value in given.items():
        if name not in kind.settings and name not in kind.secrets:
            known = ", ".join([*kind.settings, *kind.secrets])
            raise WrongUse(f"{kind.title.lower()} has no setting '{name[:60]}'; there are {known}", field=name[:60])
        if value is not None and not isinstance(value, str | int):
            raise WrongUse(f"{name} is a text", field=name)
        text = "" if value is None else str(value).strip()
        if name in kind.secrets:
            secrets[name] = text
            continue
        if len(text) > 500 or not text.isprintable():
            raise WrongUse(f"{name} is a printable text of at most 500 characters", field=name)
        if name == "host" and not _is_host(text):
            raise WrongUse(
                "a host is a name or an address alone, like ftp.example.com; its port is a setting of its own",
                field="host",
            )
        if name == "port" and text and not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
            raise WrongUse("a port is a number from 1 to 65535", field="port")
        plain[name] = text
    return plain, secrets


def _is_host(text: str) -> bool:
    with suppress(ValueError):
        ip_address(text)  # an IPv6 address has colons
        return True
    return not any(char in text for char in ":/\\@[] ")


def _rename(session: Session, row: ScheduledImport, name: str) -> None:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or "/" in name:  # a job's name stands in addresses
        raise WrongUse(f"a scheduled import's name is 1 to {LONGEST_NAME} characters, without /", field="name")
    with session.no_autoflush:
        other = session.scalar(select(ScheduledImport.id).where(ScheduledImport.key == fold(name)))
    if other is not None and other != row.id:
        raise Conflict(f"there is already a scheduled import '{name}'", field="name")
    row.name, row.key = name, fold(name)


def _acting(session: Session, user_id: int, role: Role) -> int:
    user = find_user(session, user_id)
    if ROLES.index(user.role) > ROLES.index(role):
        raise NotAllowed(f"'{user.name}' is a {user.role}: a {role} can't have an import act as them", role=role)
    return user.id


def _pattern(text: str) -> str:
    text = text.strip()
    if not patterns(text) or len(text) > 100 or not text.isprintable() or "/" in text or "\\" in text:
        raise WrongUse("a pattern is like stock*.xlsx, several separated by commas, without folders", field="pattern")
    return text


def _template(text: str) -> str:
    if text and text not in WORKBOOKS:
        raise WrongUse(f"there is no template '{text[:60]}'; there are {', '.join(WORKBOOKS)}", field="template")
    return text


def _mode(text: str) -> str:
    if text not in MODES:
        raise WrongUse(f"'{text[:40]}' is no mode; there are {', '.join(MODES)}", field="mode")
    return text


def _quiet(seconds: int) -> int:
    if not 1 <= seconds <= MOST_QUIET_SECONDS:
        raise WrongUse(
            f"a file is watched for 1 to {MOST_QUIET_SECONDS} seconds before it is taken", field="quiet_seconds"
        )
    return seconds
