"""Another tool's report beside ours: one story in every tool's layout, and what holds of any two reports."""

import csv
import io
import json
import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal as D
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from openpyxl import Workbook, load_workbook

from importers.theirs import layouts
from pipeline.gains.causes import compared
from pipeline.gains.theirs import together
from pipeline.local import local_day
from pipeline.model import Kind, Rule, Term
from pipeline.money import ZERO, exact, round_to
from pipeline.theirs import CAUSES, EQUAL, Beside, Here, Told, by_cause, difference
from tests.ledgers import Drawn, derived, ledgers
from tests.person import Person, contents
from tests.reports.example import disposal
from tests.reports.excel import damage

RECORDS = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,"
    "Net Worth Amount,Net Worth Currency,Label,ID\n"
    "2022-05-05T12:00:00Z,Wallet,4000,USD,2,ETH,,,,,,ether\n"
    "2023-01-10T12:00:00Z,Coinbase,20000,USD,1,BTC,,,,,,old\n"
    "2024-12-05T12:00:00Z,Coinbase,60000,USD,1,BTC,60,USD,,,,new\n"
    "2025-02-01T12:00:00Z,Wallet,2,ETH,,,,,,,,out\n"
    "2025-02-01T12:30:00Z,Coinbase,,,2,ETH,,,,,,in\n"
    "2025-03-10T12:00:00Z,Coinbase,0.5,BTC,40000,USD,40,USD,,,,first\n"
    "2025-04-10T12:00:00Z,Coinbase,1,BTC,85000,USD,,,,,,second\n"
    "2025-05-01T02:00:00Z,Coinbase,1,ETH,1800,USD,,,,,,night\n"
    "2025-07-01T12:00:00Z,Coinbase,1,ETH,15,SOL,,,2500,USD,,swap\n"
    "2025-10-01T12:00:00Z,Coinbase,5,SOL,1000,USD,,,,,,sold\n"
    "2025-10-20T12:00:00Z,Coinbase,6,SOL,700,USD,,,,,,untold\n"
    "2025-11-11T12:00:00Z,Coinbase,2,SOL,,,,,300,USD,gift,given\n"
)

Row = tuple[str, str, date | None, date, str, str, str]  # units, asset, acquired, sold, proceeds, cost, term


def day(text: str) -> date:
    return date.fromisoformat(text)


OLD, NEW, ETHER, SWAP = day("2023-01-10"), day("2024-12-05"), day("2022-05-05"), day("2025-07-01")
STORY: list[Row] = [
    ("0.5", "BTC", NEW, day("2025-03-10"), "40000.00", "30030.00", "short"),
    ("0.5", "BTC", OLD, day("2025-04-10"), "42500.00", "10000.00", "long"),
    ("0.5", "BTC", NEW, day("2025-04-10"), "42500.00", "30030.00", "short"),
    ("1", "ETH", None, day("2025-05-01"), "1800.00", "0.00", "long"),
    ("1", "ETH", ETHER, SWAP, "2520.00", "2000.00", "long"),
    ("2", "SOL", SWAP, day("2025-10-01"), "400.00", "333.33", "short"),
    ("3", "SOL", SWAP, day("2025-10-01"), "600.00", "500.00", "short"),
    ("2", "ETH", ETHER, day("2025-02-01"), "6600.00", "4000.00", "long"),
    ("7", "DOGE", None, day("2025-06-13"), "2.10", "0.00", "short"),
    ("0.1", "BTC", OLD, day("2024-06-30"), "6000.00", "2000.00", "long"),
    ("2", "SOL", SWAP, day("2025-11-11"), "300.00", "333.33", "short"),
]
# What is said of each, in the order of asset and day: status, differences, causes.
SAID = [
    ("only_theirs", "", "another_year"),
    ("differing", "date_acquired term proceeds basis", "fee lot_method"),
    ("equal", "", ""),
    ("equal", "", ""),
    ("only_theirs", "", "asset_not_here"),
    ("only_theirs", "", "transfer_here"),
    ("differing", "date_sold basis", "no_purchase_there time_zone"),
    ("differing", "proceeds", "price_source"),
    ("equal", "", ""),  # two rows there, one lot here
    ("only_ours", "", "not_there"),
    ("only_theirs", "", "not_taxed_here"),
]


