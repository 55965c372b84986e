"""A person settles open questions by files and `taxsync label`: taken whole or not at all, told in the report."""

import re
import shutil
from itertools import permutations
from pathlib import Path

import pytest

from pipeline.ledger import Ledger
from pipeline.model import transaction_id
from tests.person import Person, contents

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,ID\n"
TRADES = (
    HEADER
    + "2024-01-05T12:00:00Z,Kraken,10000,USD,4,BTC,,buy\n"
    + "2025-02-01T12:00:00Z,Kraken,1,BTC,,,,moved\n"
    + "2025-02-01T15:00:00Z,Ledger,,,0.99,BTC,,came\n"
    + "2025-02-02T12:00:00Z,Kraken,0.5,BTC,,,,away\n"
    + "2025-02-03T12:00:00Z,Kraken,0.1,BTC,,,,coffee\n"
    + "2025-02-04T12:00:00Z,Kraken,,,0.2,BTC,,staked\n"
    + "2025-02-05T12:00:00Z,Ledger,,,1,BTC,gift,given\n"
    + "2025-02-06T12:00:00Z,Coinbase,2,ETH,6000,USD,,sale\n"
    + "2025-02-07T12:00:00Z,Kraken,1,BTC,50000,USD,,sold\n"
    + "2025-02-08T12:00:00Z,Kraken,0.2,BTC,,,,twin\n"
    + "2025-02-08T13:00:00Z,Ledger,,,0.2,BTC,,here\n"
    + "2025-02-08T14:00:00Z,Trezor,,,0.2,BTC,,there\n"
)
PRICES = "Date,Asset,Currency,Price\n" + "".join(f"2025-02-0{day},BTC,USD,50000\n" for day in (1, 3, 4, 8))
ACCOUNT = {"came": "Ledger", "given": "Ledger", "here": "Ledger", "there": "Trezor", "sale": "Coinbase"}
LOTS = "Date,Account,Asset,Quantity,Cost,Cost Currency,Evidence"


def ref(row: str) -> str:
    """The id of a row of TRADES, as the reports show it."""
    return transaction_id(ACCOUNT.get(row, "Kraken"), "rows", row)


ANSWERS = {
    "matches.csv": f"Withdrawal ID,Deposit ID,Note\n{ref('moved')},{ref('came')},\n{ref('away')},,paper wallet\n"
    f"{ref('twin')},{ref('there')},\n",
    "labels.csv": f"Transaction ID,Label\n{ref('coffee')},spend\n{ref('staked')},reward\n{ref('here')},cashback\n",
    "lots.csv": f"{LOTS}\n2016-03-01,Coinbase,ETH,2,20,USD,statement of 2016\n",
    "gifts.csv": f"{LOTS},Transaction ID\n2015-03-01,Ledger,BTC,1,250,USD,letter,{ref('given')}\n",
    "picks.csv": f"Disposal ID,Acquisition ID,Quantity\n{ref('sold')},{ref('staked')},0.15\n",
    "dealt.csv": "Account,Asset,Quantity,Date Acquired,Cost Basis,Evidence\nKraken,BTC,4,2024-01-05,10000,books\n",
}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    person = Person(tmp_path_factory.mktemp("answers"))
    person.run("init", "--country", "us")
    person.run("import", person.write("trades.csv", TRADES), person.write("prices.csv", PRICES))
    for name, text in ANSWERS.items():
        person.write(name, text)
    return person.home


@pytest.fixture
def person(tmp_path: Path, begun: Path) -> Person:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Person(tmp_path)


def figures(person: Person) -> dict[str, list[dict[str, str]]]:
    """What a report says, but for when and from which file each answer came."""
    person.run("report", "--year", "2025", "--no-xlsx")
    return {
        name: [row for row in person.rows(name) if row.get("section") != "answers"]
        for name in ("disposals.csv", "income.csv", "holdings.csv", "issues.csv", "transactions.csv", "summary.csv")
    }


