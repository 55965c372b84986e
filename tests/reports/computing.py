"""What the formulas of a workbook come to: the few functions that it uses, as spreadsheet programs define them.

    Computing(load_workbook(..., data_only=True)).of("B2-SUM(C2:C9)", "Summary")

A cell that a formula names has the value that stands in it. Days are numbers, empty cells count 0.
"""

import operator
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from openpyxl.utils.datetime import from_excel, to_excel
from openpyxl.workbook import Workbook

_TOKEN = re.compile(
    r"""(?P<text>"[^"]*")|(?:'(?P<sheet>[^']+)'!)?(?P<cells>\$?[A-Z]\$?\d+(?::\$?[A-Z]\$?\d+)?)"""
    r"""|(?P<name>[A-Z]+)\(|(?P<number>\d+)|(?P<sign>[-+&,()])"""
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le
}  # fmt: skip


class Computing:
    """The formulas of one workbook."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.values: dict[str, dict[str, Any]] = {}

    def at(self, sheet: str, place: str) -> Any:
        """The value of a cell."""
        value = self.book[sheet][place].value
        return to_excel(value) if isinstance(value, datetime) else value  # type: ignore[no-untyped-call]

    def of(self, formula: str, sheet: str) -> Any:
        """What a formula on a sheet comes to."""
        found = list(_TOKEN.finditer(formula.removeprefix("=")))
        assert "".join(token.group() for token in found) == formula.removeprefix("="), formula
        self.sheet, self.tokens = sheet, iter([*found, None])
        self.next = next(self.tokens)
        return self._sum()

    def _take(self) -> "re.Match[str]":
        token, self.next = self.next, next(self.tokens, None)
        assert token is not None
        return token

    def _is(self, *signs: str) -> bool:
        return self.next is not None and self.next["sign"] in signs

    def _sum(self) -> Any:
        value = self._joined()
        while self._is("+", "-"):
            sign, other = self._take()["sign"], self._joined()
            value = (value or 0) + (other or 0) if sign == "+" else (value or 0) - (other or 0)
        return value

    def _joined(self) -> Any:
        value = self._one()
        while self._is("&"):
            self._take()
            value = f"{value}{self._one()}"
        return value

    def _one(self) -> Any:
        token = self._take()
        if token["sign"] == "-":
            value = self._one()
            return [-v for v in value] if isinstance(value, list) else -value
        if token["text"]:
            return token["text"].strip('"')
        if token["number"]:
            return int(token["number"])
        if token["cells"]:
            return self._cells(token["sheet"] or self.sheet, token["cells"].replace("$", ""))
        arguments = [self._sum()]
        while self._is(","):
            self._take()
            arguments.append(self._sum())
        assert self._take()["sign"] == ")"
        return _FUNCTIONS[token["name"]](*arguments)

    def _cells(self, sheet: str, cells: str) -> Any:
        if ":" not in cells:
            return self.at(sheet, cells)
        return [self.at(sheet, cell.coordinate) for row in self.book[sheet][cells] for cell in row]


def _fits(value: Any, criterion: str) -> bool:
    """A criterion compares numbers, or is a text in whatever case; wildcards are not among ours."""
    found = re.fullmatch(r"([<>]=?)(.+)", criterion)
    if found:
        return isinstance(value, int | float) and _COMPARE[found[1]](value, float(found[2]))
    return isinstance(value, str) and value.lower() == criterion.lower()


def _rows(criteria: tuple[Any, ...]) -> Iterator[bool]:
    pairs = list(zip(criteria[::2], criteria[1::2], strict=True))
    return (all(_fits(cells[n], text) for cells, text in pairs) for n in range(len(pairs[0][0])))


def _sumifs(cells: list[Any], *criteria: Any) -> float:
    return sum(v or 0 for v, fits in zip(cells, _rows(criteria), strict=True) if fits)


def _total(*ranges: list[Any]) -> float:
    return sum(v for cells in ranges for v in cells if isinstance(v, int | float))


def _months_on(day: float, months: int) -> int:
    at = from_excel(day)  # type: ignore[no-untyped-call]
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    return int(to_excel(datetime(year, month + 1, at.day)))  # type: ignore[no-untyped-call]  # noqa: DTZ001


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUM": _total,
    "SUMIFS": _sumifs,
    "COUNTIFS": lambda *criteria: sum(_rows(criteria)),
    "EXACT": lambda cells, text: [str(value) == str(text) for value in cells],
    "SUMPRODUCT": lambda flags, cells: sum(f * (v or 0) for f, v in zip(flags, cells, strict=True)),
    "EDATE": _months_on,
}
