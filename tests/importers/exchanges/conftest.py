"""The server of recorded answers, one for all tests of a file, with nothing left of the test before."""

from collections.abc import Iterator

import pytest

from tests.importers.exchanges.recorded import Recorded


@pytest.fixture(scope="module")
def server() -> Iterator[Recorded]:
    with Recorded() as recorded:
        yield recorded


@pytest.fixture
def recorded(server: Recorded) -> Recorded:
    server.forget()
    return server