def test_every_kind_of_question_is_settled_by_files_and_check_is_content(person: Person) -> None:
    open_before = person.run("check", code=1).stdout
    for code in ("unmatched_deposit", "unmatched_withdrawal", "ambiguous_transfer", "unknown_basis", "missing_acq"):
        assert code in open_before
    done = person.run("import", *ANSWERS)
    assert done.stdout.splitlines() == [
        "matches.csv: 3 answers, 3 new", "labels.csv: 3 answers, 3 new", "lots.csv: 1 answer, 1 new",
        "gifts.csv: 1 answer, 1 new", "picks.csv: 1 answer, 1 new", "dealt.csv: 1 answer, 1 new",
    ]  # fmt: skip
    assert "ERROR" not in person.run("check").stdout
    said = figures(person)
    rows = {(d["disposal_id"], d["acquisition_id"]): d for d in said["disposals.csv"]}
    lost = rows[f"{ref('moved')}.lost", ref("buy")]
    assert (lost["quantity"], lost["proceeds"], lost["cost_basis"], lost["kind"]) == ("0.01", "500", "25", "fee")
    assert rows[ref("sold"), ref("staked")]["quantity"] == "0.15" and rows[ref("sold"), ref("buy")]["rule"] == "fifo"
    (eth,) = (d for d in said["disposals.csv"] if d["asset"] == "ETH")
    assert (eth["cost_basis"], eth["term"], eth["acquired_at"][:10]) == ("20", "long", "2016-03-01")
    (gift,) = (x for x in said["holdings.csv"] if x["acquired_at"][:10] == "2015-03-01")
    assert (gift["account"], gift["quantity"], gift["cost_basis"]) == ("Ledger", "1", "250")
    assert [x["quantity"] for x in said["holdings.csv"] if x["account"] == "in transit"] == ["0.5"]
    assert [(row["kind"], row["value"]) for row in said["income.csv"]] == [("reward", "10000")]


def test_a_file_of_answers_twice_says_nothing_new_and_a_rebuilt_cache_changes_nothing(person: Person) -> None:
    person.run("import", *ANSWERS)
    before = figures(person)
    kept = contents(person.data / "reports")
    assert all(line.endswith(" 0 new") for line in person.run("import", *ANSWERS).stdout.splitlines())
    with Ledger.open(person.data, create=False) as ledger:
        ledger.drop_cache()
    assert figures(person) == before and contents(person.data / "reports") == kept


def test_answers_in_any_order_and_before_their_records_give_the_same_figures(person: Person, tmp_path: Path) -> None:
    person.run("import", *ANSWERS)
    expected = figures(person)
    for number, names in enumerate([tuple(reversed(ANSWERS)), *list(permutations(ANSWERS))[100:700:300]]):
        other = Person(tmp_path / f"other {number}")
        other.home.mkdir()
        other.run("init", "--country", "us")
        for name, text in {**ANSWERS, "trades.csv": TRADES, "prices.csv": PRICES}.items():
            other.write(name, text)
        other.run("import", *names, "trades.csv", "prices.csv")
        assert figures(other) == expected


