from __future__ import annotations

import pytest
from cryptography.fernet import Fernet, MultiFernet


@pytest.fixture
def keys() -> MultiFernet:
    """A key of this test's own."""
    return MultiFernet([Fernet(Fernet.generate_key())])