def table(header: str, rows: Iterable[Sequence[object]], above: str = "") -> str:
    text = io.StringIO()
    text.write(f"{above}{header}\n")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def american(one: date | None, empty: str = "") -> str:
    return f"{one:%m/%d/%Y}" if one else empty


def gain(row: Row) -> D:
    return D(row[4]) - D(row[5])


def koinly(rows: Sequence[Row]) -> str:
    header = (
        "Date Sold,Date Acquired,Asset,Amount,Cost (USD),Proceeds (USD),Gain / loss,Notes,Wallet Name,Holding period"
    )
    lines = [
        (f"{s:%d/%m/%Y} 11:05", f"{a:%d/%m/%Y} 00:00" if a else "", asset, f"{D(q):.8f}".replace(".", ","), c, p,
         gain(row), "", "My wallet", f"{t.capitalize()} term")
        for row in rows for q, asset, a, s, p, c, t in [row]
    ]  # fmt: skip
    return table(header, lines, "Capital gains report 2025\n\n")


def cointracker(rows: Sequence[Row]) -> str:
    header = "Asset Amount,Asset Name,Received Date,Date Sold,Proceeds (USD),Cost Basis (USD),Gain (USD),Type"
    lines = [
        (q, asset, american(a), american(s), p, c, gain(row), f"{t.capitalize()} Term")
        for row in rows for q, asset, a, s, p, c, t in [row]
    ]  # fmt: skip
    total = (
        "Totals:",
        "",
        "",
        "",
        sum(D(row[4]) for row in rows),
        sum(D(row[5]) for row in rows),
        sum(map(gain, rows)),
    )
    return table(header, [*lines, (*total, "")])


def coinledger(rows: Sequence[Row]) -> str:
    zone = "(America/Los_Angeles)"
    header = f"Amount,Asset,Date Acquired {zone},Date Sold {zone},Cost Basis,Proceeds,Gain,Term"
    lines = [
        (q, asset, f"{a} 10:00:00" if a else "", f"{s} 12:00:00", c, p, gain(row), t.capitalize())
        for row in rows for q, asset, a, s, p, c, t in [row]
    ]  # fmt: skip
    return table(header, lines)


def turbotax(rows: Sequence[Row]) -> str:
    lines = [(f"{q} {asset}", american(a), c, american(s), p) for q, asset, a, s, p, c, _ in rows]
    return table("Currency Name,Purchase Date,Cost Basis,Date Sold,Proceeds", lines)


def turbotax_2020(rows: Sequence[Row]) -> str:
    lines = [(asset, american(a), c, american(s), p) for _, asset, a, s, p, c, _ in rows]
    above = "Provider: Robinhood Crypto LLC,,,\nDisclaimer: ,,,,\n,,,,\n"
    return table("ASSET NAME,RECEIVED DATE,COST BASIS(USD),DATE SOLD,PROCEEDS", lines, above)


def cointracking(rows: Sequence[Row]) -> str:
    header = (
        "Amount,Currency,Date Sold,Date Acquired,Short/Long,Buy/Input at,Sell/Output at,Proceeds,Cost Basis,Gain/Loss"
    )
    lines = [
        (q, asset, f"{s:%d.%m.%Y}", f"{a:%d.%m.%Y}" if a else "", t.capitalize(), "kraken", "kraken", p, c, gain(row))
        for row in rows for q, asset, a, s, p, c, t in [row]
    ]  # fmt: skip
    return table(header, lines, "Identifier:Capital_Gains,Method:FIFO,Tax_Year:2025,Base_Currency:USD\n")


