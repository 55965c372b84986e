"""Forms 1099-DA beside the records: a year with every kind of difference, and statements that can't be taken."""

import shutil
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from pipeline.answers import Answers
from pipeline.reported import Reported
from pipeline.run import brokers
from tests.person import Person
from tests.reports.example import disposal
from tests.reports.forms.made import basis_of

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,"
RECORDS = (
    f"{HEADER}Net Worth Amount,Net Worth Currency,ID\n"
    "2022-05-05T12:00:00Z,Wallet,4000,USD,2,ETH,,,,,ether\n"
    "2023-01-10T12:00:00Z,Coinbase,20000,USD,1,BTC,,,,,old\n"
    "2025-01-05T12:00:00Z,Coinbase,12000,USD,12000,USDC,,,,,coins\n"
    "2025-02-01T12:00:00Z,Coinbase,90000,USD,1,BTC,,,,,new\n"
    "2025-03-01T12:00:00Z,Wallet,2,ETH,,,,,,,out\n"
    "2025-03-01T12:30:00Z,Coinbase,,,2,ETH,,,,,in\n"
    "2025-04-01T12:00:00Z,Coinbase,0.5,BTC,40000,USD,,,,,same\n"
    "2025-04-10T12:00:00Z,Coinbase,1,BTC,85000.01,USD,,,,,lots\n"
    "2025-05-01T02:00:00Z,Coinbase,1,ETH,1800,USD,18,USD,,,fee\n"
    "2025-06-01T12:00:00Z,Coinbase,0.1,BTC,9000,USD,,,,,first\n"
    "2025-06-01T13:00:00Z,Coinbase,0.2,BTC,18100,USD,,,,,second\n"
    "2025-07-01T12:00:00Z,Coinbase,1,ETH,15,SOL,,,2500,USD,swap\n"
    "2025-08-01T12:00:00Z,Coinbase,0.05,BTC,5000,USD,,,,,untold\n"
    "2025-10-01T12:00:00Z,Coinbase,5,SOL,1000,USD,,,,,ordinary\n"
    "2025-10-02T12:00:00Z,Coinbase,5,SOL,700,USD,,,,,unknown\n"
    "2025-11-01T12:00:00Z,Coinbase,7000,USDC,7000.5,USD,,,,,some\n"
    "2025-11-05T12:00:00Z,Coinbase,5000,USDC,5000,USD,,,,,rest\n"
    "2025-12-01T12:00:00Z,Wallet,,,0.1,BTC,,,,,spare\n"
)
COLUMNS = "Account,Tax Year,Recipient TIN,8949,1a,1b,1c,1d,1e,1f,1g,2,4,6,9,11a,11b,12b"
FORMS = (
    f"{COLUMNS}\n"
    "Coinbase,2025,***-**-1234,K,4H95J0R2X,Bitcoin,0.5,,04/01/2025,$40000.00,,,,,X,,,\n"
    "Coinbase,2025,***-**-1234,H,4H95J0R2X,Bitcoin,0.5,02/01/2025,04/10/2025,$42500.01,$45000,,,S,X,,,\n"
    "Coinbase,2025,***-**-1234,H,,Ether,1,03/01/2025,05/01/2025,$1800.00,$2200.00,,,Short-term,X,,,03/01/2025\n"
    "Coinbase,2025,,H,4H95J0R2X,Bitcoin,0.3,02/01/2025,06/01/2025,$27100,,,,,,,,\n"
    "Coinbase,2025,,J,,Ethereum,1,05/05/2022,07/01/2025,$2520,$1900,X,,L,,,,\n"
    "Coinbase,2025,,,,Litecoin,0.7,,09/09/2025,$80.00,,,,,X,,,\n"
    "Coinbase,2025,,,,Solana,5,07/01/2025,10/01/2025,$1000,,,$240.00,Short-term/Ordinary,X,,,\n"
    "Coinbase,2025,,Y,,Solana,5,,10/02/2025,$700,,,,,X,,,\n"
    'Coinbase,2025,,,,USD Coin,12000,,,"$12,000.50",,,,,,Qualifying stablecoins,2,\n'
    "Coinbase,2025,***-**-1234,K,4H95J0R2X,Bitcoin,0.5,01/10/2023,04/10/2025,$42500.00,$10000.00,,,L,X,,,\n"
)


OTHERS = "Wallet,2026"  # another account's statement


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("brokers"))
    person.run("init", "--country", "us")
    person.run("import", person.write("records.csv", RECORDS), person.write("1099da.csv", FORMS))
    return person.home


@pytest.fixture
def person(tmp_path: Path, begun: Path) -> Person:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


