"""What a form's rows come to, by the columns that its totals go by; added up as the rows go by, some at a time.

totals = Totals(form, table)
totals.see(table.rows)
totals.groups[("I", "C")].sums      # of the columns `totals.sums`
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from pipeline.money import exact
from reports.forms import Form
from reports.table import Row, Table, Type, Value


class Group(Struct):
    """Rows of a form that go together, by their numbers, and what their columns come to."""

    rows: list[int]
    sums: list[Value]

    def add(self, numbers: Sequence[int], columns: Iterable[Sequence[Value]]) -> None:
        """Further rows; a column that is empty in all of them comes to nothing, not to 0."""
        self.rows += numbers
        self.sums = [_added(before, values) for before, values in zip(self.sums, columns, strict=True)]


class Totals:
    """`groups`: in the order of their first rows; `sums`: the numbers of the columns that are added up; `whole`:
    whether the form is in whole units."""

    def __init__(self, form: Form, table: Table) -> None:
        self.sums = [number for number, column in enumerate(table.columns) if column.type is Type.CENTS]
        self.groups: dict[tuple[str, ...], Group] = defaultdict(lambda: Group([], [None] * len(self.sums)))
        self.whole = True
        self._keys = [table.index(name) for name in form.totals_by]
        self._seen = 0

    def see(self, rows: Sequence[Row]) -> None:
        """The next rows."""
        apart: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            apart[tuple([str(row[key]) for key in self._keys])].append(number)
        with exact():
            for group, numbers in apart.items():
                columns = [[rows[number][i] for number in numbers] for i in self.sums]
                self.groups[group].add([self._seen + number for number in numbers], columns)
                self.whole = self.whole and not any(map(_is_broken, (v for column in columns for v in column)))
        self._seen += len(rows)


def _added(before: Value, values: Sequence[Value]) -> Value:
    known = [each for each in (before, *values) if isinstance(each, Decimal)]
    return sum(known[1:], known[0]) if known else before


def _is_broken(value: Value) -> bool:
    return isinstance(value, Decimal) and value != value.to_integral_value()
