"""What the runtime's tests share."""

from collections.abc import Iterator

import pytest
from ranks import Ranks, started


@pytest.fixture(scope="session")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ranks]:
    """Two gloo processes, one pair for all tests of the session."""
    with started(tmp_path_factory.mktemp("ranks")) as pair:
        yield pair
