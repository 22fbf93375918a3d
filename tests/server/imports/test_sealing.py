"""A place's secrets at rest: sealed, unreadable without the key, sealed anew with another (CH-6's rule)."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet, MultiFernet
from sqlalchemy.orm import Session

from server.errors import WrongUse
from server.imports.addresses import PlaceTrouble
from server.imports.models import ScheduledImport
from server.imports.sealing import reseal, seal, unseal
from tests.server.imports.conftest import Watched

OLD, NEW = Fernet(Fernet.generate_key()), Fernet(Fernet.generate_key())


def test_sealed_and_opened() -> None:
    """Nothing where there is nothing; words where the key is another."""
    sealed = seal(MultiFernet([OLD]), {"password": "correct horse"})
    assert sealed is not None and b"horse" not in sealed
    assert unseal(MultiFernet([OLD]), sealed) == {"password": "correct horse"}
    assert (seal(MultiFernet([OLD]), {}), unseal(MultiFernet([OLD]), None)) == (None, {})
    with pytest.raises(PlaceTrouble, match="secret key"):
        unseal(MultiFernet([NEW]), sealed)


def test_sealed_anew(watch: object) -> None:
    """With the first key, so that the others can be dropped; all or none."""
    made = watch()  # type: ignore[operator]
    assert isinstance(made, Watched)

    def give(session: Session) -> None:
        session.get_one(ScheduledImport, made.id).sealed = seal(MultiFernet([OLD]), {"password": "x"})

    made.api.db.write(give)
    with pytest.raises(WrongUse, match="nothing was done"):
        made.api.db.write(lambda session: reseal(session, MultiFernet([NEW])))
    assert made.api.db.write(lambda session: reseal(session, MultiFernet([NEW, OLD]))) == 1
    with made.api.db.read() as session:
        assert unseal(MultiFernet([NEW]), session.get_one(ScheduledImport, made.id).sealed) == {"password": "x"}
