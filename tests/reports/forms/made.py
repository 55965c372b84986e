"""Reports of small ledgers in any country, and a form's cells to compare."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from pipeline.gains.derive import Basis, derive
from pipeline.model import Disposal, Price, Result, Transaction, Values
from pipeline.rules.base import rules_of
from reports.forms import Form, forms_of
from reports.table import Report, SourceUsed, Table
from tests.ledgers import Rows, ledger

Cells = dict[str, Any]


def report_on(
    result: Result, basis: Basis, year: int, sources: Sequence[SourceUsed] = (), told: dict[str, str] | None = None
) -> Report:
    """The report on a result."""
    period = basis.rules.year.period(year, basis.zone)
    scope = basis.scope.on(period.last).value
    return Report(
        result, period, basis.rules, basis.currency, basis.zone, basis.method_on(period.last), scope, "1.2.3", "0123",
        sources=sources, form_1099_da=told or {},
    )  # fmt: skip


def basis_of(country: str, **chosen: str) -> Basis:
    """A country with its defaults, and what is chosen of its rules."""
    rules = rules_of(country).choose(chosen)
    return Basis(rules, rules.currency, ZoneInfo(rules.timezone), rules.methods[0], rules.scope)


def filed(country: str, year: int, *rows: Rows, priced: Sequence[Price] = (), **chosen: str) -> Report:
    """The report on these rows."""
    return on(country, year, ledger(*rows), priced, **chosen)


def on(
    country: str,
    year: int,
    rows: Sequence[Transaction],
    priced: Sequence[Price] = (),
    currency: str = "",
    **chosen: str,
) -> Report:
    """The report on rows that have their ids already; `currency`: another than the country's."""
    basis = basis_of(country, **chosen)
    basis = replace(basis, currency=currency or basis.currency)
    until = basis.rules.year.period(year, basis.zone).ends
    return report_on(derive(rows, priced, basis, until=until), basis, year)


def made(country: str, year: int, *disposals: Disposal, **parts: Any) -> Report:
    """The report on disposals that are made by hand."""
    empty: dict[str, Any] = {"lots": [], "incomes": [], "transactions": [], "values": Values(), "transfers": {}}
    result = Result(list(disposals), **empty, allocations=[], issues=[])
    return report_on(result, basis_of(country), year, **parts)


def form(report: Report, name: str) -> Form:
    (found,) = [f for f in forms_of(report.rules) if f.file == f"{name}.csv"]
    return found


def cells(table: Table) -> list[Cells]:
    return [dict(zip((c.name for c in table.columns), row, strict=True)) for row in table.rows]


def rows(report: Report, name: str) -> list[Cells]:
    """The rows of a form."""
    return cells(form(report, name).table(report))


def line(report: Report, name: str, number: str) -> Decimal | str:
    """What a line says is to be written; `number` may be the beginning of its name where it has no number."""
    (found,) = [r for r in rows(report, name) if number in (r["line"], r["name"][: len(number)])]
    return found["entry"] if found["amount"] is None else found["amount"]


def written(report: Report, name: str) -> dict[str, Any]:
    """Every numbered line with what is to be written."""
    return {r["line"]: r["entry"] or r["amount"] for r in rows(report, name) if r["line"]}
