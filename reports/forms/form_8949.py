"""Form 8949 (United States): the year's taxed disposals, Part I short-term, Part II long-term.

One row per part of a lot. Figures are in dollars and cents, or in whole dollars where the taxpayer has chosen so for
the whole return, rounded half up; the gain comes from the rounded cells, as on the paper. A disposal without a known
price can't be filed: it is left out, and an issue says so. Sources: Form 8949 and its instructions (2025); which box
goes with which Form 1099-DA: Instructions for Form 1099-DA, "Applicable checkbox on Form 8949" (codes G, H, J, K).

taxsync knows no Form 1099-DA: what one tells is the person's word, per account and year. The figures
stay the ledger's own.
"""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from pipeline.model import Disposal, Rule, Term
from pipeline.money import ZERO, exact, plain
from reports.forms import Form
from reports.forms.lines import cents, nearest
from reports.forms.tax_software import NAMES, for_tax_software
from reports.table import Column, Report, Table, Type, Value
from reports.tables import disposals_of

COLUMNS = (
    Column("description", Type.TEXT, "(a) units and asset"),
    Column(
        "date_acquired",
        Type.FORM_DAY,
        "(b) day acquired, MM/DD/YYYY; VARIOUS of an average; empty where no acquisition is on record",
    ),
    Column("date_sold", Type.FORM_DAY, "(c) day sold or disposed of, MM/DD/YYYY"),
    Column("proceeds", Type.CENTS, "(d) proceeds"),
    Column("cost_basis", Type.CENTS, "(e) cost or other basis"),
    Column("code", Type.TEXT, "(f) code of the adjustment"),
    Column("adjustment", Type.CENTS, "(g) amount of the adjustment"),
    Column("gain", Type.CENTS, "(h) gain or loss: (d) - (e) + (g)"),
    Column("box", Type.TEXT, "which box is checked on the row's page"),
    Column("part", Type.TEXT, "I short-term, II long-term"),
)

# Boxes of Parts I and II by what the broker's 1099-DA tells; nobody had one before tax year 2025.
_FIRST_DIGITAL_YEAR = 2025
_BOXES = {
    "no": {"I": "I", "II": "L"},
    "proceeds": {"I": "H", "II": "K"},
    "basis": {"I": "G", "II": "J"},
}
_BOXES_BEFORE = {"I": "C", "II": "F"}


@lru_cache(maxsize=1)  # the other forms of the return read it too
def table(report: Report) -> Table:
    """The rows of Part I, then those of Part II, each in order of time."""
    money = unit(report)
    with exact():
        rows = [_row(d, _box(d, report), report.zone, money) for d in filed(report)]
    return Table("form_8949", COLUMNS, rows)


def unit(report: Report) -> Callable[[Decimal], Decimal]:
    """How amounts are rounded in all forms of the return, by choice: "you must round all amounts" or none
    (Instructions for Form 1040, "Rounding off to whole dollars": 50 cents and more up)."""
    return nearest if report.rules.chosen.get("form_amounts") == "whole-dollars" else cents


def notes(report: Report) -> list[str]:
    """What is to be settled about Forms 1099-DA; nothing before 2025, or where there is no row."""
    accounts = sorted({d.account for d in filed(report)})
    if not accounts or not _is_digital(report):
        return []
    told, setting = report.form_1099_da, f"[form_1099_da.{report.period.name}] in taxsync.toml"
    unsaid = [name for name in accounts if name not in told]
    reported = [name for name in accounts if told.get(name, "no") != "no"]
    unknown = sorted(told.keys() - set(accounts))
    found = []
    if unsaid:
        found.append(
            f"No Form 1099-DA is known for {', '.join(unsaid)}: boxes I and L. What a broker reported on one belongs "
            "in H and K, or in G and J where its box 2 says that the basis was reported: write "
            f'{json.dumps(unsaid[0])} = "proceeds", "basis" or "no" under {setting}, then run report again.'
        )
    if reported:
        found.append(
            f"For {', '.join(reported)} compare each row with the Form 1099-DA: (d), and in G and J (e), have to be as "
            "on it, a difference goes to (g) with its code in (f); a row that it lacks belongs in I or L."
        )
    if unknown:
        found.append(f"{setting} names {', '.join(unknown)}: no row of this form is of an account with that name.")
    return found


def filed(report: Report) -> list[Disposal]:
    """The disposals of the rows, in their order."""
    return sorted((d for d in disposals_of(report) if d.taxed and d.proceeds is not None), key=_part)


def _is_digital(report: Report) -> bool:
    return report.period.last.year >= _FIRST_DIGITAL_YEAR


def _box(disposal: Disposal, report: Report) -> str:
    boxes = _BOXES[report.form_1099_da.get(disposal.account, "no")] if _is_digital(report) else _BOXES_BEFORE
    return boxes[_part(disposal)]


def _part(disposal: Disposal) -> str:
    return "II" if disposal.term is Term.LONG else "I"


def _row(d: Disposal, box: str, zone: ZoneInfo, money: Callable[[Decimal], Decimal]) -> tuple[Value, ...]:
    assert d.proceeds is not None
    proceeds, cost = money(d.proceeds), money(d.cost_basis)
    acquired = _day(d.acquired_at, zone) if d.acquired_at else "" if d.rule is Rule.MISSING else "VARIOUS"
    units = f"{plain(d.quantity)} {d.asset}"
    gain = proceeds - cost
    return (units, acquired, _day(d.disposed_at, zone), proceeds, cost, "", money(ZERO), gain, box, _part(d))


def _day(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{there.month:02}/{there.day:02}/{there.year:04}"


FORM = Form(
    "form_8949.csv",
    "Form 8949",
    table,
    totals_by=("part", "box"),
    notes=notes,
    source="Form 8949 and instructions, 2025; read",
    also=for_tax_software,
    also_named=NAMES,
)
