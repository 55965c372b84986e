"""What a layout that is not ours says of its rows, so that they are kept before anybody understands them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Cells = Mapping[str, str]  # of a row: those that are not empty, by the layout's own names of the columns


@dataclass(frozen=True, slots=True)
class Export:
    """How rows of a layout that is not ours are kept; `importers.exports` reads them.

    `id`: the columns that are a row's identity in the account, where the source gives one (none: a row is known by
    what it says, and equal ones by their order). `changing`: columns in which a later export may say something else of
    the same row (a balance, a status, a note). `passed`: why a row counts for nothing ("failed"), "" where it counts.
    `accounts`: whose row it is, where it says so; a row of two accounts is a record in each. `newest_first`: the rows
    begin with the last. `local`: a time without a zone is in the one that the file's name tells ("history(UTC+2).csv"),
    else in the person's own, which is kept with the row (`ZONE`). `more`: columns that it may have besides.
    `named`: words of the file's name that tell what no column does ("deposit"); kept with the row (`NAMED`).
    """

    id: tuple[str, ...] = ()
    changing: frozenset[str] = frozenset()
    passed: Callable[[Cells], str] = lambda _: ""
    accounts: Callable[[Cells], Iterable[str]] | None = None
    newest_first: bool = False
    local: bool = False
    more: re.Pattern[str] | None = None
    named: re.Pattern[str] | None = None


ZONE = "(time zone)"  # beside the cells of a row whose times are local
NAMED = "(file)"  # beside the cells of a row of which the file's name tells something

_ZONE = re.compile(r"\s*\((?:UTC|GMT)\s*-?([+-]\d{1,2}(?::?\d\d)?)?\)", re.ASCII | re.IGNORECASE)


def any_zone(column: str) -> str:
    """A column that names its zone, "Time(UTC+08:00)", as a layout may name it for all zones: "Time(UTC*)"."""
    return _ZONE.sub("(UTC*)", column)


def zone_in(text: str) -> str:
    """The zone that the name of a column or file tells: "+08:00", "UTC"; "" for none."""
    found = _ZONE.search(text)
    if found is None:
        return ""
    if found[1] is None:
        return "UTC"
    hours, minutes = re.fullmatch(r"[+-](\d{1,2}):?(\d\d)?", found[1]).groups("00")  # type: ignore[union-attr]
    return f"{found[1][0]}{hours:0>2}:{minutes}"
