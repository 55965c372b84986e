"""Where everything stands in the workbook, known before the first cell is written: formulas and links need it.

    tab.cells("gain")       # ["'Disposals'!$J$2:$J$1048576", "'Disposals 2'!$J$2:$J$9"]
    tab.place(0)            # "'Disposals'!A2", where the first row begins

Formulas are made of places, of our own words and of numbers; text from outside is never a part of one.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import add, sub
from typing import Any

from msgspec import Struct
from openpyxl.utils import get_column_letter

from reports.cells import Cell, Formula, part
from reports.columns import Shown
from reports.pieces import Pieces, formulas
from reports.table import Table, Value


class Tab(Struct, frozen=True, eq=False):
    """A table in the workbook: on one sheet, or on several, numbered ones of at most `last_row` rows."""

    title: str
    table: Table
    columns: Sequence[Shown]
    last_row: int

    def sheets(self) -> list[tuple[str, int, int]]:
        """Its sheets: the title, the first of its rows, and the first that is no more on it."""
        end, most = len(self.table.rows), self.last_row - 1
        return [(self._title(start // most), start, min(start + most, end)) for start in range(0, max(1, end), most)]

    def _title(self, number: int) -> str:
        return self.title if number == 0 else f"{self.title} {number + 1}"

    def index(self, name: str) -> int:
        """The number of a column in the table."""
        return self.table.index(name)

    def number(self, name: str) -> int:
        """The number of a column on the sheet, counted from 0."""
        index = self.index(name)
        return next(i for i, c in enumerate(self.columns) if c.index == index)

    def letter(self, name: str) -> str:
        """The letter of a column on the sheet."""
        return get_column_letter(1 + self.number(name))

    def cells(self, name: str) -> list[str]:
        """All cells of a column, a range for each sheet; none where there is no row."""
        letter = self.letter(name)
        return [
            f"'{title}'!${letter}$2:${letter}${end - start + 1}" for title, start, end in self.sheets() if end > start
        ]

    def place(self, row: int, letter: str = "A") -> str:
        """The cell of a row of the table, counted from 0."""
        number, within = divmod(row, self.last_row - 1)
        return f"'{self._title(number)}'!{letter}{within + 2}"


Tabs = Mapping[str, Tab]  # by the names of their tables

# ---- sums over a column ---------------------------------------------------------------------------------------------


def live(text: str, value: Value) -> Cell:
    """A formula with what it comes to; the value alone where there is nothing to compute."""
    return Formula(text, value) if text and value is not None and not isinstance(value, str) else value


def total(tab: Tab, column: str, *criteria: tuple[str, str]) -> str:
    """The sum of a column over the rows that fit all criteria: (column, expression), as `SUMIFS` reads them."""
    return _over(tab, "SUMIFS" if criteria else "SUM", column, criteria)


def count(tab: Tab, *criteria: tuple[str, str]) -> str:
    """How many rows fit all criteria."""
    return _over(tab, "COUNTIFS", "", criteria)


def _over(tab: Tab, function: str, column: str, criteria: Sequence[tuple[str, str]]) -> str:
    summed = [[cells] for cells in tab.cells(column)] if column else [[] for _ in tab.cells(criteria[0][0])]
    for name, expression in criteria:
        for arguments, cells in zip(summed, tab.cells(name), strict=True):
            arguments += [cells, expression]
    return "+".join(f"{function}({','.join(arguments)})" for arguments in summed)


def quoted(text: str) -> str:
    """One of our own words as a criterion."""
    assert text.replace("_", "").replace("-", "").replace(" ", "").isalnum(), text
    return f'"{text}"'


def total_of_text(tab: Tab, column: str, key: str, cell: str) -> str:
    """The sum of a column over the rows whose `key` is exactly the text in `cell`: names from outside may differ in
    capitals only, or begin with what `SUMIFS` takes for an operator or a wildcard."""
    found = zip(tab.cells(column), tab.cells(key), strict=True)
    return "+".join(f"SUMPRODUCT(--EXACT({keys},{cell}),{cells})" for cells, keys in found)


def runs_of(tab: Tab, rows: Iterable[int]) -> list[tuple[int, int]]:
    """Rows, given in ascending order, as those that follow each other on one sheet: the first and the last of them."""
    runs, most = list[tuple[int, int]](), tab.last_row - 1
    for row in rows:
        if runs and row == runs[-1][1] + 1 and row % most:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs


def total_of_runs(tab: Tab, column: str, runs: Sequence[tuple[int, int]]) -> str:
    """The sum of a column over these rows; "" where they are scattered too widely."""
    if not 0 < len(runs) <= _MOST_RUNS:
        return ""
    letter = f"${tab.letter(column)}$"
    places = [(tab.place(first, letter), tab.place(last, letter).partition("!")[2]) for first, last in runs]
    return f"SUM({','.join(f'{first}:{last}' for first, last in places)})"


_MOST_RUNS = 100  # Excel takes 255 arguments and 8,192 characters

# ---- columns that are computed from others of their row -------------------------------------------------------------

COMPUTED: Mapping[str, Mapping[str, str]] = {
    "disposals": {"gain": "proceeds - cost_basis"},
    "holdings": {"unrealised_gain": "market_value - cost_basis"},
    "lots": {
        "closing": "opening + acquired + received - disposed - fees + moved_in - moved_out",
        "difference": "closing - in_lots",
        "untied": "reported - closing - moved_between",
    },
    "transfers": {"on_the_way": "sent - arrived"},
    "form_8949": {"gain": "proceeds - cost_basis + adjustment"},
    "sa108_computation": {"gain": "proceeds - allowable_costs"},
    "anlage_so_list": {"gain": "price - cost - costs_of_sale"},
    "schedule_3": {"gain": "proceeds - adjusted_cost_base - outlays"},
}
_OF_LINES = {"difference": "amount - exact"}  # of every form of lines


class Computed(Struct, frozen=True):
    """A column that is a sum of others of its row: the parts with their signs, and where those stand."""

    index: int
    of: tuple[tuple[str, int, str], ...]  # sign ("" of the first), number in the table, letter on the sheet

    def pieces(self, columns: Sequence[Sequence[Any]], first: int) -> Pieces:
        """The cells of some rows, given as the table's columns, from the sheet's row `first` on: the formula, or the
        value where it is not just that sum, or a part is not known. To be asked in the exact context."""
        values, parts = columns[self.index], [columns[i] for _, i, _ in self.of]
        rows = [str(row) for row in range(first, first + len(values))]
        if _are_numbers(values, *parts) and self._sums(parts) == [*values]:
            return formulas([piece for sign, _, letter in self.of for piece in (sign + letter, rows)], values)
        return ([part(self._cell(*each)) for each in zip(rows, values, *parts, strict=True)],)

    def _cell(self, row: str, value: Value, *of: Any) -> Cell:
        if _are_numbers([value], of) and self._sums([[each] for each in of]) == [value]:
            return Formula("".join(f"{sign}{letter}{row}" for sign, _, letter in self.of), value)
        return value

    def _sums(self, parts: Sequence[Sequence[Decimal]]) -> list[Decimal]:
        """What the parts come to in each row."""
        came = [*parts[0]]
        for (sign, _, _), column in zip(self.of[1:], parts[1:], strict=True):
            came = list(map(sub if sign == "-" else add, came, column))
        return came


def _are_numbers(*columns: Sequence[Any]) -> bool:
    return all(set(map(type, column)) == {Decimal} for column in columns)


def computed(tab: Tab) -> dict[int, Computed]:
    """The columns of the sheet, by their number, that are formulas."""
    names = {column.name for column in tab.table.columns}
    sums = COMPUTED.get(tab.table.name, _OF_LINES if {"amount", "exact", "difference"} <= names else {})
    found = {}
    for name, text in sums.items():
        if name in names:
            words = ["", *text.split()]
            parts = zip(words[::2], words[1::2], strict=True)
            placed = tuple((sign, tab.index(part), tab.letter(part)) for sign, part in parts)
            found[tab.number(name)] = Computed(tab.index(name), placed)
    return found
