"""Other people's implementations that run as programs of their own."""

from collections.abc import Iterator

import pytest

from tests.crypto.age_encryption import AgeEncryption, age_encryption_running


@pytest.fixture(scope="session")
def age_encryption() -> Iterator[AgeEncryption]:
    """Return npm's age-encryption, which is not ours; a test that asks for it is marked `servers` by its file."""
    with age_encryption_running() as peer:
        yield peer
