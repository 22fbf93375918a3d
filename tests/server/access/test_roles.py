"""What each role may do."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest

from server.access.roles import PERMISSIONS, ROLES, Permission, demand, may, narrower, role_named
from server.errors import NotAllowed, WrongUse


def test_every_permission_has_a_role() -> None:
    assert set(PERMISSIONS) == set(get_args(Permission))


@pytest.mark.parametrize(
    ("role", "may_do", "may_not"),
    [
        ("viewer", ["read"], ["upload.validate", "orders.act", "push.now"]),
        ("merchandiser", ["upload.validate", "upload.apply", "orders.act", "push.now"], ["upload.undo"]),
        (
            "manager",
            ["upload.undo", "rules.write", "stores.write", "records.delete", "settings.write"],
            ["users.write", "tokens.write", "credentials.write"],
        ),
        ("admin", list(PERMISSIONS), []),
    ],
)
def test_the_roles_of_the_spec(role: str, may_do: list[Permission], may_not: list[Permission]) -> None:
    """SEC-1: viewer, merchandiser, manager, admin."""
    who = role_named(role)
    assert all(may(who, permission) for permission in may_do)
    assert not any(may(who, permission) for permission in may_not)


def test_a_wider_role_may_all_that_a_narrower_may() -> None:
    """SEC-1"""
    for narrow, wide in pairwise(ROLES):
        assert all(may(wide, permission) for permission in PERMISSIONS if may(narrow, permission))
        assert narrower(narrow, wide) == narrower(wide, narrow) == narrow


def test_a_refusal_says_what_it_takes() -> None:
    with pytest.raises(NotAllowed, match="takes a manager"):
        demand("viewer", "upload.undo")
    with pytest.raises(WrongUse, match="there are viewer, merchandiser"):
        role_named("boss")
