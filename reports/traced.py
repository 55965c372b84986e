"""Which cell leads to which: any figure is followed by click to its disposals, their transactions, and back.

    links = traced(tabs, filings, forms)
    links["disposals"]      # {"disposal_id": row number -> place of the transaction, ...}

A place is a cell of the workbook ("'Transactions'!A12"). Where there is nothing to lead to, nothing does.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Struct

from reports.forms import Form
from reports.layout import Tab, Tabs
from reports.roll_forward import EVERYWHERE
from reports.table import Report, Row, Table, Value
from reports.tables import disposals_of

Find = Callable[[int, Row], str | None]  # the number of a row of the table, and the row -> where its cell leads
FORM_LINE = "form_line"  # the column of the disposals that says which line of a form each is part of

_IDS = ("disposal_id", "transaction_id", "acquisition_id", "out_id", "in_id")


def traced(tabs: Tabs, filings: Sequence["Filing"], forms: Sequence[Form]) -> dict[str, dict[str, Find]]:
    """For each table its columns that lead somewhere."""
    moved, sold, lots = tabs["transactions"], tabs["disposals"], tabs["lots"]
    rows, (disposals, assets) = _first(moved, "id"), _firsts(sold, ["disposal_id"], ["asset", "account"])
    found: dict[str, dict[str, Find]] = {}
    for name, tab in tabs.items():
        columns = {column.name for column in tab.table.columns}
        found[name] = {key: _by_id(tab, key, rows) for key in _IDS if key in columns}
        if "disposal_id" in columns and tab is not sold:  # a form
            found[name]["disposal_id"] = _by_id(tab, "disposal_id", disposals)
    of_sales = {filing.name: _first_sale(sold, filing) for filing in filings}
    for form in forms:
        if form.adds:
            found[form.name] |= _added_up(form, tabs, of_sales.get(form.name))
        elif form.name in of_sales:
            found[form.name][_first_filled(tabs[form.name].table)] = of_sales[form.name]
        else:
            found[form.name] |= _held(tabs[form.name], tabs["holdings"])
    there = _first(lots, "asset", "account")
    found["disposals"] |= {
        "acquisition_id": _either(_by_id(sold, "acquisition_id", rows), _lot(sold, there)),
        "asset": _lot(sold, there),
        (FORM_LINE if is_grouped(filings) else "counts"): _back(tabs, filings),
    }
    found["holdings"]["asset"] = _lot(tabs["holdings"], there)
    found["lots"]["asset"] = _by_place(lots, assets)
    became = [disposals, *(_first(tabs[name], "transaction_id") for name in ("income", "derivatives"))]
    became += [_first(tabs["transfers"], name) for name in ("out_id", "in_id")]
    found["transactions"]["id"] = _by_id(moved, "id", *became)
    found["transactions"]["value"] = _by_id(moved, "id", _first(tabs["prices"], "transaction_id"))
    return found


class _First(Struct, frozen=True):
    """The first row of a table for each key."""

    tab: Tab
    rows: Mapping[Value | tuple[Value, ...], int]

    def place(self, key: Value | tuple[Value, ...]) -> str | None:
        row = self.rows.get(key)
        return None if row is None else self.tab.place(row)


def _first(tab: Tab, *names: str) -> _First:
    (found,) = _firsts(tab, names)
    return found


def _firsts(tab: Tab, *keys: Sequence[str]) -> list[_First]:
    """The same for several keys: the rows of a big table are made anew each time one goes through them."""
    gets = [itemgetter(*(tab.index(name) for name in names)) for names in keys]
    listed: list[list[Any]] = [[] for _ in keys]
    for rows in tab.table.parts():
        for each, get in zip(listed, gets, strict=True):
            each.extend(map(get, rows))
    return [_First(tab, dict(zip(reversed(of), range(len(of) - 1, -1, -1), strict=True))) for of in listed]


def _by_id(tab: Tab, name: str, *wheres: _First) -> Find:
    """Where the row's id is found first; "ID.fee", the fee of ID, also where ID is."""
    index = tab.index(name)

    def find(_number: int, row: Row) -> str | None:
        text = row[index]
        keys = (text, text.partition(".")[0]) if isinstance(text, str) and "." in text else (text,)
        for where in wheres:
            for key in keys:
                if key and (place := where.place(key)):
                    return place
        return None

    return find


def _by_place(tab: Tab, where: _First) -> Find:
    key = itemgetter(tab.index("asset"), tab.index("account"))
    return lambda _number, row: where.place(key(row))


def _lot(tab: Tab, lots: _First) -> Find:
    """The roll-forward of the row's asset in its account, else in all of them."""
    asset, here = tab.index("asset"), _by_place(tab, lots)
    return lambda number, row: here(number, row) or lots.place((row[asset], EVERYWHERE))


