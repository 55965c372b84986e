"""For all tests of exchanges: nobody waits; and the server of recorded answers, one for all tests of a file."""

import time
from collections.abc import Iterator

import pytest

from tests.importers.exchanges.recorded import Recorded


@pytest.fixture(scope="module")
def server() -> Iterator[Recorded]:
    with Recorded() as recorded:
        yield recorded


@pytest.fixture
def recorded(server: Recorded) -> Recorded:
    """With nothing left of the test before."""
    server.forget()
    return server


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a client would have waited, one by one."""
    noted: list[float] = []
    monkeypatch.setattr(time, "sleep", noted.append)
    return noted
