"""What a person may have at an exchange that none of its lists tells of, such as Kraken Futures.

It is named in `status`. Where money moved to it or back, and a list says so, that is a transfer, and an Issue beside
it names the place; `pipeline.run.coverage` sums them up.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pipeline.issues import Issue
from pipeline.model import Parsed

MOVED = "moved_elsewhere"
OWN_KEY = "add a key of each with `taxsync keys add`, as an account of its own"  # in place of an export


class NotRead(Struct, frozen=True):
    """What a person may have at an exchange that none of its lists tells. `export`: what has it, and where to get that.
    `shown`: how transactions read that move money there or back (a pattern of their descriptions); `hidden`: no list
    tells of such moves, so that only a balance that differs does; else they are deposits and withdrawals like others,
    or records of which each is told. `limit`: how what any key can't see begins (`Rights.limits`) that is just this."""

    what: str  # in the plural, without a comma
    export: str
    shown: str = ""
    hidden: bool = False
    limit: str = ""


def moved(places: Sequence[NotRead], exchange: str, parsed: Parsed) -> Iterator[Issue]:
    """One for each transaction without a label whose description is one of a place of the exchange that is not read."""
    patterns = [(one.what, re.compile(one.shown, re.IGNORECASE)) for one in places if one.shown]
    for t in parsed.transactions if patterns else ():
        what = next((what for what, shown in patterns if t.label is None and shown.search(t.description)), None)
        side = t.sent or t.received
        if what is not None and side is not None:
            yield Issue(MOVED, t.account, side.asset, t.at, t.id, details={"place": what, "exchange": exchange})