# What the story's forms come to: differences, box, code and adjustment of Form 8949, in the order of the table.
MATCHED = ("", "", "0")
TOLD = [
    ("row 2", "K", *MATCHED),
    ("row 3", "H", *MATCHED),
    ("row 4", "K", "date sold, proceeds, basis, date acquired is the transfer-in, term", "BET", "-18"),
    ("row 5", "H", *MATCHED),  # two sales on one form
    ("row 6", "J", "proceeds, basis", "BO", "-120"),
    ("row 8", "H", "ordinary", "", "0"),
    ("row 9", "H", "term not known there", "", "0"),
    ("row 10", "H", *MATCHED),  # a year's sum
    ("row 11", "K", *MATCHED),  # the sale of row 3, its other lot
    ("row 7", "", "no sale on record", "", ""),
    ("", "I", "on no form", "", ""),
]
FILED = [  # (a), (d) to (h), box
    ("0.5 BTC", "42500.01", "45000.00", "", "0.00", "-2499.99", "H"),
    ("0.1 BTC", "9000.00", "9000.00", "", "0.00", "0.00", "H"),
    ("0.2 BTC", "18100.00", "18000.00", "", "0.00", "100.00", "H"),
    ("0.05 BTC", "5000.00", "4500.00", "", "0.00", "500.00", "I"),
    ("5 SOL", "1000.00", "833.33", "", "0.00", "166.67", "H"),
    ("5 SOL", "700.00", "833.33", "", "0.00", "-133.33", "H"),
    ("7000 USDC", "7000.50", "7000.00", "", "0.00", "0.50", "H"),
    ("5000 USDC", "5000.00", "5000.00", "", "0.00", "0.00", "H"),
    ("0.5 BTC", "40000.00", "10000.00", "", "0.00", "30000.00", "K"),
    ("0.5 BTC", "42500.00", "10000.00", "", "0.00", "32500.00", "K"),
    ("1 ETH", "1800.00", "2000.00", "BET", "-18.00", "-218.00", "K"),
    ("1 ETH", "2520.00", "1900.00", "BO", "-120.00", "500.00", "J"),
]


def test_a_year_with_every_kind_of_difference(person: Person) -> None:
    said = person.run("check", code=1).stdout
    assert "fit no sale on record: 0.7 LTC sold on 2025-09-09 for 80 USD, 1099da.csv row 7" in said
    assert "tell other proceeds than the records, 38 USD more in all" in said
    person.run("report", "--year", "2025", "--no-xlsx")
    table = person.rows("form_1099_da.csv")
    columns = ("box", "differences", "code", "adjustment")
    assert [(r["form"].removeprefix("1099da.csv "), *(r[c] for c in columns)) for r in table] == TOLD
    names = ("description", "proceeds", "cost_basis", "code", "adjustment", "gain", "box")
    filed = person.rows("form_8949.csv")
    assert [tuple(r[name] for name in names) for r in filed] == FILED
    assert [r["date_acquired"] for r in filed][-2:] == ["05/05/2022", "05/05/2022"], "not the day of the transfer"
    figures = {(r["section"], r["item"]): r["value"] for r in person.rows("summary.csv")}
    of_forms = {item: value for (section, item), value in figures.items() if section == "form_1099_da"}
    assert of_forms.pop("note") == "Box 4: 240.00 USD of federal income tax were withheld: Form 1040, line 25b."
    assert of_forms == {
        "rows": "10", "matched_rows": "9", "differing_rows": "4", "missing_here_rows": "1", "missing_there_rows": "1",
        "proceeds": "170200.51", "matched_proceeds": "170120.51", "matched_proceeds_here": "170082.51",
        "missing_here_proceeds": "80", "missing_there_proceeds": "5000",
    }  # fmt: skip
    told = [D(r["proceeds"]) for r in filed if r["box"] != "I"]
    assert sum(told) == D(of_forms["matched_proceeds"]), "what the IRS was told stands in (d)"
    here = D(of_forms["matched_proceeds_here"]) + D(of_forms["missing_there_proceeds"])
    assert here == D(figures["capital_gains", "proceeds"])
    gain = sum(D(r["gain"]) for r in filed)
    assert abs(gain - D(figures["capital_gains", "gain"])) < len(filed) * D("0.01"), "but for each row's rounding"
    lines = {
        r["line"]: (r["proceeds"], r["cost_basis"], r["adjustment"], r["gain"]) for r in person.rows("schedule_d.csv")
    }
    assert lines["9"] == ("84300.00", "22000.00", "-18.00", "62282.00")
    assert D(lines["16"][3]) == gain
    turbotax = (person.data / "reports/2025/form_8949_turbotax.csv").read_text(encoding="utf-8").splitlines()
    assert turbotax[-1] == "1 ETH,05/05/2022,2020.00,07/01/2025,2520.00", "cost there: (e) - (g)"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("Coinbase,2024,,,,BTC,1,,06/01/2024,5,,,,,,,,", "Tax Year '2024' has no Form 1099-DA: the first is of 2025"),
        ("Coinbase,2026,,,,BTC,1,,06/01/2025,5,,,,,,,,", "1e '2025-06-01' is not in the form's year 2026"),
        ("Coinbase,2025,,,,BTC,1,,,5,,,,,,,,", "1e is empty"),
        ("Coinbase,2025,,,,BTC,1,,06/01/2025,,,,,,,,,", "1f is empty"),
        ("Coinbase,2025,,,,BTC,1,,13/01/2025,5,,,,,,,,", "1e '13/01/2025' is no date"),
        ("Coinbase,2025,,,,Nobody Knows,1,,06/01/2025,5,,,,,,,,", "add a column Asset with its code"),
        ("Coinbase,2025,,A,,BTC,1,,06/01/2025,5,,,,,,,,", "8949 'A' should be the letter on the form"),
        ("Coinbase,2025,,K,,BTC,1,,06/01/2025,5,,,,S,,,,", "6 'S' says another term than the letter K"),
        ("coinbase,2025,,,,BTC,1,,06/01/2025,5,,,,,,,,", "is no account of this ledger; is it 'Coinbase'?"),
        (",2025,,,,BTC,1,,06/01/2025,5,,,,,,,,", "Account is empty; fill it in, or name"),
        ("Coinbase,2025,,,,BTC,1,,06/01/2025,5,,,,,,,,", "was given before with other rows (1099da.csv row 2)"),
        (
            f"{OTHERS},1234,,,BTC,1,,06/01/2026,5,,,,,,,,\n{OTHERS},9876,,,BTC,1,,06/02/2026,5,,,,,,,,",
            "the recipient 'taxpayer number ending in 9876' is not that of the rows above, taxpayer number",
        ),
        ("Coinbase,2026,9876,,,BTC,1,,06/01/2026,5,,,,,,,,", "is not that of 1099da.csv row 2, taxpayer number ending"),
    ],
)  # fmt: skip
@pytest.mark.sqlite("the bytes of the file")
def test_a_form_that_can_not_be_taken_is_refused_with_its_row_and_nothing_is_kept(
    person: Person, row: str, problem: str
) -> None:
    before = (person.data / "ledger.db").read_bytes()
    done = person.run("import", person.write("bad.csv", f"{COLUMNS}\n{row}\n"), code=1)
    assert done.stderr.startswith(f"bad.csv row {2 + row.count(chr(10))}: ") and problem in done.stderr
    assert (person.data / "ledger.db").read_bytes() == before


