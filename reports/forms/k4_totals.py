"""Income return 1 (Sweden): where the sums of K4 part D go, and interest received in coins.

Sums of the rounded rows of k4.csv, beside what they are before rounding. The agency itself takes 70 % of the losses (48
kap. IL). Boxes 7.5 and 8.4: told alike by public tools; 7.2: by a guide.
"""

from pipeline.model import Label
from reports.forms import Form, k4
from reports.forms.lines import MEMORY, TOTALS_BY, Line, column_sum, dropped, exactly, lines, rounded
from reports.forms.taxed import income_of, sums, taxed_of
from reports.table import Report, Table

_SOURCE = "INK1, by other tools"


@exactly
def table(report: Report) -> Table:
    """7.5, 8.4, and income."""
    filed, s = k4.table(report), sums(taxed_of(report))
    found: list[Line] = []
    if filed.rows:
        gains, losses = column_sum(filed, "gain"), column_sum(filed, "loss")
        found = [
            Line("7.5", "Vinst enligt K4 avsnitt D", gains, s.gains, source=_SOURCE),
            Line("8.4", "Förlust enligt K4 avsnitt D", losses, -s.losses, source=_SOURCE),
        ]
    interest = income_of(report, Label.INTEREST, Label.REWARD)
    if interest:
        found.append(rounded("7.2", "Ränteinkomster: lending, staking", interest, dropped, "a guide"))
    other = income_of(report, Label.MINING, Label.INCOME, Label.AIRDROP)
    if other:
        found.append(rounded("", "mining and pay: T2, or where it belongs", other, dropped, MEMORY))
    return lines("k4_totals", found)


FORM = Form(
    "k4_totals.csv",
    "INK1",
    table,
    totals_by=TOTALS_BY,
    source="Income return 1; boxes told by other tools",
    adds=(("Ränte", "income"), ("mining", "income"), ("", "k4")),
)
