"""Form 8949 (United States): the year's taxed disposals, Part I short-term, Part II long-term.

One row per part of a lot. Figures are in dollars and cents, rounded half up, and the gain comes from
the rounded cells, as on the paper. A disposal without a known price can't be filed: it is left out,
and an issue says so. Sources: Form 8949 and its instructions (2025).
"""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipeline.model import Disposal, Rule, Term
from pipeline.money import ZERO, exact, plain, round_to
from reports.forms import Form
from reports.table import Column, Report, Table, Type, Value
from reports.tables import disposals_of

COLUMNS = (
    Column("description", Type.TEXT, "(a) units and asset"),
    Column(
        "date_acquired",
        Type.TEXT,
        "(b) day acquired, MM/DD/YYYY; VARIOUS of an average; empty where no acquisition is on record",
    ),
    Column("date_sold", Type.TEXT, "(c) day sold or disposed of, MM/DD/YYYY"),
    Column("proceeds", Type.CENTS, "(d) proceeds"),
    Column("cost_basis", Type.CENTS, "(e) cost or other basis"),
    Column("code", Type.TEXT, "(f) code of the adjustment"),
    Column("adjustment", Type.CENTS, "(g) amount of the adjustment"),
    Column("gain", Type.CENTS, "(h) gain or loss: (d) - (e) + (g)"),
    Column("box", Type.TEXT, "which box is checked on the row's page"),
    Column("part", Type.TEXT, "I short-term, II long-term"),
)

# Boxes for sales that no 1099-DA reports: of their own (I, L) from tax year 2025 on.
_FIRST_DIGITAL_YEAR = 2025
_BOXES = {"I": "I", "II": "L"}
_BOXES_BEFORE = {"I": "C", "II": "F"}


def table(report: Report) -> Table:
    """The rows of Part I, then those of Part II, each in order of time."""
    boxes = _BOXES if report.period.last.year >= _FIRST_DIGITAL_YEAR else _BOXES_BEFORE
    filed = [d for d in disposals_of(report) if d.taxed and d.proceeds is not None]
    filed.sort(key=_part)
    with exact():
        rows = [_row(d, boxes[_part(d)], report.zone) for d in filed]
    return Table("form_8949", COLUMNS, rows)


def _part(disposal: Disposal) -> str:
    return "II" if disposal.term is Term.LONG else "I"


def _row(d: Disposal, box: str, zone: ZoneInfo) -> tuple[Value, ...]:
    assert d.proceeds is not None
    proceeds, cost = _cents(d.proceeds), _cents(d.cost_basis)
    acquired = _day(d.acquired_at, zone) if d.acquired_at else "" if d.rule is Rule.MISSING else "VARIOUS"
    units = f"{plain(d.quantity)} {d.asset}"
    gain = proceeds - cost
    return (units, acquired, _day(d.disposed_at, zone), proceeds, cost, "", _cents(ZERO), gain, box, _part(d))


def _cents(amount: Decimal) -> Decimal:
    return round_to(amount, 2)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m/%d/%Y}"


FORM = Form("form_8949.csv", "Form 8949", table, totals_by=("part", "box"))
