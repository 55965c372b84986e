"""Schedule 3 (Canada): dispositions of crypto-assets, one row for each asset.

Dollars and cents, rounded half up; the gain comes from the rounded cells, column (2) less (3) and (4). A superficial
loss is left out of the cost, so that the row has no loss that does not count. In 2024 the schedule asks for two
periods: 1 to 24 June, 2 from 25 June on. Columns: Schedule 3 of 2023 and 2024, read in copies.
"""

from datetime import date

from pipeline.model import Disposal
from pipeline.money import ZERO
from reports.forms import Form
from reports.forms.lines import cents, exactly
from reports.forms.taxed import day_of, grouped, left_out, sums, taxed_of
from reports.table import Column, Report, Table, Type, Value

COLUMNS = (
    Column("period", Type.TEXT, "2024: 1 or 2; else empty"),
    Column("quantity", Type.QUANTITY, "number of units"),
    Column("asset", Type.TEXT, "name of the crypto-asset"),
    Column("year_of_acquisition", Type.TEXT, "(1): the units' average has no year of its own"),
    Column("proceeds", Type.CENTS, "(2) proceeds of disposition"),
    Column("adjusted_cost_base", Type.CENTS, "(3) adjusted cost base, less superficial losses"),
    Column("outlays", Type.CENTS, "(4) outlays and expenses from dispositions"),
    Column("gain", Type.CENTS, "(5) gain or loss: (2) - (3) - (4)"),
    Column("exact_gain", Type.MONEY, "the gain before rounding"),
    Column("superficial_loss", Type.MONEY, "denied (ITA 40(2)(g)(i)); in no other column"),
)
_SECOND_PERIOD = date(2024, 6, 25)


def period(d: Disposal, report: Report) -> str:
    """Which period of the 2024 schedule a disposition is in; empty in other years."""
    if report.period.name != "2024":
        return ""
    return "2" if day_of(d.disposed_at, report) >= _SECOND_PERIOD else "1"


def _groups(report: Report) -> list[tuple[tuple[str, str], list[Disposal]]]:
    """The disposals of each row, with what tells the row."""
    return grouped(taxed_of(report), lambda d: (period(d, report), d.asset))


def sales(report: Report) -> list[list[Disposal]]:
    """The disposals of each row, in order of time."""
    return [of for _, of in _groups(report)]


@exactly
def table(report: Report) -> Table:
    """A row for each asset, in 2024 for each period and asset."""
    return Table("schedule_3", COLUMNS, [_row(key[0], key[1], of) for key, of in _groups(report)])


def _row(when: str, asset: str, of: list[Disposal]) -> tuple[Value, ...]:
    s = sums(of)
    proceeds, outlays = cents(s.proceeds), cents(s.outlays)
    base = cents(s.cost - s.outlays)
    units = sum((d.quantity for d in of), ZERO)
    denied = cents(sum((d.denied for d in of), ZERO))
    return (when, units, asset, "various", proceeds, base, outlays, proceeds - base - outlays, s.gain, denied)


FORM = Form(
    "schedule_3.csv",
    "Schedule 3",
    table,
    totals_by=("period", "asset"),
    notes=left_out,
    sales=sales,
    source="Schedule 3, 2023 and 2024; read in copies",
)
