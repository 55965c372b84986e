"""Reading the entries of a page: what is no entry of its list makes the page Unlike, never shorter."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from importers import exact
from importers.base import Answer, Unlike
from pipeline.money import parse

Entry = Mapping[str, Any]


def listed(answer: Answer, *path: str) -> Sequence[Entry]:
    """The list of objects at `path` of an answer. Raises Unlike."""
    for step in path:
        if not isinstance(answer, dict) or step not in answer:
            raise Unlike(f"its answer has no {step}")
        answer = answer[step]
    if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
        raise Unlike("its answer has no list of entries")
    return answer


def text(entry: Entry, name: str) -> str:
    """An identity: text, or a whole number as text. Raises Unlike where there is none."""
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise Unlike(f"an entry of its answer has no {name}")
    return str(value)


def seconds(entry: Entry, name: str) -> Decimal:
    """A time of this century in seconds, written in seconds or milliseconds. Raises Unlike where there is none."""
    try:
        time = parse(text(entry, name))
    except ValueError:
        raise Unlike(f"an entry of its answer has no time in {name}") from None
    time = time / 1000 if time >= 10**11 else time
    if time <= 0:
        raise Unlike(f"an entry of its answer has no time in {name}")
    return time


def by_content(entries: Iterable[Entry], *names: str) -> list[str]:
    """Identities of entries that have none: what stands in `names`, which never changes, and for equal ones of a
    page a number more."""
    seen: dict[str, int] = {}
    found = []
    for entry in entries:
        said = exact.dumps([entry.get(name) for name in names])
        digest = hashlib.sha256(said.encode()).hexdigest()[:24]
        seen[digest] = seen.get(digest, 0) + 1
        found.append(digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return found


# Sizes of pages as exchanges have them, their defaults above all.
_ROUND = frozenset((50, 100, 200, 250, 500))


def cut(count: int, most: int) -> bool:
    """Whether a page of so many records, of which `most` were asked for, may not be all: it is full, or of a round
    number, since an exchange may one day give fewer at once than its documents say. One request more tells."""
    return count >= most or count in _ROUND


def milliseconds(time: Decimal) -> int:
    """Unix seconds as whole milliseconds, as requests want them."""
    return int(time * 1000)
