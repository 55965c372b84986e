"""Modelo 100 (Spain): the sums of gains and losses on virtual currencies, and income in them.

Sums of the rounded rows of modelo_100.csv, beside the result before rounding. Boxes 1813 and 1814: told alike by public
tools for the form of 2024; 0033 for staking by a guide; 0304 for airdrops: from memory.
"""

from pipeline.model import Label
from reports.forms import Form, modelo_100
from reports.forms.lines import MEMORY, TOTALS_BY, Line, cents, column_sum, exactly, lines, rounded
from reports.forms.taxed import income_of, sums, taxed_of
from reports.table import Report, Table

_SOURCE = "Modelo 100, 2024, by other tools"


@exactly
def table(report: Report) -> Table:
    """1814, 1813, their difference, and income."""
    filed = modelo_100.table(report)
    found: list[Line] = []
    if filed.rows:
        gains, losses = column_sum(filed, "gain"), column_sum(filed, "loss")
        exact_result = sums(taxed_of(report)).gain
        found = [
            Line("1814", "Suma de ganancias patrimoniales de monedas virtuales", gains, source=_SOURCE),
            Line("1813", "Suma de pérdidas patrimoniales de monedas virtuales", losses, source=_SOURCE),
            Line("", "1814 - 1813", gains - losses, exact_result, source="the rows"),
        ]
    for number, name, kinds, source in (
        ("0033", "Rendimientos del capital mobiliario: staking, interest", (Label.REWARD, Label.INTEREST), "a guide"),
        ("0304", "Otras ganancias no derivadas de transmisión: airdrops", (Label.AIRDROP,), MEMORY),
        ("", "mining and pay: as business or work, by the facts", (Label.MINING, Label.INCOME), MEMORY),
    ):
        income = income_of(report, *kinds)
        if income:
            found.append(rounded(number, name, income, cents, source))
    return lines("modelo_100_totals", found)


FORM = Form(
    "modelo_100_totals.csv",
    "Modelo 100 totals",
    table,
    totals_by=TOTALS_BY,
    source="Modelo 100, 2024; boxes told by other tools, 0304 from memory",
    adds=(("Suma", "modelo_100"), ("1814", "modelo_100"), ("", "income")),
)
