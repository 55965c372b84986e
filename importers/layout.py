"""What a layout that is not ours says of its rows, so that they are kept before anybody understands them."""

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

Cells = Mapping[str, str]  # of a row: those that are not empty, by the layout's own names of the columns


class Export(Struct, frozen=True):
    """How rows of a layout that is not ours are kept; `importers.exports` reads them.

    `id`: the columns that are a row's identity in the account, where the source gives one (none: a row is known by
    what it says, and equal ones by their order). `changing`: columns in which a later export may say something else of
    the same row (a balance, a status, a note); "Value in *" are all that begin so. `labels`: columns by which a row is
    not known either, but which it says (what the person may call it otherwise there). `passed`: why a row counts for
    nothing ("failed"), "" where it counts.
    `accounts`: whose row it is, where it says so; a row of two accounts is a record in each. `newest_first`: the rows
    begin with the last. `local`: a time without a zone is in the one that the file's name tells ("history(UTC+2).csv")
    or a line above the header ("Time Zone:UTC+8"), else in the person's own, which is kept with the row (`ZONE`).
    `more`: columns that it may have besides.
    `named`: words of the file's name that tell what no column does ("deposit"); kept with the row (`NAMED`).
    `by_owner`: that word is the account, where the person gives none. `alike`: the later name of a column that was
    called otherwise in earlier exports, by the earlier one.
    `kept_as`: the layout whose rows are kept and read together with these (`importers.family`).
    `exactly`: its names are everybody's, so that a file with any other column is not of it. `instant`: the column of a
    row's date and what it is in UTC, by which it is known however another export writes it. `point`: of its numbers.
    """

    id: tuple[str, ...] = ()
    changing: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    passed: Callable[[Cells], str] = lambda _: ""
    accounts: Callable[[Cells], Iterable[str]] | None = None
    newest_first: bool = False
    local: bool = False
    more: re.Pattern[str] | None = None
    named: re.Pattern[str] | None = None
    exactly: bool = False
    instant: Callable[[Cells, Mapping[str, str]], tuple[str, str] | None] = lambda _cells, _zones: None
    by_owner: bool = False
    alike: Mapping[str, str] = field(default_factory=dict)
    point: str = "."
    kept_as: str = ""

    def told_by(self, file: str, above: Iterable[str] = ()) -> dict[str, str]:
        """What a file's name tells of its rows, or a line `above` the header."""
        word = self.named.search(file) if self.named else None
        zone = zone_in(file) or zone_above(above) if self.local else ""
        return ({ZONE: zone} if zone else {}) | ({NAMED: word[0].casefold()} if word else {})

    def owner(self, file: str) -> str | None:
        """The account that a file's name tells, where it is an address; None for none."""
        return self.told_by(file).get(NAMED) if self.by_owner else None

    def changes(self, column: str) -> bool:
        return _begins(column, self.changing)

    def labelled(self, column: str) -> bool:
        return _begins(column, self.labels)


A_FEW = 3  # cells, into which the commas of a sentence divide it
_DIGIT = re.compile(r"\d")
_PLACE = re.compile(r" \(\d\)$")  # of a name that the header has again
_WORDS = re.compile(r"[^\W\d_]{2,}\b.*\s.*\b[^\W\d_]{2,}", re.DOTALL)


def no_row(cells: Cells) -> str:
    """Why a row of a table is none of its rows: a note below it ("This report is no advice"), or its header again, as
    in files that were put together; "" for a row."""
    own = [(column, text.strip()) for column, text in cells.items() if column not in (ZONE, NAMED)]
    text = " ".join(text for _, text in own)
    if (len(own) == 1 or (len(own) <= A_FEW and not _DIGIT.search(text))) and _WORDS.search(text):
        return "note"
    again = (_PLACE.sub("", any_zone(column)).casefold() == any_zone(text).casefold() for column, text in own)
    return "header" if len(own) > 1 and all(again) else ""


def _begins(column: str, names: frozenset[str]) -> bool:
    return column in names or any(each.endswith("*") and column.startswith(each[:-1]) for each in names)


ZONE = "(time zone)"  # beside the cells of a row whose times are local
TABLE = "(table) "  # before the name of a cell as it stood in a table that was mapped by hand
SKIPPED = "(skipped)"  # beside the cells of a row that counts for nothing, as a mapping says
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


_ABOVE = re.compile(r"time zone\s*:\s*\(?((?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d\d)?)?)\b", re.ASCII | re.IGNORECASE)


def zone_above(lines: Iterable[str]) -> str:
    """The zone that a line above the header tells, as `zone_in`."""
    found = next(filter(None, map(_ABOVE.search, lines)), None)
    return zone_in(f"({found[1]})") if found else ""
