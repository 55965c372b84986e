"""The archive for the accountant: everything that the figures rest on, explained, and nothing of this machine."""

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

from msgspec.structs import replace
from openpyxl import load_workbook

from pipeline.issues import Issue, Stake
from pipeline.model import RawRecord
from reports.pack import EXPLAINED, RECORDS
from reports.write import write_year
from tests.person import Person
from tests.reports.example import disposal, full, report

RECORD = RawRecord(
    "kraken", "../Kraken", "Ledgers", "L-1", 1, '{"amount": "1.10", "note": "=1+1\\ud800"}', "kraken Ledgers"
)
ROW = RawRecord("universal", "mine", "rows", "r1", 2, "{}", "/home/someone/secret/trades.csv row 7")


def packed(folder: Path) -> tuple[bytes, dict[str, bytes]]:
    paths = write_year(folder / "2025", full(), xlsx=True, records=[RECORD, ROW])
    data = paths[-1].read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return data, {name.removeprefix("taxsync-2025/"): archive.read(name) for name in archive.namelist()}


def test_the_pack_holds_every_file_of_the_year_as_it_is(tmp_path: Path) -> None:
    data, inside = packed(tmp_path)
    assert (tmp_path / "2025" / "taxsync-2025.zip").stat().st_mode & 0o777 == 0o600
    written = {path.name: path.read_bytes() for path in (tmp_path / "2025").iterdir() if path.suffix != ".zip"}
    assert {name: inside[name] for name in written} == written
    assert inside.keys() - written.keys() == {EXPLAINED, RECORDS}
    assert packed(tmp_path / "again")[0] == data


def test_records_are_as_received_and_say_no_folder_of_this_machine(tmp_path: Path) -> None:
    _, inside = packed(tmp_path)
    first, second = [json.loads(line) for line in inside[RECORDS].splitlines()]
    assert first == {
        "account": "../Kraken", "source": "kraken", "stream": "Ledgers", "id": "L-1", "origin": "kraken Ledgers",
        "digest": RECORD.digest, "payload": RECORD.payload,
    }  # fmt: skip
    assert second["origin"] == "trades.csv row 7"
    assert not any(b"/home/" in data or str(tmp_path).encode() in data for data in inside.values())


def test_the_page_says_the_figures_and_what_each_file_is(tmp_path: Path) -> None:
    _, inside = packed(tmp_path)
    page = inside[EXPLAINED].decode()
    assert "Gain 26.80 USD (proceeds 160.26, cost 133.46), income 26.75 USD" in page
    for name in inside.keys() - {EXPLAINED}:
        assert f"\r\n  {name}: " in page


def test_the_page_says_how_far_the_gain_may_be_off_while_problems_are_open(tmp_path: Path) -> None:
    def told(currency: str, *ends: tuple[str, str]) -> str:
        stakes = [(Stake("2025", "50.13", lowest, highest),) for lowest, highest in ends]
        issues = [Issue("missing_acquisition", "K", "BTC", details={"quantity": "1"}, stakes=s) for s in stakes]
        r = replace(report(disposals=[disposal()], issues=issues), currency=currency)
        write_year(tmp_path / "2025", r, xlsx=False, records=[])
        with zipfile.ZipFile(tmp_path / "2025" / "taxsync-2025.zip") as archive:
            return archive.read(f"taxsync-2025/{EXPLAINED}").decode().replace("\r\n ", "")

    low = "open problems: see issues.csv. While they are open the gain could be as low as -9.87 USD"
    assert f"1 {low} and as high as 50.13 USD." in told("USD", ("-9.87", "50.13"))
    far = "; as far as it can, from -9.87 to 50.13 USD"
    assert f"2 {low}; how high can't be told{far}." in told("USD", ("-9.87", "50.13"), ("50.13", ""))
    assert "as low as -10 JPY and as high as 50 JPY" in told("JPY", ("-9.87", "50.13"))
    assert "can't be told" in told("USD", ("", "")) and "could be" not in told("USD")


def test_a_report_without_records_leaves_no_old_pack_behind(tmp_path: Path) -> None:
    packed(tmp_path)
    write_year(tmp_path / "2025", full(), xlsx=False)
    assert not list((tmp_path / "2025").glob("taxsync-*"))


# ---- by the command -------------------------------------------------------------------------------------------------

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,ID\n"
HOSTILE = '=HYPERLINK("http://x")'


def trades(person: Person) -> str:
    """A file whose rows are a lot that was sold, one that was not, the sale, and a purchase after the year."""
    account = '"' + HOSTILE.replace('"', '""') + '"'
    rows = (
        f"2023-01-05,{account},1000,USD,1,BTC,sold\n2023-02-05,{account},1000,USD,9,ETH,kept\n"
        f"2025-02-05,{account},0.5,BTC,900,USD,sale\n2026-02-05,{account},1000,USD,1,BTC,later\n"
    )
    (person.home / "in").mkdir()
    return person.write("in/=1+1 <b>.csv", HEADER + rows)


def test_report_pack_has_the_records_that_the_figures_rest_on_and_nothing_of_this_machine(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    file = trades(person)
    person.run("import", file)
    done = person.run("report", "--year", "2025", "--pack")
    path = Path("data/reports/2025/taxsync-2025.zip")
    assert done.stderr == "" and done.stdout.endswith(f"Next: give {path} to your accountant; READ ME.txt in it says "
                                                      "how to check it.\n")  # fmt: skip
    data = (person.home / path).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert all(re.fullmatch(r"taxsync-2025/[A-Za-z0-9_. -]+", name) for name in archive.namelist())
        inside = {name.removeprefix("taxsync-2025/"): archive.read(name) for name in archive.namelist()}
    records = [json.loads(line) for line in inside[RECORDS].splitlines()]
    assert [(r["id"], r["account"], r["origin"]) for r in records] == [
        ("sold", HOSTILE, "=1+1 <b>.csv row 2"), ("sale", HOSTILE, "=1+1 <b>.csv row 4")
    ]  # fmt: skip
    assert [r["digest"] for r in records] == [hashlib.sha256(r["payload"].encode()).hexdigest()[:32] for r in records]
    assert b",'=HYPERLINK" in inside["transactions.csv"] or b",\"'=HYPERLINK" in inside["transactions.csv"]
    book = load_workbook(io.BytesIO(inside["taxsync-2025.xlsx"]))
    told = {str(row[0].value): row for row in book["Sources and method"].iter_rows()}
    assert told["Looked-up prices are"][1].value == "of the minute where that takes few requests, else of the day"
    name, digest = told["=1+1 <b>.csv"][:2]
    assert name.data_type == "s" and digest.value == hashlib.sha256((person.home / file).read_bytes()).hexdigest()
    with zipfile.ZipFile(io.BytesIO(inside["taxsync-2025.xlsx"])) as parts:
        inside |= {part: parts.read(part) for part in parts.namelist()}
    for name, content in inside.items():
        assert not any(secret.encode() in content for secret in (str(tmp_path), "correct horse")), name
    person.run("report", "--year", "2025", "--pack")
    assert (person.home / path).read_bytes() == data
    assert "leave out --no-xlsx" in person.run("report", "--pack", "--no-xlsx", code=2).stderr


def test_long_work_shows_how_far_it_is_on_a_terminal_only(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.run("import", trades(person))
    shown = person.at_terminal(("report", "--year", "2025"), []).stdout
    assert "2025: computing" in shown and "Gain" in shown and "Next: open " in shown