def test_the_summary_names_each_answer_with_its_time_and_file_and_the_inputs_tell_them_apart(person: Person) -> None:
    def summary() -> dict[tuple[str, str], list[str]]:
        person.run("report", "--year", "2025", "--no-xlsx")
        found: dict[tuple[str, str], list[str]] = {}
        for row in person.rows("summary.csv"):
            key = row["section"], "" if row["section"] == "answers" else row["item"]
            found.setdefault(key, []).append(row["value"])
        return found

    before = summary()
    person.run("import", "labels.csv", "lots.csv")
    person.run("label", ref("coffee"), "gift", "--note", "a cup for my sister")
    after = summary()
    assert ("answers", "") not in before
    assert after["answers", ""][-1] == f"{ref('coffee')} is gift: a cup for my sister (taxsync label)"
    assert f"{ref('staked')} is reward (labels.csv row 3)" in after["answers", ""]
    assert any(said.endswith(": statement of 2016 (lots.csv row 2)") for said in after["answers", ""])
    assert len(after["answers", ""]) == 4, "an answer that was replaced counts no more"
    assert before["year", "inputs"] != after["year", "inputs"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Transaction ID,Label\nnobody,gift\n", "row 2: Transaction ID 'nobody' is no transaction of this ledger"),
        (f"Transaction ID,Label\n{ref('buy')},gift\n", "is a trade; only what has one side takes a label"),
        (f"Transaction ID,Label\n{ref('away')},reward\n", "does not fit .* which was sent; allowed: gift, "),
        (f"Transaction ID,Label\n{ref('away')},gift\n{ref('away')},spend\n", "row 3: .* else than row 2"),
        (f"Transaction ID,Label\n{ref('sold')}.fee,gift\n", f"; the transaction is {ref('sold')}"),
        (f"Withdrawal ID,Deposit ID\n{ref('came')},\n", "Withdrawal ID .* is no withdrawal"),
        (f"Withdrawal ID,Deposit ID\n{ref('away')},{ref('came')}\n", "is of 0.99 BTC, more than the 0.5 that left"),
        (f"Withdrawal ID,Deposit ID\n{ref('twin')},{ref('staked')}\n", "arrived on 2025-02-04, before it left"),
        (
            f"Withdrawal ID,Deposit ID\n{ref('moved')},{ref('came')}\n{ref('away')},{ref('came')}\n",
            f"row 3: .* belongs to {ref('moved')} by row 2; take that back first",
        ),
        (f"Disposal ID,Acquisition ID,Quantity\n{ref('sold')},{ref('buy')},1.5\n", "more than the 1 BTC disposed of"),
        (
            f"Disposal ID,Acquisition ID,Quantity\n{ref('sold')},{ref('sale')},1\n",
            "no purchase, receipt or opening lot",
        ),
        (f"Disposal ID,Acquisition ID,Quantity\n{ref('buy')},{ref('buy')},1\n", "is no disposal of this ledger"),
        (f"{LOTS}\n2016-03-01,kraken,BTC,1,1,USD,mail\n", "row 2: Account 'kraken' .* is it 'Kraken'?"),
        (f"{LOTS},Transaction ID\n2016-03-01,Kraken,BTC,3,1,USD,x,{ref('staked')}\n", "more than the 0.2 that came"),
        (f"{LOTS},Transaction ID\n2026-03-01,Kraken,BTC,0.1,1,USD,x,{ref('staked')}\n", "is after the units came"),
        (f"{LOTS},ID\n2016-03-01,Kraken,BTC,0,,,,7\n", "ID '7' is no opening lot of Kraken"),
    ],
)
@pytest.mark.sqlite("the bytes of the file")
def test_what_does_not_fit_the_ledger_is_refused_with_its_row_and_nothing_is_kept(
    person: Person, text: str, problem: str
) -> None:
    before = (person.data / "ledger.db").read_bytes()
    done = person.run("import", person.write("bad.csv", text), code=1)
    assert done.stderr.startswith("bad.csv row ") and len(done.stderr.splitlines()) <= 3
    assert re.search(problem, done.stderr), done.stderr
    assert (person.data / "ledger.db").read_bytes() == before


def test_what_contradicts_an_earlier_answer_is_refused_until_that_is_taken_back(person: Person) -> None:
    person.run("import", "matches.csv")
    refused = person.run("label", ref("came"), "reward", code=1).stderr
    assert "is a side of a transfer by matches.csv row 2" in refused
    undo = f"{ref('moved')},open"
    assert f"`{undo}`" in refused
    person.run("import", person.write("undo.csv", f"Withdrawal ID,Deposit ID\n{undo}\n"))
    assert "reward" in person.run("label", ref("came"), "reward").stdout
    refused = person.run("import", "matches.csv", code=1).stderr
    assert "is reward by taxsync label" in refused and f"`taxsync label {ref('came')} none`" in refused


def test_a_label_is_given_replaced_and_taken_back(person: Person) -> None:
    def kind(row: str = "coffee") -> str:
        return next(t["kind"] for t in figures(person)["transactions.csv"] if t["id"] == ref(row))

    said = person.run("label", ref("coffee"), "Spend").stdout
    assert said == "0.1 BTC out of Kraken on 2025-02-03 12:00: spend\n" and kind() == "spend"
    assert "as it was" in person.run("label", ref("coffee"), "spend").stdout
    person.run("label", ref("coffee"), "lost")
    assert kind() == "lost"
    person.run("label", ref("coffee"), "none")
    assert kind() == "withdrawal"
    person.run("label", ref("given"), "transfer")
    assert kind("given") == "transfer", "of the same amount as what left four days before"
    assert "should be one of" in person.run("label", ref("coffee"), "coffee", code=2).stderr
    assert "is no transaction of this ledger" in person.run("label", "nobody", "spend", code=1).stderr


