"""Which layout a file is of: exactly one `Format` of the folder `formats` may claim its header."""

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import cache

from importers.base import Format, Refused, shown
from importers.formats import formats
from importers.formats.universal import FORMAT as UNIVERSAL
from importers.layout import any_zone
from importers.sheets import Sheet, titles

OWN = frozenset(("disposal id", "disposed at"))  # columns that only the workbook of a report has together


def claims(header: Iterable[str]) -> list[Format]:
    """The layouts that a header fits. One that is not ours, and needs all that another does and more, goes first."""
    header = tuple(header)
    names = frozenset(name.casefold() for column in header for name in (column, any_zone(column)))
    fits = [(each, needed) for each, needed, some in _asked(names) if needed <= names and (not some or some & names)]
    found = [(each, needed) for each, needed in fits if not (_exactly(each) and unknown(header, each))]
    exports = [needed for layout, needed in found if layout.export is not None]
    return [layout for layout, needed in found if not any(needed < other for other in exports)]


def _exactly(layout: Format) -> bool:
    return layout.export is not None and layout.export.exactly


_Wanted = tuple[Format, frozenset[str], frozenset[str]]


def _asked(names: frozenset[str]) -> list[_Wanted]:
    """The layouts that may fit these columns. No other than the universal one fits columns of its own alone (a test
    asks all of them), so that for such a file the others, a tenth of a second of modules, stay unread."""
    return [_wants(UNIVERSAL)] if names <= {*_folded(UNIVERSAL.columns), ""} else _wanted()


@cache
def _wanted() -> list[_Wanted]:
    return [_wants(layout) for layout in formats().values()]


def _wants(layout: Format) -> _Wanted:
    """A layout with the columns that it needs, and those of which it needs one."""
    return layout, _folded(layout.header), _folded(layout.one_of)


def _folded(columns: Iterable[str]) -> frozenset[str]:
    return frozenset(column.casefold() for column in columns)


class Unknown(Refused):
    """A file of no known layout: its header, the nearest layout, what to do."""

    @property
    def in_short(self) -> str:
        """The same without what to do, where another one says so."""
        return "\n".join(str(self).split("\n")[:-1])


def is_header(header: Iterable[str]) -> bool:
    return bool(claims(header))


def recognised(found: list[Sheet], name: str) -> tuple[Sheet, Format]:
    if not found:
        raise Refused(f"{name}: has no header line; add one that names the columns")
    if any(set(map(str.casefold, sheet.header)) >= OWN for sheet in found):  # its other sheets look like sources
        raise Refused(f"{name}: is a report that taxsync wrote, and no source; import what it was made from")
    known = [(sheet, layout) for sheet in found for layout in claims(sheet.header)]
    for sheet in found:
        layouts = [layout for other, layout in known if other is sheet] if known else [None]
        if sheet.twice and all(layout is None or _again(sheet.header, layout) for layout in layouts):
            where = f"{name}, sheet {shown(sheet.title)}" if sheet.title else name
            raise Refused(f"{where}: the header names the column '{shown(sheet.twice)}' twice; rename or remove one")
    if not known:
        raise Unknown(_unknown_layout(found, name))
    if len({id(sheet) for sheet, _ in known}) > 1:
        both = titles([sheet for sheet, _ in known], found)
        raise Refused(f"{name}: the sheets {both} could both be read; keep one in the file")
    if len(known) > 1 and any(layout.export for _, layout in known):  # the one that knows most columns
        fewest = min(len(unknown(sheet.header, layout)) for sheet, layout in known)
        known = [(sheet, layout) for sheet, layout in known if len(unknown(sheet.header, layout)) == fewest]
    if len(known) > 1:
        names = " and ".join(layout.name for _, layout in known)
        raise Refused(f"{name}: its header fits the layouts {names}; remove the columns of one of them")
    sheet, layout = known[0]
    if layout.export is None:
        _refuse_misspelt(sheet.header, layout, name)
    elif telling := [column for column in unknown(sheet.header, layout) if _TELLING.search(column)]:
        raise Refused(
            f"{name}: looks like {layout.name}, and has a column '{shown(telling[0])}' that this version does not know "
            "and that may say which rows count; remove it if all rows do, else map the table by hand: --map FILE.toml"
        )
    return sheet, layout


NEAR = 0.5  # of the columns of both layouts are in both


# What a column may be called that says whether a row counts.
_TELLING = re.compile("status|state|success|fail|cancel|error|confirmed|pending", re.IGNORECASE)


def unknown(header: Iterable[str], layout: Format) -> tuple[str, ...]:
    known, more = _folded(layout.columns), layout.export.more if layout.export else None
    return tuple(
        column
        for column in header
        if column and not {column.casefold(), any_zone(column).casefold()} & known and not (more and more.match(column))
    )


_PLACE = re.compile(r" \(\d+\)$", re.ASCII)


def _again(header: Sequence[str], layout: Format) -> bool:
    """Whether a header names a column again that the layout has once."""
    names = {name.casefold() for name in header}
    return any(_PLACE.sub("", name).casefold() in names for name in unknown(header, layout) if _PLACE.search(name))


def _unknown_layout(found: list[Sheet], name: str) -> str:
    """What the header is, which known one comes nearest, and what to do."""
    headers = "; ".join(shown(", ".join(sheet.header), 200) for sheet in found[:3])
    lines = [f"{name}: is of no known layout; its header is: {headers}"]
    near, mine, share = max(
        (
            (layout, names, len(_folded(layout.columns) & names) / len(needed | names))
            for layout, needed, _ in _wanted()
            for names in (_folded(sheet.header) - {""} for sheet in found)
        ),
        key=lambda each: each[2],
    )
    if share >= NEAR:
        lacks = ", ".join(column for column in near.columns if column in near.header and column.casefold() not in mine)
        more = "" if lacks else ", ".join(dict.fromkeys(one for sheet in found for one in unknown(sheet.header, near)))
        differs = f"has no column {shown(more, 200)}" if more else f"also has {shown(lacks or _needs(near), 200)}"
        lines.append(f"{name}: the nearest known layout is {near.name}, which {differs}")
    ours = " or ".join(f"{each.name} ({_needs(each)})" for each in (formats()[own] for own in ("universal", "prices")))
    lines.append(f"{name}: write it in a layout for any data, {ours}, or say which column is which: --map FILE.toml")
    return "\n".join(lines)


def _needs(layout: Format) -> str:
    columns = [column for column in layout.columns if column in layout.header]
    some = [column for column in layout.columns if column in layout.one_of]
    return ", ".join([*columns, " or ".join(some)] if some else columns)


def _refuse_misspelt(header: Iterable[str], layout: Format, name: str) -> None:
    """A column the layout doesn't know is kept and means nothing, unless it was meant to be one that is missing."""
    names = {column.casefold() for column in header if column}
    known = {column.casefold(): column for column in layout.columns}
    missing = [column for column in known if column not in names]
    for column in sorted(names - known.keys()):
        meant = difflib.get_close_matches(column, missing, n=1, cutoff=0.8)
        meant = meant or [other for other in missing if other.startswith(f"{column} ")]
        if meant:
            raise Refused(
                f"{name}: the column '{shown(column)}' is not known; is it '{known[meant[0]]}'? Rename or remove it"
            )
