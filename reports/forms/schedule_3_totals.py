"""The totals of Schedule 3 (Canada) for crypto-assets, and the half of the gain that is taxed.

Sums of the rounded rows of schedule_3.csv. Up to 2023 crypto-assets stand with bonds, debentures and other properties,
lines 15199 and 15300 (page of the Canada Revenue Agency; schedules of 2015 and 2023). From 2024 on the numbers could
not be read: the name of the section tells the place.
"""

from decimal import Decimal

from msgspec.structs import replace

from pipeline.money import ZERO, split
from reports.forms import Form, schedule_3
from reports.forms.lines import TOTALS_BY, Line, cents, column_sum, exactly, lines, rounded
from reports.forms.taxed import grouped, income_of, sums, taxed_of
from reports.table import Report, Table

_SECTION = "Bonds, debentures, promissory notes, crypto-assets, and other similar properties"
_LAST_KNOWN_YEAR = 2023
_HALF = (Decimal(1), Decimal(2))  # ITA 38(a)


@exactly
def table(report: Report) -> Table:
    """Total proceeds and gain, for each period in 2024, and what goes to line 12700."""
    known = int(report.period.name) <= _LAST_KNOWN_YEAR
    numbers = ("15199", "15300") if known else ("", "")
    source = "Schedule 3, 2023" if known else "Schedule 3; lines of this year not known"
    exact_of = {key: sums(of) for key, of in grouped(taxed_of(report), lambda d: schedule_3.period(d, report))}
    listed = schedule_3.table(report)
    when = listed.index("period")
    found, gain = [], ZERO
    for key, s in exact_of.items():
        of_period = replace(listed, rows=[row for row in listed.rows if row[when] == key])
        proceeds, gains = column_sum(of_period, "proceeds"), column_sum(of_period, "gain")
        where = f"{_SECTION}{f', period {key}' if key else ''}"
        found.append(Line(numbers[0], f"{where}: total proceeds", proceeds, s.proceeds, source=source))
        found.append(Line(numbers[1], f"{where}: gain or loss", gains, s.gain, source=source))
        gain += gains
    if found:
        half = "half of the gain or loss; a gain goes to line 12700 with other taxable gains"
        found.append(rounded("", half, split(gain, *_HALF), cents, "ITA 38(a)"))
    income = income_of(report)
    if income:
        name = "income from property or business: lines 12100, 13000 or 13500, by the facts"
        found.append(rounded("", name, income, cents, "T1, from memory"))
    return lines("schedule_3_totals", found)


def notes(report: Report) -> list[str]:
    """What could not be read."""
    if int(report.period.name) <= _LAST_KNOWN_YEAR or not taxed_of(report):
        return []
    return [
        f"The line numbers of Schedule 3 of {report.period.name} could not be read: the totals go to its section with "
        "crypto-assets."
    ]


FORM = Form(
    "schedule_3_totals.csv",
    "Schedule 3 totals",
    table,
    totals_by=TOTALS_BY,
    notes=notes,
    source="Schedule 3, lines up to 2023; read in copies. Later: not read",
    adds=(("income", "income"), ("", "schedule_3")),
)
