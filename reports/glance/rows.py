"""The single rows behind the page's search: forms, disposals, income, transactions and the records as received.

    blocks(report, forms, ...)      # '{"of":"disposals","rows":4000,"columns":15}\\n=...\\n#...\\n', ...

A block is a line of JSON and a line for each column: "=" and the texts, "#" and the few different texts with which of
them each row has, or "!" and a JSON array where a text holds a separator. Unknown and empty are "". A row names
another by its number: a form's line its disposals, a disposal its two transactions, a record the transactions that
it says. Amounts are exact texts. Forms are as their CSV files have them. What is said already is not said again: see
`rows.js`, which alone reads this. Where a history is too large for a page, the texts of records end where it is full.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipeline.local import local_text
from pipeline.model import Amount, Disposal, RawRecord, Transaction
from pipeline.money import plain
from reports.forms import Form
from reports.pack import without_folder
from reports.table import Report, Table
from reports.tables import disposals_of, incomes_of

MOST = 300_000  # disposals or transactions of a year, from which on a page has no single rows
_TOGETHER = 4_000  # rows of a block
_PIECE = 200_000  # characters of a form's file
_SALES, _SAID = 200, 50  # disposals of a line, transactions of a record that the page leads to
_SAME = "="  # as the row that is named has it

_NEXT, _REST, _LINE = "\x1f", "\x1e", "\x1d"
_SEPARATOR = re.compile("[\n\x1d\x1e\x1f]")


def too_many(report: Report) -> bool:
    """Whether a year has more rows than a page can show: the tables have them all."""
    return max(len(disposals_of(report)), len(report.origins) // 2) > MOST  # a transaction has a value, and its fee


def blocks(
    report: Report, forms: Sequence[tuple[Form, Table]], file: Callable[[str], str], full: Callable[[], bool]
) -> Iterator[str]:
    """All rows, the forms' first. `file` gives the text of a form's CSV file; `full`: whether what was given so far is
    as much as a page can hold."""
    disposals = disposals_of(report)
    moved = _wanted(report, disposals)
    numbers = {t.id: str(number) for number, t in enumerate(moved)}
    for form, _ in forms:
        yield from _form(form, report, disposals, file(form.file))
    yield from _of("disposals", disposals, lambda some: _disposals(some, numbers, moved, report))
    yield from _of("income", incomes_of(report), lambda some: [
        _many([numbers.get(i.id, "") for i in some]), _few([i.kind.value for i in some]),
        _amounts([i.quantity for i in some]), _few([i.asset for i in some]), _amounts([i.value for i in some]),
    ])  # fmt: skip
    yield from _of("transactions", moved, lambda some: _transactions(some, report))
    yield from _records(report, moved, full)


# ---- columns --------------------------------------------------------------------------------------------------------


def _of(name: str, listed: Sequence[Any], columns: Callable[[Sequence[Any]], Sequence[str]]) -> Iterator[str]:
    """Some rows together, column by column."""
    for start in range(0, len(listed), _TOGETHER):
        some = listed[start : start + _TOGETHER]
        yield _block(columns(some), of=name, rows=len(some))


def _block(columns: Sequence[str], **told: Any) -> str:
    return "\n".join((json.dumps(told | {"columns": len(columns)}), *columns, ""))


def _many(texts: Sequence[str]) -> str:
    """A column of texts that mostly differ."""
    joined = _NEXT.join(texts)
    if joined.count(_NEXT) == len(texts) - 1 and "\n" not in joined:
        return "=" + joined
    return "!" + json.dumps(list(texts))


def _few(texts: Sequence[str]) -> str:
    """A column of the same texts over and over."""
    at = {text: str(number) for number, text in enumerate(dict.fromkeys(texts))}
    if any(map(_SEPARATOR.search, at)):
        return "!" + json.dumps(list(texts))
    return f"#{_NEXT.join(at)}{_REST}{','.join([at[text] for text in texts])}"


def _amounts(values: Sequence[Decimal | None]) -> str:
    return "=" + _NEXT.join(_plain(values))


def _plain(values: Sequence[Decimal | None]) -> list[str]:
    """`plain` of each; most texts of numbers are as they should be."""
    return ["" if v is None else text if (text := str(v))[-1] != "0" and "E" not in text else plain(v) for v in values]


# ---- forms ----------------------------------------------------------------------------------------------------------


def _form(form: Form, report: Report, disposals: Sequence[Disposal], text: str) -> Iterator[str]:
    """The form's file; `sales`: the numbers of the disposals of each line, where it lists any."""
    yield _block((), of="form", name=form.name, title=form.title)
    text = text.replace("\r\n", _LINE)
    for start in range(0, len(text), _PIECE):
        yield _block([_many([text[start : start + _PIECE]])], of="file", rows=1)
    sales = form.sales(report)
    if sales:
        numbers = {id(disposal): str(number) for number, disposal in enumerate(disposals)}
        yield from _of("sales", sales, lambda some: [_many([_named(of, numbers) for of in some])])


def _named(sales: Sequence[Disposal], numbers: Mapping[int, str]) -> str:
    if len(sales) == 1:
        return numbers[id(sales[0])]
    return " ".join([numbers[id(d)] for d in sales[:_SALES]])


# ---- disposals and transactions -------------------------------------------------------------------------------------


def _wanted(report: Report, disposals: Sequence[Disposal]) -> list[Transaction]:
    """The year's transactions, and those that brought what was disposed of in it."""
    starts, ends = report.period.starts, report.period.ends
    named = {d.acquisition_id for d in disposals} | {d.id.partition(".")[0] for d in disposals}
    named |= {i.id for i in incomes_of(report)}
    return [t for t in report.result.transactions if starts <= t.at < ends or t.id in named]