def test_an_opening_lot_is_corrected_by_revise_only_and_taken_back_by_its_id(person: Person) -> None:
    def cost() -> list[str]:
        return [d["cost_basis"] for d in figures(person)["disposals.csv"] if d["asset"] == "ETH"]

    lots = f"{LOTS},ID\n2016-03-01,Coinbase,ETH,2,{{}},USD,statement,a\n"
    person.run("import", person.write("lots.csv", lots.format(20)))
    refused = person.run("import", person.write("lots.csv", lots.format(30)), code=1).stderr
    assert "ID 'a' of Coinbase was given before with other content (lots.csv row 2)" in refused and cost() == ["20"]
    person.run("import", "lots.csv", "--revise")
    assert cost() == ["30"]
    known = next(d["acquisition_id"] for d in figures(person)["disposals.csv"] if d["asset"] == "ETH")
    back = f"{LOTS},ID\n2016-03-01,Coinbase,ETH,0,,,,{known}\n"
    assert "1 new" in person.run("import", person.write("back.csv", back)).stdout
    assert cost() == ["0"] and "missing_acquisition" in person.run("check", code=1).stdout
    assert "1 new" in person.run("import", "lots.csv").stdout
    assert cost() == ["30"]


def test_picks_and_an_allocation_are_taken_back_by_a_quantity_of_none(person: Person) -> None:
    plain = figures(person)["disposals.csv"]
    person.run("import", "picks.csv", "dealt.csv", "labels.csv")
    person.run("import", person.write("labels.csv", ANSWERS["labels.csv"].replace("spend", "none").replace(
        "reward", "none").replace("cashback", "none")))  # fmt: skip
    none = f"Disposal ID,Acquisition ID,Quantity\n{ref('sold')},,0\n"
    person.run("import", person.write("none.csv", none))
    dealt = ANSWERS["dealt.csv"].replace("BTC,4,", "BTC,0,")
    person.run("import", person.write("nothing.csv", dealt))
    assert figures(person)["disposals.csv"] == plain
    assert not [row for row in person.rows("summary.csv") if row["section"] == "answers"]


def test_where_lots_are_never_dealt_out_an_allocation_is_refused(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "de")
    refused = person.run("import", person.write("dealt.csv", ANSWERS["dealt.csv"]), code=1).stderr
    assert "can't be dealt out: in de, by the settings" in refused


# ---- what stands twice ------------------------------------------------------------------------


def test_an_export_that_was_imported_under_a_second_name_counts_once_when_the_person_says_so(person: Person) -> None:
    def gains() -> str:
        person.run("report", "--year", "2025", "--no-xlsx")
        return next(row["value"] for row in person.rows("summary.csv") if row["item"] == "proceeds")

    ltc = "2024-03-0{0}T12:00:00Z,{1},60,USD,2,LTC,,{0}\n2025-03-0{0}T12:00:00Z,{1},1,LTC,90,USD,,s{0}\n"
    person.run("import", person.write("old.csv", HEADER + "".join(ltc.format(day, "Bitvavo") for day in (1, 2))))
    once = gains()
    person.run("import", person.write("new.csv", HEADER + "".join(ltc.format(day, "export") for day in (1, 2))))
    twice = gains()
    assert twice != once and "duplicate_account" in person.run("check", code=1).stdout
    for counts, figure in (("twice", twice), ("once", once), ("open", twice), ("once", once)):
        text = f"Repeat,First,Counts\nexport,Bitvavo,{counts}\n"
        assert "1 answer, 1 new" in person.run("import", person.write("said.csv", text)).stdout
        assert gains() == figure
        assert ("duplicate_account" in person.run("check", code=1).stdout) is (counts == "open")
    told = [row["value"] for row in person.rows("summary.csv") if row["section"] == "answers"]
    assert told == ["export repeats Bitvavo, and what Bitvavo has, too, counts once (said.csv row 2)"]
    more = ltc.format(3, "export").splitlines()[0]
    person.run("import", person.write("more.csv", f"{HEADER}{more}\n"))
    assert gains() == once and [row["account"] for row in person.rows("holdings.csv") if row["asset"] == "LTC"] == [
        "Bitvavo", "export",
    ]  # fmt: skip
    wrong = person.write("wrong.csv", "Repeat,First,Counts\nexport,Bitvvo,once\n")
    assert (
        "First 'Bitvvo' is no transaction of this ledger, nor an account" in person.run("import", wrong, code=1).stderr
    )