def coinbase(rows: Sequence[Row]) -> str:
    header = (
        "Transaction Type,Transaction ID,Tax lot ID,Asset name,Amount,Date Acquired,Cost basis (USD),"
        "Date of Disposition,Proceeds (USD),Gains (Losses) (USD),Holding period (Days),Data source"
    )
    lines = [
        ("Sell", f"tx-{n}", f"lot-{n}", asset, q, american(a), c, american(s), p, gain(row), 5, "Coinbase")
        for n, row in enumerate(rows) for q, asset, a, s, p, c, _ in [row]
    ]  # fmt: skip
    above = '"This report includes all taxable activity.",,,,,,,,,,,\n,,,,,,,,,,,\nGain/loss report,,,,,,,,,,,\n'
    return table(header, lines, above)


def generic(rows: Sequence[Row]) -> str:
    header = (
        "Description of Property,Date Acquired,Date Sold or Disposed,Proceeds,Cost or Other Basis,Code,Gain or (Loss)"
    )
    lines = [
        (f"{q} {asset}", american(a, "Various"), american(s), f"${D(p):,.2f}", f"${D(c):,.2f}", "", f"{gain(row):,.2f}")
        for row in rows for q, asset, a, s, p, c, _ in [row]
    ]  # fmt: skip
    return table(header, [("Part I Short-term", *[""] * 6), *lines, ("Totals", "", "", *["$1.00"] * 4)])


WRITERS: dict[str, Callable[[Sequence[Row]], str]] = {
    "koinly": koinly, "cointracker": cointracker, "coinledger": coinledger, "turbotax": turbotax,
    "turbotax_2020": turbotax_2020, "cointracking": cointracking, "coinbase": coinbase, "generic": generic,
}  # fmt: skip
WITHOUT_TERM = ("turbotax", "turbotax_2020", "coinbase", "generic")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("compare"))
    person.run("init", "--country", "us")
    person.run("import", person.write("records.csv", RECORDS))
    return person.home


@pytest.fixture
def person(tmp_path: Path, begun: Path) -> Person:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


