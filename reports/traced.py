"""Which cell leads to which: any figure is followed by click to its disposals, their transactions, and back.

    links = traced(report, tabs)
    links["disposals"]      # {"disposal_id": row number -> place of the transaction, ...}

A place is a cell of the workbook ("'Transactions'!A12"). Where there is nothing to lead to, nothing does.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from pipeline.model import Disposal
from reports.forms import form_8949
from reports.layout import Tab, Tabs
from reports.roll_forward import EVERYWHERE
from reports.table import Report, Value
from reports.tables import disposals_of

Find = Callable[[int], str | None]  # the number of a row of the table -> where its cell leads

# Forms whose rows are one disposal each without saying its id.
_FILED: Mapping[str, Callable[[Report], Iterable[Disposal]]] = {"form_8949": form_8949.filed}
_IDS = ("disposal_id", "transaction_id", "acquisition_id", "out_id", "in_id")


def traced(report: Report, tabs: Tabs) -> dict[str, dict[str, Find]]:
    """For each table its columns that lead somewhere."""
    moved, sold, lots = tabs["transactions"], tabs["disposals"], tabs["lots"]
    rows, disposals = _first(moved, "id"), _first(sold, "disposal_id")
    forms = _forms(report, tabs)
    found: dict[str, dict[str, Find]] = {}
    for name, tab in tabs.items():
        columns = {column.name for column in tab.table.columns}
        found[name] = {key: _by_id(tab, key, rows) for key in _IDS if key in columns}
        if "disposal_id" in columns and tab is not sold:  # a form
            found[name]["disposal_id"] = _by_id(tab, "disposal_id", disposals)
    for name, listed in forms.items():
        found[name][tabs[name].table.columns[0].name] = _each(sold, listed)
    there = _first(lots, "asset", "account")
    found["disposals"] |= {
        "acquisition_id": _either(_by_id(sold, "acquisition_id", rows), _lot(sold, there)),
        "asset": _lot(sold, there),
        "counts": _back(tabs, forms),
    }
    found["holdings"]["asset"] = _lot(tabs["holdings"], there)
    found["lots"]["asset"] = _by_place(lots, _first(sold, "asset", "account"))
    became = [disposals, *(_first(tabs[name], "transaction_id") for name in ("income", "derivatives"))]
    became += [_first(tabs["transfers"], name) for name in ("out_id", "in_id")]
    found["transactions"]["id"] = _by_id(moved, "id", *became)
    found["transactions"]["value"] = _by_id(moved, "id", _first(tabs["prices"], "transaction_id"))
    return found


@dataclass(frozen=True, slots=True)
class _First:
    """The first row of a table for each key."""

    tab: Tab
    rows: Mapping[Value | tuple[Value, ...], int]

    def place(self, key: Value | tuple[Value, ...]) -> str | None:
        row = self.rows.get(key)
        return None if row is None else self.tab.place(row)


def _first(tab: Tab, *names: str) -> _First:
    key, found = itemgetter(*(tab.index(name) for name in names)), dict[Value | tuple[Value, ...], int]()
    for number, row in enumerate(tab.table.rows):
        found.setdefault(key(row), number)
    return _First(tab, found)


def _by_id(tab: Tab, name: str, *wheres: _First) -> Find:
    """Where the row's id is found first; "ID.fee", the fee of ID, also where ID is."""
    index, rows = tab.index(name), tab.table.rows

    def find(number: int) -> str | None:
        text = str(rows[number][index] or "")
        keys = (text, text.partition(".")[0]) if "." in text else (text,)
        return next((place for where in wheres for key in keys if key and (place := where.place(key))), None)

    return find


def _by_place(tab: Tab, where: _First) -> Find:
    key, rows = itemgetter(tab.index("asset"), tab.index("account")), tab.table.rows
    return lambda number: where.place(key(rows[number]))


def _lot(tab: Tab, lots: _First) -> Find:
    """The roll-forward of the row's asset in its account, else in all of them."""
    asset, here = tab.index("asset"), _by_place(tab, lots)
    return lambda number: here(number) or lots.place((tab.table.rows[number][asset], EVERYWHERE))


def _either(first: Find, second: Find) -> Find:
    return lambda number: first(number) or second(number)


# ---- forms ----------------------------------------------------------------------------------------------------------


def _forms(report: Report, tabs: Tabs) -> dict[str, list[int]]:
    """The forms whose rows are one disposal each: for every row the number of its disposal."""
    numbers = {id(disposal): number for number, disposal in enumerate(disposals_of(report))}
    return {name: [numbers[id(d)] for d in of(report)] for name, of in _FILED.items() if name in tabs}


def _each(tab: Tab, rows: list[int]) -> Find:
    return lambda number: tab.place(rows[number])


def _back(tabs: Tabs, forms: Mapping[str, list[int]]) -> Find:
    """From a disposal to its line of a form."""
    lines = {name: {index: number for number, index in enumerate(listed)} for name, listed in forms.items()}

    def find(number: int) -> str | None:
        return next((tabs[name].place(of[number]) for name, of in lines.items() if number in of), None)

    return find
