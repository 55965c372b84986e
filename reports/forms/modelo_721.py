"""Modelo 721 (Spain): virtual currencies held abroad on 31 December, by account and currency.

It is due where all of them together are worth more than 50,000 euros (RD 1065/2007 art. 42 quater). Only what others
keep abroad counts: taxsync does not know where a platform has its seat, so every account is listed. Euros and cents,
half a cent up. The first is that of 2023 (Orden HFP/886/2023, by guides). The columns: from memory.
"""

from decimal import Decimal

from pipeline.money import ZERO
from reports.forms import Form
from reports.forms.lines import cents, exactly, not_yet
from reports.forms.taxed import held_by_account
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("account", Type.TEXT, "account with the platform; its name, address and tax number are yours to add"),
    Column("currency", Type.TEXT, "virtual currency"),
    Column("quantity", Type.QUANTITY, "units on 31 December"),
    Column("value", Type.CENTS, "value on 31 December; empty where no price is known"),
    Column("exact_value", Type.MONEY, "the value before rounding"),
)
_LIMIT = Decimal(50_000)
_FIRST_YEAR = 2023


@exactly
def table(report: Report) -> Table:
    """One row for each account and currency."""
    rows: list[tuple[Value, ...]] = []
    for account, held in held_by_account(report):
        value = None if held.value is None else cents(held.value)
        rows.append((account, held.asset, held.quantity, value, held.value))
    return Table("modelo_721", COLUMNS, rows)


def notes(report: Report) -> list[str]:
    """Whether it is due, as far as the values are known."""
    values = [row[3] for row in table(report).rows]
    if not values:
        return []
    before = not_yet(report, "Modelo 721", _FIRST_YEAR, "Nothing is to be told on it for an earlier one.")
    if before:
        return before
    total = sum((v for v in values if isinstance(v, Decimal)), ZERO)
    if report.currency != report.rules.currency:
        return [f"The limit of 50,000 euros is not compared with values in {report.currency}: report in EUR."]
    if None in values and total <= _LIMIT:
        return [
            f"What has a known price on 31 December is worth {total}; other currencies have none: whether Modelo 721 "
            "is due can't be told. Give a price file."
        ]
    due = "is due if the accounts abroad alone exceed" if total > _LIMIT else "is not due by these accounts: not above"
    told = [f"All accounts together are worth {total} on 31 December: Modelo 721 {due} 50,000 euros."]
    if None in values:
        told.append("Some currencies have no known price on 31 December: give a price file before you rely on that.")
    return told


FORM = Form(
    "modelo_721.csv", "Modelo 721", table, totals_by=("account",), notes=notes, source="Modelo 721; from memory"
)