def said(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = [(each, status) for status, listed in document["rows"].items() for each in listed]
    return sorted((status, " ".join(each["differences"]), " ".join(each["causes"])) for each, status in rows)


@pytest.mark.parametrize("tool", sorted(WRITERS))
def test_the_story_in_the_layout_of_each_tool(person: Person, tool: str) -> None:
    before = contents(person.data)
    done = person.run("compare", person.write("other.csv", WRITERS[tool](STORY)), "--no-xlsx", "--json", code=1)
    found = json.loads(done.stdout)
    assert not done.stderr and found["tool"] == layouts()[tool].tool and found["year"] == "2025"
    expected = [(s, d.replace("term ", "") if tool in WITHOUT_TERM else d, c) for s, d, c in SAID]
    if tool == "generic":  # "Various" of a day that is known here
        expected[6] = ("differing", "date_sold date_acquired basis", "no_purchase_there time_zone lot_method")
    if tool == "turbotax_2020":  # tells no units: what was moved or given is not found by them
        expected = [(s, d, "not_here" if c in ("transfer_here", "not_taxed_here") else c) for s, d, c in expected]
    assert said(found) == sorted(expected)
    parts = [[D(c[column]) for c in found["by_cause"]] for column in ("proceeds", "cost_basis", "gain")]
    totals = found["totals"]
    for column, amounts in zip(("proceeds", "cost_basis", "gain"), parts, strict=True):
        told = sum(D(row[4 if column == "proceeds" else 5]) for row in STORY)
        assert D(totals["theirs"][column]) == (sum(map(gain, STORY)) if column == "gain" else told)
        apart = D(totals["difference"][column])
        with exact():
            assert sum(amounts) == apart == D(totals["theirs"][column]) - D(totals["ours"][column])
    assert contents(person.data) == before, "nothing of it is kept"


def test_every_layout_has_its_story() -> None:
    assert set(WRITERS) == set(layouts())


def test_what_a_person_is_told_and_the_workbook(person: Person) -> None:
    file = person.write("koinly 2025.csv", koinly(STORY))
    done = person.run("compare", file, code=1)
    assert "koinly 2025.csv: Koinly layout, 11 rows; beside tax year 2025, 2025-01-01 to 2025-12-31" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["Differing", "3", "3"] in lines and ["Only", "theirs", "4", "0"] in lines and ["Equal", "4", "3"] in lines
    assert ["Gain", "63,995.44", "75,096.67", "-11,101.23"] in lines
    assert "cost 0 there: it lacks a purchase, or the transfer that brought the units" in done.stdout
    begin = next(n for n, line in enumerate(lines) if line[:2] == ["Likely", "cause"]) + 2
    causes = [
        [D(w.replace(",", "")) for w in line if w[0] in "+-"][2] for line in lines[begin : lines.index([], begin)]
    ]
    assert sum(causes) == D("-11101.23"), "to the cent, as they are shown"
    path = person.data / "reports" / "compare-2025.xlsx"
    assert path.stat().st_mode & 0o777 == 0o600
    book = load_workbook(path)
    assert damage(path.read_bytes()) == []
    assert book.sheetnames == ["Summary", "By asset", "Differing", "Only theirs", "Only here", "Equal"]
    sheet = book["Differing"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows] == ["theirs", "here", "difference"] * 3
    assert rows[2][7:10] == (40, 20030, -19990)
    assert rows[0][2] == "koinly 2025.csv row 4" and rows[0][7:9] == (40000, 30030) and rows[1][7:9] == (39960, 10000)
    summary = [row for row in book["Summary"].iter_rows(values_only=True) if row[0] == "Difference in all"]
    assert str(summary[0][2]).startswith("=SUM(C")
    values = load_workbook(path, data_only=True)["Summary"].iter_rows(values_only=True)
    (apart,) = [row[4] for row in values if row[0] == "Difference in all"]
    assert round(D(str(apart)), 2) == D("-11101.23")
    lines = list(load_workbook(path, data_only=True)["By asset"].iter_rows(values_only=True))
    assert lines[0][4:] == ("lot method", "another year", "transfer here", "no purchase there", "not there", "fee",
                            "not taxed here", "price source", "asset not here", "rounding")  # fmt: skip
    assert [line[0] for line in lines] == ["Asset, gains in USD", "BTC", "ETH", "SOL", "DOGE", "In all"]
    assert lines[1][1:10] == (58940, 74930, -15990, -20030, 4000, None, None, None, 40)
    assert [round(D(str(gain)), 2) for gain in lines[5][1:4]] == [D("63995.44"), D("75096.67"), D("-11101.23")]
    person.run("report", "--year", "2025", "--no-xlsx")
    assert path.exists(), "a new report leaves it where it is"


def test_money_without_cents_is_shown_without_them(person: Person) -> None:
    person.run("init", "--country", "jp", "--currency", "JPY")
    person.run("compare", person.write("koinly 2025.csv", koinly(STORY).replace("(USD)", "(JPY)")), code=1)
    book = load_workbook(person.data / "reports" / "compare-2025.xlsx")
    amounts = [
        cell for sheet in book for row in sheet.iter_rows(min_row=2) for cell in row
        if isinstance(cell.value, int | float) and cell.column_letter in "HI"
    ]  # fmt: skip
    assert amounts and {cell.number_format for cell in amounts} == {"#,##0;[Red]-#,##0"}


@pytest.mark.parametrize("name", ["form_8949.csv", "form_8949_turbotax.csv"])
def test_our_own_files_are_the_same_as_ours(person: Person, name: str) -> None:
    person.run("report", "--year", "2025", "--no-xlsx")
    done = person.run("compare", str(person.data / "reports" / "2025" / name), "--out", "elsewhere")
    assert [line.split()[-2:] for line in done.stdout.splitlines()[4:8]] == [["7", "7"], *[["0", "0"]] * 3]
    assert (person.home / "elsewhere" / "compare-2025.xlsx").exists() and not done.stderr


@pytest.mark.parametrize(
    ("text", "code", "problem"),
    [
        ("a,b\n1,2\n", 1, "is no report of gains that is known; its header is: a, b. It needs columns such as"),
        (koinly(STORY).replace("(USD)", "(EUR)"), 1, "its amounts are in EUR, the figures here in USD"),
        (turbotax([]), 1, "has no sale in it, only its header"),
        (turbotax(STORY).replace("03/10/2025", "10 o'clock"), 1, "row 2: Date Sold '10 o'clock' is no day"),
        (turbotax(STORY).replace("03/10/2025", "12/31/9999"), 1, "Date Sold '12/31/9999' should be a day of the years"),
        (turbotax(STORY).replace("40000.00", "many"), 1, "row 2: Proceeds 'many' is no number"),
        (koinly(STORY).replace("10/03/2025", "03/31/2025"), 1, "days are written day first and month first"),
        (koinly(STORY).replace("10/03/2025", "99/99/9999"), 1, "should be such as 12/31/2025"),
        (turbotax(STORY[:1]), 1, "may be of two days; the month was taken to stand first (else: --dates dmy)"),
    ],
)
def test_a_file_that_can_not_be_compared_or_leaves_a_doubt_is_told_in_a_line(
    person: Person, text: str, code: int, problem: str
) -> None:
    text = text.replace("12/05/2024", "12/05/2024")
    done = person.run("compare", person.write("other.csv", text), "--no-xlsx", code=code)
    assert problem in done.stderr and len(done.stderr.splitlines()) == 1


GERMAN = {
    "Date Sold": "Verkaufsdatum", "Date Acquired": "Erwerbsdatum", "Asset": "Vermögenswert", "Amount": "Betrag",
    "Cost (USD)": "Kosten (USD)", "Proceeds (USD)": "Erlös (USD)", "Gain / loss": "Gewinn / Verlust",
    "Wallet Name": "Name der Brieftasche", "Holding period": "Haltedauer", "Short term": "Kurzfristig",
    "Long term": "Langfristig",
}  # fmt: skip


def test_a_report_in_german_in_two_files_or_saved_as_a_workbook_says_the_same(person: Person) -> None:
    def found(file: str) -> tuple[Any, ...]:
        document = json.loads(person.run("compare", file, "--no-xlsx", "--json", code=1).stdout)
        return document["tool"], said(document), document["totals"]

    text = koinly(STORY)
    english = found(person.write("english.csv", text))
    for here, there in GERMAN.items():
        text = text.replace(here, there)
    assert found(person.write("german.csv", text)) == english
    two = (person.write(f"{n}.csv", koinly(rows)) for n, rows in enumerate((STORY[:4], STORY[4:])))
    document = json.loads(person.run("compare", *two, "--no-xlsx", "--json", code=1).stdout)
    assert (document["file"], said(document), document["totals"]) == ("0.csv, 1.csv", *english[1:])
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in csv.reader(io.StringIO(cointracker(STORY))):
        sheet.append(line)
    for number, row in enumerate(STORY, 2):  # as a spreadsheet program keeps them: numbers and days
        sheet.cell(number, 1).value, sheet.cell(number, 4).value = float(row[0]), row[3]
    book.save(person.home / "saved.xlsx")
    again = found("saved.xlsx")
    assert again[0] == "CoinTracker"
    assert again[1:] == found(person.write("as.csv", cointracker(STORY)))[1:]


SOLD, BOUGHT = date(2025, 3, 1), date(2024, 1, 5)
OURS = Here(replace(disposal(), proceeds=D(150), cost_basis=D(100)), SOLD, BOUGHT, "I")
THEIRS = Told("f row 2", "BTC", OURS.disposal.quantity, SOLD, BOUGHT, D(150), D(100), box="I")


@pytest.mark.parametrize(
    ("told", "ours", "differences", "causes"),
    [
        ({}, {}, "", ""),
        ({"proceeds": D("150.004")}, {}, "", ""),
        ({"proceeds": D("150.01")}, {}, "proceeds", "rounding"),
        ({"proceeds": D(155)}, {}, "proceeds", "other"),
        ({"proceeds": D(155)}, {"sale_fee": D(5)}, "proceeds", "fee"),
        ({"proceeds": D(155)}, {"guessed": True}, "proceeds", "price_source"),
        ({"proceeds": D(155), "basis": D(105)}, {"sale_fee": D(5)}, "proceeds basis", "fee"),
        ({"basis": D(98)}, {"purchase_fee": D(2)}, "basis", "fee"),
        ({"basis": D(90)}, {"guessed_basis": True}, "basis", "price_source"),
        ({"basis": D(0)}, {}, "basis", "no_purchase_there"),
        ({"basis": D(90)}, {"disposal": {"rule": Rule.MISSING}, "acquired": None}, "date_acquired basis",
         "no_purchase_here"),
        ({"basis": D(90), "acquired": date(2023, 1, 1)}, {}, "date_acquired basis", "lot_method"),
        ({"acquired": None, "various": True}, {}, "date_acquired", "lot_method"),
        ({}, {"disposal": {"rule": Rule.POOL}, "acquired": None}, "", ""),
        ({"basis": D(90)}, {"disposal": {"rule": Rule.POOL}, "acquired": None}, "basis", "lot_method"),
        ({"basis": D(90)}, {"disposal": {"denied": D(10)}}, "basis", "denied_loss"),
        ({"gain": D(60), "code": "W"}, {}, "adjustment", "wash_sale"),
        ({"gain": D(60)}, {}, "adjustment", "adjustment"),
        ({"sold": date(2025, 3, 2)}, {}, "date_sold", "time_zone"),
        ({"sold": date(2025, 5, 2)}, {}, "date_sold", "date"),
        ({"acquired": date(2024, 1, 4)}, {}, "date_acquired", "time_zone"),
        ({"term": "short"}, {"disposal": {"term": Term.LONG}}, "term", "term"),
        ({"box": "H"}, {}, "box", "box"),
        ({}, {"disposal": {"proceeds": None}}, "proceeds basis", "no_price_here"),
        ({"quantity": OURS.disposal.quantity * D("1.01")}, {}, "quantity", "fee_in_coins"),
    ],
)  # fmt: skip
def test_each_difference_has_its_cause(
    told: dict[str, Any], ours: dict[str, Any], differences: str, causes: str
) -> None:
    part = replace(OURS, **ours | {"disposal": replace(OURS.disposal, **ours.get("disposal", {}))})
    row = replace(THEIRS, **told)
    (tied,) = compared([row], [part], beside([row], [part])).tied
    assert (" ".join(tied.differences), " ".join(tied.causes)) == (differences, causes)


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"sold": date(2024, 12, 31)}, "time_zone"),
        ({"sold": date(2024, 5, 1)}, "another_year"),
        ({"asset": "DOGE"}, "asset_not_here"),
        ({"sold": date(2025, 6, 1)}, "not_here"),
        ({"sold": date(2025, 7, 1)}, "transfer_here"),
        ({"sold": date(2025, 8, 1)}, "not_taxed_here"),
    ],
)
def test_a_row_that_stands_alone_has_its_reason(told: dict[str, Any], cause: str) -> None:
    row, units = replace(THEIRS, **told), OURS.disposal.quantity
    known = Beside(
        date(2025, 1, 1), date(2025, 12, 31), frozenset(("BTC",)), frozenset((row.asset,)),
        {("BTC", date(2025, 7, 2)): (units,)}, {("BTC", date(2025, 8, 1)): (units,)}, D("0.01"),
    )  # fmt: skip
    far = replace(OURS, disposal=replace(OURS.disposal, quantity=units * 3, kind=Kind.FEE))
    alone = {each.status: each.causes for each in compared([row], [far], known).tied}
    assert alone == {"only_theirs": (cause,), "only_ours": ("fee_not_there",)}


