"""Roles and what each may do (SEC-1): one table, asked by API, console and command line alike. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, get_args

from server.errors import NotAllowed, WrongUse

Role = Literal["viewer", "merchandiser", "manager", "admin"]
Permission = Literal[
    "read",
    "upload.validate",
    "upload.apply",
    "records.write",
    "stock.write",
    "orders.act",
    "push.now",
    "sync.now",
    "upload.undo",
    "rules.write",
    "stores.write",
    "records.delete",
    "settings.write",
    "jobs.run",
    "jobs.write",
    "users.write",
    "tokens.write",
    "credentials.write",
    "audit.read",
]

#: Narrowest first: each role may do what those before it may.
ROLES: tuple[Role, ...] = get_args(Role)

#: Permission -> the narrowest role that has it.
PERMISSIONS: MappingProxyType[Permission, Role] = MappingProxyType(
    {
        "read": "viewer",
        "upload.validate": "merchandiser",
        "upload.apply": "merchandiser",
        "records.write": "merchandiser",
        "stock.write": "merchandiser",
        "orders.act": "merchandiser",
        "push.now": "merchandiser",
        "sync.now": "merchandiser",
        "upload.undo": "manager",
        "rules.write": "manager",
        "stores.write": "manager",
        "records.delete": "manager",
        "settings.write": "manager",
        "jobs.run": "manager",
        "jobs.write": "manager",
        "users.write": "admin",
        "tokens.write": "admin",
        "credentials.write": "admin",
        "audit.read": "admin",
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Whether `role` has `permission`."""
    return ROLES.index(role) >= ROLES.index(PERMISSIONS[permission])


def demand(role: Role, permission: Permission) -> None:
    """Raise `NotAllowed` unless `role` has `permission`."""
    if not may(role, permission):
        raise NotAllowed(
            f"a {role} may not do this; it takes a {PERMISSIONS[permission]}",
            permission=permission,
            role=role,
            needed=PERMISSIONS[permission],
        )


def narrower(first: Role, second: Role) -> Role:
    """The role of the two that may do less: a token acts as its user's role, capped by its own scope."""
    return min(first, second, key=ROLES.index)


def role_named(name: str) -> Role:
    """The role of that name. Raises `WrongUse` naming the ones there are."""
    for role in ROLES:
        if role == name:
            return role
    raise WrongUse(f"'{name}' is not a role; there are {', '.join(ROLES)}", field="role")