def _either(first: Find, second: Find) -> Find:
    return lambda number, row: first(number, row) or second(number, row)


# ---- forms ----------------------------------------------------------------------------------------------------------

_NONE = -1


class Filing(Struct, frozen=True, eq=False):
    """What the rows of a form are made of, by the disposals' numbers in their own table: the first one of each row
    (`first`; -1: none), and the row of each disposal (`rows`; -1: none). `grouped`: a row may be made of several."""

    name: str
    title: str
    first: Sequence[int]
    rows: Sequence[int]
    grouped: bool


def filings(report: Report, forms: Sequence[tuple[Form, Table]]) -> list[Filing]:
    """The forms whose rows are made of disposals."""
    disposals = disposals_of(report)
    numbers = {id(disposal): number for number, disposal in enumerate(disposals)}
    found = []
    for form, table in forms:
        found += _lines(form, table, report)
        first, rows, grouped = array("l"), array("l", [_NONE] * len(disposals)), False
        for line, sales in enumerate(form.sales(report)):
            first.append(numbers[id(sales[0])])
            grouped = grouped or len(sales) > 1
            for disposal in sales:
                if rows[number := numbers[id(disposal)]] == _NONE:
                    rows[number] = line
        if first:
            assert len(first) == len(table.rows), f"{form.name}: sales of {len(first)} rows of {len(table.rows)}"
            found.append(Filing(form.name, form.title, first, rows, grouped))
    return found


def _lines(form: Form, table: Table, report: Report) -> list[Filing]:
    """Of a return that adds up disposals itself: which line shows the gain of each."""
    if form.line is None:
        return []
    names = [str(row[table.index("name")]) for row in table.rows]
    place: dict[str, int] = {"": _NONE}
    first, rows = array("l", [_NONE] * len(names)), array("l")
    for number, d in enumerate(disposals_of(report)):
        begins = form.line(d, report) if d.taxed and d.proceeds is not None else ""
        if begins not in place:
            place[begins] = next((n for n, name in enumerate(names) if name.startswith(begins)), _NONE)
        rows.append(place[begins])
        if rows[-1] != _NONE and first[rows[-1]] == _NONE:
            first[rows[-1]] = number
    return [Filing(form.name, form.title, first, rows, grouped=True)] if len(place) > 1 else []


def is_grouped(filings: Sequence[Filing]) -> bool:
    """Whether a form adds up disposals: then each of them says in which of its lines."""
    return any(filing.grouped for filing in filings)


def form_line(filings: Sequence[Filing], number: int) -> str:
    """'K4 D row 3': where a disposal is added up, by its number; "" where it is in no form."""
    return next((f"{f.title} row {f.rows[number] + 2}" for f in filings if f.rows[number] != _NONE), "")


def _first_filled(table: Table) -> str:
    """The first column that has something in it to click on."""
    return next(c.name for c, value in zip(table.columns, table.rows[0], strict=True) if value not in (None, ""))


def _first_sale(sold: Tab, filing: Filing) -> Find:
    return lambda number, _row: None if filing.first[number] == _NONE else sold.place(filing.first[number])


def _held(tab: Tab, holdings: Tab) -> dict[str, Find]:
    """From a row of a list of what is held to the first lot of that asset, in that account if the list has any."""
    names = tab.table.names
    asset = next((name for name in ("asset", "currency") if name in names), "")
    if not asset or "disposal_id" in names:
        return {}
    keys = [(asset, "asset"), *([("account", "account")] if "account" in names else [])]
    key = itemgetter(*(tab.index(name) for name, _ in keys))
    places = [_first(holdings, *(name for _, name in keys)), _first(holdings, "asset")]

    def find(_number: int, row: Row) -> str | None:
        return places[0].place(key(row)) or places[1].place(row[tab.index(asset)])

    return {asset: find}


def _added_up(form: Form, tabs: Tabs, sale: Find | None) -> dict[str, Find]:
    """From a line of a return to its first disposal (`sale`), or to the table that it adds up: there each row leads
    on."""
    tab = tabs[form.name]
    column = "name" if "name" in tab.table.names else "line"
    index = tab.index(column)

    def find(number: int, row: Row) -> str | None:
        if sale is not None and (place := sale(number, row)):
            return place
        of = next((table for begins, table in form.adds if str(row[index]).startswith(begins)), "")
        return tabs[of].place(0) if of and tabs[of].table.rows else None

    return {column: find}


def _back(tabs: Tabs, filings: Sequence[Filing]) -> Find:
    """From a disposal to its line of a form."""

    def find(number: int, _row: Row) -> str | None:
        return next((tabs[f.name].place(f.rows[number]) for f in filings if f.rows[number] != _NONE), None)

    return find
