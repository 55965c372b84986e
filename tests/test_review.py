"""The open questions as a workbook: written, filled in, saved by a real spreadsheet program, and taken row by row."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from pipeline.ledger import Ledger
from pipeline.model import transaction_id
from pipeline.questions import LAYOUTS
from pipeline.settings import AccountSettings, load, save
from tests.person import Person
from tests.reports.excel import damage
from tests.test_answers import PRICES, TRADES, ref

# Beside the questions of TRADES: tokens that nobody asked for, one without a price, one that looks like another, a
# purchase that stands twice.
MORE = (
    "2025-03-01T12:00:00Z,Wallet,,,1000,SCAM,,scam\n"
    "2025-03-02T12:00:00Z,Kraken,,,50,DROP,airdrop,drop\n"
    "2025-03-03T12:00:00Z,Kraken,1,BTC,7,XYZ,,swap\n"
    "2025-03-04T12:00:00Z,Wallet,10,USD,1,\u0425YZ,,lookalike\n"
    "2025-03-05T12:00:00Z,Coinbase,60,USD,2,LTC,,ltc\n"
    "2025-03-05T12:00:00Z,Old,60,USD,2,LTC,,again\n"
)
SCAM, DROP = transaction_id("Wallet", "rows", "scam"), ref("drop")
Cells = Mapping[str, Mapping[str, Any]]  # key, account or asset of a row -> heading -> what is filled in
API = "Api"  # an account whose exchange does not give a month any more

ANSWERS: Mapping[str, Cells] = {
    "Deposits and withdrawals": {
        ref("moved"): {"Answer": "as proposed"},
        ref("came"): {"Answer": "as proposed"},  # the same transfer, said from its other side
        ref("away"): {"Answer": "as proposed", "Note": "paper wallet"},
        ref("coffee"): {"Answer": "spend", "Note": "=1+1"},
        ref("staked"): {"Answer": "Reward"},
    },
    "Transfers": {
        ref("twin"): {"Answer": f"to {ref('there')}"},
        ref("here"): {"Answer": "bought", "Acquired": date(2020, 1, 5), "Cost": 1500.5, "Note": "invoice"},
    },
    "Missing purchases": {
        ref("given"): {"Answer": "bought", "Acquired": "2015-03-01", "Cost": 250, "Note": "letter"},
        "ETH": {"Answer": "as proposed", "Acquired": date(2016, 3, 1), "Cost": 20, "Note": "statement of 2016"},
    },
    "Missing prices": {"XYZ": {"Answer": 7142.5}},
    "Airdrops": {SCAM: {"Answer": "as proposed", "Note": "phishing"}, DROP: {"Answer": 1.25}},
    "Assets": {"\u0425YZ": {"Answer": "FAKE", "Note": "another coin"}, "DROP": {"Answer": "as proposed"}},
    "Duplicates": {"Old": {"Answer": "as proposed", "Note": "an old export"}},
    "Gaps": {API: {"Answer": "as proposed", "Note": "on a boat"}},
    "Unread records": {"Odd": {"Answer": "as proposed", "Note": "a picture that I never sold"}},
}
ODD = (  # an export with a row of a kind that is not known
    "txid,refid,time,type,aclass,asset,amount,fee,balance\n"
    "LODDAA-00000-000001,TODDAA-00000-000001,2025-03-06 12:00:00,nfttrade,currency,ZUSD,0.0000,0.0000,0.0000\n"
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("review"))
    person.run("init", "--country", "us")
    person.run("import", person.write("trades.csv", TRADES + MORE), person.write("prices.csv", PRICES))
    said = person.run("import", person.write("Odd.csv", ODD)).stdout
    assert "Odd.csv: 1 row that could not be read: `taxsync check` quotes it" in said
    with_a_hole(person.data)
    person.run("review")
    return person.home


@pytest.fixture
def person(tmp_path: Path, begun: Path) -> Person:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


def with_a_hole(folder: Path) -> None:
    """An account that was imported over the API but for January 2024."""
    save(folder, replace(load(folder), accounts={API: AccountSettings("kraken")}))
    whole: dict[str, Any] = {"floor": None, "newest": None}
    lists = dict.fromkeys(("TradesHistory", "DepositStatus", "WithdrawStatus"), whole)
    lists["Ledgers"] = {"floor": None, "newest": "1736510400", "holes": [["1704067200", "1706745600"]]}
    with Ledger.open(folder, create=False) as ledger:
        ledger.begin_batch("api", API)
        for name, cursor in lists.items():
            ledger.set_cursor(API, "kraken", name, json.dumps(cursor))


def fill(path: Path, said: Mapping[str, Cells]) -> dict[tuple[str, str], int]:
    """Fills cells in, and gives the row of each."""
    book, found = load_workbook(path), {}
    for title, rows in said.items():
        sheet = book[title]
        columns = {str(cell.value): cell.column for cell in sheet[1]}
        for key, cells in rows.items():
            number = next(r[0].row for r in sheet.iter_rows(min_row=2) if key in (r[0].value, r[2].value, r[3].value))
            assert number is not None
            found[title, key] = number
            for heading, value in cells.items():
                sheet.cell(number, columns[heading]).value = value
                if isinstance(value, str) and not value.startswith("#"):
                    sheet.cell(number, columns[heading]).data_type = "s"  # as typed text, never a formula
    book.save(path)
    return found


def letter(title: str, heading: str) -> str:
    (layout,) = (layout for layout in LAYOUTS if layout.title == title)
    return get_column_letter(layout.columns.index(heading) + 1)


def rows(path: Path, title: str) -> list[dict[str, Any]]:
    head, *body = load_workbook(path)[title].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in body]


def office(path: Path, home: Path) -> Path:
    """The workbook as LibreOffice saves it."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    out = home / "saved"
    subprocess.run(
        [program, f"-env:UserInstallation={(home / 'office').as_uri()}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(out), str(path)],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    return out / path.name


# ---- what it asks -----------------------------------------------------------------------------


def test_each_kind_of_question_has_its_sheet_and_what_may_change_most_stands_first(person: Person) -> None:
    path = person.data / "review.xlsx"
    book = load_workbook(path)
    assert book.sheetnames == ["How to answer", *(layout.title for layout in LAYOUTS)]
    for title, answers in ANSWERS.items():
        keys = {str(row[n].value) for row in book[title].iter_rows(min_row=2) for n in (0, 2, 3)}
        assert answers.keys() <= keys, title
    moves = rows(path, "Deposits and withdrawals")
    up_to = [row["Changes up to (USD, range)"] for row in moves]
    assert up_to[0] == "no telling" and up_to[1:] == sorted(up_to[1:], reverse=True) and up_to[1] > up_to[-1]
    (moved,) = (row for row in moves if row["Deposit or withdrawal"] == ref("moved"))
    assert moved["Proposed"] == f"to {ref('came')}"
    assert (
        "0.99 BTC arrived in Ledger" in moved["What is known"]
        and "gain of 2025" in moved["Effect: the range, whatever the answer"]
    )
    assert path.stat().st_mode & 0o077 == 0
    assert damage(path.read_bytes()) == []


def test_what_a_proposal_does_to_the_years_figures_is_told_before_it_is_taken(person: Person) -> None:
    def gain() -> Decimal:
        person.run("report", "--year", "2025", "--no-xlsx")
        (row,) = (r for r in person.rows("summary.csv") if (r["section"], r["item"]) == ("capital_gains", "gain"))
        return round(Decimal(row["value"]), 2)

    path, now = person.data / "review.xlsx", gain()
    told = {row["Deposit or withdrawal"]: row["If as proposed"] for row in rows(path, "Deposits and withdrawals")}
    assert told[ref("staked")] is None, "when and for how much it was bought is not known"
    assert told[ref("away")] == "no year's gain or income changes"
    then, before = re.findall(r"gain of 2025: ([\d,.-]+); now ([\d,.-]+) USD", told[ref("moved")])[0]
    fill(path, {"Deposits and withdrawals": {ref("moved"): {"Answer": "as proposed"}}})
    person.run("import", str(path))
    assert [Decimal(text.replace(",", "")) for text in (before, then)] == [now, gain()] and before != then


def test_choices_are_drop_downs_that_fit_the_row(person: Person) -> None:
    sheet = load_workbook(person.data / "review.xlsx")["Transfers"]
    numbers = {row[0].value: row[0].row for row in sheet.iter_rows(min_row=2)}
    offered = {
        key: str(rule.formula1).strip('"').split(",")
        for rule in sheet.data_validations.dataValidation
        for key, number in numbers.items()
        if f"{letter('Transfers', 'Answer')}{number}" in rule.sqref
    }
    assert {f"to {ref('here')}", f"to {ref('there')}", "still mine", "spend", "as proposed"} <= {*offered[ref("twin")]}
    assert {f"from {ref('twin')}", "bought", "worthless", "reward"} <= {*offered[ref("here")]}
    assert "spend" not in offered[ref("here")] and "reward" not in offered[ref("twin")]


# ---- the round trip ---------------------------------------------------------------------------


def settled(person: Person, path: Path) -> None:
    """That the filled-in workbook settles every question, and that taking it again changes nothing."""
    assert "change a tax figure until settled" in person.run("check", code=1).stdout
    answers = sum(map(len, ANSWERS.values()))
    assert person.run("import", str(path)).stdout == f"review.xlsx: {answers} answers, {answers - 1} new\n"
    assert "None of these changes a tax figure" in person.run("check").stdout
    person.run("report", "--year", "2025", "--no-xlsx")
    before = {name: person.rows(name) for name in ("disposals.csv", "income.csv", "holdings.csv", "summary.csv")}
    assert {(row["kind"], row["asset"], row["value"]) for row in before["income.csv"]} == {
        ("reward", "BTC", "10000"), ("airdrop", "DROP", "62.5"),
    }  # fmt: skip
    held = {(row["asset"], row["quantity"]): row["cost_basis"] for row in before["holdings.csv"]}
    assert held["LTC", "2"] == "60" and sum(asset == "LTC" for asset, _ in held) == 1
    assert held["XYZ", "7"] == "49997.5" and held["FAKE", "1"] == "10" and held["SCAM", "1000"] == "0"
    told = [row["value"] for row in before["summary.csv"] if row["section"] == "answers"]
    rows = f"{ref('coffee')} is spend: =1+1 (review.xlsx, Deposits and withdrawals row "
    assert any(said.startswith(rows) for said in told)
    assert any("and it counts once: an old export" in said for said in told)
    assert f"{SCAM} is airdrop worth nothing: phishing (review.xlsx, Airdrops row 3)" in told
    assert person.run("import", str(path)).stdout == f"review.xlsx: {answers} answers, 0 new\n"
    person.run("report", "--year", "2025", "--no-xlsx")
    assert {name: person.rows(name) for name in before} == before
    assert person.run("review").stdout.startswith("Nothing is open that an answer could settle")


def test_every_kind_of_question_is_settled_through_one_workbook(person: Person) -> None:
    fill(person.data / "review.xlsx", ANSWERS)
    settled(person, person.data / "review.xlsx")


def test_a_workbook_that_libreoffice_has_saved_says_the_same_and_keeps_its_drop_downs(person: Person) -> None:
    path = person.data / "review.xlsx"
    fill(path, ANSWERS)
    saved = office(path, person.home)
    assert saved.read_bytes() != path.read_bytes()
    book = load_workbook(saved)
    assert all(book[title].data_validations.dataValidation for title in ANSWERS if title != "Missing prices")
    shutil.move(saved, path)
    settled(person, path)


def test_a_workbook_as_it_was_written_answers_nothing(person: Person) -> None:
    before = person.run("check", "--json", code=1).stdout
    assert person.run("import", "data/review.xlsx").stdout == "review.xlsx: 0 answers, 0 new\n"
    assert person.run("check", "--json", code=1).stdout == before


# ---- what can't be taken ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "key", "cells", "heading", "problem"),
    [
        ("Deposits and withdrawals", "away", {"Answer": "coffee"}, "Answer", "Answer 'coffee' should be one of reward"),
        ("Deposits and withdrawals", "away", {"Answer": "reward"}, "Answer", "does not fit .* which was sent"),
        ("Deposits and withdrawals", "staked", {"Answer": "still mine"}, "Answer", "is no withdrawal"),
        ("Deposits and withdrawals", "away", {"Answer": "to you"}, "Answer", "should name the other side by its id"),
        (
            "Deposits and withdrawals", "away", {"Answer": f"to {ref('came')}"}, "Answer",
            "is of 0.99 BTC, more than the 0.5 that left",
        ),
        (
            "Deposits and withdrawals", "staked", {"Acquired": date(2020, 1, 1)}, "Answer",
            "is empty, though Acquired is filled in",
        ),
        (
            "Deposits and withdrawals", "staked", {"Answer": "bought", "Acquired": "1.2.2020", "Cost": 1, "Note": "x"},
            "Acquired", "Acquired '1.2.2020' should be ISO 8601",
        ),
        (
            "Deposits and withdrawals", "staked",
            {"Answer": "bought", "Acquired": "2020-02-01", "Units": "1", "Cost": 1, "Note": "x"}, "Units",
            "more than the 0.2 that came",
        ),
        (
            "Missing purchases", "ETH", {"Answer": "bought", "Acquired": date(2020, 1, 1), "Cost": 5}, "Note",
            "Note is empty; it should say what shows the lot",
        ),
        ("Missing purchases", "ETH", {"Answer": "bought", "Cost": 5, "Note": "x"}, "Acquired", "is empty; it should"),
        ("Missing prices", "XYZ", {"Answer": -3}, "Answer", "Answer '-3' should not be negative"),
        ("Missing prices", "XYZ", {"Answer": "as proposed"}, "Answer", "has nothing in Proposed beside it"),
        ("Missing prices", "XYZ", {"Answer": "a lot"}, "Answer", "should be the price of one unit"),
        ("Missing prices", "XYZ", {"Answer": True}, "Answer", "Answer holds a truth value"),
        ("Missing prices", "XYZ", {"Answer": "#REF!"}, "Answer", "Answer holds the error #REF!"),
        ("Assets", "DROP", {"Account": "krakn", "Answer": "X"}, "Account", "is it 'Kraken'?"),
        ("Missing purchases", "given", {"Answer": "spend"}, "Answer", "does not fit .* which was received"),
        ("Duplicates", "Old", {"Answer": "count none"}, "Answer", "should be one of count the first, count the second"),
        ("Duplicates", "Old", {"Answer": "count both", "First": "f" * 16}, "First", "is no transaction of this ledger"),
        (
            "Duplicates", "Old", {"Answer": "count the first", "First": ref("buy")}, "First",
            "can't be the same as .*: one received LTC, the other BTC",
        ),
        (
            "Airdrops", "SCAM", {"Answer": "bought", "Acquired": date(2025, 3, 1), "Cost": 5}, "Note",
            "it should say what shows the lot",
        ),
        ("Gaps", API, {"Answer": "nothing missing"}, "Note", "it should say why nothing is missing"),
        ("Gaps", API, {"Answer": "nothing missing", "List": "Lists", "Note": "x"}, "List", "is no list of Api"),
        ("Unread records", "Odd", {"Answer": "settled"}, "Note", "it should say where what the record did stands"),
        ("Gaps", API, {"Answer": "as proposed", "To": "31.1.2024", "Note": "x"}, "To", "should be ISO 8601"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_refused_by_its_cell_and_the_rest_is_taken(
    person: Person, title: str, key: str, cells: dict[str, Any], heading: str, problem: str
) -> None:
    key = ref(key) if len(key) > 3 and key.islower() else key
    other = {"Deposits and withdrawals": {ref("coffee"): {"Answer": "gift"}}}
    wanted = {**other, title: {**other.get(title, {}), key: cells}}
    place = fill(person.data / "review.xlsx", wanted)[title, key]
    done = person.run("import", "data/review.xlsx", code=1)
    assert done.stdout == "review.xlsx: 1 answer, 1 new\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"review.xlsx, {title} {letter(title, heading)}{place}: "), line
    assert re.search(problem, line), line
    assert "as it was" in person.run("label", ref("coffee"), "gift").stdout


def test_answers_that_contradict_each_other_are_refused_by_the_second_cell(person: Person) -> None:
    said = {ref("moved"): {"Answer": "still mine"}, ref("came"): {"Answer": f"from {ref('moved')}"}}
    fill(person.data / "review.xlsx", {"Deposits and withdrawals": said})
    done = person.run("import", "data/review.xlsx", code=1)
    assert done.stdout.startswith("review.xlsx: 1 answer, ")
    assert "says something else than review.xlsx, Deposits and withdrawals row" in done.stderr


# ---- corrections and files --------------------------------------------------------------------


def test_an_answer_that_is_changed_takes_the_place_of_the_one_before(person: Person) -> None:
    path = person.data / "review.xlsx"

    def answered(key: str, answer: str) -> dict[str, str]:
        fill(path, {"Deposits and withdrawals": {ref(key): {"Answer": answer}}})
        assert "1 answer, 1 new" in person.run("import", str(path)).stdout
        person.run("report", "--year", "2025", "--no-xlsx")
        return {row["id"]: row["kind"] for row in person.rows("transactions.csv")}

    assert answered("moved", "spend")[ref("moved")] == "spend"
    assert answered("moved", f"to {ref('came')}")[ref("came")] == "transfer"
    assert answered("moved", "still mine")[ref("came")] == "deposit"
    assert answered("moved", "lost")[ref("moved")] == "lost"


def test_a_price_or_purchase_that_is_changed_is_taken_by_revise_only_and_no_second_lot_is_made(person: Person) -> None:
    path = person.data / "review.xlsx"
    lot = {"Answer": "bought", "Acquired": date(2016, 3, 1), "Cost": 20, "Note": "statement"}
    fill(path, {"Missing purchases": {"ETH": lot}, "Missing prices": {"XYZ": {"Answer": 7}}})
    person.run("import", str(path))
    changed = {"Acquired": date(2017, 3, 1), "Cost": 30}
    fill(path, {"Missing purchases": {"ETH": changed}, "Missing prices": {"XYZ": {"Answer": 8}}})
    refused = person.run("import", str(path), code=1)
    assert "XYZ on 2025-03-03 is 8 USD here, and 7 in review.xlsx, Missing prices row 2" in refused.stderr
    assert "given before with other content" in refused.stderr and refused.stderr.count("--revise") == 2
    assert person.run("import", str(path), "--revise").stdout == "review.xlsx: 2 answers, 2 new\n"
    person.run("report", "--year", "2025", "--no-xlsx")
    (eth,) = (row for row in person.rows("disposals.csv") if row["asset"] == "ETH")
    assert (eth["cost_basis"], eth["acquired_at"][:10], eth["quantity"]) == ("30", "2017-03-01", "2")


def test_a_row_that_is_copied_is_one_more_lot_and_no_units_take_one_back(person: Person) -> None:
    path = person.data / "review.xlsx"
    lot = {"Answer": "bought", "Acquired": date(2016, 3, 1), "Units": "1.5", "Cost": 20, "Note": "statement"}
    number = fill(path, {"Missing purchases": {"ETH": lot}})["Missing purchases", "ETH"]
    book = load_workbook(path)
    sheet = book["Missing purchases"]
    for cell in sheet[number]:
        sheet.cell(9, cell.column).value = cell.value
    sheet[f"{letter('Missing purchases', 'Units')}9"].value = 0.5
    sheet[f"{letter('Missing purchases', 'Acquired')}9"].value = date(2018, 1, 1)
    book.save(path)
    assert "2 answers, 2 new" in person.run("import", str(path)).stdout

    def lots() -> dict[str, str]:
        person.run("report", "--year", "2025", "--no-xlsx")
        return {d["acquired_at"][:4]: d["quantity"] for d in person.rows("disposals.csv") if d["asset"] == "ETH"}

    assert lots() == {"2016": "1.5", "2018": "0.5"}
    book["Missing purchases"][f"{letter('Missing purchases', 'Units')}9"].value = 0
    book.save(path)
    assert "2 answers, 1 new" in person.run("import", str(path), "--revise").stdout
    assert lots() == {"2016": "1.5", "": "0.5"}


def test_answers_that_were_not_imported_are_never_written_over(person: Person) -> None:
    path = person.data / "review.xlsx"
    person.run("review")
    fill(path, {"Airdrops": {SCAM: {"Answer": "worthless"}}})
    assert "holds answers that were not imported" in person.run("review", code=1).stderr
    asked = person.run("review", "--out", "other.xlsx").stdout
    assert asked.startswith("other.xlsx: 19 open questions (deposits and withdrawals 5, transfers 3, ")
    person.run("import", str(path))
    assert ": 17 open questions" in person.run("review").stdout
    person.write("mine.xlsx", "not a workbook")
    assert "is no workbook of questions" in person.run("review", "--out", "mine.xlsx", code=1).stderr
    assert "should end in .xlsx" in person.run("review", "--out", "questions.csv", code=2).stderr


def test_an_answer_that_was_refused_stays_in_its_workbook_until_it_is_corrected(person: Person) -> None:
    path = person.data / "review.xlsx"
    person.run("review")
    fill(path, {"Airdrops": {SCAM: {"Answer": "a lot"}}})
    person.run("import", str(path), code=1)
    typed = path.read_bytes()
    assert "holds answers that were not imported" in person.run("review", code=1).stderr
    assert path.read_bytes() == typed
    fill(path, {"Airdrops": {SCAM: {"Answer": "worthless"}}})
    person.run("import", str(path))
    person.run("review")
    assert path.read_bytes() != typed


def test_a_sheet_saved_as_csv_is_taken_too(person: Person) -> None:
    text = f"Airdrop,Date,Account,Asset,Answer,Currency\n{DROP},2025-03-02,Kraken,DROP,2,USD\n"
    assert person.run("import", person.write("airdrops.csv", text)).stdout == "airdrops.csv: 1 answer, 1 new\n"
    wrong = person.run("import", person.write("airdrops.csv", text.replace(",2,USD", ",some,USD")), code=1)
    assert wrong.stderr.startswith("airdrops.csv, E2: Answer 'some' should be one of ")


# ---- this TRUMP is not that TRUMP -------------------------------------------------------------

TRUMPS = """Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,ID
2025-01-20T12:00:00Z,Kraken,300,USD,10,TRUMP,,buy
2025-02-01T12:00:00Z,Wallet,,,1000,TRUMP,airdrop,came
2025-02-02T12:00:00Z,Kraken,10,TRUMP,200,USD,,sell
"""


def test_a_row_of_ones_own_says_that_a_code_is_another_coin_and_it_can_be_taken_back(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    prices = "Date,Asset,Currency,Price\n2025-02-01,TRUMP,USD,20\n"
    person.run("import", person.write("trumps.csv", TRUMPS), person.write("prices.csv", prices))

    def income() -> list[tuple[str, str]]:
        person.run("report", "--year", "2025", "--no-xlsx")
        return [(row["asset"], row["value"]) for row in person.rows("income.csv")]

    assert income() == [("TRUMP", "20000")], "a scam token with the code of a coin that has a price"
    assert "Nothing is open" in person.run("review").stdout
    own = "Asset question,Account,Asset,Answer,Note\n,Wallet,TRUMP,trumpscam,copied the name\n"
    assert person.run("import", person.write("own.csv", own)).stdout == "own.csv: 1 answer, 1 new\n"
    assert income() == [("TRUMPSCAM", "")]
    came = transaction_id("Wallet", "rows", "came")
    assert person.run("label", came, "worthless").stdout.endswith(": worthless\n") and income() == []
    held = {row["asset"]: row["cost_basis"] for row in person.rows("holdings.csv")}
    assert held == {"TRUMPSCAM": "0"}
    told = [row["value"] for row in person.rows("summary.csv") if row["section"] == "answers"]
    assert told[0] == "TRUMP in Wallet is TRUMPSCAM: copied the name (own.csv, row 2)"
    person.run("label", came, "none")
    back = "Account,Asset,Is,Note\nWallet,TRUMP,,open\n"
    assert "1 answer, 1 new" in person.run("import", person.write("back.csv", back)).stdout
    assert income() == [("TRUMP", "20000")]
    unknown = person.write("unknown.csv", "Account,Asset,Is\nWallet,BTC,X\n")
    assert "unknown.csv row 2: Asset 'BTC' is in no record of Wallet" in person.run("import", unknown, code=1).stderr


def test_an_opening_lot_that_was_given_without_its_cost_is_asked_for_and_completed(person: Person) -> None:
    lots = "Date,Account,Asset,Quantity,Cost,Cost Currency,Evidence,Transaction ID\n"
    mine = f"2016-03-01,Coinbase,ETH,2,,,mail,\n2015-03-01T12:00:00Z,Ledger,BTC,1,,,letter,{ref('given')}\n"
    person.run("import", person.write("lots.csv", lots + mine))
    path = person.data / "review.xlsx"
    person.run("review")
    asked = {row["Asset"]: row["Missing purchase"] for row in rows(path, "Missing purchases")}
    assert asked.keys() == {"ETH", "BTC"} and all(key.startswith("lot ") for key in asked.values())
    assert "0 answers" in person.run("import", str(path)).stdout, "a day that stands there already is no answer"
    known = {"Answer": "as proposed", "Cost": 30, "Note": "found the invoice"}
    fill(path, {"Missing purchases": {"ETH": known, "BTC": known}})
    assert person.run("import", str(path)).stdout == "review.xlsx: 2 answers, 2 new\n"
    assert not {"unknown_basis", "missing_acquisition"} & set(person.run("check", code=1).stdout.split())
    person.run("report", "--year", "2025", "--no-xlsx")
    (eth,) = (row for row in person.rows("disposals.csv") if row["asset"] == "ETH")
    assert (eth["cost_basis"], eth["acquired_at"][:10], eth["quantity"]) == ("30", "2016-03-01", "2")
