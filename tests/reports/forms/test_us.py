"""United States: Schedule D and Schedule 1 from Form 8949's cells, whole dollars, files for tax programs."""

from collections.abc import Mapping
from decimal import Decimal as D
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.model import Rule, Term
from pipeline.rules.base import rules_of
from reports.forms import form_8949, schedule_1, schedule_d
from reports.forms.tax_software import LIMIT
from reports.table import Report
from tests.reports.example import at, disposal, gift, income, report
from tests.reports.forms.made import cells

SHORT = {"term": Term.SHORT}
LONG = {"term": Term.LONG}


def year(*disposals: Any, amounts: str = "cents", **parts: Any) -> Report:
    rules = rules_of("us").choose({"form_amounts": amounts})
    return replace(report(disposals=list(disposals), **parts), rules=rules)


def schedule(r: Report) -> dict[str, tuple[Any, ...]]:
    rows = cells(schedule_d.table(r))
    return {row["line"]: (row["rows"], row["proceeds"], row["cost_basis"], row["gain"]) for row in rows}


def test_the_totals_of_each_box_go_to_its_line_of_schedule_d() -> None:
    sales = [
        disposal(account=account, proceeds=D(proceeds), cost_basis=D(10), **term)
        for account, proceeds in (("A", 11), ("B", 22), ("C", 44))
        for term in (SHORT, LONG, SHORT)
    ]
    told = {"A": "basis", "B": "proceeds", "C": "no"}
    assert schedule(year(*sales, gift(), disposal(proceeds=None), form_1099_da=told)) == {
        "1b": (2, D("22.00"), D("20.00"), D("2.00")),
        "2": (2, D("44.00"), D("20.00"), D("24.00")),
        "3": (2, D("88.00"), D("20.00"), D("68.00")),
        "8b": (1, D("11.00"), D("10.00"), D("1.00")),
        "9": (1, D("22.00"), D("10.00"), D("12.00")),
        "10": (1, D("44.00"), D("10.00"), D("34.00")),
        "7": (6, D("154.00"), D("60.00"), D("94.00")),
        "15": (3, D("77.00"), D("30.00"), D("47.00")),
        "16": (9, D("231.00"), D("90.00"), D("141.00")),
    }


def test_before_2025_the_lines_are_those_of_boxes_c_and_f() -> None:
    sold = {"disposed_at": at("2024-03-01 12:00")}
    assert list(schedule(year(disposal(**sold), disposal(**sold, **LONG), year=2024))) == ["3", "7", "10", "15", "16"]


def test_whole_dollars_are_the_choice_for_all_forms_and_the_gain_comes_from_the_rounded_cells() -> None:
    # 1.50 - 0.50: exactly 1, of rounded cells 2 - 1 = 1; 100.49 - 50.50: exactly 49.99, 100 - 51 = 49
    r = year(
        disposal(proceeds=D("1.50"), cost_basis=D("0.50")), disposal(proceeds=D("100.49"), cost_basis=D("50.50")),
        amounts="whole-dollars", incomes=[income(value=D("25.50")), income("i2", kind="mining", value=D("1.49"))],
    )  # fmt: skip
    cells_of = [(row["proceeds"], row["cost_basis"], row["gain"]) for row in cells(form_8949.table(r))]
    assert [tuple(map(str, row)) for row in cells_of] == [("2", "1", "1"), ("100", "51", "49")]
    (short, *_) = cells(schedule_d.table(r))
    assert (str(short["gain"]), short["exact_gain"], short["difference"]) == ("50", D("50.99"), D("-0.99"))
    lines = [(row["line"], str(row["amount"]), row["difference"]) for row in cells(schedule_1.table(r))]
    assert lines == [("8v", "27", D("0.01")), ("", "1", D("-0.49")), ("", "26", D("0.50"))]


def test_without_income_there_is_no_schedule_1() -> None:
    assert not schedule_1.table(year(disposal())).rows


TXF = """\
V042
Ataxsync 1.2.3
D 12/31/2025
^
TD
N711
C1
L1
P0.5 BTC
D06/01/2024
D03/01/2025
$100.13
$150.26
^
TD
N714
C1
L1
P0.5 BTC
D
D03/01/2025
$0.00
$7.00
^
"""


def also_of(r: Report) -> Mapping[str, bytes]:
    """Form 8949 for other programs, of rows that come one at a time."""
    also = form_8949.FORM.also(r)
    for row in form_8949.table(r).rows:
        also.add([row])
    return also.files()


def test_a_txf_file_has_one_record_for_each_row() -> None:
    various = disposal(account="Wallet", proceeds=D(7), cost_basis=D(0), acquired_at=None, rule=Rule.AVERAGE, **LONG)
    r = year(disposal(), various, form_1099_da={"Kraken": "proceeds"})
    files = also_of(r)
    assert files["form_8949.txf"].decode("ascii").replace("\r\n", "\n") == TXF
    assert set(files) == {"form_8949.txf", "form_8949_turbotax.csv"}


@pytest.mark.parametrize(
    ("told", "short", "long"), [("basis", "N321", "N323"), ("proceeds", "N711", "N713"), ("no", "N712", "N714")]
)
def test_the_category_of_a_txf_record_is_that_of_its_box(told: str, short: str, long: str) -> None:
    r = year(disposal(**SHORT), disposal(**LONG), form_1099_da={"Kraken": told})
    text = also_of(r)["form_8949.txf"].decode()
    assert [line for line in text.splitlines() if line.startswith("N")] == [short, long]


def test_turbotax_gets_files_of_no_more_rows_than_it_takes() -> None:
    sales = [disposal(f"d{n}", proceeds=D(n)) for n in range(LIMIT + 1)]
    r = year(*sales, disposal(asset="=cmd|'/c calc'!A1\n,X"))
    files = also_of(r)
    first, second = (files[f"form_8949_turbotax{n}.csv"].decode().split("\r\n") for n in ("", "_2"))
    assert first[0] == second[0] == "Currency Name,Purchase Date,Cost Basis,Date Sold,Proceeds"
    assert (len(first), len(second)) == (1 + LIMIT + 1, 1 + 2 + 1)  # heading, rows, the last line's end
    assert first[2] == "0.5 BTC,06/01/2024,100.13,03/01/2025,1.00"
    assert sum(D(line.rsplit(",", 1)[1]) for line in (first + second) if "/2025," in line) == D("8002150.26")


def test_without_rows_files_for_tax_programs_are_their_heads() -> None:
    r = year()
    files = also_of(r)
    assert files["form_8949.txf"].decode().splitlines() == TXF.splitlines()[:4]
    assert len(files["form_8949_turbotax.csv"].decode().splitlines()) == 1