def test_a_row_that_stands_twice_there_is_told() -> None:
    found = compared([THEIRS, replace(THEIRS, place="f row 3")], [OURS], beside([THEIRS], [OURS]))
    assert [(each.status, each.causes) for each in found.tied] == [("equal", ()), ("only_theirs", ("twice_there",))]


# ---- what holds of any two reports ------------------------------------------------------------

NEW_YORK = ZoneInfo("America/New_York")


def here_of(drawn: Drawn) -> list[Here]:
    result = derived(*drawn.transactions, priced=drawn.prices)
    return [
        Here(d, local_day(d.disposed_at, NEW_YORK), local_day(d.acquired_at, NEW_YORK) if d.acquired_at else None)
        for d in result.disposals
        if d.taxed
    ]


@st.composite
def reports(draw: st.DrawFn) -> tuple[list[Told], list[Here]]:
    """A year's disposals, and a report of them by somebody who merges, splits, loses and changes rows."""
    here = here_of(draw(ledgers(accounts=2)))
    told: list[Told] = []
    units = draw(st.booleans())
    for number, part in enumerate(here):
        d, what = part.disposal, draw(st.sampled_from(("same", "same", "lost", "split", "merge", "changed")))
        q, p, c = d.quantity, round_to(part.proceeds, 2), round_to(part.basis, 2)
        row = Told(f"row {number}", d.asset, q if units else None, part.sold, part.acquired, p, c)
        if what == "changed":
            off, cost = timedelta(draw(st.integers(-2, 2))), D(draw(st.integers(0, 99))) + c
            row = replace(row, sold=part.sold + off, basis=cost, gain=draw(st.none() | st.just(p)))
        if what == "split":
            half = replace(row, quantity=q / 2 if units else None, proceeds=p / 2, basis=c / 2)
            told += [half, replace(half, place=f"row {number}b")]
        elif what == "merge" and told and told[-1].asset == d.asset and told[-1].quantity is not None and units:
            with exact():
                last = told.pop()
                merged = (last.quantity or ZERO) + q, last.proceeds + p, last.basis + c
            told.append(replace(row, quantity=merged[0], proceeds=merged[1], basis=merged[2]))
        elif what != "lost":
            told.append(row)
    return told, here


