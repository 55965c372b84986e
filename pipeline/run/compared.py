"""Two sets of a year's tables beside each other: which figures differ, row by row. Pure.

What only words, ids, accounts or times of day differ in is no difference: a tax office sees assets, quantities, days
and sums. All rows of one disposal or receipt are one thing, all open lots of an asset in an account another.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from pipeline.filing import FiledTable, FiledTables
from pipeline.money import ZERO

Key = tuple[str, ...]  # name of the table, then what tells one thing in it from another
Row = tuple[str, ...]
Figures = Mapping[Key, Sequence[Row]]

# Table -> what tells its things apart, and the columns that are figures; a day is what is left of an instant.
_ROWS: dict[str, tuple[Row, Row]] = {
    "disposals": (
        ("disposal_id",),
        ("asset", "quantity", "acquired_at", "disposed_at", "proceeds", "cost_basis", "gain", "term", "kind"),
    ),
    "income": (("transaction_id",), ("received_at", "asset", "quantity", "kind", "value")),
    "derivatives": (("transaction_id",), ("at", "asset", "quantity", "value", "what")),
    "holdings": (("account", "asset"), ("quantity", "acquired_at", "cost_basis")),
    "summary": (("section", "item"), ("value",)),
}
_BY_ID = ("disposals", "income", "derivatives")
_SECTIONS = ("capital_gains", "income", "derivatives")  # of the summary: the totals
_OF_ROUNDING = ("exact", "exact_gain", "difference")
_AMOUNTS = ("money", "cents", "quantity", "count", "day", "form_day")
_DAY = len("2025-01-31")

# What of a thing is told first.
MEASURE = {"disposals": "gain", "income": "value", "derivatives": "value", "holdings": "cost_basis", "summary": "value"}


class Difference(Struct, frozen=True):
    """One thing that is otherwise today; without rows, it was not there."""

    key: Key
    filed: Sequence[Row]
    today: Sequence[Row]

    @property
    def table(self) -> str:
        return self.key[0]

    def sum(self, rows: Sequence[Row], column: str) -> Decimal | None:
        """A column added up; None where a row has no figure there."""
        place = _ROWS[self.table][1].index(column)
        texts = [row[place] for row in rows]
        return None if "" in texts else sum((Decimal(text) for text in texts), ZERO)

    def word(self, column: str) -> str:
        """What the first row says there."""
        return (self.today or self.filed)[0][_ROWS[self.table][1].index(column)]


def figures_of(tables: FiledTables) -> Figures:
    """Everything that is a figure, by what it is of; the rows of one thing sorted."""
    found: dict[Key, list[Row]] = defaultdict(list)
    for name, table in tables.items():
        for key, row in _figures(name, table):
            found[name, *key].append(row)
    return {key: sorted(rows) for key, rows in found.items()}


def _figures(name: str, table: FiledTable) -> Iterator[tuple[Key, Row]]:
    names = [column for column, _ in table.columns]
    types = dict(table.columns)
    if name in _ROWS:
        by, wanted = _ROWS[name]
    elif name in ("transactions", "prices", "issues"):
        return
    else:  # a form of lines; or one that lists sales, whose rows are told by the disposals, and counted
        by = tuple(names[:2]) if names[0] == "line" else ()
        wanted = tuple(c for c in names if types[c] in _AMOUNTS and c not in _OF_ROUNDING)
    places = {column: place for place, column in enumerate(names)}
    for row in table.rows:
        if name != "summary" or row[places["section"]] in _SECTIONS:
            texts = {column: row[places[column]] if column in places else "" for column in (*by, *wanted)}
            yield (
                tuple(texts[column] for column in by),
                tuple(texts[c][:_DAY] if types.get(c) == "instant" else texts[c] for c in wanted),
            )


def differences(filed: Figures, today: Figures) -> list[Difference]:
    """What is otherwise, in the order of what was filed, then what is new. What went under one id or account and came
    under another with the same figures is the same: another source tells of it now."""
    keys = dict.fromkeys((*filed, *today))
    apart = [
        Difference(key, filed.get(key, ()), today.get(key, ()))
        for key in keys
        if list(filed.get(key, ())) != list(today.get(key, ()))
    ]
    gone = Counter(_figure(one.key, one.filed) for one in apart if not one.today)
    came = Counter(_figure(one.key, one.today) for one in apart if not one.filed)
    both = {True: gone & came, False: gone & came}  # by whether it went or came
    return [one for one in apart if (one.filed and one.today) or not _met(one, both[not one.today])]


def _met(one: Difference, same: Counter[tuple[object, ...]]) -> bool:
    figure = _figure(one.key, one.filed or one.today)
    same[figure] -= 1
    return same[figure] >= 0


def _figure(key: Key, rows: Sequence[Row]) -> tuple[object, ...]:
    """What is told of a thing but its id, or its account."""
    bare = key[:1] if key[0] in _BY_ID else (key[0], key[2]) if key[0] == "holdings" else key
    return (*bare, *rows)


def total(figures: Figures, section: str, item: str) -> Decimal:
    """A total of the summary; 0 where there is none."""
    rows = figures.get(("summary", section, item), ())
    return Decimal(rows[0][0]) if rows and rows[0][0] else ZERO
