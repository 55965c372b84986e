"""Schedule 1 (Form 1040, United States): digital assets received as ordinary income.

Line 8v takes what is "not reported elsewhere": pay belongs on Schedule C or with wages, a mining business on
Schedule C, interest on lent coins stands here by practice. Line 8v: from memory, the schedule could not be read.
"""

from pipeline.money import ZERO
from reports.forms import Form, form_8949
from reports.forms.lines import TOTALS_BY, Line, exactly, lines, rounded
from reports.forms.taxed import income_of, left_out
from reports.table import Report, Table
from reports.tables import incomes_of

_SOURCE = "Schedule 1 (Form 1040), 2025"


@exactly
def table(report: Report) -> Table:
    """Line 8v as the sum of its rounded kinds, each kind on a line of its own."""
    unit = form_8949.unit(report)
    kinds = sorted({i.kind for i in incomes_of(report)})
    if not kinds:
        return lines("schedule_1", [])
    of_kinds = [rounded("", f"of which {kind}", income_of(report, kind), unit, _SOURCE) for kind in kinds]
    total = sum((line.amount for line in of_kinds if line.amount is not None), ZERO)
    name = "Digital assets received as ordinary income not reported elsewhere"
    return lines("schedule_1", [Line("8v", name, total, income_of(report), source=_SOURCE), *of_kinds])


def notes(report: Report) -> list[str]:
    """What may belong elsewhere."""
    told = left_out(report)
    kinds = {i.kind for i in incomes_of(report)} & {"income", "mining"}
    if kinds:
        told.append(f"Line 8v holds {' and '.join(sorted(kinds))}: pay belongs with wages, a business on Schedule C.")
    return told


FORM = Form(
    "schedule_1.csv",
    "Schedule 1",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="Schedule 1 (Form 1040), 2025; from memory",
)