def beside(told: Sequence[Told], here: Sequence[Here]) -> Beside:
    assets = frozenset(part.disposal.asset for part in here)
    return Beside(
        date(2020, 1, 1), date(2030, 1, 1), assets, frozenset(row.asset for row in told), {}, {}, D("0.01")
    )  # fmt: skip


@given(reports(), st.randoms(use_true_random=False))
def test_every_row_is_in_one_class_the_causes_add_up_and_order_does_not_matter(
    drawn: tuple[list[Told], list[Here]], shuffled: random.Random
) -> None:
    told, here = drawn
    found = compared(told, here, beside(told, here))
    assert sorted(id(r) for each in found.tied for r in each.told) == sorted(map(id, told))
    assert sorted(id(p) for each in found.tied for p in each.here) == sorted(map(id, here))
    apart, causes = difference(found), [share for share, _ in by_cause(found)]
    with exact():
        for column in ("proceeds", "basis", "gain"):
            assert sum((getattr(share, column) for share in causes), ZERO) == getattr(apart, column)
    assert all(share.cause in CAUSES for share in causes)
    other_told, other_here = list(told), list(here)
    shuffled.shuffle(other_told)
    shuffled.shuffle(other_here)
    again = compared(other_told, other_here, beside(told, here))
    assert again.tied == found.tied


@given(ledgers(accounts=2))
def test_a_report_of_the_same_figures_is_equal_in_every_row(drawn: Drawn) -> None:
    here = here_of(drawn)
    told = [
        Told(f"row {n}", p.disposal.asset, p.disposal.quantity, p.sold, p.acquired, round_to(p.proceeds, 2),
             round_to(p.basis, 2))
        for n, p in enumerate(here)
    ]  # fmt: skip
    found = compared(told, here, beside(told, here))
    assert {each.status for each in found.tied} <= {EQUAL}


def test_sales_that_are_alike_by_the_thousand_are_tied_in_no_time() -> None:
    here = [Here(replace(disposal(), id=f"{n:04}"), date(2025, 3, 1), date(2024, 1, 5)) for n in range(3000)]
    row = Told("", "BTC", here[0].disposal.quantity, date(2025, 3, 1), date(2024, 1, 5), D("150.26"), D(1))
    told = [replace(row, place=f"row {n}", basis=D(n)) for n in range(3000)]
    assert sum(bool(rows and parts) for rows, parts in together(told, here)) == 3000
