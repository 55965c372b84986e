"""Form 2042 C (France): the year's gain on digital assets, boxes 3AN or 3BN, and the limit of 305 euros.

The sum of the rounded gains of form 2086, beside the gain before rounding. Sales of up to 305 euros a year are free
(CGI art. 150 VH bis II-B): the administration's pages speak of gross prices, the form adds up line 218: both are shown.
Boxes 3AN and 3BN: form 2086 and its notice; income from mining and staking: from memory.
"""

from pipeline.money import ZERO
from reports.forms import Form, form_2086
from reports.forms.lines import MEMORY, TOTALS_BY, Line, column_sum, exactly, limit, lines, nearest, not_yet, rounded
from reports.forms.taxed import income_of, sums, taxed_of
from reports.table import Report, Table

_SOURCE = "2042 C, by the notice of 2086"


@exactly
def table(report: Report) -> Table:
    """3AN or 3BN, the limit, and other income."""
    filed = form_2086.table(report)
    found: list[Line] = []
    if filed.rows:
        gain = column_sum(filed, "gain")
        box = ("3AN", "Plus-value") if gain >= ZERO else ("3BN", "Moins-value")
        exact_gain = sums(taxed_of(report)).gain
        sign = 1 if gain >= ZERO else -1
        name = f"{box[1]} sur cessions d'actifs numériques"
        found.append(Line(box[0], name, sign * gain, sign * exact_gain, source=_SOURCE))
        price = filed.index("213")
        if all(row[price] is not None for row in filed.rows):
            for which, column in (("gross", "213"), ("net of fees", "218")):
                name = f"sum of the prices, {which} (line {column})"
                found.append(Line("", name, column_sum(filed, column), source="2086"))
        free = "sales of the year not above this are free; not applied"
        found.append(limit(report, 0, free, "CGI art. 150 VH bis II-B"))
    income = income_of(report)
    if income:
        name = "Revenus non commerciaux non professionnels (mining, staking): micro-BNC"
        found.append(rounded("5KU", name, income, nearest, MEMORY))
    return lines("form_2042_c", found)


def notes(report: Report) -> list[str]:
    """What the person chooses."""
    if not taxed_of(report):
        return []
    return [
        "The gain is taxed at the flat rate unless box 3CN chooses the scale for it; a net loss is not carried "
        "forward.",
        *not_yet(report, "box 3AN", form_2086.FIRST_YEAR, "Gains of before belong in other boxes, by the facts."),
    ]


FORM = Form(
    "form_2042_c.csv",
    "2042 C",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="2042 C, boxes told by the notice of 2086",
    adds=(("Revenus", "income"), ("sales of the year", ""), ("", "form_2086")),
)