def test_a_corrected_statement_is_taken_with_revise_and_one_with_no_units_takes_it_back(person: Person) -> None:
    def boxes() -> str:
        person.run("report", "--year", "2025", "--no-xlsx")
        return "".join(r["box"] for r in person.rows("form_8949.csv"))

    assert person.run("import", "1099da.csv").stdout == "1099da.csv: 10 answers, 0 new\n"
    one = 'Robinhood,2025,03/01/2025,04/01/2025,Bitcoin BTC,0.5,"$40,000.00",LONG,Y\n'
    head = "1099-DA,TAX YEAR,DATE ACQUIRED,SALE DATE,DTIF NAME,DTIF UNITS,SALES PRICE,TERM,NON COVERED\n"
    other = (
        "1099-DA,2025,07/01/2025,10/02/2025,Solana SOL,4.5,$900.00,SHORT,Y\n"  # 5 were sold that day and the day before
    )
    text = head + one.replace("Robinhood", "1099-DA") + other
    person.run("import", "--revise", "--account", "Coinbase", person.write("corrected.csv", text))
    assert boxes() == "IIIIIIIIKLLL"
    hints = [r["to_do"] for r in person.rows("form_1099_da.csv") if r["asset"] == "SOL"]
    assert "About that day 10 SOL were sold by the records, which are on no form" in hints[0]
    assert (
        hints[1:]
        == ["Report it in box I, unless it is what corrected.csv row 3 tells with other units: settle that first."] * 2
    )
    person.run("import", "--revise", person.write("back.csv", f"{COLUMNS}\nCoinbase,2025,,,,,0,,,,,,,,,,,\n"))
    assert boxes() == "IIIIIIIILLLL" and not person.rows("form_1099_da.csv")


def test_other_countries_keep_the_forms_without_effect(person: Person) -> None:
    person.run("report", "--year", "2025", "--no-xlsx", "--country", "fr")
    with_forms = person.rows("disposals.csv")
    assert not [r for r in person.rows("issues.csv") if "1099" in r["code"]]
    assert not (person.data / "reports/2025/form_1099_da.csv").exists() and with_forms
    assert any("Form 1099-DA of Coinbase for 2025" in r["value"] for r in person.rows("summary.csv"))


def test_a_form_is_of_the_account_that_its_own_is_said_to_be_and_years_that_are_closed_are_left_alone() -> None:
    form = Reported("Coinbase Pro", 2025, "f row 2", "BTC", D("0.5"), D("150.26"), date(2025, 3, 1))
    said = Answers(forms=(form,), accounts={"Coinbase Pro": "Kraken"})
    found, issues = brokers.beside([disposal()], said, basis_of("us"), 2025)
    assert [piece.row.account for piece in found.pieces] == ["Kraken"] and not issues
    assert brokers.open_problems([], said, basis_of("us")) and not brokers.open_problems([], said, basis_of("us"), 2025)
