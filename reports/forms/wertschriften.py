"""Wertschriftenverzeichnis (Switzerland): coins on 31 December, and what they brought in the year.

A row for each asset: units, tax value, gross yield without withholding tax (column B). Francs and centimes, half a
centime up; the cantons' forms differ, so no line is numbered. The price is the one that the report knows: the federal
tax administration's list of year-end prices goes before it. The columns: from memory.
"""

from pipeline.money import ZERO
from reports.forms import Form
from reports.forms.lines import cents, exactly
from reports.forms.taxed import Held, held_of, left_out
from reports.table import Column, Report, Table, Type, Value
from reports.tables import incomes_of

COLUMNS = (
    Column("asset", Type.TEXT, "Bezeichnung der Vermögenswerte"),
    Column("quantity", Type.QUANTITY, "Stückzahl on 31 December"),
    Column("tax_value", Type.CENTS, "Steuerwert on 31 December; empty where no price is known"),
    Column("gross_yield", Type.CENTS, "Bruttoertrag without withholding tax (column B): staking, mining, interest"),
    Column("exact_tax_value", Type.MONEY, "the tax value before rounding"),
    Column("exact_gross_yield", Type.MONEY, "the yield before rounding"),
)


@exactly
def table(report: Report) -> Table:
    """Every asset that is held or brought something."""
    held = {h.asset: h for h in held_of(report)}
    received = [i for i in incomes_of(report) if i.value is not None]
    rows: list[tuple[Value, ...]] = []
    for asset in sorted(held.keys() | {i.asset for i in received}):
        h = held.get(asset, Held(asset, ZERO, ZERO, ZERO))
        brought = sum((i.value or ZERO for i in received if i.asset == asset), ZERO)
        value = None if h.value is None else cents(h.value)
        rows.append((asset, h.quantity, value, cents(brought), h.value, brought))
    return Table("wertschriften", COLUMNS, rows)


def notes(report: Report) -> list[str]:
    """What the person has to look at."""
    told = []
    unknown = [h.asset for h in held_of(report) if h.value is None]
    if unknown:
        told.append(f"No price on 31 December is known for {', '.join(unknown)}: give a price file.")
    if held_of(report):
        told.append("Prices on the federal tax administration's list go before those of this report: compare them.")
    return told + left_out(report)


FORM = Form(
    "wertschriften.csv",
    "Wertschriftenverzeichnis",
    table,
    totals_by=("asset",),
    notes=notes,
    source="cantonal forms; from memory",
)
