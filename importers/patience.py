"""Faults that may pass: how often, and after which pauses, what was asked for is asked for again.

patiently(ask, 1.0, say)      # what `ask` gives; it raises Passing while the fault may be gone at the next try
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any, NamedTuple, TypeVar

LONGEST_ASKED = 120  # seconds of a pause that an exchange may ask for
BRIEF = 15  # the same, of one whose answer another has, too

T = TypeVar("T")


class Pace(NamedTuple):
    """How often a fault that may pass is tried, with pauses that double from `first` to `longest` seconds."""

    tries: int
    first: int
    longest: int


USUAL = Pace(6, 1, 30)
LIMITED = Pace(10, 4, 60)  # a rate limit, which only time cures
OFFLINE = Pace(3, 1, 30)  # a machine without a network, which a person cures


class Passing(Exception):
    """A fault that may be gone at the next try; `why` is for people, `asked` seconds the pause that was asked for."""

    def __init__(self, why: str, pace: Pace = USUAL) -> None:
        super().__init__(why)
        self.why, self.pace, self.asked = why, pace, 0


def patiently(ask: Callable[[], T], unit: float, say: Callable[[str, float], None], part: int = 1) -> T:
    """What `ask` gives, tried again while its fault may pass; raises the last Passing.

    `unit`: seconds that one second of our own pauses lasts. `say` gets why and how many seconds, before each pause.
    `part`: of the usual tries only one in so many; more than 1: who asks for a pause longer than BRIEF is left at once.
    """
    from tenacity import RetryCallState, Retrying, retry_if_exception_type

    def stop(state: RetryCallState) -> bool:
        fault = _fault(state)
        return state.attempt_number * part >= fault.pace.tries or (part > 1 and fault.asked > BRIEF)

    def wait(state: RetryCallState) -> float:  # seconds of waiting, no money
        fault = _fault(state)
        own = min(fault.pace.longest, fault.pace.first * unit * 2 ** (state.attempt_number - 1))
        return float(max(own, fault.asked))

    def tell(state: RetryCallState) -> None:
        say(_fault(state).why, state.next_action.sleep if state.next_action else 0)

    retrying = Retrying(
        retry=retry_if_exception_type(Passing), stop=stop, wait=wait, before_sleep=tell, reraise=True
    )  # fmt: skip
    return retrying(ask)


def _fault(state: Any) -> Passing:
    """Why the last try failed."""
    fault = state.outcome.exception()
    assert isinstance(fault, Passing)
    return fault


def asked(headers: Mapping[str, str] | None) -> int:
    """The seconds to wait that an answer asks for (Retry-After, RFC 9110 section 10.2.3: seconds or a date)."""
    text = (headers or {}).get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return min(int(text[:9]), LONGEST_ASKED)
    try:
        left = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(0, min(ceil(left), LONGEST_ASKED))