def _disposals(
    some: Sequence[Disposal], numbers: Mapping[str, str], moved: Sequence[Transaction], report: Report
) -> list[str]:
    """The gain is not among them: it is the difference of two others."""
    zone = report.zone
    sold = [numbers.get(d.id) or numbers.get(d.id.partition(".")[0], "") for d in some]
    bought = [numbers.get(d.acquisition_id, "") for d in some]
    acquired = [
        _SAME if number and moved[int(number)].at == d.acquired_at
        else "" if d.acquired_at is None else local_text(d.acquired_at, zone)
        for d, number in zip(some, bought, strict=True)
    ]  # fmt: skip
    disposed = [
        _SAME if number and moved[int(number)].at == d.disposed_at else local_text(d.disposed_at, zone)
        for d, number in zip(some, sold, strict=True)
    ]
    return [
        _many(sold),
        _many([_SAME if number and "." not in d.id else d.id for d, number in zip(some, sold, strict=True)]),
        _many(bought),
        _many([_SAME if number else d.acquisition_id for d, number in zip(some, bought, strict=True)]),
        _few([d.account for d in some]),
        _few([d.asset for d in some]),
        _amounts([d.quantity for d in some]),
        _many(acquired),
        _many(disposed),
        _amounts([d.proceeds for d in some]),
        _amounts([d.cost_basis for d in some]),
        _few([d.term for d in some]),
        _few([d.rule for d in some]),
        _few([d.kind for d in some]),
        _few(["yes" if d.taxed else "" for d in some]),
    ]


def _transactions(some: Sequence[Transaction], report: Report) -> list[str]:
    zone, values, others = report.zone, report.result.values, report.result.transfers
    worth = [values.of(t) for t in some]
    texts = _plain([None if _is_money(t, value) else value for t, (value, _) in zip(some, worth, strict=True)])
    marked = (_is_money(t, value) for t, (value, _) in zip(some, worth, strict=True))
    return [
        _many([t.id for t in some]),
        _many([local_text(t.at, zone) for t in some]),
        _few([t.account for t in some]),
        *_side([t.sent for t in some]),
        *_side([t.received for t in some]),
        *_side([t.fee for t in some]),
        _few([t.label or "" for t in some]),
        _many([mark or text for mark, text in zip(marked, texts, strict=True)]),
        _few([source for _, source in worth]),
        _many([t.description for t in some]),
        _many([t.txhash for t in some]),
        _few([t.source for t in some]),
        _many([t.source_id for t in some]),
        _many([others.get(t.id, "") for t in some]),
    ]


def _is_money(t: Transaction, value: Decimal | None) -> str:
    """Which of its sides a transaction's value is, in so many units: "<" what was received, ">" what was sent."""
    if t.received is not None and t.received.quantity == value:
        return "<"
    return ">" if t.sent is not None and t.sent.quantity == value else ""


def _side(amounts: Sequence[Amount | None]) -> tuple[str, str]:
    return _amounts([a.quantity if a else None for a in amounts]), _few([a.asset if a else "" for a in amounts])


# ---- records --------------------------------------------------------------------------------------------------------


def _records(report: Report, moved: Sequence[Transaction], full: Callable[[], bool]) -> Iterator[str]:
    """Those that say the transactions, as they were received."""
    if report.glance.texts is None:
        return
    names: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for number, t in enumerate(moved):
        for name in (t.source_id, t.source_id.partition("/")[0]) if "/" in t.source_id else (t.source_id,):
            names[t.account].setdefault(name, []).append(number)
    with report.glance.texts() as records:
        some: list[tuple[RawRecord, list[int]]] = []
        for record in records:
            said = _said(record, names.get(record.account) or {})
            if said:
                some.append((record, said))
            if len(some) == _TOGETHER:
                yield from _of("records", some, lambda some: _texts(some, moved, full()))
                some = []
        yield from _of("records", some, lambda some: _texts(some, moved, full()))


def _said(record: RawRecord, names: Mapping[str, list[int]]) -> list[int]:
    """The numbers of the transactions that a record says, or is a part of: legs of one trade name each other."""
    found = names.get(record.source_id)
    if found is None and names:
        content = json.loads(record.payload)
        values = content.values() if isinstance(content, dict) else ()
        found = next((names[v] for v in values if isinstance(v, str) and v in names), None)
    return [] if found is None else found[:_SAID]


def _texts(some: Sequence[tuple[RawRecord, list[int]]], moved: Sequence[Transaction], full: bool) -> list[str]:
    """Their texts last: a column of whole ones, then one of the members of each that is a flat object of texts with
    the same keys as the first such one of the block, which stands whole."""
    records = [record for record, _ in some]
    columns = [
        _many([" ".join(map(str, said)) for _, said in some]),
        _few([r.source for r in records]),
        _few([r.stream for r in records]),
        _many([_SAME if moved[said[0]].source_id == r.source_id else r.source_id for r, said in some]),
        _many([without_folder(r.origin) for r in records]),
    ]
    if full:
        return columns
    whole, keys, members = list[str](), "", list[list[str]]()
    for record in records:
        parts = record.payload.split('"')
        own = _NEXT.join((*parts[::2], *parts[1::4]))  # what stands around the members
        if own == keys and "\\" not in record.payload:
            whole.append(_SAME)
            members.append(parts[3::4])
            continue
        whole.append(record.payload)
        if not keys and len(parts) % 4 == 1 and "\\" not in record.payload:
            keys = own
    return [*columns, _many(whole), *(_many(column) for column in zip(*members, strict=True))]
