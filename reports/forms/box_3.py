"""Box 3 (Netherlands): crypto-assets on 1 January, 00:00, as other assets ("overige bezittingen").

One amount goes onto the return; each asset stands beside it. Whole euros, the sum rounded once, down. What is asked
for: the tax administration's pages, as other pages quote them; rounding in the taxpayer's favour: from memory.
"""

from pipeline.money import ZERO, plain
from reports.forms import Form
from reports.forms.lines import TOTALS_BY, Line, down, exactly, limit, lines, rounded
from reports.forms.taxed import held_of
from reports.table import Report, Table

_SOURCE = "aangifte inkomstenbelasting, box 3"


@exactly
def table(report: Report) -> Table:
    """The total, the free capital, and each asset."""
    held = held_of(report)
    if not held:
        return lines("box_3", [])
    total = sum((h.value for h in held if h.value is not None), ZERO)
    found = [
        rounded(
            "", f"Overige bezittingen: virtuele betaalmiddelen, {report.period.first:%d-%m-%Y}", total, down, _SOURCE
        ),
        limit(report, 0, "free capital of one person, not applied", "art. 5.5", on=report.period.first),
    ]
    for h in held:
        value = None if h.value is None else down(h.value)
        known = "" if h.value is not None else "no price known: not in the sum"
        found.append(Line("", f"{plain(h.quantity)} {h.asset}", value, h.value, known, _SOURCE))
    return lines("box_3", found)


def notes(report: Report) -> list[str]:
    """What is not in the sum."""
    unknown = [h.asset for h in held_of(report) if h.value is None]
    if not unknown:
        return []
    return [f"No price on 1 January is known for {', '.join(unknown)}: the sum is without; give a price file."]


FORM = Form(
    "box_3.csv",
    "Box 3",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="Return, box 3; by quotes",
    adds=(("free", ""), ("", "holdings")),
)
